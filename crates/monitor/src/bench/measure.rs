//! Rounds of stages in turn, with wall time, processor time and peak memory of each.

use std::{
    fs,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::{BenchWatch, Step};
use crate::Error;

/// What one run of a stage took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Wall time.
    pub(super) seconds: f64,
    /// Time of all threads of the process on a processor, in it and in the kernel on its behalf.
    pub(super) cpu_seconds: f64,
    /// Most resident bytes of the process while it ran, where the system tells.
    pub(super) peak_bytes: Option<u64>,
}

/// Smallest, middle and largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle one; of an even number of numbers, the mean of the two in the middle.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of at least one number; NaN of none.
    pub(super) fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        Self { min: at(0), median: f64::midpoint(at(last / 2), at(sorted.len() / 2)), max: at(last) }
    }
}

/// Runs every stage once a round, in turn; the first round does not count. Gives the samples of each stage, or
/// nothing when it was told to stop.
pub(super) fn rounds<S: Copy>(
    stages: &[S],
    runs: usize,
    watch: BenchWatch<'_>,
    mut run: impl FnMut(S) -> Result<(), Error>,
) -> Result<Option<Vec<Vec<Sample>>>, Error> {
    let mut samples: Vec<Vec<Sample>> = stages.iter().map(|_| Vec::with_capacity(runs)).collect();
    let (mut done, of) = (0, ((runs + 1) * stages.len()) as u64);
    for round in 0..=runs {
        for (stage, samples) in stages.iter().zip(&mut samples) {
            (watch.step)(Step { doing: "measuring", done, of });
            let (outcome, sample) = measure(|| run(*stage));
            outcome?;
            if watch.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            if round > 0 {
                samples.push(sample);
            }
            done += 1;
        }
    }
    Ok(Some(samples))
}

/// Runs a piece of work and says what it took.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time; no table holds it")]
pub(super) fn measure<T>(work: impl FnOnce() -> T) -> (T, Sample) {
    let from_here = forget_peak();
    let (cpu, started) = (cpu_time(), Instant::now());
    let outcome = work();
    let (seconds, cpu_seconds) =
        (started.elapsed().as_secs_f64(), cpu_time().saturating_sub(cpu).as_secs_f64());
    let peak_bytes = if from_here { peak_bytes() } else { None };
    (outcome, Sample { seconds, cpu_seconds, peak_bytes })
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Makes Linux count the peak from now on; false elsewhere, and where it refuses.
fn forget_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// `VmHWM` of Linux, which it states in kB.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, sync::atomic::AtomicBool};

    use super::*;

    #[test]
    fn a_spread_is_smallest_middle_and_largest() {
        let spread = |numbers: &[f64]| {
            let Spread { min, median, max } = Spread::of(numbers.iter().copied());
            (min, median, max)
        };
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (1.0, 2.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 3.0, 2.0]), (1.0, 2.5, 4.0));
        assert_eq!(spread(&[5.0]), (5.0, 5.0, 5.0));
    }

    #[test]
    fn rounds_take_stages_in_turn_and_the_first_does_not_count() {
        let (mut ran, stop) = (Vec::new(), AtomicBool::new(false));
        let steps = RefCell::new(Vec::new());
        let step = |step: Step| steps.borrow_mut().push((step.done, step.of));
        let samples = rounds(&["a", "b"], 2, BenchWatch { step: &step, stop: &stop }, |stage| {
            ran.push(stage);
            Ok(())
        });
        assert_eq!(ran, ["a", "b", "a", "b", "a", "b"]);
        assert_eq!(samples.unwrap().unwrap().iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(steps.into_inner(), [(0, 6), (1, 6), (2, 6), (3, 6), (4, 6), (5, 6)]);
        let watch = BenchWatch { step: &|_| (), stop: &stop };
        let stopped = rounds(&["a", "b"], 2, watch, |_| {
            stop.store(true, Ordering::Relaxed);
            Ok(())
        });
        assert!(stopped.unwrap().is_none());
    }

    #[test]
    fn work_takes_time_and_memory() {
        let (sum, sample) = measure(|| {
            let bytes = vec![1_u8; 64 << 20];
            bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>()
        });
        assert_eq!(sum, 64 << 20);
        assert!(sample.seconds > 0.0 && sample.cpu_seconds > 0.0, "{sample:?}");
        assert!(sample.peak_bytes.is_none_or(|bytes| bytes >= 64 << 20), "{sample:?}");
    }
}
