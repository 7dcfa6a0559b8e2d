//! Pages of a chunk whose rows belong to several windows or segments: values are put beside those of their group first.

use arrow_buffer::BooleanBuffer;

use super::{
    dictionary::Dictionary,
    hybrid::{CODES, Run, Runs, for_each_packed},
    names,
    physical::Physical,
    weights::Weights,
};
use crate::{FeatureProfile, Groups, feature::Target};

/// Largest table of rows by group and code: it has to stay in a near cache.
const MAX_TABLE: usize = 1 << 18;

/// Buffers that one chunk after the other uses.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Numbers, those of a group together.
    numbers: Vec<f64>,
    /// Where the next number of each group goes.
    next: Vec<usize>,
    /// Rows by group and code.
    table: Vec<u32>,
    /// Group above, code below, of rows for which a table would be too large.
    pairs: Vec<u64>,
    /// Groups of the rows of a page that have a value.
    present: Vec<u32>,
}

impl Buffers {
    /// Forgets what a chunk that came to no end has left.
    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.pairs.clear();
    }
}

/// Counts a chunk into the features of several groups.
#[derive(Debug)]
pub(super) struct Many<'a, 'b> {
    target: Target<'a>,
    features: &'a mut [&'b mut FeatureProfile],
    groups: &'a Groups,
    buffers: &'a mut Buffers,
}

impl<'a, 'b> Many<'a, 'b> {
    /// `starts` is where each group begins when rows are sorted by group, and last the rows in no group.
    pub(super) fn new(
        target: Target<'a>,
        features: &'a mut [&'b mut FeatureProfile],
        groups: &'a Groups,
        starts: &[usize],
        buffers: &'a mut Buffers,
    ) -> Self {
        buffers.next.clear();
        buffers.next.extend_from_slice(starts);
        buffers.numbers.resize(groups.rows(), 0.0);
        Self { target, features, groups, buffers }
    }

    /// Begins a page: counts its nulls, notes the groups of its values.
    pub(super) fn page(&mut self, start: usize, rows: usize, present: Option<&BooleanBuffer>) {
        let groups = self.groups.of_rows(start..start + rows);
        let noted = &mut self.buffers.present;
        noted.clear();
        match present {
            None => noted.extend_from_slice(groups),
            Some(present) => {
                for (group, present) in groups.iter().zip(present) {
                    if present {
                        noted.push(*group);
                    } else if let Some(feature) = self.features.get_mut(*group as usize) {
                        feature.counts.observe_nulls(1);
                    }
                }
            }
        }
    }

    /// Plain values.
    pub(super) fn plain(
        &mut self,
        physical: Physical,
        bytes: &[u8],
        count: usize,
    ) -> Result<(), &'static str> {
        let Self { target, features, buffers: Buffers { present, next, numbers, .. }, .. } = self;
        let groups = present.iter().copied();
        let mut name = |group: u32, name: &str| {
            if let Some(feature) = features.get_mut(group as usize) {
                feature.observe_name(*target, name, 1);
            }
        };
        match physical {
            Physical::Number(number) => {
                let bytes = number.of(bytes, count)?;
                let mut groups = present.as_slice();
                number.for_each_block(bytes, |block| {
                    for values in block.chunks(CODES) {
                        let (of_these, rest) = groups.split_at(values.len().min(groups.len()));
                        place(values, of_these, next, numbers);
                        groups = rest;
                    }
                });
            }
            Physical::Flag => {
                let bytes = bytes.get(..count.div_ceil(8)).ok_or("the page ends before its last value")?;
                for (at, group) in (0..count).zip(groups) {
                    name(group, if bytes[at / 8] >> (at % 8) & 1 == 1 { "true" } else { "false" });
                }
            }
            Physical::Text => {
                let located = names::locate(physical, bytes, count)?;
                groups.zip(names::texts(bytes, &located)).for_each(|(group, text)| name(group, text));
            }
            Physical::Binary(_) => {
                let located = names::locate(physical, bytes, count)?;
                groups.zip(located).for_each(|(group, at)| name(group, &at.text(bytes, true)));
            }
        }
        Ok(())
    }

    /// Codes of a dictionary.
    pub(super) fn codes(
        &mut self,
        mut runs: Runs<'_>,
        width: u32,
        dictionary: &Dictionary,
    ) -> Result<(), &'static str> {
        let Buffers { present, next, numbers, table, pairs, .. } = &mut *self.buffers;
        let codes = dictionary.len();
        let size = codes.saturating_mul(self.features.len() + 1);
        let counted = size <= MAX_TABLE;
        if counted {
            table.resize(size, 0);
        }
        let none = self.features.len();
        let mut inside = true;
        let mut take = |taken: &[u32], groups: &[u32]| {
            inside &= taken.iter().all(|code| (*code as usize) < codes);
            if counted {
                let row = |group: u32| (group as usize).min(none) * codes;
                match all_in_one(groups) {
                    Some(group) => {
                        let rows = table.get_mut(row(group)..).unwrap_or_default();
                        taken.iter().for_each(|code| count(rows, *code as usize));
                    }
                    None => {
                        taken
                            .iter()
                            .zip(groups)
                            .for_each(|(code, group)| count(table, row(*group) + *code as usize));
                    }
                }
            } else if let Dictionary::Numbers(values) = dictionary {
                let mut looked_up = [0.0; CODES];
                for (number, code) in looked_up.iter_mut().zip(taken) {
                    *number = values.get(*code as usize).copied().unwrap_or_default();
                }
                place(&looked_up[..taken.len()], groups, next, numbers);
            } else {
                pairs.extend(
                    taken.iter().zip(groups).map(|(code, group)| u64::from(*group) << 32 | u64::from(*code)),
                );
            }
        };
        let mut groups = present.as_slice();
        let mut groups_of = |count: usize| {
            let (of_these, rest) = groups.split_at(count.min(groups.len()));
            groups = rest;
            of_these
        };
        while let Some(run) = runs.next()? {
            match run {
                Run::Repeated(code, count) => {
                    let codes = [code; CODES];
                    for groups in groups_of(count).chunks(CODES) {
                        take(&codes[..groups.len()], groups);
                    }
                }
                Run::Packed(bytes, count) => {
                    for_each_packed(bytes, width, count, |codes| take(codes, groups_of(codes.len())));
                }
            }
        }
        if inside { Ok(()) } else { Err("a code beyond the dictionary") }
    }

    /// Counts what was put aside, group by group.
    pub(super) fn finish(self, starts: &[usize], dictionary: Option<&Dictionary>) {
        let Self { target, features, buffers: Buffers { next, numbers, table, pairs, .. }, .. } = self;
        for ((feature, &start), &end) in features.iter_mut().zip(starts).zip(next.iter()) {
            feature.observe_numbers(target, numbers.get(start..end).unwrap_or_default());
        }
        if let Some(dictionary) = dictionary.filter(|dictionary| dictionary.len() > 0) {
            let weights = Weights::new(target, dictionary);
            for (feature, rows) in features.iter_mut().zip(table.chunks(dictionary.len())) {
                weights.weigh(feature, rows);
            }
            pairs.sort_unstable();
            for same in pairs.chunk_by(|a, b| a == b) {
                #[expect(clippy::cast_possible_truncation, reason = "the halves are what was put in")]
                let (group, code) = ((same[0] >> 32) as usize, same[0] as u32 as usize);
                if let Some(feature) = features.get_mut(group) {
                    weights.name(feature, code, same.len() as u64);
                }
            }
        }
        table.clear();
        pairs.clear();
    }
}

/// The group of all rows of a stretch, where they share one: in captures that are sorted by time nearly all do.
#[inline]
fn all_in_one(groups: &[u32]) -> Option<u32> {
    let first = *groups.first()?;
    groups.iter().fold(true, |same, group| same & (*group == first)).then_some(first)
}

#[inline]
fn count(rows: &mut [u32], at: usize) {
    if let Some(rows) = rows.get_mut(at) {
        *rows += 1;
    }
}

/// Puts numbers beside those of their groups; rows without a group come last.
#[inline]
fn place(values: &[f64], groups: &[u32], next: &mut [usize], numbers: &mut [f64]) {
    let last = next.len() - 1;
    if let Some(group) = all_in_one(groups) {
        let at = &mut next[(group as usize).min(last)];
        if let Some(to) = numbers.get_mut(*at..*at + values.len()) {
            to.copy_from_slice(values);
        }
        *at += values.len();
        return;
    }
    for (value, group) in values.iter().zip(groups) {
        let at = &mut next[(*group as usize).min(last)];
        if let Some(number) = numbers.get_mut(*at) {
            *number = *value;
        }
        *at += 1;
    }
}
