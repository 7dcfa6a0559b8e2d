//! Demographic disparity within the values of a group variable, of labels or of predictions.

use super::metric::{Convention, Undefined};
use super::table::{Outcomes, Table};

/// What is positive or negative.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Label,
    Prediction,
}

impl Outcome {
    fn negatives(self, group: &Outcomes) -> f64 {
        match self {
            Self::Label => group.negative_labels(),
            Self::Prediction => group.negative_predictions(),
        }
    }

    fn positives(self, group: &Outcomes) -> f64 {
        match self {
            Self::Label => group.positive_labels(),
            Self::Prediction => group.positive_predictions(),
        }
    }
}

/// Mean over strata, by rows, of the group's share of the negatives less its share of the positives.
///
/// A stratum without negatives or without positives takes that share as 0, as Wachter et al. and Clarify do.
pub(super) fn conditional_disparity(
    table: &Table,
    outcome: Outcome,
    convention: Convention,
) -> Result<f64, Undefined> {
    if table.strata().is_empty() {
        return Err(Undefined::NoGroupVariable);
    }
    let (mut sum, mut rows, mut all) = (0.0, 0.0, [0.0, 0.0]);
    for [rest, group] in table.strata() {
        let negatives = [rest, group].map(|side| outcome.negatives(side));
        let positives = [rest, group].map(|side| outcome.positives(side));
        let share = |[rest, group]: [f64; 2]| if group > 0.0 { group / (rest + group) } else { 0.0 };
        let (of_negatives, of_positives) = (negatives[0] + negatives[1], positives[0] + positives[1]);
        sum += (of_negatives + of_positives) * (share(negatives) - share(positives));
        rows += of_negatives + of_positives;
        all = [all[0] + of_negatives, all[1] + of_positives];
    }
    match all {
        [negatives, _] if negatives <= 0.0 => Err(Undefined::NoNegatives),
        [_, positives] if positives <= 0.0 => Err(Undefined::NoPositives),
        _ => convention.divide(sum.abs(), rows).map(|mean| mean.copysign(sum)),
    }
}
