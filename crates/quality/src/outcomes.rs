//! Decisions against labels: the four counts of a binary problem, and every metric that needs no more.

use crate::metric::{Better, Measure, Metric, Problem};
use crate::noise::{jackknife, wilson};
use crate::score::{Score, Undefined};

/// Labelled rows by decision and label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Label negative, decided negative.
    pub true_negatives: u64,
    /// Label negative, decided positive.
    pub false_positives: u64,
    /// Label positive, decided negative.
    pub false_negatives: u64,
    /// Label positive, decided positive.
    pub true_positives: u64,
}

impl Outcomes {
    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.positives() + self.negatives()
    }

    /// Rows whose label is positive.
    #[must_use]
    pub fn positives(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// Rows whose label is negative.
    #[must_use]
    pub fn negatives(&self) -> u64 {
        self.true_negatives + self.false_positives
    }

    /// Rows decided positive.
    #[must_use]
    pub fn decided_positives(&self) -> u64 {
        self.true_positives + self.false_positives
    }

    /// The same labels under a classifier that always says what most labels are (negative where both are as many).
    #[must_use]
    pub fn best_constant(&self) -> Self {
        let (positives, negatives) = (self.positives(), self.negatives());
        if positives > negatives {
            Self { true_positives: positives, false_positives: negatives, ..Self::default() }
        } else {
            Self { true_negatives: negatives, false_negatives: positives, ..Self::default() }
        }
    }

    /// The counts in the order of the fields.
    fn cells(&self) -> [u64; 4] {
        [self.true_negatives, self.false_positives, self.false_negatives, self.true_positives]
    }

    fn of_cells([true_negatives, false_positives, false_negatives, true_positives]: [u64; 4]) -> Self {
        Self { true_negatives, false_positives, false_negatives, true_positives }
    }

    /// The value of a function of the counts, with its noise by the jackknife.
    fn score(&self, value: fn(&Self) -> Result<f64, Undefined>) -> Result<Score, Undefined> {
        let cells = self.cells();
        let without = (0..4).map(|cell| {
            let mut fewer = cells;
            fewer[cell] = fewer[cell].saturating_sub(1);
            (cells[cell], value(&Self::of_cells(fewer)).ok())
        });
        Score::exact(value(self)?, jackknife(without), self.rows())
    }
}

/// `part` of `rows`, with the noise of a share.
fn share(part: u64, rows: u64, of: u64, none: Undefined) -> Result<Score, Undefined> {
    if of == 0 {
        return Err(Undefined::NoRows);
    }
    if rows == 0 {
        return Err(none);
    }
    Score::exact(part as f64 / rows as f64, wilson(part, rows), of)
}

pub(crate) fn accuracy(o: &Outcomes) -> Result<Score, Undefined> {
    share(o.true_positives + o.true_negatives, o.rows(), o.rows(), Undefined::NoRows)
}

pub(crate) fn precision(o: &Outcomes) -> Result<Score, Undefined> {
    share(o.true_positives, o.decided_positives(), o.rows(), Undefined::NoPredictedPositives)
}

pub(crate) fn recall(o: &Outcomes) -> Result<Score, Undefined> {
    share(o.true_positives, o.positives(), o.rows(), Undefined::NoPositives)
}

fn true_negative_rate(o: &Outcomes) -> Result<Score, Undefined> {
    share(o.true_negatives, o.negatives(), o.rows(), Undefined::NoNegatives)
}

fn false_positive_rate(o: &Outcomes) -> Result<Score, Undefined> {
    share(o.false_positives, o.negatives(), o.rows(), Undefined::NoNegatives)
}

fn false_negative_rate(o: &Outcomes) -> Result<Score, Undefined> {
    share(o.false_negatives, o.positives(), o.rows(), Undefined::NoPositives)
}

/// F of weight `beta` on recall, with the squares of it: 0.25, 1 or 4.
fn f_value(o: &Outcomes, square: f64) -> Result<f64, Undefined> {
    let hits = (1.0 + square) * o.true_positives as f64;
    let all = hits + square * o.false_negatives as f64 + o.false_positives as f64;
    match (o.rows(), all > 0.0) {
        (0, _) => Err(Undefined::NoRows),
        (_, true) => Ok(hits / all),
        (_, false) => Err(Undefined::NoPositives),
    }
}

fn balanced(o: &Outcomes) -> Result<f64, Undefined> {
    Ok((recall(o)?.value + true_negative_rate(o)?.value) / 2.0)
}

/// Matthews' correlation of decision and label.
fn matthews(o: &Outcomes) -> Result<f64, Undefined> {
    let [tn, fp, r#fn, tp] = o.cells().map(|rows| rows as f64);
    let spread = ((tp + fp).sqrt() * (tp + r#fn).sqrt()) * ((tn + fp).sqrt() * (tn + r#fn).sqrt());
    match (o.rows(), spread > 0.0) {
        (0, _) => Err(Undefined::NoRows),
        (_, true) => Ok(((tp * tn - fp * r#fn) / spread).clamp(-1.0, 1.0)),
        (_, false) => Err(Undefined::Constant),
    }
}

/// Cohen's agreement of decision and label beyond chance.
fn kappa(o: &Outcomes) -> Result<f64, Undefined> {
    let [tn, fp, r#fn, tp] = o.cells().map(|rows| rows as f64);
    let wrong_by_chance = (tp + fp) * (tn + fp) + (tp + r#fn) * (tn + r#fn);
    match (o.rows(), wrong_by_chance > 0.0) {
        (0, _) => Err(Undefined::NoRows),
        (_, true) => Ok(2.0 * (tp * tn - fp * r#fn) / wrong_by_chance),
        (_, false) => Err(Undefined::Constant),
    }
}

/// A metric of the best constant classifier: 0 where its formula has no value, as Model Monitor has it.
fn constant(o: &Outcomes, metric: fn(&Outcomes) -> Result<Score, Undefined>) -> Result<Score, Undefined> {
    match metric(&o.best_constant()) {
        Err(Undefined::NoPositives | Undefined::NoPredictedPositives) => Score::exact(0.0, None, o.rows()),
        Err(reason) => Err(reason),
        Ok(score) => Score::exact(score.value, None, o.rows()),
    }
}

/// What most of them have in common.
const SHARE: Metric = Metric {
    name: "",
    title: "",
    problem: Problem::Binary,
    range: (0.0, 1.0),
    better: Better::Higher,
    standard_error: "wilson",
    reference: "Fawcett 2006, An introduction to ROC analysis; scikit-learn",
    page: "",
    measure: Measure::Outcomes(accuracy),
};

const BY_JACKKNIFE: Metric = Metric { standard_error: "jackknife", ..SHARE };

const CONSTANT: Metric = Metric {
    better: Better::Neither,
    standard_error: "none",
    reference: "SageMaker Model Monitor, model quality metrics",
    page: "\
Of a classifier that always says what most labels are (negative where both are as many): what no model
should fall below. Range 0 to 1; 0 where the formula has no value.",
    ..SHARE
};

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "accuracy",
        title: "Accuracy",
        page: "(TP + TN) / rows. Range 0 to 1. Says little where one class is rare: compare the best constant classifier.",
        ..SHARE
    },
    Metric {
        name: "precision",
        title: "Precision",
        page: "TP / (TP + FP). Range 0 to 1. No value where nothing was predicted positive.",
        measure: Measure::Outcomes(precision),
        ..SHARE
    },
    Metric {
        name: "recall",
        title: "Recall",
        page: "TP / (TP + FN). Range 0 to 1. No value without positive labels.",
        measure: Measure::Outcomes(recall),
        ..SHARE
    },
    Metric {
        name: "f0_5",
        title: "F0.5",
        page: "F with beta 0.5, precision before recall: 1.25 TP / (1.25 TP + 0.25 FN + FP). Range 0 to 1.",
        measure: Measure::Outcomes(|o| o.score(|o| f_value(o, 0.25))),
        ..BY_JACKKNIFE
    },
    Metric {
        name: "f1",
        title: "F1",
        page: "Harmonic mean of precision and recall: 2 TP / (2 TP + FN + FP). Range 0 to 1.",
        measure: Measure::Outcomes(|o| o.score(|o| f_value(o, 1.0))),
        ..BY_JACKKNIFE
    },
    Metric {
        name: "f2",
        title: "F2",
        page: "F with beta 2, recall before precision: 5 TP / (5 TP + 4 FN + FP). Range 0 to 1.",
        measure: Measure::Outcomes(|o| o.score(|o| f_value(o, 4.0))),
        ..BY_JACKKNIFE
    },
    Metric {
        name: "true_positive_rate",
        title: "True positive rate",
        page: "TP / (TP + FN), which is recall. Range 0 to 1. No value without positive labels.",
        measure: Measure::Outcomes(recall),
        ..SHARE
    },
    Metric {
        name: "true_negative_rate",
        title: "True negative rate (specificity)",
        page: "TN / (TN + FP). Range 0 to 1. No value without negative labels.",
        measure: Measure::Outcomes(true_negative_rate),
        ..SHARE
    },
    Metric {
        name: "false_positive_rate",
        title: "False positive rate",
        better: Better::Lower,
        page: "FP / (TN + FP). Range 0 to 1. No value without negative labels.",
        measure: Measure::Outcomes(false_positive_rate),
        ..SHARE
    },
    Metric {
        name: "false_negative_rate",
        title: "False negative rate",
        better: Better::Lower,
        page: "FN / (TP + FN). Range 0 to 1. No value without positive labels.",
        measure: Measure::Outcomes(false_negative_rate),
        ..SHARE
    },
    Metric {
        name: "balanced_accuracy",
        title: "Balanced accuracy",
        page: "Mean of true positive and true negative rate. Range 0 to 1, 0.5 by chance. Needs labels of both classes.",
        measure: Measure::Outcomes(|o| o.score(balanced)),
        ..BY_JACKKNIFE
    },
    Metric {
        name: "matthews_correlation",
        title: "Matthews correlation",
        range: (-1.0, 1.0),
        reference: "Matthews 1975; scikit-learn",
        page: "\
(TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)): correlation of decision and label. Range -1 to 1,
0 by chance. No value where labels or decisions are all the same (scikit-learn says 0).",
        measure: Measure::Outcomes(|o| o.score(matthews)),
        ..BY_JACKKNIFE
    },
    Metric {
        name: "cohen_kappa",
        title: "Cohen's kappa",
        range: (-1.0, 1.0),
        reference: "Cohen 1960; scikit-learn",
        page: "\
(accuracy - chance) / (1 - chance), chance from the shares of decisions and labels. Range -1 to 1. No
value where all labels and decisions are one class.",
        measure: Measure::Outcomes(|o| o.score(kappa)),
        ..BY_JACKKNIFE
    },
    Metric {
        name: "accuracy_best_constant_classifier",
        title: "Accuracy of the best constant classifier",
        measure: Measure::Outcomes(|o| constant(o, accuracy)),
        ..CONSTANT
    },
    Metric {
        name: "precision_best_constant_classifier",
        title: "Precision of the best constant classifier",
        measure: Measure::Outcomes(|o| constant(o, precision)),
        ..CONSTANT
    },
    Metric {
        name: "recall_best_constant_classifier",
        title: "Recall of the best constant classifier",
        measure: Measure::Outcomes(|o| constant(o, recall)),
        ..CONSTANT
    },
    Metric {
        name: "f0_5_best_constant_classifier",
        title: "F0.5 of the best constant classifier",
        measure: Measure::Outcomes(|o| constant(o, |o| o.score(|o| f_value(o, 0.25)))),
        ..CONSTANT
    },
    Metric {
        name: "f1_best_constant_classifier",
        title: "F1 of the best constant classifier",
        measure: Measure::Outcomes(|o| constant(o, |o| o.score(|o| f_value(o, 1.0)))),
        ..CONSTANT
    },
    Metric {
        name: "f2_best_constant_classifier",
        title: "F2 of the best constant classifier",
        measure: Measure::Outcomes(|o| constant(o, |o| o.score(|o| f_value(o, 4.0)))),
        ..CONSTANT
    },
];
