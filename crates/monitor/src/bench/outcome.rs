//! What was measured: rates, peaks, ratios.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::measure::{Sample, Spread};

/// What was measured. Member names are stable.
#[derive(Debug, Clone, Serialize)]
pub struct Bench {
    /// Rows of all captures together.
    pub rows: u64,
    /// Columns that are monitored.
    pub columns: u64,
    /// Monitored values: rows times columns.
    pub cells: u64,
    /// Captures.
    pub files: u64,
    /// Their size.
    pub file_bytes: u64,
    /// Compressed size of the columns that are read: those monitored, the time, the segments.
    pub bytes: u64,
    /// Compressions of these columns, in alphabetical order.
    pub codec: String,
    /// Windows with rows.
    pub windows: u64,
    /// Segments beside all rows.
    pub segments: u64,
    /// Threads that decode and profile.
    pub threads: usize,
    /// Rounds measured.
    pub runs: usize,
    /// Columns that the page path left to the batch path, with the reason.
    pub handed_over: BTreeMap<String, String>,
    /// What each stage took, floors first; as JSON, one member for each.
    #[serde(flatten, serialize_with = "by_name")]
    pub stages: Vec<StageBench>,
}

/// What one stage took.
#[derive(Debug, Clone, Serialize)]
pub struct StageBench {
    /// `read`, `decompress`, `decode_utf8`, `decode_dictionary`, `profile_page`, `profile_batch` or `profile_remote`.
    #[serde(skip)]
    pub name: &'static str,
    /// Wall time.
    pub seconds: Spread,
    /// Processor time of all threads, median.
    pub cpu_seconds: f64,
    /// At the median wall time.
    pub rows_per_second: f64,
    /// The same for monitored values.
    pub cells_per_second: f64,
    /// The same for the compressed bytes of the columns that are read.
    pub bytes_per_second: f64,
    /// Most resident bytes of the process while the stage ran, in any round, what other stages left on the heap
    /// included; `None` where the system does not tell.
    pub peak_bytes: Option<u64>,
    /// Time over that of the decoders in the same round; only for profiles.
    #[serde(flatten)]
    pub ratios: Option<Ratios>,
    /// What comes of latency; only for `profile_remote`.
    #[serde(flatten)]
    pub remote: Option<RemoteBench>,
}

/// What it takes to profile captures that are not on this machine.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RemoteBench {
    /// How long each request waits for its answer.
    pub latency_seconds: f64,
    /// Rows a second over those of `profile_page` on this machine, in the same round.
    pub ratio_local: Spread,
    /// Most bytes of captures that were under way or in memory at one time, the copies that answer left aside.
    pub in_flight_bytes: u64,
    /// Requests of a pass.
    pub requests: u64,
    /// Wall time of listing the captures and reading their footers, before the pass.
    pub plan_seconds: f64,
    /// Requests that this took.
    pub plan_requests: u64,
}

/// Time over that of the decoders.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Ratios {
    /// Wall time over that of `decode_utf8`.
    pub ratio_utf8: Spread,
    /// Wall time over that of `decode_dictionary`.
    pub ratio_dictionary: Spread,
    /// Processor time over that of `decode_utf8`: what other programs on the machine disturb less.
    pub cpu_ratio_utf8: Spread,
    /// Processor time over that of `decode_dictionary`.
    pub cpu_ratio_dictionary: Spread,
}

fn by_name<S: Serializer>(stages: &[StageBench], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(stages.iter().map(|stage| (stage.name, stage)))
}

impl Bench {
    /// Adds a stage.
    #[expect(clippy::cast_precision_loss, reason = "three digits of a rate matter")]
    pub(super) fn add(&mut self, name: &'static str, samples: &[Sample], beside: Beside) {
        let seconds = Spread::of(samples.iter().map(|sample| sample.seconds));
        let per_second = |count: u64| count as f64 / seconds.median;
        let (ratios, remote) = match beside {
            Beside::Nothing => (None, None),
            Beside::Decoders(ratios) => (Some(ratios), None),
            Beside::Local(remote) => (None, Some(remote)),
        };
        self.stages.push(StageBench {
            name,
            seconds,
            cpu_seconds: Spread::of(samples.iter().map(|sample| sample.cpu_seconds)).median,
            rows_per_second: per_second(self.rows),
            cells_per_second: per_second(self.cells),
            bytes_per_second: per_second(self.bytes),
            peak_bytes: samples.iter().map(|sample| sample.peak_bytes).max().flatten(),
            ratios,
            remote,
        });
    }
}

/// What a stage stands beside.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beside {
    Nothing,
    Decoders(Ratios),
    Local(RemoteBench),
}

impl Ratios {
    /// Of a profile over both decoders, round by round.
    pub(super) fn new(profile: &[Sample], utf8: &[Sample], dictionary: &[Sample]) -> Self {
        let over = |floor: &[Sample], time: fn(&Sample) -> f64| {
            Spread::of(profile.iter().zip(floor).map(|(sample, floor)| time(sample) / time(floor)))
        };
        Self {
            ratio_utf8: over(utf8, |sample| sample.seconds),
            ratio_dictionary: over(dictionary, |sample| sample.seconds),
            cpu_ratio_utf8: over(utf8, |sample| sample.cpu_seconds),
            cpu_ratio_dictionary: over(dictionary, |sample| sample.cpu_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(seconds: &[f64]) -> Vec<Sample> {
        let sample =
            |seconds: &f64| Sample { seconds: *seconds, cpu_seconds: 2.0 * seconds, peak_bytes: None };
        seconds.iter().map(sample).collect()
    }

    #[test]
    fn ratios_are_paired_round_by_round() {
        // A machine that was twice as slow in the second round leaves them alone.
        let ratios = Ratios::new(&samples(&[3.0, 6.0]), &samples(&[2.0, 4.0]), &samples(&[1.0, 3.0]));
        assert_eq!(ratios.ratio_utf8, Spread { min: 1.5, median: 1.5, max: 1.5 });
        assert_eq!(ratios.ratio_dictionary, Spread { min: 2.0, median: 2.5, max: 3.0 });
        assert_eq!(ratios.cpu_ratio_dictionary, ratios.ratio_dictionary);
    }
}
