//! Which record meets which label, among rows that fit into memory.

use arrow_array::{Array as _, UInt32Array};
use hashbrown::{HashTable, hash_table::Entry};

use super::{Counted, side::Side, spill::hash};

/// Positions of records that count, and of the label of each.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) records: UInt32Array,
    pub(super) labels: Vec<Option<u32>>,
    pub(super) counted: Counted,
}

/// Finds the last record and the last label of each id, and joins them.
pub(super) fn meet(records: &Side<'_>, truth: &Side<'_>, as_of: Option<i64>) -> Met {
    let mut counted = Counted::default();
    let is_later = |row: usize| as_of.is_some_and(|as_of| truth.time(row).is_some_and(|time| time > as_of));
    let labels = Last::of(truth, |row| {
        let later = is_later(row);
        counted.later_labels += u64::from(later);
        !later
    });
    counted.repeated_labels = labels.repeated;
    let known = (0..truth.ids.len()).any(|row| !truth.is_new(row));
    let known =
        if known { Last::of(truth, |row| !truth.is_new(row) && !is_later(row)).rows.len() } else { 0 };
    counted.new_ids = (labels.rows.len() - known) as u64;
    let last = Last::of(records, |_| true);
    counted.repeated_records = last.repeated;
    let mut met = Vec::with_capacity(records.ids.len());
    let mut of_records = Vec::with_capacity(records.ids.len());
    for (row, record) in (0_u32..).zip(0..records.ids.len()) {
        let label = if records.ids.is_null(record) {
            None
        } else {
            let id = records.ids.value(record);
            if last.get(records, id) != Some(row) {
                continue;
            }
            labels.get(truth, id)
        };
        if let Some(label) = label {
            counted.matched += 1;
            let early = truth.time(label as usize).zip(records.time(record));
            counted.early_labels += u64::from(early.is_some_and(|(label, record)| label < record));
        } else {
            counted.unlabelled += 1;
        }
        met.push(row);
        of_records.push(label);
    }
    counted.unmatched_labels = labels.rows.len() as u64 - counted.matched;
    Met { records: met.into(), labels: of_records, counted }
}

/// The last row of each id.
struct Last {
    rows: HashTable<u32>,
    repeated: u64,
}

impl Last {
    fn of(side: &Side<'_>, mut counts: impl FnMut(usize) -> bool) -> Self {
        let id = |row: u32| side.ids.value(row as usize);
        let rank = |row: u32| side.rank(row as usize);
        let mut last = Self { rows: HashTable::with_capacity(side.ids.len()), repeated: 0 };
        for (row, at) in (0_u32..).zip(0..side.ids.len()) {
            if side.ids.is_null(at) || !counts(at) {
                continue;
            }
            let hash_of = hash(id(row));
            match last.rows.entry(hash_of, |known| id(*known) == id(row), |known| hash(id(*known))) {
                Entry::Vacant(vacant) => drop(vacant.insert(row)),
                Entry::Occupied(mut known) => {
                    last.repeated += 1;
                    if rank(row) > rank(*known.get()) {
                        *known.get_mut() = row;
                    }
                }
            }
        }
        last
    }

    fn get(&self, side: &Side<'_>, id: &str) -> Option<u32> {
        self.rows.find(hash(id), |row| side.ids.value(*row as usize) == id).copied()
    }
}
