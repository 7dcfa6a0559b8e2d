//! What the bias of a facet is computed from: rows by its value, stratum, label and prediction; merges in any order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::{MAX_NAME_BYTES, MOST_ROWS, short_name};

use super::metric::Undefined;
use super::table::{Outcomes, Table};

/// Pairs of a facet's value and a stratum that are counted; with more, a column is no facet.
pub const MOST_PAIRS: usize = 4096;

/// Where rows are counted: facet's value and stratum.
type Pair = (String, Option<String>);

/// Rows by value of a facet, value of the group variable, label and prediction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Tally {
    pairs: BTreeMap<Pair, Outcomes>,
    /// Rows without a value of the facet.
    missing: u64,
    /// Rows with a value of another type than is asked for.
    mismatched: u64,
    /// All rows with a value, once there are too many pairs.
    uncounted: Option<u64>,
}

/// One kind of row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// Value of the facet, as [`super::Facet::name`] has it; `None` where it is missing.
    pub facet: Option<&'a str>,
    /// Value of the group variable; `None` where it is missing, or there is none.
    pub stratum: Option<&'a str>,
    /// Whether the label is positive; `None` where it is missing or has not come yet.
    pub label: Option<bool>,
    /// Whether the prediction is positive; `None` where it is missing.
    pub prediction: Option<bool>,
}

impl Tally {
    /// Counts rows.
    pub fn observe(&mut self, row: Row<'_>, rows: u64) {
        let Some(facet) = row.facet else {
            self.missing = self.missing.saturating_add(rows);
            return;
        };
        if rows == 0 {
            return;
        }
        if let Some(uncounted) = &mut self.uncounted {
            *uncounted = uncounted.saturating_add(rows);
            return;
        }
        let pair = (short_name(facet).into_owned(), row.stratum.map(|name| short_name(name).into_owned()));
        self.pairs.entry(pair).or_default().add(row.label, row.prediction, rows);
        self.limit();
    }

    /// Counts rows whose facet, label or prediction is of another type than is asked for.
    pub fn observe_mismatched(&mut self, rows: u64) {
        self.mismatched = self.mismatched.saturating_add(rows);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.missing = self.missing.saturating_add(other.missing);
        self.mismatched = self.mismatched.saturating_add(other.mismatched);
        if self.uncounted.is_some() || other.uncounted.is_some() {
            let rows = self.counted().saturating_add(other.counted());
            self.pairs.clear();
            self.uncounted = Some(rows);
            return;
        }
        for (pair, outcomes) in &other.pairs {
            self.pairs.entry(pair.clone()).or_default().merge(outcomes);
        }
        self.limit();
    }

    /// Rows without a value of the facet.
    #[must_use]
    pub fn missing_rows(&self) -> u64 {
        self.missing
    }

    /// Rows with a value of another type than is asked for.
    #[must_use]
    pub fn mismatched_rows(&self) -> u64 {
        self.mismatched
    }

    /// The values of the facet, ascending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        let names = self.pairs.keys().map(|(name, _)| name.as_str());
        names.filter(move |name| last.replace(*name) != Some(*name))
    }

    /// The rows of the values that are in the group, and the rest of them.
    #[must_use]
    pub fn table(&self, in_group: impl Fn(&str) -> bool) -> Table {
        if self.uncounted.is_some() {
            return Table::refused(Undefined::TooManyValues);
        }
        if self.pairs.is_empty() && self.mismatched > 0 {
            return Table::refused(Undefined::Mismatched);
        }
        let mut strata: BTreeMap<Option<&str>, [Outcomes; 2]> = BTreeMap::new();
        for ((name, stratum), outcomes) in &self.pairs {
            let sides = strata.entry(stratum.as_deref()).or_default();
            sides[usize::from(in_group(name))].merge(outcomes);
        }
        match strata.get(&None) {
            // No row has a stratum: there is no group variable.
            Some([rest, group]) if strata.len() == 1 => Table::new(*rest, *group),
            _ => Table::stratified(strata.into_values().collect()),
        }
    }

    /// Rows with a value of the facet.
    fn counted(&self) -> u64 {
        let rows = self.pairs.values().map(Outcomes::rows);
        rows.chain(self.uncounted).fold(0, u64::saturating_add)
    }

    /// Gives up the pairs where there are too many: whether there are depends on no order.
    fn limit(&mut self) {
        if self.pairs.len() > MOST_PAIRS {
            self.uncounted = Some(self.counted());
            self.pairs.clear();
        }
    }
}

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Stored {
    pairs: Vec<(Pair, [u64; 9])>,
    missing: u64,
    mismatched: u64,
    uncounted: Option<u64>,
}

impl From<Tally> for Stored {
    fn from(tally: Tally) -> Self {
        let Tally { pairs, missing, mismatched, uncounted } = tally;
        let pairs = pairs.into_iter().map(|(pair, outcomes)| (pair, outcomes.counts)).collect();
        Self { pairs, missing, mismatched, uncounted }
    }
}

impl TryFrom<Stored> for Tally {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { pairs, missing, mismatched, uncounted } = stored;
        let short = |((facet, stratum), _): &(Pair, _)| {
            facet.len() <= MAX_NAME_BYTES
                && stratum.as_ref().is_none_or(|stratum| stratum.len() <= MAX_NAME_BYTES)
        };
        let counts = pairs.iter().flat_map(|(_, counts)| counts);
        let rows = counts.copied().chain([missing, mismatched]).chain(uncounted);
        if pairs.len() > MOST_PAIRS || uncounted.is_some() && !pairs.is_empty() {
            return Err("more pairs than are counted");
        }
        if !pairs.is_sorted_by(|(left, _), (right, _)| left < right) || !pairs.iter().all(short) {
            return Err("pairs of a facet out of order, or too long");
        }
        if pairs.iter().any(|(_, counts)| counts.iter().all(|rows| *rows == 0)) {
            return Err("a pair of a facet without rows");
        }
        if rows.fold(0_u64, u64::saturating_add) > MOST_ROWS {
            return Err("more rows than can be");
        }
        let pairs = pairs.into_iter().map(|(pair, counts)| (pair, Outcomes { counts })).collect();
        Ok(Self { pairs, missing, mismatched, uncounted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(facet: &'a str, stratum: Option<&'a str>) -> Row<'a> {
        Row { facet: Some(facet), stratum, label: Some(true), prediction: None }
    }

    #[test]
    fn too_many_values_are_no_facet_in_any_order() {
        let part = |from: usize| {
            let mut tally = Tally::default();
            (from..from + 3000).for_each(|id| tally.observe(row(&id.to_string(), None), 2));
            tally
        };
        let mut left = part(0);
        left.merge(&part(2000));
        let mut right = part(2000);
        right.merge(&part(0));
        let mut one = Tally::default();
        (0..3000).chain(2000..5000).for_each(|id: u32| one.observe(row(&id.to_string(), None), 2));
        assert_eq!((&left, &right), (&one, &one));
        assert_eq!(one.uncounted, Some(12_000));
        assert_eq!(one.table(|_| true).check(), Err(Undefined::TooManyValues));
        assert_eq!(sketch::from_bytes::<Tally>(&sketch::to_bytes(&one).unwrap()), Ok(one));
    }

    #[test]
    fn missing_strata_are_a_stratum_beside_others() {
        let mut tally = Tally::default();
        tally.observe(row("f", None), 1);
        assert!(tally.table(|_| true).strata().is_empty());
        tally.observe(row("f", Some("old")), 1);
        assert_eq!(tally.table(|_| true).strata().len(), 2);
        tally.observe(Row { facet: None, ..row("", None) }, 7);
        assert_eq!((tally.missing_rows(), tally.names().collect::<Vec<_>>()), (7, vec!["f"]));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let pair = |name: &str| ((name.to_owned(), None), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
        let stored =
            |pairs: Vec<(Pair, [u64; 9])>, uncounted| Stored { pairs, missing: 0, mismatched: 0, uncounted };
        let many = (0..=MOST_PAIRS).map(|i| pair(&format!("{i:05}"))).collect();
        for damaged in [
            stored(vec![pair("b"), pair("a")], None),
            stored(vec![pair("a"), pair("a")], None),
            stored(vec![(pair("a").0, [0; 9])], None),
            stored(vec![(pair("a").0, [u64::MAX; 9])], None),
            stored(vec![pair(&"x".repeat(MAX_NAME_BYTES + 1))], None),
            stored(vec![pair("a")], Some(1)),
            stored(many, None),
            stored(vec![], Some(u64::MAX)),
        ] {
            assert!(sketch::from_bytes::<Tally>(&sketch::to_bytes(&damaged).unwrap()).is_err());
        }
        let good = stored(vec![pair("a"), pair("b")], None);
        assert!(sketch::from_bytes::<Tally>(&sketch::to_bytes(&good).unwrap()).is_ok());
    }
}
