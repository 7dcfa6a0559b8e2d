//! Why quality changed: the part that the inputs' shift explains, and the part of the relation.

use statrs::function::erf::erfc;

use super::Undefined;
use super::means::Means;

/// One part of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// How much of the change it is, in the unit of the loss.
    pub value: f64,
    /// Its standard error, to first order.
    pub standard_error: f64,
}

impl Part {
    /// Probability of a part as large by chance, two-sided, by a normal law.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        match (self.value.abs(), self.standard_error) {
            (value, error) if error > 0.0 => erfc(value / error / std::f64::consts::SQRT_2),
            (value, _) => f64::from(u8::from(value <= 0.0)),
        }
    }
}

/// A change of the mean loss, as the sum of three parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposition {
    /// Mean loss of the baseline.
    pub baseline_value: f64,
    /// Mean loss now.
    pub value: f64,
    /// What the change would be if each bin still had the baseline's loss: other inputs, the same relation.
    pub inputs: Part,
    /// What the loss within bins adds, by their weights now: the same inputs, another relation.
    pub relation: Part,
    /// What bins without baseline rows add: for them nobody can say.
    pub unknown: f64,
    /// Share of the rows now that lie in such bins.
    pub unknown_ratio: f64,
    /// Every cell that the baseline has, largest sum of sizes first.
    pub cells: Vec<CellParts>,
}

/// What one cell adds to a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellParts {
    /// Which cell: its bin, times the cells of a bin, plus its place in the bin.
    pub cell: usize,
    /// What it adds to the part of the inputs.
    pub inputs: f64,
    /// What it adds to that of the relation.
    pub relation: f64,
}

/// Splits the change of a mean loss over bins of a feature, or of the score, after Kitagawa (1955) and Oaxaca and Blinder
/// (1973):
///
/// inputs = sum of (weight now - weight before) (loss before - mean loss before), relation = sum of weight now (loss now -
/// loss before). The loss is anything that has a mean: errors as 0 and 1 (1 less accuracy), log loss, squared residuals.
///
/// Limits. The split is one of weights and losses by **these** bins: what moves within a bin counts as relation, so that
/// features must be looked at one by one, their parts do not add up over features, and a shift of a feature shows as relation
/// in the split by another. Bins of the score see the shifts that the model sees. The relation is weighed by the inputs as
/// they are now; weighing it as they were moves the part where both change from one to the other.
///
/// # Errors
/// The reason why there is nothing to compare.
pub fn decompose(baseline: &Means, current: &Means) -> Result<Decomposition, Undefined> {
    baseline.check(current)?;
    let (before, now) = (baseline.whole(), current.whole());
    let (n, m) = (before.values() as f64, now.values() as f64);
    let baseline_value = before.mean().ok_or(Undefined::EmptyBaseline)?;
    let value = now.mean().ok_or(Undefined::EmptyCurrent)?;
    let mut found = Decomposition {
        baseline_value,
        value,
        inputs: Part { value: 0.0, standard_error: 0.0 },
        relation: Part { value: 0.0, standard_error: 0.0 },
        unknown: 0.0,
        unknown_ratio: 0.0,
        cells: Vec::new(),
    };
    // Sums of squares for the errors: between bins now, of both parts; and those of the baseline's rows.
    let (mut between, mut of_baseline, mut within) = ([0.0; 2], 0.0, 0.0);
    for (cell, (b, c)) in baseline.cells().iter().zip(current.cells()).enumerate() {
        let (old_weight, weight) = (b.values() as f64 / n, c.values() as f64 / m);
        let Some((old, old_spread)) = b.mean().zip(b.variance()) else {
            if let Some(mean) = c.mean() {
                found.unknown += weight * (mean - baseline_value);
                found.unknown_ratio += weight;
            }
            continue;
        };
        let apart = old - baseline_value;
        let inputs = (weight - old_weight) * apart;
        found.inputs.value += inputs;
        between[0] += weight * apart * apart;
        let turned = weight / old_weight - 1.0;
        of_baseline += old_weight * (turned * turned * old_spread + apart * apart);
        let mut relation = 0.0;
        if let Some((new, spread)) = c.mean().zip(c.variance()) {
            relation = weight * (new - old);
            found.relation.value += relation;
            between[1] += weight * (new - old) * (new - old);
            within += weight * weight * (spread / c.values() as f64 + old_spread / b.values() as f64);
        }
        found.cells.push(CellParts { cell, inputs, relation });
    }
    let variance = |between: f64, mean: f64| (between - mean * mean).max(0.0) / m;
    found.inputs.standard_error = (variance(between[0], found.inputs.value) + of_baseline / n).sqrt();
    found.relation.standard_error = (variance(between[1], found.relation.value) + within).sqrt();
    let size = |parts: &CellParts| parts.inputs.abs() + parts.relation.abs();
    found.cells.sort_by(|left, right| size(right).total_cmp(&size(left)));
    Ok(found)
}
