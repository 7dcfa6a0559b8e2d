//! Which ids each source holds, as hashes, on their way to the files that remember them.

use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::fs::FileExt as _,
    sync::{Mutex, PoisonError},
};

use arrow_array::{Array as _, StringArray};

use super::drawer::trouble;
use crate::Error;

/// Bits of a hash that are not kept. Two ids of one key are taken for one where it is only asked what has to be read again.
const LEFT_OUT: u32 = 16;

/// What a list of keys is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Captures,
    Labels,
}

/// Side, place of the source among all, task.
pub(super) type Owner = (Side, u32, usize);

/// The keys of a task's rows.
#[derive(Debug, Default)]
pub(super) struct TaskKeys(Vec<u64>);

impl TaskKeys {
    /// Takes the ids of some rows.
    pub(super) fn extend(&mut self, ids: &StringArray, mut counts: impl FnMut(usize) -> bool) {
        let counted = (0..ids.len()).filter(|&row| ids.is_valid(row) && counts(row));
        self.0.extend(counted.map(|row| key(ids.value(row))));
    }
}

fn key(id: &str) -> u64 {
    sketch::hash_bytes(id.as_bytes()) >> LEFT_OUT
}

/// Keys of many tasks, in a file without a name.
#[derive(Debug)]
pub(super) struct Keys(Mutex<Waiting>);

#[derive(Debug)]
struct Waiting {
    file: File,
    end: u64,
    lists: BTreeMap<Owner, (u64, usize)>,
}

impl Keys {
    pub(super) fn new() -> Result<Self, Error> {
        let file = tempfile::tempfile().map_err(|error| trouble(&error))?;
        Ok(Self(Mutex::new(Waiting { file, end: 0, lists: BTreeMap::new() })))
    }

    /// Puts the keys of a task away, from any thread.
    pub(super) fn put(&self, owner: Owner, keys: TaskKeys) -> Result<(), Error> {
        let keys = ascending(keys.0);
        if keys.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = waiting.end;
        waiting.file.write_all_at(&bytes, at).map_err(|error| trouble(&error))?;
        waiting.end += bytes.len() as u64;
        waiting.lists.insert(owner, (at, keys.len()));
        Ok(())
    }

    /// All lists, in order.
    pub(super) fn owners(&self) -> Vec<(Owner, usize)> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.lists.iter().map(|(owner, (_, length))| (*owner, *length)).collect()
    }

    /// The list of a task, ascending.
    pub(super) fn read(&self, owner: Owner) -> Result<Vec<u64>, Error> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(&(at, length)) = waiting.lists.get(&owner) else { return Ok(Vec::new()) };
        let mut bytes = vec![0; length * size_of::<u64>()];
        waiting.file.read_exact_at(&mut bytes, at).map_err(|error| trouble(&error))?;
        let (words, _) = bytes.as_chunks();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}

/// Each key once, in order.
pub(super) fn ascending(mut keys: Vec<u64>) -> Vec<u64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether two ascending lists have a key in common.
pub(super) fn meet(one: &[u64], other: &[u64]) -> bool {
    let (few, mut many) = if one.len() < other.len() { (one, other) } else { (other, one) };
    few.iter().any(|key| {
        many = &many[many.partition_point(|known| known < key)..];
        many.first() == Some(key)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn lists_meet_where_sets_do() {
        let mut seed = 1_u64;
        let mut next = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % most
        };
        let mut met = 0;
        for _ in 0..2_000 {
            let mut list = || -> Vec<u64> { (0..next(30)).map(|_| next(300)).collect() };
            let (one, other) = (ascending(list()), ascending(list()));
            let sets: [BTreeSet<u64>; 2] = [&one, &other].map(|list| list.iter().copied().collect());
            assert_eq!(meet(&one, &other), !sets[0].is_disjoint(&sets[1]), "{one:?} {other:?}");
            met += u32::from(meet(&one, &other));
        }
        assert!((200..1_800).contains(&met), "{met}");
    }

    #[test]
    fn what_was_put_away_comes_back_in_order_and_once() {
        let keys = Keys::new().unwrap();
        let ids: StringArray = [Some("b"), None, Some("a"), Some("b"), Some("later")].into_iter().collect();
        for task in [1, 0] {
            let mut of_task = TaskKeys::default();
            of_task.extend(&ids, |row| row < 3 + task);
            keys.put((Side::Labels, 7, task), of_task).unwrap();
        }
        keys.put((Side::Captures, 7, 0), TaskKeys::default()).unwrap();
        assert_eq!(keys.owners(), [((Side::Labels, 7, 0), 2), ((Side::Labels, 7, 1), 2)]);
        let expected = ascending(vec![key("a"), key("b")]);
        assert_eq!(keys.read((Side::Labels, 7, 1)).unwrap(), expected);
        assert!(expected.iter().all(|key| key >> 48 == 0));
    }
}
