//! How right predictions were over a run, on one line.

use std::fmt::Write as _;

use monitor::{Outcome, TimeZone};
use serde::Serialize;

use crate::{print, time};

/// One metric over all windows. Member names are stable.
#[derive(Debug, Serialize)]
pub(crate) struct Quality {
    /// `accuracy`, or `mae` of numbers; `None` where no window has a label.
    metric: Option<&'static str>,
    /// Windows in which it has a value.
    windows: u64,
    lowest: Option<f64>,
    highest: Option<f64>,
    baseline_value: Option<f64>,
    /// As `explain --window` takes it; `None` of one window alone.
    worst_window: Option<String>,
    worst_value: Option<f64>,
    records: u64,
    labelled: u64,
}

impl Quality {
    pub(crate) fn of(outcome: &Outcome, zone: &TimeZone) -> Option<Self> {
        let (records, labelled) = outcome.labels?;
        let of = outcome.quality;
        Some(Self {
            metric: of.map(|of| of.metric),
            windows: of.map_or(0, |of| of.windows),
            lowest: of.map(|of| of.lowest),
            highest: of.map(|of| of.highest),
            baseline_value: of.and_then(|of| of.baseline_value),
            worst_window: of.filter(|of| of.windows > 1).map(|of| time::show(of.worst_window, zone)),
            worst_value: of.map(|of| of.worst),
            records,
            labelled,
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut line = match (self.metric, self.lowest, self.highest) {
            (Some(metric), Some(lowest), Some(highest)) if self.windows > 1 => {
                format!("{metric} {} to {} by window", print::number(lowest), print::number(highest))
            }
            (Some(metric), Some(value), _) => format!("{metric} {}", print::number(value)),
            _ => return "no record has a label that can be used".to_owned(),
        };
        if let Some(value) = self.baseline_value {
            let _ = write!(line, ", {} in the baseline", print::number(value));
        }
        if let Some(window) = self.worst_window.as_ref().filter(|_| self.windows > 1) {
            let _ = write!(line, "; worst {window}");
        }
        let _ = write!(line, "; {} of the records have a label", print::percent(self.labelled, self.records));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_says_what_is_known() {
        let none = Quality {
            metric: None,
            windows: 0,
            lowest: None,
            highest: None,
            baseline_value: None,
            worst_window: None,
            worst_value: None,
            records: 10,
            labelled: 0,
        };
        assert_eq!(none.text(), "no record has a label that can be used");
        let one = Quality {
            metric: Some("mae"),
            windows: 1,
            lowest: Some(4.5),
            highest: Some(4.5),
            labelled: 5,
            ..none
        };
        assert_eq!(one.text(), "mae 4.500; 50 % of the records have a label");
        let worst_window = Some("2026-01-02".to_owned());
        let two = Quality { windows: 2, highest: Some(6.0), baseline_value: Some(4.0), worst_window, ..one };
        assert_eq!(
            two.text(),
            "mae 4.500 to 6 by window, 4 in the baseline; worst 2026-01-02; 50 % of the records have a label"
        );
    }
}
