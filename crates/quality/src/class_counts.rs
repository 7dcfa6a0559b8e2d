//! Rows by label and prediction, as names: the confusion matrix of any number of classes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::{MAX_NAME_BYTES, MOST_ROWS, hash_bytes, short_name};

use crate::outcomes::Outcomes;

/// Classes that are counted one by one.
pub const MOST_CLASSES: usize = 256;

/// Labelled rows by label and predicted class.
///
/// Beyond [`MOST_CLASSES`] names those with the smallest hashes are kept, which is a choice that depends on the set of
/// names alone; the others share `other`. So any split in any order gives the same bytes, and what is kept is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct ClassCounts {
    names: BTreeMap<u64, Box<str>>,
    /// Rows by hash of label and of prediction; `None` is `other`.
    cells: BTreeMap<(Option<u64>, Option<u64>), u64>,
    /// Rows of two names beyond the cap that are the same name.
    agreeing_others: u64,
}

/// One class, beside the rows it is the label of, the rows it was predicted for, and those where it was both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class<'a> {
    /// Name, as short as [`sketch::short_name`] makes it.
    pub name: &'a str,
    /// Rows with this label (the support).
    pub labelled: u64,
    /// Rows with this prediction.
    pub predicted: u64,
    /// Rows with both.
    pub hits: u64,
}

impl ClassCounts {
    /// Counts rows with a label and a prediction.
    pub fn add(&mut self, label: &str, prediction: &str, rows: u64) {
        if rows == 0 {
            return;
        }
        let (label, prediction) = (short_name(label), short_name(prediction));
        let hashes = (hash_bytes(label.as_bytes()), hash_bytes(prediction.as_bytes()));
        self.know(hashes.0, &label);
        self.know(hashes.1, &prediction);
        self.count(Some(hashes.0), Some(hashes.1), rows);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        other.names.iter().for_each(|(hash, name)| self.know(*hash, name));
        other.cells.iter().for_each(|(&(label, prediction), &rows)| self.count(label, prediction, rows));
        self.agreeing_others += other.agreeing_others;
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.cells.values().sum()
    }

    /// Rows whose prediction is their label.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.names.keys().map(|&hash| self.at(Some(hash), Some(hash))).sum::<u64>() + self.agreeing_others
    }

    /// Rows in which label or prediction is beyond the cap.
    #[must_use]
    pub fn other(&self) -> u64 {
        let others =
            self.cells.iter().filter(|((label, prediction), _)| label.is_none() || prediction.is_none());
        others.map(|(_, rows)| rows).sum()
    }

    /// The classes, by name.
    #[must_use]
    pub fn classes(&self) -> Vec<Class<'_>> {
        let mut classes: BTreeMap<u64, Class<'_>> = BTreeMap::new();
        for (&hash, name) in &self.names {
            let hits = self.at(Some(hash), Some(hash));
            classes.insert(hash, Class { name, labelled: 0, predicted: 0, hits });
        }
        for ((label, prediction), rows) in &self.cells {
            if let Some(class) = label.and_then(|hash| classes.get_mut(&hash)) {
                class.labelled += rows;
            }
            if let Some(class) = prediction.and_then(|hash| classes.get_mut(&hash)) {
                class.predicted += rows;
            }
        }
        let mut classes: Vec<_> = classes.into_values().collect();
        classes.sort_unstable_by_key(|class| class.name);
        classes
    }

    /// Rows by label and prediction, by name; `None` is what lies beyond the cap.
    #[must_use]
    pub fn matrix(&self) -> Vec<(Option<&str>, Option<&str>, u64)> {
        let name = |hash: Option<u64>| hash.and_then(|hash| self.names.get(&hash)).map(|name| &**name);
        let cells = self.cells.iter();
        let mut matrix: Vec<_> =
            cells.map(|((label, prediction), rows)| (name(*label), name(*prediction), *rows)).collect();
        matrix.sort_unstable();
        matrix
    }

    /// One class against the rest.
    #[must_use]
    pub fn one_vs_rest(&self, class: &Class<'_>) -> Outcomes {
        let seen = class.labelled + class.predicted - class.hits;
        Outcomes {
            true_positives: class.hits,
            false_negatives: class.labelled - class.hits,
            false_positives: class.predicted - class.hits,
            true_negatives: self.rows().saturating_sub(seen),
        }
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let names: usize = self.names.values().map(|name| name.len() + size_of::<(u64, Box<str>)>()).sum();
        (names + self.cells.len() * size_of::<((Option<u64>, Option<u64>), u64)>()) * 3 / 2
    }

    fn at(&self, label: Option<u64>, prediction: Option<u64>) -> u64 {
        self.cells.get(&(label, prediction)).copied().unwrap_or(0)
    }

    /// Makes a name known if it is among those with the smallest hashes.
    fn know(&mut self, hash: u64, name: &str) {
        self.names.entry(hash).or_insert_with(|| name.into());
        if self.names.len() > MOST_CLASSES
            && let Some((gone, _)) = self.names.pop_last()
        {
            let touched: Vec<_> =
                self.cells.keys().filter(|(l, p)| [*l, *p].contains(&Some(gone))).copied().collect();
            for (label, prediction) in touched {
                let rows = self.cells.remove(&(label, prediction)).unwrap_or(0);
                self.count(label, prediction, rows);
            }
        }
    }

    /// Counts rows by hash; a name that is not known is `other`.
    fn count(&mut self, label: Option<u64>, prediction: Option<u64>, rows: u64) {
        let known = |hash: Option<u64>| hash.filter(|hash| self.names.contains_key(hash));
        let (kept_label, kept_prediction) = (known(label), known(prediction));
        if label == prediction && label.is_some() && kept_label.is_none() {
            self.agreeing_others += rows;
        }
        *self.cells.entry((kept_label, kept_prediction)).or_default() += rows;
    }
}

/// What is written down: names in the order of their hashes, cells by position in it.
#[derive(Serialize, Deserialize)]
struct Stored {
    names: Vec<Box<str>>,
    cells: Vec<(Option<u32>, Option<u32>, u64)>,
    agreeing_others: u64,
}

impl From<ClassCounts> for Stored {
    fn from(counts: ClassCounts) -> Self {
        let positions: BTreeMap<u64, u32> = counts.names.keys().copied().zip(0..).collect();
        let position = |hash: Option<u64>| hash.and_then(|hash| positions.get(&hash).copied());
        let cells = counts.cells.iter().map(|(&(l, p), &rows)| (position(l), position(p), rows)).collect();
        let agreeing_others = counts.agreeing_others;
        Self { names: counts.names.into_values().collect(), cells, agreeing_others }
    }
}

impl TryFrom<Stored> for ClassCounts {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, &'static str> {
        let hashes: Vec<u64> = stored.names.iter().map(|name| hash_bytes(name.as_bytes())).collect();
        let short = stored.names.iter().all(|name| name.len() <= MAX_NAME_BYTES);
        if hashes.len() > MOST_CLASSES || !short || !hashes.is_sorted_by(|a, b| a < b) {
            return Err("names that cannot be there");
        }
        let hash = |at: Option<u32>| match at {
            None => Some(None),
            Some(at) => hashes.get(at as usize).map(|hash| Some(*hash)),
        };
        let (mut cells, mut total) = (BTreeMap::new(), 0_u64);
        for &(label, prediction, rows) in &stored.cells {
            let key = hash(label).zip(hash(prediction)).ok_or("a name that is not there")?;
            total = total.checked_add(rows).filter(|total| *total <= MOST_ROWS).ok_or("too many rows")?;
            if rows == 0 || cells.insert(key, rows).is_some() {
                return Err("a cell without rows, or twice");
            }
        }
        let agreeing_others = stored.agreeing_others;
        if agreeing_others > cells.get(&(None, None)).copied().unwrap_or(0) {
            return Err("more rows that agree than there are");
        }
        // The order of cells in the bytes is that of the hashes.
        let names = hashes.into_iter().zip(stored.names).collect();
        Ok(Self { names, cells, agreeing_others })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(rows: &[(u32, u32)]) -> ClassCounts {
        let mut counts = ClassCounts::default();
        rows.iter().for_each(|(l, p)| counts.add(&format!("class {l}"), &format!("class {p}"), 1));
        counts
    }

    #[test]
    fn counts_by_name() {
        let mut counts = of(&[(1, 1), (1, 2), (2, 2), (3, 1)]);
        counts.add("class 1", "class 1", 4);
        let class = |name, labelled, predicted, hits| Class { name, labelled, predicted, hits };
        let expected = [class("class 1", 6, 6, 5), class("class 2", 1, 2, 1), class("class 3", 1, 0, 0)];
        assert_eq!(counts.classes(), expected);
        assert_eq!((counts.rows(), counts.hits(), counts.other()), (8, 6, 0));
        let outcomes =
            Outcomes { true_negatives: 1, false_positives: 1, false_negatives: 1, true_positives: 5 };
        assert_eq!(counts.one_vs_rest(&expected[0]), outcomes);
        assert_eq!(counts.matrix()[0], (Some("class 1"), Some("class 1"), 5));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let whole = of(&[(1, 2), (2, 2)]);
        assert_eq!(sketch::from_bytes::<ClassCounts>(&sketch::to_bytes(&whole).unwrap()).unwrap(), whole);
        let names = || vec!["a".into()];
        for (names, cells, agreeing_others) in [
            (vec!["a".into(), "a".into()], vec![], 0),
            (names(), vec![(Some(1), Some(0), 1)], 0),
            (names(), vec![(Some(0), Some(0), 0)], 0),
            (names(), vec![(Some(0), None, 1), (Some(0), None, 1)], 0),
            (names(), vec![(Some(0), None, u64::MAX)], 0),
            (names(), vec![(None, None, 1)], 2),
            (vec!["long".repeat(1000).into()], vec![], 0),
        ] {
            let bytes = sketch::to_bytes(&Stored { names, cells, agreeing_others }).unwrap();
            assert!(sketch::from_bytes::<ClassCounts>(&bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_split_in_any_order_is_the_same_to_the_byte(rows in prop::collection::vec((0..400_u32, 0..400_u32, any::<bool>()), 0..900), cut in 0..900_usize) {
            let rows: Vec<_> = rows.into_iter().map(|(l, p, hit)| (l, if hit { l } else { p })).collect();
            let whole = of(&rows);
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let (mut a, mut b) = (of(left), of(right));
            let first = a.clone();
            a.merge(&b);
            b.merge(&first);
            let bytes = sketch::to_bytes(&whole).unwrap();
            prop_assert_eq!(&sketch::to_bytes(&a).unwrap(), &bytes);
            prop_assert_eq!(&sketch::to_bytes(&b).unwrap(), &bytes);
            prop_assert_eq!(whole.hits(), rows.iter().filter(|(l, p)| l == p).count() as u64);
            prop_assert_eq!(whole.rows(), rows.len() as u64);
            prop_assert_eq!(sketch::from_bytes::<ClassCounts>(&bytes).unwrap(), whole);
        }
    }
}
