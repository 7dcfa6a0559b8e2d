//! What was counted of some predictions and their labels, mergeable.

use quality::{
    Binary, Multiclass, PredictionErrors, Problem, Promises, Queries, Ranking, Regression, State,
    attribution::Attributions,
    bias::{Sample, Tally},
    concept::{Classes, Means},
};
use serde::{Deserialize, Serialize};

use super::Form;

/// How the predictions of some records turned out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcomes {
    /// Records.
    pub(crate) rows: u64,
    /// Records with a label.
    pub(crate) labelled: u64,
    /// Records whose label had arrived before them.
    pub(crate) early: u64,
    /// How right predictions were.
    pub(crate) quality: State,
    /// Items of a ranking whose queries may have more of them; none once all of a source is there.
    pub(crate) queries: Queries,
    /// What the probabilities of several classes promise, whatever the labels.
    pub(crate) promises: Option<Promises>,
    /// Errors of predicted numbers by bin of the prediction, and rows with or without a label.
    pub(crate) errors: Option<PredictionErrors>,
    /// By facet.
    pub(crate) bias: Vec<Tally>,
    /// Rows for the flip test, by facet that has one.
    pub(crate) flips: Vec<Option<Sample>>,
    /// By feature: how labels lie in its bins, given the bins of the score.
    pub(crate) relations: Vec<Classes>,
    /// How labels lie in the bins of the score.
    pub(crate) score: Option<Classes>,
    /// Losses by bin of the score.
    pub(crate) losses: Option<Means>,
    pub(crate) attributions: Option<Attributions>,
}

impl Outcomes {
    /// Of no record yet.
    pub(crate) fn new(form: &Form) -> Self {
        let (given, classes) = (form.givens(), form.label_classes());
        let of_losses = form.score.as_ref().filter(|_| form.problem != Problem::Ranking);
        let losses = of_losses.map(|score| Means::new(score.bins(), 1));
        let attributions = (!form.attributions.is_empty())
            .then(|| Attributions::new(form.attributions.iter().map(|(_, feature)| feature.as_str())));
        Self {
            rows: 0,
            labelled: 0,
            early: 0,
            quality: match form.problem {
                Problem::Binary => State::Binary(Binary::default()),
                Problem::Multiclass => {
                    let names: Vec<&str> = form.classes.iter().map(|(name, _)| name.as_str()).collect();
                    State::Multiclass(Multiclass::new(&names))
                }
                Problem::Regression => State::Regression(Regression::default()),
                Problem::Ranking => State::Ranking(Ranking::default()),
            },
            queries: Queries::default(),
            promises: form.estimator.as_ref().map(|_| Promises::default()),
            errors: form.errors(),
            bias: vec![Tally::default(); form.facets.len()],
            flips: form.facets.iter().map(|facet| sample(facet.flip_test.len())).collect(),
            relations: form
                .relations
                .iter()
                .map(|cells| Classes::new(cells.bins(), given, classes))
                .collect(),
            score: form.score.as_ref().map(|cells| Classes::new(cells.bins(), 1, classes)),
            losses,
            attributions,
        }
    }

    /// Adds another part, unless it was counted in another form; says whether it was added.
    #[must_use]
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        if !self.is_like(other) || self.quality.merge(&other.quality).is_err() {
            return false;
        }
        self.rows += other.rows;
        self.labelled += other.labelled;
        self.early += other.early;
        self.queries.merge(&other.queries);
        self.bias.iter_mut().zip(&other.bias).for_each(|(ours, theirs)| ours.merge(theirs));
        let relations = self.relations.iter_mut().zip(&other.relations);
        let mut fits = relations.fold(true, |fits, (ours, theirs)| ours.merge(theirs).is_ok() && fits);
        for (ours, theirs) in self.flips.iter_mut().zip(&other.flips) {
            fits &= match (ours, theirs) {
                (Some(ours), Some(theirs)) => ours.merge(theirs),
                (None, None) => true,
                _ => false,
            };
        }
        if let (Some(ours), Some(theirs)) = (&mut self.score, &other.score) {
            fits &= ours.merge(theirs).is_ok();
        }
        if let (Some(ours), Some(theirs)) = (&mut self.promises, &other.promises) {
            fits &= ours.merge(theirs);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.errors, &other.errors) {
            fits &= ours.merge(theirs);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.losses, &other.losses) {
            fits &= ours.merge(theirs).is_ok();
        }
        if let (Some(ours), Some(theirs)) = (&mut self.attributions, &other.attributions) {
            ours.merge(theirs);
        }
        fits
    }

    /// Adds another part of the same form.
    pub(crate) fn add(&mut self, other: &Self) {
        let _fits = self.merge(other);
    }

    fn is_like(&self, other: &Self) -> bool {
        self.bias.len() == other.bias.len()
            && self.flips.len() == other.flips.len()
            && self.relations.len() == other.relations.len()
            && self.score.is_some() == other.score.is_some()
            && self.promises.is_some() == other.promises.is_some()
            && self.errors.is_some() == other.errors.is_some()
            && self.losses.is_some() == other.losses.is_some()
            && self.attributions.is_some() == other.attributions.is_some()
    }

    /// Counts what waited for the rest of its source.
    pub(crate) fn close(&mut self) {
        if let State::Ranking(ranking) = &mut self.quality {
            self.queries.close(ranking);
        }
    }

    /// As bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, sketch::Error> {
        sketch::to_bytes(self)
    }

    /// From bytes; the reason says what does not fit the form.
    pub(crate) fn of_bytes(bytes: &[u8], form: &Form) -> Result<Self, String> {
        let outcomes: Self = sketch::from_bytes(bytes).map_err(|error| error.to_string())?;
        let mut fresh = Self::new(form);
        let are_sound = outcomes.quality.is_sound()
            && outcomes.promises.as_ref().is_none_or(Promises::is_sound)
            && outcomes.errors.as_ref().is_none_or(PredictionErrors::is_sound);
        if outcomes.rows > sketch::MOST_ROWS || !are_sound || !fresh.merge(&outcomes) {
            return Err("counters that do not fit the settings".to_owned());
        }
        Ok(outcomes)
    }

    /// Bytes in memory, nearly.
    pub(crate) fn heap_bytes(&self) -> usize {
        /// Of what is counted of a feature, or a group: at most 17 x 12 cells of two classes, or 17 x 4 of twelve.
        const OF_A_RELATION: usize = 6 << 10;
        size_of::<Self>()
            + self.quality.heap_bytes()
            + self.queries.heap_bytes()
            + self.promises.as_ref().map_or(0, Promises::heap_bytes)
            + self.errors.as_ref().map_or(0, |_| OF_A_RELATION)
            + self.relations.len() * OF_A_RELATION
            + self.bias.len() * OF_A_RELATION
            + self.flips.iter().flatten().map(Sample::heap_bytes).sum::<usize>()
            + if self.attributions.is_some() { 64 * OF_A_RELATION } else { 0 }
    }
}

fn sample(features: usize) -> Option<Sample> {
    (features > 0).then(|| Sample::new(features))
}
