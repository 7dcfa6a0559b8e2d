//! Post-training metrics: how differently the predictions fall, and fail, in the two groups.

use super::conditional_disparity::{Outcome, conditional_disparity};
use super::metric::{Convention, Measure, Metric, Neutral, Stage, Undefined};
use super::table::{Outcomes, Table};

const REFERENCE: &str = "Das et al. 2021, Amazon SageMaker Clarify; Hardt et al. 2021";

/// A metric whose value of no bias is 0 and that lies between -1 and 1.
const SHARE: Metric = Metric {
    name: "",
    title: "",
    stage: Stage::PostTraining,
    range: (-1.0, 1.0),
    neutral: Neutral::Zero,
    floor: 0.03,
    same_as: None,
    reference: REFERENCE,
    page: "",
    measure: Measure::Neighbours,
};

/// A metric whose value of no bias is 0 and that has no bounds.
const RATIOS: Metric = Metric { range: (f64::NEG_INFINITY, f64::INFINITY), floor: 0.1, ..SHARE };

pub(super) const AD: Metric = Metric {
    name: "AD",
    title: "Accuracy difference",
    page: "\
Accuracy in the rest, less that in the disadvantaged group. Range -1 to 1; above 0 the model errs more often
for the group. Says nothing of the kind of error.",
    measure: Measure::Counts(|table, convention| {
        rest_less_group(table, convention, |g| (g.true_positives() + g.true_negatives(), known(g)))
    }),
    ..SHARE
};

pub(super) const CDDPL: Metric = Metric {
    name: "CDDPL",
    title: "Conditional demographic disparity in predicted labels",
    reference: "Wachter, Mittelstadt and Russell 2021, Comput. Law Secur. Rev. 41",
    page: "\
As CDDL, of predictions: mean over the values of the group variable, by rows, of the disadvantaged group's
share of the negative predictions, less its share of the positive ones. Range -1 to 1. Needs a group variable.",
    measure: Measure::Counts(|table, convention| {
        conditional_disparity(table, Outcome::Prediction, convention)
    }),
    ..SHARE
};

pub(super) const DAR: Metric = Metric {
    name: "DAR",
    title: "Difference in acceptance rates",
    page: "\
Precision in the rest, less that in the disadvantaged group. Range -1 to 1; below 0 those of the group
who are accepted deserve it more often: the bar is higher for them.",
    measure: Measure::Counts(|table, convention| {
        rest_less_group(table, convention, |g| (g.true_positives(), accepted(g)))
    }),
    ..SHARE
};

pub(super) const DCA: Metric = Metric {
    name: "DCA",
    title: "Difference in conditional acceptance",
    page: "\
Positive labels per positive prediction in the rest, less that in the disadvantaged group. Range unbounded;
below 0 the group is accepted less often than its labels deserve, beside the rest. Unstable where few are accepted.",
    measure: Measure::Counts(|table, convention| {
        rest_less_group(table, convention, |g| (g.true_positives() + g.false_negatives(), accepted(g)))
    }),
    ..RATIOS
};

pub(super) const DCR: Metric = Metric {
    name: "DCR",
    title: "Difference in conditional rejection",
    page: "\
Negative labels per negative prediction in the disadvantaged group, less that in the rest. Range unbounded;
below 0 the group is rejected more often than its labels deserve, beside the rest.",
    measure: Measure::Counts(|table, convention| {
        group_less_rest(table, convention, |g| (g.true_negatives() + g.false_positives(), rejected(g)))
    }),
    ..RATIOS
};

pub(super) const DI: Metric = Metric {
    name: "DI",
    title: "Disparate impact",
    range: (0.0, f64::INFINITY),
    neutral: Neutral::One,
    reference: "Feldman et al. 2015, KDD; US Uniform Guidelines 1978 (four-fifths rule)",
    page: "\
Share of positive predictions in the disadvantaged group over that in the rest. Range 0 upwards, 1 is fair;
below 0.8 breaks the four-fifths rule. Judged by its distance from 1. Needs no labels.",
    measure: Measure::Counts(|table, convention| {
        let [rest, group] = predicted(table, convention)?;
        convention.divide(group, rest)
    }),
    ..SHARE
};

pub(super) const DPPL: Metric = Metric {
    name: "DPPL",
    title: "Difference in positive proportions in predicted labels",
    page: "\
Share of positive predictions in the rest, less that in the disadvantaged group. Range -1 to 1; above 0 the
group is accepted less often. Needs no labels.",
    measure: Measure::Counts(|table, convention| {
        let [rest, group] = predicted(table, convention)?;
        Ok(rest - group)
    }),
    ..SHARE
};

pub(super) const DRR: Metric = Metric {
    name: "DRR",
    title: "Difference in rejection rates",
    page: "\
Share of negative predictions that are right in the disadvantaged group, less that in the rest. Range -1
to 1; below 0 the group is refused wrongly more often.",
    measure: Measure::Counts(|table, convention| {
        group_less_rest(table, convention, |g| (g.true_negatives(), rejected(g)))
    }),
    ..SHARE
};

pub(super) const FT: Metric = Metric {
    name: "FT",
    title: "Flip test",
    reference: "Black, Yeom and Fredrikson 2020, FAT*",
    page: "\
Over the disadvantaged group: rows that are predicted positive while their nearest neighbours in the rest
are predicted negative, less the reverse, by rows of the group. Range -1 to 1; below 0 the like of them
fare better elsewhere. Looks at the numeric features that `flip_test` under [[bias]] names, of up to 8,192 rows
drawn by window; they are taken unscaled, so name those of like units, or scale them before they are captured.",
    measure: Measure::Neighbours,
    ..SHARE
};

pub(super) const GE: Metric = Metric {
    name: "GE",
    title: "Generalized entropy",
    range: (0.0, f64::INFINITY),
    reference: "Speicher et al. 2018, KDD; Shorrocks 1980, Econometrica 48",
    page: "\
Half the mean of (b / mean b)^2 - 1 over all rows of the benefit b = prediction - label + 1. Range 0 upwards.
How unevenly errors treat rows, whatever their group: it says nothing of the facet.",
    measure: Measure::Counts(|table, convention| {
        let sum = |count: fn(&Outcomes) -> f64| table.both().map(count).iter().sum::<f64>();
        let (rows, twice, none) =
            (sum(known), sum(Outcomes::false_positives), sum(Outcomes::false_negatives));
        let total = rows + twice - none;
        let right = sum(Outcomes::true_positives) + sum(Outcomes::true_negatives);
        // mean of squares over square of mean, at least 1.
        let ratio = convention.divide(rows * (right + 4.0 * twice), total * total)?;
        Ok(((ratio - 1.0) / 2.0).max(0.0))
    }),
    ..SHARE
};

pub(super) const RD: Metric = Metric {
    name: "RD",
    title: "Recall difference",
    reference: "Hardt, Price and Srebro 2016, NIPS (equal opportunity)",
    page: "\
Recall in the rest, less that in the disadvantaged group. Range -1 to 1; above 0 those of the group who
deserve a positive answer get it less often.",
    measure: Measure::Counts(|table, convention| {
        rest_less_group(table, convention, |g| (g.true_positives(), g.true_positives() + g.false_negatives()))
    }),
    ..SHARE
};

pub(super) const SD: Metric = Metric {
    name: "SD",
    title: "Specificity difference",
    page: "\
Specificity in the disadvantaged group, less that in the rest. Range -1 to 1; above 0 those of the rest who
deserve a negative answer are spared it more often.",
    measure: Measure::Counts(|table, convention| {
        group_less_rest(table, convention, |g| (g.true_negatives(), g.true_negatives() + g.false_positives()))
    }),
    ..SHARE
};

pub(super) const TE: Metric = Metric {
    name: "TE",
    title: "Treatment equality",
    reference: "Berk et al. 2021, Sociol. Methods Res. 50",
    page: "\
False negatives per false positive in the disadvantaged group, less that in the rest. Range unbounded; above
0 errors hurt the group and help the rest. Unbounded where a group has no false positive.",
    measure: Measure::Counts(|table, convention| {
        group_less_rest(table, convention, |g| (g.false_negatives(), g.false_positives()))
    }),
    ..RATIOS
};

fn known(group: &Outcomes) -> f64 {
    accepted(group) + rejected(group)
}

/// Positive predictions with a label.
fn accepted(group: &Outcomes) -> f64 {
    group.true_positives() + group.false_positives()
}

/// Negative predictions with a label.
fn rejected(group: &Outcomes) -> f64 {
    group.true_negatives() + group.false_negatives()
}

/// Shares of positive predictions: rest, then group.
fn predicted(table: &Table, convention: Convention) -> Result<[f64; 2], Undefined> {
    ratios(table, convention, |g| {
        (g.positive_predictions(), g.positive_predictions() + g.negative_predictions())
    })
}

fn rest_less_group(
    table: &Table,
    convention: Convention,
    ratio: impl Fn(&Outcomes) -> (f64, f64),
) -> Result<f64, Undefined> {
    let [rest, group] = ratios(table, convention, ratio)?;
    Ok(convention.subtract(rest, group))
}

fn group_less_rest(
    table: &Table,
    convention: Convention,
    ratio: impl Fn(&Outcomes) -> (f64, f64),
) -> Result<f64, Undefined> {
    let [rest, group] = ratios(table, convention, ratio)?;
    Ok(convention.subtract(group, rest))
}

/// A ratio of both groups, rest first.
fn ratios(
    table: &Table,
    convention: Convention,
    ratio: impl Fn(&Outcomes) -> (f64, f64),
) -> Result<[f64; 2], Undefined> {
    let [rest, group] = table.both().map(|group| {
        let (over, under) = ratio(group);
        convention.divide(over, under)
    });
    Ok([rest?, group?])
}
