//! From the rows of a sheet to what is counted of them.

use std::collections::BTreeMap;

use arrow_array::{
    Array, Float64Array, RecordBatch, StringArray, UInt16Array, UInt64Array,
    cast::AsArray,
    types::{Float64Type, UInt16Type, UInt64Type},
};
use quality::{
    BinaryRows, Decisions, MulticlassRows, Problem, State,
    bias::{Row, SampledRow},
};

use super::{
    Form, Outcomes,
    sheet::{DRAW, LABEL, MISMATCHED, PREDICTION, QUERY, attribution, bin, facet, flip, score, stratum},
};

/// The columns of a sheet with labels.
struct Sheet<'a> {
    scores: Vec<&'a Float64Array>,
    facets: Vec<(&'a StringArray, &'a StringArray)>,
    bins: Vec<&'a UInt16Array>,
    attributions: Vec<&'a Float64Array>,
    flips: Vec<&'a Float64Array>,
    /// By what rows are drawn; none where none are.
    draws: Option<&'a UInt64Array>,
    batch: &'a RecordBatch,
}

impl Form {
    /// Counts rows of a sheet with labels, each in the outcomes of its group; rows without a group are left out.
    ///
    /// # Errors
    /// For other columns than those of a sheet.
    pub(crate) fn observe<K: Ord + Copy>(
        &self,
        batch: &RecordBatch,
        groups: impl Iterator<Item = Option<K>>,
        outcomes: &mut BTreeMap<K, Outcomes>,
    ) -> Result<(), String> {
        let sheet = Sheet::of(self, batch).ok_or("not the columns of a sheet")?;
        let mut rows_of: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (row, group) in groups.enumerate().take(batch.num_rows()) {
            if let Some(group) = group {
                rows_of.entry(group).or_default().push(row);
            }
        }
        for (group, rows) in rows_of {
            let of_group = outcomes.entry(group).or_insert_with(|| Outcomes::new(self));
            sheet.count(self, &rows, of_group).ok_or("not the columns of a sheet")?;
        }
        Ok(())
    }
}

impl<'a> Sheet<'a> {
    fn of(form: &Form, batch: &'a RecordBatch) -> Option<Self> {
        let number = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<Float64Type>();
        let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let scores = form.classes.len() + usize::from(form.probability.is_some());
        let cells = form.relations.len() + usize::from(form.score.is_some());
        let at_bin = |at: usize| batch.column_by_name(&bin(at))?.as_primitive_opt::<UInt16Type>();
        Some(Self {
            scores: (0..scores).map(|at| number(&score(at))).collect::<Option<_>>()?,
            facets: (0..form.facets.len())
                .map(|at| text(&facet(at)).zip(text(&stratum(at))))
                .collect::<Option<_>>()?,
            bins: (0..cells).map(at_bin).collect::<Option<_>>()?,
            attributions: (0..form.attributions.len())
                .map(|at| number(&attribution(at)))
                .collect::<Option<_>>()?,
            flips: (0..form.flip_columns.len()).map(|at| number(&flip(at))).collect::<Option<_>>()?,
            draws: batch.column_by_name(DRAW).and_then(|draws| draws.as_primitive_opt::<UInt64Type>()),
            batch,
        })
    }

    fn numbers(&self, name: &str, rows: &[usize]) -> Option<Vec<f64>> {
        let column = self.batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
        Some(gathered(column, rows))
    }

    fn names(&self, name: &str, rows: &[usize]) -> Option<Vec<Option<&'a str>>> {
        let column = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        Some(rows.iter().map(|&row| column.is_valid(row).then(|| column.value(row))).collect())
    }

    /// Counts rows of one group.
    fn count(&self, form: &Form, rows: &[usize], outcomes: &mut Outcomes) -> Option<()> {
        outcomes.rows += rows.len() as u64;
        let scores: Vec<Vec<f64>> = self.scores.iter().map(|column| gathered(column, rows)).collect();
        // Of each row, the class of the label and of the decision, and the loss.
        let (mut classes, mut decided): (Vec<Option<usize>>, Vec<Option<bool>>) = (Vec::new(), Vec::new());
        let mut losses: Vec<f64> = Vec::new();
        match form.problem {
            Problem::Multiclass => {
                let (labels, predictions) = (self.names(LABEL, rows)?, self.names(PREDICTION, rows)?);
                let probabilities: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
                let observed = MulticlassRows {
                    predictions: &predictions,
                    labels: &labels,
                    probabilities: &probabilities,
                };
                if let State::Multiclass(state) = &mut outcomes.quality {
                    state.observe(&observed);
                }
                if let Some((estimator, promises)) = form.estimator.as_ref().zip(outcomes.promises.as_mut()) {
                    estimator.observe(promises, &observed);
                }
                let number = |name: &str| form.related_classes.iter().position(|class| **class == *name);
                // A class that the baseline does not have is counted as beyond.
                let class = |label: &Option<&str>| label.map(|name| number(name).unwrap_or(usize::MAX));
                classes = labels.iter().map(class).collect();
                let is = |name: &Option<&str>| name.and_then(|name| form.positive.holds(name));
                decided = predictions.iter().map(is).collect();
                let pairs = labels.iter().zip(&predictions);
                losses.extend(pairs.map(|(label, prediction)| match (label, prediction) {
                    (Some(label), Some(prediction)) => f64::from(u8::from(label != prediction)),
                    _ => f64::NAN,
                }));
                outcomes.labelled += labels.iter().flatten().count() as u64;
                let positive = labels.iter().map(is).collect::<Vec<_>>();
                self.count_groups(form, rows, &positive, &decided, outcomes);
            }
            Problem::Binary => {
                let (labels, given) = (self.numbers(LABEL, rows)?, self.numbers(PREDICTION, rows)?);
                let score = scores.first().map_or(&[][..], Vec::as_slice);
                let decisions = match form.prediction {
                    Some(_) => Decisions::Given(&given),
                    None => Decisions::AtLeast(form.threshold),
                };
                if let State::Binary(state) = &mut outcomes.quality {
                    state.observe(&BinaryRows { scores: score, decisions, labels: &labels });
                }
                let positive: Vec<Option<bool>> = labels.iter().map(|label| truth(*label)).collect();
                decided.extend((0..rows.len()).map(|at| match decisions {
                    Decisions::Given(given) => truth(given[at]),
                    Decisions::AtLeast(threshold) => {
                        score.get(at).and_then(|score| probability(*score)).map(|score| score >= threshold)
                    }
                }));
                classes.extend(positive.iter().map(|label| label.map(usize::from)));
                // The squared difference of probability and label; of decisions, whether they are wrong.
                losses.extend((0..rows.len()).map(|at| {
                    let decision = || decided[at].map(|yes| f64::from(u8::from(yes)));
                    let said = score.get(at).map_or_else(decision, |score| probability(*score));
                    let label = positive[at].map(|yes| f64::from(u8::from(yes)));
                    said.zip(label).map_or(f64::NAN, |(said, label)| (said - label).powi(2))
                }));
                outcomes.labelled += positive.iter().flatten().count() as u64;
                self.count_groups(form, rows, &positive, &decided, outcomes);
            }
            Problem::Regression | Problem::Ranking => {
                let (labels, predictions) = (self.numbers(LABEL, rows)?, self.numbers(PREDICTION, rows)?);
                if let State::Regression(state) = &mut outcomes.quality {
                    state.observe(&predictions, &labels);
                }
                if let Some(errors) = &mut outcomes.errors {
                    errors.observe(&predictions, &labels);
                }
                if form.query.is_some() {
                    let queries = self.names(QUERY, rows)?;
                    for ((query, &label), &score) in queries.iter().zip(&labels).zip(&predictions) {
                        // Of an item without a label nobody can say where it belongs.
                        if let Some(query) = query.filter(|_| !label.is_nan()) {
                            outcomes.queries.observe(query, label, score);
                        }
                    }
                }
                let errors = labels.iter().zip(&predictions);
                losses.extend(errors.map(|(label, prediction)| (prediction - label).powi(2)));
                outcomes.labelled += labels.iter().filter(|label| label.is_finite()).count() as u64;
                // Positive is what lies above the threshold.
                let is_cut = !form.threshold.is_nan();
                let above = |value: &f64| (is_cut && value.is_finite()).then_some(*value > form.threshold);
                let positive: Vec<Option<bool>> = labels.iter().map(above).collect();
                decided.extend(predictions.iter().map(above));
                self.count_groups(form, rows, &positive, &decided, outcomes);
                classes.extend(labels.iter().map(|label| form.label_class(*label)));
            }
        }
        self.count_relations(form, rows, &classes, &losses, outcomes);
        if let Some(attributions) = &mut outcomes.attributions {
            let mut of_row = Vec::with_capacity(self.attributions.len());
            for &row in rows {
                of_row.clear();
                of_row.extend(self.attributions.iter().map(|column| value(column, row)));
                attributions.observe(&of_row);
            }
        }
        Some(())
    }

    fn count_groups(
        &self,
        form: &Form,
        rows: &[usize],
        labels: &[Option<bool>],
        decided: &[Option<bool>],
        outcomes: &mut Outcomes,
    ) {
        for (tally, (values, strata)) in outcomes.bias.iter_mut().zip(&self.facets) {
            for ((&row, &label), &prediction) in rows.iter().zip(labels).zip(decided) {
                let facet = values.is_valid(row).then(|| values.value(row));
                if facet == Some(MISMATCHED) {
                    tally.observe_mismatched(1);
                    continue;
                }
                let stratum = strata.is_valid(row).then(|| strata.value(row));
                tally.observe(Row { facet, stratum, label, prediction }, 1);
            }
        }
        self.draw(form, rows, labels, decided, outcomes);
    }

    /// Rows for the flip tests of facets.
    fn draw(
        &self,
        form: &Form,
        rows: &[usize],
        labels: &[Option<bool>],
        decided: &[Option<bool>],
        outcomes: &mut Outcomes,
    ) {
        let Some(draws) = self.draws else { return };
        let samples = outcomes.flips.iter_mut().zip(&form.facets).zip(&self.facets);
        for ((sample, facet), (values, _)) in samples {
            let Some(sample) = sample else { continue };
            let mut features = Vec::with_capacity(facet.flip_test.len());
            for ((&row, label), prediction) in rows.iter().zip(labels).zip(decided) {
                let name = values.is_valid(row).then(|| values.value(row)).filter(|name| *name != MISMATCHED);
                let (Some(name), Some(prediction)) = (name, *prediction) else { continue };
                features.clear();
                features
                    .extend(facet.flip_test.iter().filter_map(|&at| Some(value(self.flips.get(at)?, row))));
                let (key, labelled) = (draws.value(row), label.is_some());
                sample.observe(SampledRow { key, facet: name, prediction, labelled, features: &features });
            }
        }
    }

    fn count_relations(
        &self,
        form: &Form,
        rows: &[usize],
        classes: &[Option<usize>],
        losses: &[f64],
        outcomes: &mut Outcomes,
    ) {
        let features = form.relations.len();
        let of_score = form.score.as_ref().and(self.bins.get(features));
        for (at, &row) in rows.iter().enumerate() {
            let given = of_score.map_or(0, |bins| usize::from(bins.value(row)));
            let class = classes.get(at).copied().flatten();
            for (relation, bins) in outcomes.relations.iter_mut().zip(&self.bins) {
                if let Some(class) = class {
                    relation.observe(usize::from(bins.value(row)), form.given(given), class, 1);
                }
            }
            if let (Some(score), Some(class)) = (&mut outcomes.score, class) {
                score.observe(given, 0, class, 1);
            }
            if let (Some(sums), Some(loss)) = (&mut outcomes.losses, losses.get(at).filter(|l| l.is_finite()))
            {
                sums.observe(given, 0, *loss, 1);
            }
        }
    }
}

fn gathered(column: &Float64Array, rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|&row| value(column, row)).collect()
}

fn value(column: &Float64Array, row: usize) -> f64 {
    if column.is_valid(row) { column.value(row) } else { f64::NAN }
}

#[expect(clippy::float_cmp, reason = "classes are exactly 0 and 1")]
fn truth(value: f64) -> Option<bool> {
    if value == 1.0 {
        Some(true)
    } else if value == 0.0 {
        Some(false)
    } else {
        None
    }
}

fn probability(score: f64) -> Option<f64> {
    (0.0..=1.0).contains(&score).then_some(score)
}
