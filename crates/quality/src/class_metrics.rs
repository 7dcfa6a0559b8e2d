//! Several classes: averages over classes, agreement beyond chance, and areas of one class against another.

use crate::auc::{area, totals};
use crate::class_counts::{Class, ClassCounts};
use crate::metric::{Better, Measure, Metric, Problem};
use crate::multiclass::Multiclass;
use crate::noise::{jackknife, of_mean, wilson};
use crate::score::{Score, Undefined};

/// What the averages need of a class.
#[derive(Clone, Copy)]
struct Margin {
    labelled: f64,
    predicted: f64,
    hits: f64,
}

impl Margin {
    fn precision(self) -> f64 {
        if self.predicted > 0.0 { self.hits / self.predicted } else { 0.0 }
    }

    fn recall(self) -> f64 {
        if self.labelled > 0.0 { self.hits / self.labelled } else { 0.0 }
    }

    /// F with the square of its weight on recall.
    fn f(self, square: f64) -> f64 {
        let all = square * self.labelled + self.predicted;
        if all > 0.0 { (1.0 + square) * self.hits / all } else { 0.0 }
    }
}

/// The value of a function of the margins, with its noise by leaving out one row of each cell in turn.
fn of_margins(
    counts: &ClassCounts,
    value: impl Fn(&[Margin]) -> Result<f64, Undefined>,
) -> Result<Score, Undefined> {
    if counts.other() > 0 {
        return Err(Undefined::TooManyClasses);
    }
    let classes = counts.classes();
    if classes.is_empty() {
        return Err(Undefined::NoRows);
    }
    let margin = |class: &Class<'_>| Margin {
        labelled: class.labelled as f64,
        predicted: class.predicted as f64,
        hits: class.hits as f64,
    };
    let mut margins: Vec<Margin> = classes.iter().map(margin).collect();
    let whole = value(&margins)?;
    let position = |name: Option<&str>| classes.binary_search_by_key(&name, |class| Some(class.name)).ok();
    let mut without = Vec::new();
    for (label, prediction, rows) in counts.matrix() {
        let Some((label, prediction)) = position(label).zip(position(prediction)) else { continue };
        let hit = if label == prediction { 1.0 } else { 0.0 };
        margins[label].labelled -= 1.0;
        margins[prediction].predicted -= 1.0;
        margins[label].hits -= hit;
        without.push((rows, value(&margins).ok()));
        margins[label].labelled += 1.0;
        margins[prediction].predicted += 1.0;
        margins[label].hits += hit;
    }
    Score::exact(whole, jackknife(without.into_iter()), counts.rows())
}

/// Mean over classes that occur as label or prediction, one weight each.
fn macro_mean(state: &Multiclass, of: impl Fn(Margin) -> f64) -> Result<Score, Undefined> {
    of_margins(state.confusion(), |margins| {
        Ok(margins.iter().map(|margin| of(*margin)).sum::<f64>() / margins.len() as f64)
    })
}

/// Mean over classes of the rows of other labels that were not predicted to be of the class.
fn macro_specificity(state: &Multiclass) -> Result<Score, Undefined> {
    of_margins(state.confusion(), |margins| {
        let rows: f64 = margins.iter().map(|margin| margin.labelled).sum();
        let of = |margin: &Margin| {
            let others = rows - margin.labelled;
            if others > 0.0 { 1.0 - (margin.predicted - margin.hits) / others } else { 0.0 }
        };
        Ok(margins.iter().map(of).sum::<f64>() / margins.len() as f64)
    })
}

/// Mean over classes, weighted by the rows they are the label of.
fn weighted_mean(state: &Multiclass, of: impl Fn(Margin) -> f64) -> Result<Score, Undefined> {
    of_margins(state.confusion(), |margins| {
        let rows: f64 = margins.iter().map(|margin| margin.labelled).sum();
        Ok(margins.iter().map(|margin| margin.labelled * of(*margin)).sum::<f64>() / rows)
    })
}

/// Hits among all rows: with one prediction a row, precision, recall and F over all classes together as well.
fn accuracy(state: &Multiclass) -> Result<Score, Undefined> {
    let (rows, hits) = (state.confusion().rows(), state.confusion().hits());
    Score::exact(hits as f64 / rows.max(1) as f64, wilson(hits, rows), rows)
}

fn balanced_accuracy(state: &Multiclass) -> Result<Score, Undefined> {
    of_margins(state.confusion(), |margins| {
        let labelled = margins.iter().filter(|margin| margin.labelled > 0.0);
        let (sum, classes) = labelled.fold((0.0, 0.0), |(sum, n), margin| (sum + margin.recall(), n + 1.0));
        Ok(sum / classes)
    })
}

/// Sums over classes: rows, hits, products of the margins, their squares.
fn agreement(margins: &[Margin]) -> [f64; 5] {
    let sum = |of: fn(&Margin) -> f64| margins.iter().map(of).sum::<f64>();
    [
        sum(|m| m.labelled),
        sum(|m| m.hits),
        sum(|m| m.labelled * m.predicted),
        sum(|m| m.labelled * m.labelled),
        sum(|m| m.predicted * m.predicted),
    ]
}

fn matthews(state: &Multiclass) -> Result<Score, Undefined> {
    of_margins(state.confusion(), |margins| {
        let [rows, hits, products, labels, predictions] = agreement(margins);
        let spread = (rows * rows - labels).sqrt() * (rows * rows - predictions).sqrt();
        if spread > 0.0 { Ok((hits * rows - products) / spread) } else { Err(Undefined::Constant) }
    })
}

fn kappa(state: &Multiclass) -> Result<Score, Undefined> {
    of_margins(state.confusion(), |margins| {
        let [rows, hits, products, ..] = agreement(margins);
        let beyond = rows * rows - products;
        if beyond > 0.0 { Ok((hits * rows - products) / beyond) } else { Err(Undefined::Constant) }
    })
}

/// Always the most frequent label (of several, the first by name).
fn constant(state: &Multiclass, of: impl Fn(f64) -> f64) -> Result<Score, Undefined> {
    let counts = state.confusion();
    if counts.other() > 0 {
        return Err(Undefined::TooManyClasses);
    }
    let most = counts.classes().iter().map(|class| class.labelled).max().ok_or(Undefined::NoRows)?;
    Score::exact(of(most as f64 / counts.rows() as f64), None, counts.rows())
}

/// Each class against the rest, or against every other one in turn; averaged with equal weights or by rows.
fn areas(state: &Multiclass, pairs: bool, by_rows: bool) -> Result<Score, Undefined> {
    let classes = state.classes().len();
    let (mut sum, mut error, mut bound, mut weights, mut rows) = (0.0, Some(0.0), 0.0, 0.0, 0);
    for class in 0..classes {
        let others: Vec<Option<usize>> =
            if pairs { (0..classes).filter(|other| *other != class).map(Some).collect() } else { vec![None] };
        for other in others {
            let levels = state.levels(class, |label| other.is_none_or(|other| label == other));
            let (negatives, positives) = totals(&levels);
            let score = match area(&levels, state.is_coarse(class)) {
                // A class without labels takes no part; there is nothing to compare it with either.
                Err(Undefined::NoPositives) => continue,
                Err(Undefined::NoNegatives) if pairs => continue,
                score => score?,
            };
            let weight = match (by_rows, pairs) {
                (false, _) => 1.0,
                (true, false) => positives as f64,
                (true, true) => (positives + negatives) as f64,
            };
            rows = rows.max(score.rows);
            weights += weight;
            sum += weight * score.value;
            bound += weight * score.error_bound;
            error = error.zip(score.standard_error).map(|(sum, error)| sum + weight * error);
        }
    }
    if weights <= 0.0 {
        return Err(if state.log_losses().values() == 0 {
            Undefined::NoScores
        } else {
            Undefined::NoNegatives
        });
    }
    let rows = if pairs { state.log_losses().values() } else { rows };
    Score::within(sum / weights, error.map(|error| error / weights), bound / weights, rows)
}

fn log_loss(state: &Multiclass) -> Result<Score, Undefined> {
    let losses = state.log_losses();
    Score::exact(losses.mean().ok_or(Undefined::NoScores)?, of_mean(losses), losses.values())
}

const MACRO: Metric = Metric {
    name: "",
    title: "",
    problem: Problem::Multiclass,
    range: (0.0, 1.0),
    better: Better::Higher,
    standard_error: "jackknife",
    reference: "Sokolova and Lapalme 2009; scikit-learn",
    page: "\
Mean over the classes that occur as label or prediction, each with the same weight; a class that is never
predicted (or never the label) counts 0. Range 0 to 1. No value beyond 256 classes.",
    measure: Measure::Multiclass(accuracy),
};

const WEIGHTED: Metric = Metric {
    page: "\
Mean over classes, weighted by the rows they are the label of; a class that is never predicted counts 0.
Range 0 to 1. No value beyond 256 classes.",
    reference: "SageMaker Model Monitor, model quality metrics; scikit-learn",
    ..MACRO
};

const MICRO: Metric = Metric {
    standard_error: "wilson",
    page: "\
Over all rows together: with one label and one prediction a row, the same as accuracy. Range 0 to 1.",
    ..MACRO
};

const CONSTANT: Metric = Metric {
    better: Better::Neither,
    standard_error: "none",
    page: "\
Of a classifier that always says the most frequent label: what no model should fall below. Range 0 to 1.",
    ..WEIGHTED
};

const AREA: Metric = Metric {
    standard_error: "delong",
    reference: "Provost and Domingos 2000; scikit-learn roc_auc_score",
    page: "\
Mean AUC of each class against the rest, by its probability. Range 0 to 1, 0.5 by chance. The standard
error is the mean of those of the classes, which is an upper limit. No value without probabilities.",
    ..MACRO
};

const PAIRS: Metric = Metric {
    reference: "Hand and Till 2001; scikit-learn roc_auc_score",
    page: "\
Mean AUC over ordered pairs of classes, among the rows of the two. Range 0 to 1, 0.5 by chance. The
standard error is the mean of those of the pairs, which is an upper limit. No value without probabilities.",
    ..AREA
};

/// A metric that is its family's but for name, title and function.
const fn of(
    family: Metric,
    name: &'static str,
    title: &'static str,
    measure: fn(&Multiclass) -> Result<Score, Undefined>,
) -> Metric {
    Metric { name, title, measure: Measure::Multiclass(measure), ..family }
}

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[
    Metric {
        page: "Rows whose prediction is their label, of all. Range 0 to 1. Exact for any number of classes.",
        ..of(MICRO, "accuracy", "Accuracy", accuracy)
    },
    Metric {
        page: "\
Mean recall of the classes that occur as label. Range 0 to 1, 1/k by chance. No value beyond 256 classes.",
        ..of(MACRO, "balanced_accuracy", "Balanced accuracy", balanced_accuracy)
    },
    of(WEIGHTED, "weighted_precision", "Weighted precision", |s| weighted_mean(s, Margin::precision)),
    of(WEIGHTED, "weighted_recall", "Weighted recall", |s| weighted_mean(s, Margin::recall)),
    of(WEIGHTED, "weighted_f0_5", "Weighted F0.5", |s| weighted_mean(s, |m| m.f(0.25))),
    of(WEIGHTED, "weighted_f1", "Weighted F1", |s| weighted_mean(s, |m| m.f(1.0))),
    of(WEIGHTED, "weighted_f2", "Weighted F2", |s| weighted_mean(s, |m| m.f(4.0))),
    of(MACRO, "macro_precision", "Macro precision", |s| macro_mean(s, Margin::precision)),
    of(MACRO, "macro_recall", "Macro recall", |s| macro_mean(s, Margin::recall)),
    of(MACRO, "macro_true_negative_rate", "Macro true negative rate (specificity)", macro_specificity),
    of(MACRO, "macro_f0_5", "Macro F0.5", |s| macro_mean(s, |m| m.f(0.25))),
    of(MACRO, "macro_f1", "Macro F1", |s| macro_mean(s, |m| m.f(1.0))),
    of(MACRO, "macro_f2", "Macro F2", |s| macro_mean(s, |m| m.f(4.0))),
    of(MICRO, "micro_precision", "Micro precision", accuracy),
    of(MICRO, "micro_recall", "Micro recall", accuracy),
    of(MICRO, "micro_f0_5", "Micro F0.5", accuracy),
    of(MICRO, "micro_f1", "Micro F1", accuracy),
    of(MICRO, "micro_f2", "Micro F2", accuracy),
    Metric {
        range: (-1.0, 1.0),
        reference: "Gorodkin 2004; scikit-learn matthews_corrcoef",
        page: "\
Correlation of label and prediction over all classes. Range -1 to 1, 0 by chance. No value where labels or
predictions are all the same, or beyond 256 classes.",
        ..of(MACRO, "matthews_correlation", "Matthews correlation", matthews)
    },
    Metric {
        range: (-1.0, 1.0),
        reference: "Cohen 1960; scikit-learn cohen_kappa_score",
        page: "\
(accuracy - chance) / (1 - chance), chance from the shares of labels and predictions. Range -1 to 1. No
value where all are one class, or beyond 256 classes.",
        ..of(MACRO, "cohen_kappa", "Cohen's kappa", kappa)
    },
    of(AREA, "auc_ovr_macro", "AUC, one against the rest, macro", |s| areas(s, false, false)),
    of(AREA, "auc_ovr_weighted", "AUC, one against the rest, weighted by labels", |s| areas(s, false, true)),
    of(PAIRS, "auc_ovo_macro", "AUC, one against one, macro", |s| areas(s, true, false)),
    of(PAIRS, "auc_ovo_weighted", "AUC, one against one, weighted by rows", |s| areas(s, true, true)),
    Metric {
        range: (0.0, f64::INFINITY),
        better: Better::Lower,
        standard_error: "moments",
        reference: "Good 1952; scikit-learn log_loss",
        page: "\
Mean of -ln p(label), after the probabilities of a row are divided by their sum and kept 2^-52 from 0 and
1. Range 0 upwards, in nats; ln k for k classes by chance. No value without probabilities.",
        ..of(MACRO, "log_loss", "Log loss", log_loss)
    },
    of(CONSTANT, "accuracy_best_constant_classifier", "Accuracy of the best constant classifier", |s| {
        constant(s, |share| share)
    }),
    of(
        CONSTANT,
        "weighted_recall_best_constant_classifier",
        "Weighted recall of the best constant classifier",
        |s| constant(s, |share| share),
    ),
    of(
        CONSTANT,
        "weighted_precision_best_constant_classifier",
        "Weighted precision of the best constant classifier",
        |s| constant(s, |share| share * share),
    ),
    of(
        CONSTANT,
        "weighted_f0_5_best_constant_classifier",
        "Weighted F0.5 of the best constant classifier",
        |s| constant(s, |share| share * constant_f(share, 0.25)),
    ),
    of(
        CONSTANT,
        "weighted_f1_best_constant_classifier",
        "Weighted F1 of the best constant classifier",
        |s| constant(s, |share| share * constant_f(share, 1.0)),
    ),
    of(
        CONSTANT,
        "weighted_f2_best_constant_classifier",
        "Weighted F2 of the best constant classifier",
        |s| constant(s, |share| share * constant_f(share, 4.0)),
    ),
];

/// F of a class that is predicted for every row and right for a share of them, so that its recall is 1.
fn constant_f(share: f64, square: f64) -> f64 {
    (1.0 + square) * share / (square * share + 1.0)
}
