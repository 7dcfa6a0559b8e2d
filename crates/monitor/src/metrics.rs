//! What `scores` may hold beside drift: every metric of the other families, with its page.

use std::borrow::Cow;

use quality::{Better, Problem, bias};

use crate::{
    score::{ESTIMATES, is_judged},
    tables::Family,
};

/// A metric of another family than drift.
#[derive(Debug, Clone)]
pub struct ScoreMetric {
    /// Family, as in `scores`.
    pub family: Family,
    /// What predictions it is for; `None` for any.
    pub problem: Option<Problem>,
    /// Name, as in `scores`; unique among those of its family and problem.
    pub name: &'static str,
    /// Name in prose.
    pub title: Cow<'static, str>,
    /// Closed range of the value; infinite where unbounded.
    pub range: (f64, f64),
    /// Which values are good; `None` where none are.
    pub good: Option<&'static str>,
    /// Whether a check judges it; the others are recorded.
    pub judged: bool,
    /// How its standard error is had; `None` where it has none.
    pub standard_error: Option<&'static str>,
    /// Paper, textbook or tool that the definition is taken from.
    pub reference: Option<&'static str>,
    /// A few lines for people.
    pub page: &'static str,
}

/// Every metric of the families that are not drift, family by family.
#[must_use]
pub fn score_metrics() -> Vec<ScoreMetric> {
    let quality = quality::ALL.iter().copied().flatten();
    let quality = quality.map(of_quality);
    let mut metrics: Vec<ScoreMetric> = quality
        .chain(ESTIMATES.iter().filter_map(|(problem, of, name)| of_estimate(*problem, of, name)))
        .collect();
    // Stable: of one problem, the order of the registry.
    metrics.sort_by_key(|metric| metric.problem);
    metrics.push(MATURITY);
    metrics.extend(CONCEPT);
    metrics.extend(bias::ALL.iter().map(of_bias));
    metrics.extend(ATTRIBUTION);
    metrics.extend(LATENCIES);
    metrics.extend(ANSWERS);
    metrics
}

fn of_quality(metric: &quality::Metric) -> ScoreMetric {
    ScoreMetric {
        family: Family::ModelQuality,
        problem: Some(metric.problem),
        name: metric.name,
        title: metric.title.into(),
        range: metric.range,
        good: match metric.better {
            Better::Higher => Some("high"),
            Better::Lower => Some("low"),
            Better::Neither => None,
        },
        judged: is_judged(metric),
        standard_error: Some(metric.standard_error).filter(|how| *how != "none"),
        reference: Some(metric.reference),
        page: metric.page,
    }
}

/// Without labels.
fn of_estimate(problem: Problem, of: &str, name: &'static str) -> Option<ScoreMetric> {
    let metric = quality::metric(problem, of)?;
    let estimate = ScoreMetric {
        name,
        title: format!("{}, as predictions promise it", metric.title).into(),
        judged: false,
        standard_error: Some("sampling"),
        ..of_quality(metric)
    };
    if problem == Problem::Regression {
        return Some(ScoreMetric {
            reference: None,
            page: "\
The error to expect before labels arrive: that of the baseline's rows in the same bin of the prediction, averaged over the \
rows of the window. It sees what a shift of the predictions does to the error and nothing of concept drift. \
`standard_error` is that of as many rows around the means of their bins, and of those means; `baseline_value` is what the \
baseline's labels say. No value where windows are compared with earlier ones.",
            ..estimate
        });
    }
    Some(ScoreMetric {
        reference: Some("confidence-based performance estimation (CBPE, NannyML)"),
        page: "\
The metric that calibrated scores promise before labels arrive: a row with probability c of a positive label counts c of \
a positive and 1 - c of a negative. Probabilities are calibrated on the baseline's labels where that helps (`method` ends \
with `isotonic`). It sees what a shift of the inputs does to quality and nothing of concept drift. `standard_error` is the \
spread to expect of the realised value; `baseline_value` is what the baseline's labels say. Of several classes the \
probabilities of a row are calibrated class by class, and made to add up to 1. No value where windows are compared with \
earlier ones.",
        ..estimate
    })
}

fn of_bias(metric: &bias::Metric) -> ScoreMetric {
    ScoreMetric {
        family: Family::Bias,
        problem: None,
        name: metric.name,
        title: metric.title.into(),
        range: metric.range,
        good: Some(if metric.neutral == bias::Neutral::One { "1" } else { "0" }),
        judged: metric.same_as.is_none(),
        standard_error: Some(match metric.measure {
            bias::Measure::Counts(_) => "resampling",
            bias::Measure::Neighbours => "random groups",
        }),
        reference: Some(metric.reference),
        page: metric.page,
    }
}

const BLANK: ScoreMetric = ScoreMetric {
    family: Family::ModelQuality,
    problem: None,
    name: "",
    title: Cow::Borrowed(""),
    range: (0.0, 1.0),
    good: None,
    judged: false,
    standard_error: None,
    reference: None,
    page: "",
};

const MATURITY: ScoreMetric = ScoreMetric {
    name: "maturity_ratio",
    title: Cow::Borrowed("Share of the records whose label is known"),
    page: "\
Records with a label over records: how much of a window the other numbers of model quality speak of. Labels that come \
later raise it, and restate the window.",
    ..BLANK
};

const CONCEPT: [ScoreMetric; 6] = {
    const CONCEPT: ScoreMetric = ScoreMetric { family: Family::Concept, ..BLANK };
    const PART: ScoreMetric = ScoreMetric {
        range: (f64::NEG_INFINITY, f64::INFINITY),
        reference: Some("Kitagawa (1955); Oaxaca and Blinder (1973)"),
        ..CONCEPT
    };
    [
        ScoreMetric {
            name: "calibration_change",
            title: Cow::Borrowed("Whether the label follows from the score as it did"),
            good: Some("low"),
            judged: true,
            page: "\
Mean over the bins of the score, by the baseline's rows, of the size of the change of P(label | bin): half the sum over \
classes, 0 to 1. Labels that are numbers fall in the bins of predictions, those of a ranking in grades, 0 to 7 and more. A shift of the inputs alone moves nothing but the noise, which is `expected_without_drift`. No \
value where the baseline has no score, no labels, or nothing in common with the window.",
            ..CONCEPT
        },
        ScoreMetric {
            name: "relation_change",
            title: Cow::Borrowed(
                "Whether the label follows from some values of a feature otherwise than it did, and not from all",
            ),
            range: (0.0, f64::INFINITY),
            good: Some("low"),
            judged: true,
            page: "\
How far the bins of a feature moved apart: the change of P(label | bin, score), less the change that all rows of the same \
bin of the score show (`method` names the score after `given=`). Of each bin its level counts, the mean of this difference \
over the scores, and its slope, the mean of it times the score's own P(label) in standard units; the value is \
√(Σ w (level² + slope²)) with the baseline's share w of the bins, for several classes with half the sum over them. A share p \
of the rows that moves by x makes x √(p (1 - p)) of the feature that tells these rows from the others, and less of features \
that go along with it; what moves alike for all rows makes nothing of any feature and is told by `calibration_change`. A \
shift of the inputs alone moves nothing but the noise: `expected_without_drift` and the p-value follow from the rows and \
shares of the cells. The bins come in the order of what they themselves moved. Numbers are cut at the baseline's \
deciles, names beyond the 15 commonest share a bin, and missing values have one. What moves within a bin is not seen; of \
more than 64 features the first 64 are counted. No value where rows of the same score never lie in two bins, as of a \
feature that is constant in the baseline.",
            ..CONCEPT
        },
        ScoreMetric {
            name: "loss_change",
            title: Cow::Borrowed("Change of the mean loss since the baseline"),
            page: "\
The mean loss less the baseline's. The loss of a row is the squared difference of probability and label; without \
probabilities 0 or 1, for right or wrong; of a regression the squared error. It is the sum of its three parts.",
            ..PART
        },
        ScoreMetric {
            name: "loss_change_by_inputs",
            title: Cow::Borrowed("Part of the change that other inputs explain"),
            standard_error: Some("moments"),
            page: "\
What the mean loss would have changed if each bin of the score still had the baseline's loss: other inputs, the same \
relation.",
            ..PART
        },
        ScoreMetric {
            name: "loss_change_by_relation",
            title: Cow::Borrowed("Part of the change that another relation explains"),
            standard_error: Some("moments"),
            page: "\
What the loss within bins of the score adds, by their rows now: the same inputs, another relation. What moves within a \
bin counts as relation.",
            ..PART
        },
        ScoreMetric {
            name: "loss_change_unknown",
            title: Cow::Borrowed("Part of the change in bins without baseline rows"),
            page: "What bins of the score that the baseline has no rows in add: for them nobody can say.",
            ..PART
        },
    ]
};

const ATTRIBUTION: [ScoreMetric; 4] = {
    const ATTRIBUTION: ScoreMetric = ScoreMetric { family: Family::Attribution, ..BLANK };
    [
        ScoreMetric {
            name: "ndcg",
            title: Cow::Borrowed("Whether features drive predictions in the baseline's order"),
            good: Some("high"),
            judged: true,
            reference: Some("SageMaker Model Monitor, feature attribution drift"),
            page: "\
Normalized discounted cumulative gain of the order of features now, with the baseline's importances as gains: 1 is the \
same order. `expected_without_drift` is what chance leaves of it at these row counts. It does not say which feature \
moved: `importance_ratio` and `importance_rank` do.",
            ..ATTRIBUTION
        },
        ScoreMetric {
            name: "importance",
            title: Cow::Borrowed("How much a feature drives predictions"),
            range: (f64::NEG_INFINITY, f64::INFINITY),
            standard_error: Some("moments"),
            page: "\
The attributions of a feature as one number: mean of the sizes, median of the values, or mean of the squares (`method` \
ends with which), in the unit of the attributions.",
            ..ATTRIBUTION
        },
        ScoreMetric {
            name: "importance_ratio",
            title: Cow::Borrowed("Share of a feature in all importances"),
            judged: true,
            page: "\
Size of the importance over the sum of sizes over features; `p_value` is that of a change as large where nothing has \
moved, of mean sizes.",
            ..ATTRIBUTION
        },
        ScoreMetric {
            name: "importance_rank",
            title: Cow::Borrowed("Rank of a feature by importance"),
            range: (1.0, f64::INFINITY),
            page: "1 is the most important feature; features that tie share the mean of their ranks.",
            ..ATTRIBUTION
        },
    ]
};

const OF_LATENCY: ScoreMetric = ScoreMetric { family: Family::Latency, good: Some("low"), ..BLANK };

const LATENCIES: [ScoreMetric; 5] = {
    const fn quantile(name: &'static str, title: &'static str) -> ScoreMetric {
        ScoreMetric {
            name,
            title: Cow::Borrowed(title),
            range: (0.0, f64::INFINITY),
            page: "\
The smallest latency that this share of the answers does not exceed, in the unit of the column. Latencies are counted in \
slots: `error_bound` says how far the value may be from that of the answers themselves.",
            ..OF_LATENCY
        }
    }
    [
        quantile("latency_p50", "Latency that half of the answers do not exceed"),
        quantile("latency_p90", "Latency that 90 % of the answers do not exceed"),
        quantile("latency_p95", "Latency that 95 % of the answers do not exceed"),
        quantile("latency_p99", "Latency that 99 % of the answers do not exceed"),
        quantile("latency_p99_9", "Latency that 99.9 % of the answers do not exceed"),
    ]
};

const ANSWERS: [ScoreMetric; 3] = [
    ScoreMetric {
        name: "slow_ratio",
        title: Cow::Borrowed("Share of slow answers"),
        judged: true,
        page: "\
Answers above `slow` in the section `[latency]`, or else above the baseline's 99th percentile, over all answers with a \
latency; `method` has the limit.",
        ..OF_LATENCY
    },
    ScoreMetric {
        name: "error_ratio",
        title: Cow::Borrowed("Share of answers that are errors"),
        judged: true,
        page: "\
Answers whose status is one of `errors` in the section `[latency]`, or else a number from 400 on, over all answers with a \
status; `method` has which.",
        ..OF_LATENCY
    },
    ScoreMetric {
        name: "throughput",
        title: Cow::Borrowed("Answers a second"),
        range: (0.0, f64::INFINITY),
        good: None,
        page: "\
Records of the window over its seconds; `baseline_value` is the median of the baseline's windows of that length.",
        ..OF_LATENCY
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_every_metric_has_a_page() {
        let mut seen = BTreeSet::new();
        for metric in score_metrics() {
            assert!(!metric.page.is_empty() && !metric.title.is_empty(), "{metric:?}");
            assert!(metric.range.0 < metric.range.1, "{metric:?}");
            assert!(seen.insert((metric.family.name(), metric.problem, metric.name)), "{metric:?}");
            assert!(drift::metric(metric.name).is_none(), "a metric of drift: {}", metric.name);
        }
        assert!(seen.contains(&("model_quality", Some(Problem::Multiclass), "accuracy")));
        let judged = score_metrics().into_iter().filter(|metric| metric.judged && metric.problem.is_some());
        assert_eq!(judged.count(), 4 + 2 + 3 + 1);
    }
}
