//! Pre-training metrics: how differently the observed labels fall in the two groups.

use super::conditional_disparity::{Outcome, conditional_disparity};
use super::metric::{Convention, Measure, Metric, Neutral, Stage, Undefined};
use super::table::Table;

const REFERENCE: &str = "Das et al. 2021, Amazon SageMaker Clarify; Hardt et al. 2021";

pub(super) const CDDL: Metric = Metric {
    name: "CDDL",
    title: "Conditional demographic disparity in labels",
    stage: Stage::PreTraining,
    range: (-1.0, 1.0),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: None,
    reference: "Wachter, Mittelstadt and Russell 2021, Comput. Law Secur. Rev. 41",
    page: "\
Mean over the values of the group variable, by rows, of: the disadvantaged group's share of the rows with
a negative label, less its share of those with a positive one. Range -1 to 1; above 0 the group is refused
more often than it is accepted within the strata. Needs a group variable; strata of a few rows say little.",
    measure: Measure::Counts(|table, convention| conditional_disparity(table, Outcome::Label, convention)),
};

pub(super) const CI: Metric = Metric {
    name: "CI",
    title: "Class imbalance",
    stage: Stage::PreTraining,
    range: (-1.0, 1.0),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: None,
    reference: REFERENCE,
    page: "\
(rest - group) / (rest + group), in rows. Range -1 to 1; above 0 the disadvantaged group is the smaller one.
Says who is there, not how they fare: a minority is no injustice by itself.",
    measure: Measure::Counts(|table, convention| {
        let [rest, group] = table.both().map(|group| group.all());
        convention.divide((rest - group).abs(), rest + group).map(|ratio| ratio.copysign(rest - group))
    }),
};

pub(super) const DPL: Metric = Metric {
    name: "DPL",
    title: "Difference in positive proportions in labels",
    stage: Stage::PreTraining,
    range: (-1.0, 1.0),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: None,
    reference: REFERENCE,
    page: "\
Share of positive labels in the rest, less that in the disadvantaged group. Range -1 to 1; above 0 the group
has the lower share.",
    measure: Measure::Counts(|table, _| {
        let [rest, group] = shares(table)?;
        Ok(rest[1] - group[1])
    }),
};

pub(super) const JS: Metric = Metric {
    name: "JS",
    title: "Jensen-Shannon divergence",
    stage: Stage::PreTraining,
    range: (0.0, std::f64::consts::LN_2),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: None,
    reference: "Lin 1991, IEEE Trans. Inf. Theory 37",
    page: "\
Mean of KL(rest, M) and KL(group, M), M halfway between the two label distributions; natural logarithm.
Range 0 to ln 2. Has no direction.",
    measure: Measure::Counts(|table, convention| {
        let cells = compared(table, convention)?;
        let halves =
            cells.iter().map(|[p, q]| xlog(*p, (p + q) / 2.0) + xlog(*q, (p + q) / 2.0)).sum::<f64>() / 2.0;
        Ok(halves.max(0.0))
    }),
};

pub(super) const KL: Metric = Metric {
    name: "KL",
    title: "Kullback-Leibler divergence",
    stage: Stage::PreTraining,
    range: (f64::NEG_INFINITY, f64::INFINITY),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: None,
    reference: "Kullback and Leibler 1951, Ann. Math. Stat. 22",
    page: "\
Sum over labels of p ln(p/q), p the rest's share and q the group's. Range 0 upwards; unbounded where the
group lacks a label. Under compat such a label is left out, and the sum may be negative.",
    measure: Measure::Counts(|table, convention| {
        let cells = compared(table, convention)?;
        if cells.iter().any(|[p, q]| *p > 0.0 && *q <= 0.0) {
            return Err(Undefined::Unbounded);
        }
        Ok(cells.iter().map(|[p, q]| xlog(*p, *q)).sum())
    }),
};

pub(super) const KS: Metric = Metric {
    name: "KS",
    title: "Kolmogorov-Smirnov distance",
    stage: Stage::PreTraining,
    range: (0.0, 1.0),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: Some("DPL"),
    reference: REFERENCE,
    page: "\
Largest difference between the shares of a label in the two groups. Range 0 to 1; has no direction. With
two labels it is the size of DPL.",
    measure: Measure::Counts(|table, convention| {
        Ok(differences(table, convention)?.fold(0.0, |largest: f64, difference| largest.max(difference)))
    }),
};

pub(super) const LP: Metric = Metric {
    name: "LP",
    title: "L2 norm",
    stage: Stage::PreTraining,
    range: (0.0, std::f64::consts::SQRT_2),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: Some("DPL"),
    reference: REFERENCE,
    page: "\
Euclidean distance of the two label distributions. Range 0 to the square root of 2; has no direction. With
two labels it is the size of DPL times the root of 2.",
    measure: Measure::Counts(|table, convention| {
        Ok(differences(table, convention)?.map(|difference| difference * difference).sum::<f64>().sqrt())
    }),
};

pub(super) const TVD: Metric = Metric {
    name: "TVD",
    title: "Total variation distance",
    stage: Stage::PreTraining,
    range: (0.0, 1.0),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: Some("DPL"),
    reference: REFERENCE,
    page: "\
Half the sum of the differences between the shares of each label. Range 0 to 1; has no direction. With two
labels it is the size of DPL.",
    measure: Measure::Counts(|table, convention| Ok(differences(table, convention)?.sum::<f64>() / 2.0)),
};

/// Shares of negative and positive labels: rest, then group.
fn shares(table: &Table) -> Result<[[f64; 2]; 2], Undefined> {
    let [rest, group] = table.both().map(|group| {
        let (negative, positive) = (group.negative_labels(), group.positive_labels());
        [negative / (negative + positive), positive / (negative + positive)]
    });
    if rest[0].is_nan() || group[0].is_nan() { Err(Undefined::NoRows) } else { Ok([rest, group]) }
}

/// Shares of each label that is compared, rest first.
fn compared(table: &Table, convention: Convention) -> Result<Vec<[f64; 2]>, Undefined> {
    let [rest, group] = shares(table)?;
    let in_both = |cell: &[f64; 2]| convention == Convention::Strict || cell.iter().all(|share| *share > 0.0);
    let cells: Vec<[f64; 2]> = rest.into_iter().zip(group).map(|(p, q)| [p, q]).filter(in_both).collect();
    if cells.is_empty() { Err(Undefined::NoRows) } else { Ok(cells) }
}

fn differences(table: &Table, convention: Convention) -> Result<impl Iterator<Item = f64>, Undefined> {
    Ok(compared(table, convention)?.into_iter().map(|[p, q]| (p - q).abs()))
}

/// `p ln(p/q)`, 0 where `p` is 0.
fn xlog(p: f64, q: f64) -> f64 {
    if p > 0.0 { p * (p / q).ln() } else { 0.0 }
}
