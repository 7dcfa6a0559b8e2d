//! Sampling errors of estimates, as NannyML has them: from what one row contributes to a metric in the reference.

use crate::binary::Level;
use crate::outcomes::Outcomes;

/// Sampling error of a metric: `deviation / sqrt(rows * share)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Noise {
    /// Standard deviation of what one relevant row contributes; NaN where the reference has none.
    deviation: f64,
    /// Share of rows that are relevant.
    share: f64,
}

impl Noise {
    /// The sampling error of so many rows; NaN or infinite where it is not known.
    pub(crate) fn error(self, rows: u64) -> f64 {
        self.variance(rows).sqrt()
    }

    pub(crate) fn variance(self, rows: u64) -> f64 {
        self.deviation * self.deviation / (rows as f64 * self.share)
    }

    fn stretched(self, factor: f64) -> Self {
        Self { deviation: self.deviation * factor, ..self }
    }
}

/// Of metrics of decisions: rows are right or wrong.
pub(crate) fn of_decisions(outcomes: &Outcomes) -> [(&'static str, Noise); 5] {
    let Outcomes { true_negatives: tn, false_positives: fp, false_negatives, true_positives: tp } = *outcomes;
    let rows = outcomes.rows() as f64;
    let of = |right: u64, wrong: u64| {
        let relevant = (right + wrong) as f64;
        let share = right as f64 / relevant;
        Noise { deviation: (share * (1.0 - share)).sqrt(), share: relevant / rows }
    };
    [
        ("accuracy", of(tp + tn, fp + false_negatives)),
        ("precision", of(tp, fp)),
        ("recall", of(tp, false_negatives)),
        ("true_negative_rate", of(tn, fp)),
        ("f1", of_f1(outcomes).stretched(hits_count_double(outcomes))),
    ]
}

/// Of F1 without the stretch that a hit counts as much as two errors, as averages over classes have it.
pub(crate) fn of_f1(outcomes: &Outcomes) -> Noise {
    let hits = outcomes.true_positives as f64;
    let relevant = hits + (outcomes.false_positives + outcomes.false_negatives) as f64;
    let share = hits / relevant;
    Noise { deviation: (share * (1.0 - share)).sqrt(), share: relevant / outcomes.rows() as f64 }
}

fn hits_count_double(outcomes: &Outcomes) -> f64 {
    let hits = outcomes.true_positives as f64;
    let errors = (outcomes.false_positives + outcomes.false_negatives) as f64;
    (hits + errors) / (hits + errors / 2.0)
}

/// Of AUC: the share of the common class that each row of the rare class outranks, ties half.
pub(crate) fn of_order(levels: &[(f64, Level)]) -> Noise {
    let (negatives, positives) = crate::auc::totals(levels);
    let few_negatives = positives > negatives;
    let (rare, common) = (negatives.min(positives) as f64, negatives.max(positives) as f64);
    let (mut below, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (_, level) in levels {
        let (negatives, positives) = (level.negatives as f64, level.positives as f64);
        let (rare, others) = if few_negatives { (negatives, positives) } else { (positives, negatives) };
        // Outranked or outranking: the spread is the same.
        let placement = (below + others / 2.0) / common;
        sum += rare * placement;
        squares += rare * placement * placement;
        below += others;
    }
    let variance = (squares / rare - (sum / rare).powi(2)).max(0.0);
    // `max` would make 0 of what is not a number.
    let deviation = if rare > 0.0 { variance.sqrt() } else { f64::NAN };
    Noise { deviation, share: rare / (rare + common) }
}

/// Of average precision: the influence of each row (NannyML resamples at random instead).
pub(crate) fn of_average_precision(levels: &[(f64, Level)]) -> Noise {
    let score = crate::average_precision::area(levels, false).ok();
    let error = score.and_then(|score| Some(score.standard_error? * (score.rows as f64).sqrt()));
    Noise { deviation: error.unwrap_or(f64::NAN), share: 1.0 }
}

/// The sampling error of a mean over classes whose errors are independent.
pub(crate) fn of_mean(classes: &[Noise], rows: u64) -> f64 {
    classes.iter().map(|noise| noise.variance(rows)).sum::<f64>().sqrt() / classes.len() as f64
}
