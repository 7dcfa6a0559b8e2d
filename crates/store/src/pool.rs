//! Buffers that reads share, so that a large allocation is not made and zeroed anew for each.

use bytes::Bytes;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Buffers that wait at most.
const BUFFERS: usize = 32;
/// A larger buffer is not kept: nothing says that another read as large will come.
const LARGEST: usize = 16 << 20;
/// Bytes of all buffers that wait.
const TOTAL: usize = 32 << 20;

/// Buffers that wait to be used again, bounded in number and size; clones share them.
///
/// Each keeps the length it was made with, and is lent for reads up to that length: nothing is zeroed twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// `length` bytes that `fill` writes; what they start as is not defined. Their buffer comes back when the last
    /// slice of them is dropped.
    pub(crate) fn bytes<E>(
        &self,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Bytes, E> {
        let mut lent = self.lend(length, usize::MAX);
        fill(&mut lent)?;
        Ok(Bytes::from_owner(lent))
    }

    /// A buffer of at most `most` bytes, of which the first `length` count; what they start as is not defined. It comes
    /// back when it is dropped.
    pub(crate) fn lend(&self, length: usize, most: usize) -> Lent {
        Lent { buffer: self.take(length, most), length, pool: self.clone() }
    }

    /// The smallest buffer that is large enough, or a new one in place of the smallest of all.
    fn take(&self, length: usize, most: usize) -> Vec<u8> {
        let mut waiting = self.waiting();
        let of_size = |fits: bool| {
            let sizes = waiting.iter().enumerate().map(|(at, buffer)| (buffer.len(), at));
            sizes.filter(|(size, _)| !fits || (length..=most).contains(size)).min()
        };
        if let Some((_, at)) = of_size(true) {
            return waiting.swap_remove(at);
        }
        let replaced = of_size(false).map(|(_, at)| waiting.swap_remove(at));
        drop(waiting);
        drop(replaced);
        vec![0; length]
    }

    fn give(&self, buffer: Vec<u8>) {
        let mut waiting = self.waiting();
        let total: usize = waiting.iter().map(Vec::len).sum();
        if buffer.len() <= LARGEST && waiting.len() < BUFFERS && total + buffer.len() <= TOTAL {
            waiting.push(buffer);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer in use, of which the first `length` bytes count.
#[derive(Debug)]
pub(crate) struct Lent {
    buffer: Vec<u8>,
    length: usize,
    pool: Pool,
}

impl Lent {
    /// Bytes of memory that it takes.
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.len()
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Deref for Lent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_ref()
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.length]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn filled(pool: &Pool, length: usize, value: u8) -> Bytes {
        let fill = |buffer: &mut [u8]| {
            buffer.fill(value);
            Ok::<_, Infallible>(())
        };
        pool.bytes(length, fill).unwrap()
    }

    fn sizes(pool: &Pool) -> Vec<usize> {
        let mut sizes: Vec<_> = pool.waiting().iter().map(Vec::len).collect();
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn a_buffer_is_used_again_once_its_last_slice_is_gone() {
        let pool = Pool::default();
        let first = filled(&pool, 1_000, 1);
        let (address, part) = (first.as_ptr(), first.slice(10..20));
        drop(first);
        assert_eq!(sizes(&pool), [0; 0], "a slice is still there");
        let second = filled(&pool, 1_000, 2);
        assert_eq!(&part[..], [1; 10]);
        drop(part);
        let third = filled(&pool, 600, 3);
        assert_eq!((third.as_ptr(), &third[..]), (address, &[3; 600][..]), "at its old length");
        drop((second, third));
        assert_eq!(sizes(&pool), [1_000, 1_000]);
    }

    #[test]
    fn a_failed_fill_gives_its_buffer_back() {
        let pool = Pool::default();
        assert_eq!(pool.bytes(10, |_| Err("no")), Err("no"));
        assert_eq!(sizes(&pool), [10]);
    }

    #[test]
    fn buffers_grow_to_what_is_asked_for_and_do_not_multiply() {
        let pool = Pool::default();
        for length in 1..100 {
            assert_eq!(filled(&pool, length, 7).len(), length);
        }
        assert_eq!(sizes(&pool), [99]);
        drop([5, 50, 500].map(|length| filled(&pool, length, 7)));
        assert_eq!(sizes(&pool), [50, 99, 500]);
        drop([filled(&pool, 60, 7), filled(&pool, 40, 7), filled(&pool, 1_000, 7)]);
        assert_eq!(sizes(&pool), [50, 99, 1_000], "each read took the smallest that was large enough");
    }

    #[test]
    fn what_waits_is_bounded_in_number_size_and_sum() {
        let pool = Pool::default();
        drop((0..100).map(|_| filled(&pool, 10, 0)).collect::<Vec<_>>());
        assert_eq!(sizes(&pool), [10; BUFFERS]);
        let pool = Pool::default();
        drop(filled(&pool, LARGEST + 1, 0));
        assert_eq!(sizes(&pool), [0; 0]);
        drop((0..9).map(|_| filled(&pool, 15 << 20, 0)).collect::<Vec<_>>());
        assert_eq!(sizes(&pool), [15 << 20; 2], "three would be more than {TOTAL}");
    }
}
