//! How right predictions were over all windows of a run: of one metric, the range and the worst window.

use crate::tables::{Family, Row, ScoreRow};

/// Metrics that stand for the others, and whether low values of them are good.
const LEADS: [(&str, bool); 2] = [("accuracy", false), ("mae", true)];
const MATURITY: &str = "maturity_ratio";

/// One metric of model quality over the windows of all records.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualityOutcome {
    /// `accuracy`, or `mae` of numbers.
    pub metric: &'static str,
    /// Windows in which it has a value.
    pub windows: u64,
    /// Smallest value.
    pub lowest: f64,
    /// Largest value.
    pub highest: f64,
    /// The baseline's value, where it is the same for all windows.
    pub baseline_value: Option<f64>,
    /// The worst of the values.
    pub worst: f64,
    /// Start of the window that has it, microseconds since 1970 UTC; the first of them.
    pub worst_window: i64,
}

/// What a window says of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum QualityRow {
    /// The lead metric.
    Lead { at: usize, window: i64, value: f64, baseline_value: Option<f64> },
    /// Records, and how many of them have a label.
    Labels { labelled: u64, rows: u64 },
}

impl QualityRow {
    pub(crate) fn of_score(row: &ScoreRow) -> Option<Self> {
        if row.family != Family::ModelQuality || row.key.segment.is_some() {
            return None;
        }
        Self::of(row.metric, &row.method, row.key.window_start, (row.value?, row.baseline_value), row.rows)
    }

    /// From the table `scores`.
    pub(crate) fn of_row(row: Row<'_>) -> Option<Self> {
        if row.text("family") != Some(Family::ModelQuality.name()) || row.text("segment").is_some() {
            return None;
        }
        let values = (row.number("value")?, row.number("baseline_value"));
        Self::of(
            row.text("metric")?,
            row.text("method")?,
            row.time("window_start")?,
            values,
            row.count("rows"),
        )
    }

    fn of(
        metric: &str,
        method: &str,
        window: i64,
        (value, baseline_value): (f64, Option<f64>),
        rows: u64,
    ) -> Option<Self> {
        if metric == MATURITY {
            return Some(Self::Labels { labelled: part(value, rows), rows });
        }
        // Of single classes there is an accuracy too.
        let at = LEADS.iter().position(|(name, _)| *name == metric && !method.contains("/one_vs_rest/"))?;
        Some(Self::Lead { at, window, value, baseline_value })
    }
}

/// The rows that a share of them is; the share was made of whole rows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of rows, far below 2^53"
)]
fn part(share: f64, rows: u64) -> u64 {
    (share.clamp(0.0, 1.0) * rows as f64).round() as u64
}

impl QualityOutcome {
    /// Notes what a window says; in any order.
    pub(crate) fn observe(
        known: &mut Option<Self>,
        at: usize,
        window: i64,
        value: f64,
        baseline_value: Option<f64>,
    ) {
        let Some((metric, low_is_good)) = LEADS.get(at).copied() else { return };
        let first = Self {
            metric,
            windows: 0,
            lowest: value,
            highest: value,
            baseline_value,
            worst: value,
            worst_window: window,
        };
        let known = known.get_or_insert(first);
        known.windows += 1;
        known.lowest = known.lowest.min(value);
        known.highest = known.highest.max(value);
        known.baseline_value = known.baseline_value.filter(|value| Some(*value) == baseline_value);
        let order = if low_is_good { known.worst.total_cmp(&value) } else { value.total_cmp(&known.worst) };
        if order.then(window.cmp(&known.worst_window)).is_lt() {
            (known.worst, known.worst_window) = (value, window);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_window_is_the_first_of_the_worst_in_any_order() {
        for windows in [[(1, 0.9), (2, 0.7), (3, 0.7)], [(3, 0.7), (1, 0.9), (2, 0.7)]] {
            let mut known = None;
            windows
                .iter()
                .for_each(|(at, value)| QualityOutcome::observe(&mut known, 0, *at, *value, Some(0.8)));
            let known = known.unwrap();
            assert_eq!((known.metric, known.windows, known.baseline_value), ("accuracy", 3, Some(0.8)));
            assert_eq!((known.lowest, known.highest, known.worst, known.worst_window), (0.7, 0.9, 0.7, 2));
        }
        let mut errors = None;
        for (window, value) in [(1, 3.0), (2, 5.0)] {
            QualityOutcome::observe(&mut errors, 1, window, value, None);
        }
        assert_eq!(errors.map(|known| (known.worst, known.worst_window)), Some((5.0, 2)));
    }
}
