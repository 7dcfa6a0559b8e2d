//! Comparisons made, the largest difference, and those that failed.

use quality::{Problem, Score, State, Undefined, metric};

/// Values that a plain sum over the rows loses digits of are compared to this as well: nothing smaller is ever asked for.
const RELATIVE: f64 = 1e-9;

#[derive(Default)]
pub(crate) struct Tally {
    compared: usize,
    worst: f64,
    failed: Vec<String>,
}

impl Tally {
    pub(crate) fn same(&mut self, what: &str, ours: f64, theirs: f64) {
        self.within(what, ours, theirs, RELATIVE);
    }

    pub(crate) fn within(&mut self, what: &str, ours: f64, theirs: f64, tolerance: f64) {
        self.compared += 1;
        let apart = (ours - theirs).abs() / theirs.abs().max(1e-3);
        self.worst = self.worst.max(apart);
        if apart.is_nan() || apart > tolerance {
            self.failed.push(format!("{what}: {ours:e} here, {theirs:e} there"));
        }
    }

    /// The metric of a state.
    pub(crate) fn metric(&mut self, what: &str, state: &State, name: &str, theirs: f64) {
        let score = score(state, name);
        let Ok(score) = score else {
            self.failed.push(format!("{what} {name}: {score:?} here, {theirs:e} there"));
            return;
        };
        assert_eq!(score.error_bound, 0.0, "{what} {name} is not exact");
        self.same(&format!("{what} {name}"), score.value, theirs);
    }

    #[expect(clippy::print_stderr, reason = "how much was compared is what the test is worth")]
    pub(crate) fn finish(self, what: &str, at_least: usize) {
        eprintln!(
            "{what}: {} values compared, relative difference at most {:.1e}",
            self.compared, self.worst
        );
        let first: Vec<_> = self.failed.iter().take(20).cloned().collect();
        assert!(self.failed.is_empty(), "{} differ:\n{}", self.failed.len(), first.join("\n"));
        assert!(self.compared >= at_least, "only {} values compared", self.compared);
    }
}

pub(crate) fn score(state: &State, name: &str) -> Result<Score, Undefined> {
    state.score(metric(state.problem(), name).unwrap_or_else(|| panic!("no metric {name}"))).unwrap()
}

/// The scores of a problem, as a check that all of them are in range.
pub(crate) fn all_in_range(what: &str, state: &State) {
    for (metric, score) in state.scores() {
        let Ok(score) = score else { continue };
        let (low, high) = metric.range;
        let within = low - 1e-12 <= score.value && score.value <= high + 1e-12;
        assert!(within, "{what} {}: {score:?}", metric.name);
        assert!(metric.standard_error == "none" || score.standard_error.is_some(), "{what} {}", metric.name);
    }
    assert!(state.problem() != Problem::Ranking && state.is_sound());
}
