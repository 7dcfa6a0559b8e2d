//! What the metrics look at: rows of two groups by label and prediction, whole and by stratum.

use super::metric::Undefined;

/// Kinds of label, and of prediction: negative, positive, unknown.
const KINDS: usize = 3;

/// Rows of one group by label and prediction, either of which may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// At `KINDS * label + prediction`.
    pub(super) counts: [u64; KINDS * KINDS],
}

impl Outcomes {
    /// Places of rows of which the same is known: label and prediction, one of them, neither.
    pub(super) const KNOWN: [&[usize]; 4] = [&[0, 1, 3, 4], &[2, 5], &[6, 7], &[8]];

    /// Rows whose label and prediction are known: true and false positives, false and true negatives.
    #[must_use]
    pub fn of([tp, fp, r#fn, tn]: [u64; 4]) -> Self {
        let mut outcomes = Self::default();
        for (label, prediction, rows) in
            [(true, true, tp), (false, true, fp), (true, false, r#fn), (false, false, tn)]
        {
            outcomes.add(Some(label), Some(prediction), rows);
        }
        outcomes
    }

    /// Counts rows.
    pub fn add(&mut self, label: Option<bool>, prediction: Option<bool>, rows: u64) {
        let kind = |known: Option<bool>| known.map_or(2, usize::from);
        if let Some(count) = self.counts.get_mut(KINDS * kind(label) + kind(prediction)) {
            *count = count.saturating_add(rows);
        }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.counts
            .iter_mut()
            .zip(other.counts)
            .for_each(|(count, rows)| *count = count.saturating_add(rows));
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.iter().fold(0, |sum, rows| sum.saturating_add(*rows))
    }

    /// Those whose label is known.
    fn labelled(&self) -> Self {
        let mut labelled = *self;
        labelled.counts[2 * KINDS..].fill(0);
        labelled
    }

    fn sum(&self, places: [usize; 3]) -> f64 {
        places.iter().filter_map(|place| self.counts.get(*place)).map(|rows| *rows as f64).sum()
    }

    pub(super) fn all(&self) -> f64 {
        self.rows() as f64
    }

    pub(super) fn negative_labels(&self) -> f64 {
        self.sum([0, 1, 2])
    }

    pub(super) fn positive_labels(&self) -> f64 {
        self.sum([3, 4, 5])
    }

    pub(super) fn negative_predictions(&self) -> f64 {
        self.sum([0, 3, 6])
    }

    pub(super) fn positive_predictions(&self) -> f64 {
        self.sum([1, 4, 7])
    }

    pub(super) fn true_positives(&self) -> f64 {
        self.counts[4] as f64
    }

    pub(super) fn false_positives(&self) -> f64 {
        self.counts[1] as f64
    }

    pub(super) fn false_negatives(&self) -> f64 {
        self.counts[3] as f64
    }

    pub(super) fn true_negatives(&self) -> f64 {
        self.counts[0] as f64
    }
}

/// Rows of a disadvantaged group and of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    rest: Outcomes,
    disadvantaged: Outcomes,
    /// The same rows by value of the group variable, rest first; empty without one.
    strata: Vec<[Outcomes; 2]>,
    refused: Option<Undefined>,
}

impl Table {
    /// Rows of both groups, without a group variable.
    #[must_use]
    pub fn new(rest: Outcomes, disadvantaged: Outcomes) -> Self {
        Self { rest, disadvantaged, ..Self::default() }
    }

    /// Rows of both groups, rest first, for each value of the group variable.
    #[must_use]
    pub fn stratified(strata: Vec<[Outcomes; 2]>) -> Self {
        let mut table = Self::default();
        for [rest, disadvantaged] in &strata {
            table.rest.merge(rest);
            table.disadvantaged.merge(disadvantaged);
        }
        Self { strata, ..table }
    }

    /// Rows whose label is known alone, which is what a join with labels leaves; all rows where no label is known.
    #[must_use]
    pub fn labelled(&self) -> Self {
        if self.both().iter().all(|group| group.labelled().rows() == 0) {
            return self.clone();
        }
        let labelled = |[rest, group]: &[Outcomes; 2]| [rest.labelled(), group.labelled()];
        Self {
            rest: self.rest.labelled(),
            disadvantaged: self.disadvantaged.labelled(),
            strata: self.strata.iter().map(labelled).collect(),
            refused: self.refused,
        }
    }

    /// A table of rows that cannot be judged.
    pub(super) fn refused(reason: Undefined) -> Self {
        Self { refused: Some(reason), ..Self::default() }
    }

    /// The rest of the rows.
    #[must_use]
    pub fn rest(&self) -> &Outcomes {
        &self.rest
    }

    /// The disadvantaged group.
    #[must_use]
    pub fn disadvantaged(&self) -> &Outcomes {
        &self.disadvantaged
    }

    /// The rows by value of the group variable, rest first; empty without one.
    #[must_use]
    pub fn strata(&self) -> &[[Outcomes; 2]] {
        &self.strata
    }

    /// Rows of the smaller group.
    #[must_use]
    pub fn smaller_rows(&self) -> u64 {
        self.rest.rows().min(self.disadvantaged.rows())
    }

    pub(super) fn both(&self) -> [&Outcomes; 2] {
        [&self.rest, &self.disadvantaged]
    }

    pub(super) fn check(&self) -> Result<(), Undefined> {
        match (self.refused, self.disadvantaged.rows(), self.rest.rows()) {
            (Some(reason), ..) => Err(reason),
            (None, 0, _) => Err(Undefined::EmptyGroup),
            (None, _, 0) => Err(Undefined::EmptyRest),
            (None, ..) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_leaves_rows_with_labels() {
        let mut some = Outcomes::of([1, 2, 3, 4]);
        some.add(None, Some(true), 7);
        some.add(Some(true), None, 5);
        let mut none = Outcomes::default();
        none.add(None, Some(false), 3);
        let table = Table::stratified(vec![[some, none], [none, some]]);
        let joined = table.labelled();
        assert_eq!((joined.rest().rows(), joined.disadvantaged().rows()), (15, 15));
        assert_eq!(joined.strata()[0].map(|side| side.rows()), [15, 0]);
        let unlabelled = Table::new(none, none);
        assert_eq!(unlabelled.labelled(), unlabelled);
    }
}
