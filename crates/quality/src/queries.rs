//! Items of queries that are not known to be whole yet: they arrive in any order, and in parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Ranking;

/// Gains and scores of items, by query; it takes 16 bytes an item until it is closed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Queries {
    open: BTreeMap<Box<str>, Vec<(f64, f64)>>,
}

impl Queries {
    /// Takes an item: its query, its true gain (0 upwards), and the score that ranks it.
    pub fn observe(&mut self, query: &str, gain: f64, score: f64) {
        match self.open.get_mut(query) {
            Some(items) => items.push((gain, score)),
            None => drop(self.open.insert(query.into(), vec![(gain, score)])),
        }
    }

    /// Adds the items of another part.
    pub fn merge(&mut self, other: &Self) {
        for (query, items) in &other.open {
            self.open.entry(query.clone()).or_default().extend(items);
        }
    }

    /// Whether no query is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Counts the queries, which are whole now; the order in which their items came changes nothing.
    pub fn close(&mut self, ranking: &mut Ranking) {
        for (_, mut items) in std::mem::take(&mut self.open) {
            items.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
            let (gains, scores): (Vec<f64>, Vec<f64>) = items.into_iter().unzip();
            ranking.observe(&gains, &scores);
        }
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        /// Of a node of the map, an allocation for the name and one for the items.
        const OF_A_QUERY: usize = 96;
        self.open.iter().map(|(name, items)| OF_A_QUERY + name.len() + 16 * items.capacity()).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_of_queries_close_to_the_bytes_of_whole_ones(items in prop::collection::vec((0..4_u8, 0..4_u8, 0..9_u8), 0..40), cut in 0..40_usize) {
            let of = |items: &[(u8, u8, u8)]| {
                let mut queries = Queries::default();
                for (query, gain, score) in items {
                    queries.observe(&query.to_string(), f64::from(*gain) / 3.0, f64::from(*score) / 7.0);
                }
                queries
            };
            let (left, right) = items.split_at(cut.min(items.len()));
            let (mut parts, mut whole) = (of(right), of(&items));
            parts.merge(&of(left));
            let (mut a, mut b) = (Ranking::default(), Ranking::default());
            parts.close(&mut a);
            whole.close(&mut b);
            prop_assert!(parts.is_empty() && whole.heap_bytes() == 0);
            prop_assert_eq!(sketch::to_bytes(&a).unwrap(), sketch::to_bytes(&b).unwrap());
            let names: std::collections::BTreeSet<u8> = items.iter().map(|item| item.0).collect();
            prop_assert_eq!(a.queries(), names.len() as u64);
        }
    }
}
