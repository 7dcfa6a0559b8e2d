//! How much is asked of object stores, and how many bytes of their answers are in memory.

use crate::pool::Lent;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a [`Store`](crate::Store) has asked of object stores so far; local files are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests; a listing counts as one, however many pages it has.
    pub requests: u64,
    /// Most reads that were asked for and not answered yet, at one time.
    pub reads_at_once: u64,
    /// Most memory, in bytes, of reads that were under way or whose answers were not dropped yet, at one time.
    pub bytes_in_flight: u64,
}

/// Counts the traffic of one store; clones share the counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    requests: Arc<AtomicU64>,
    reads: Level,
    bytes: Level,
}

impl Meter {
    pub(crate) fn so_far(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            reads_at_once: self.reads.most(),
            bytes_in_flight: self.bytes.most(),
        }
    }

    /// Counts a request.
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request whose answer is to fill a buffer.
    pub(crate) fn read(&self, buffer: Lent) -> Reading {
        self.request();
        let counted = self.bytes.rise(buffer.capacity() as u64);
        Reading { _under_way: self.reads.rise(1), buffer: Counted { buffer, _counted: counted }, filled: 0 }
    }
}

/// A read that is under way.
#[derive(Debug)]
pub(crate) struct Reading {
    _under_way: Risen,
    buffer: Counted,
    filled: usize,
}

impl Reading {
    /// Adds a part of the answer.
    pub(crate) fn push(&mut self, part: &[u8]) {
        let end = self.filled.saturating_add(part.len());
        if let Some(room) = self.buffer.buffer.get_mut(self.filled..end) {
            room.copy_from_slice(part);
        }
        self.filled = end;
    }

    /// The answer, which counts as in flight until its last slice is dropped; the length of what came if that is not
    /// what the buffer is for.
    pub(crate) fn finish(self) -> Result<Bytes, usize> {
        if self.filled == self.buffer.buffer.len() {
            Ok(Bytes::from_owner(self.buffer))
        } else {
            Err(self.filled)
        }
    }
}

/// A buffer that counts as in flight.
#[derive(Debug)]
struct Counted {
    buffer: Lent,
    _counted: Risen,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

/// A number that rises and falls, and the highest that it was.
#[derive(Debug, Clone, Default)]
struct Level(Arc<[AtomicU64; 2]>);

impl Level {
    fn rise(&self, by: u64) -> Risen {
        let [now, most] = &*self.0;
        most.fetch_max(now.fetch_add(by, Ordering::Relaxed) + by, Ordering::Relaxed);
        Risen { level: self.clone(), by }
    }

    fn most(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }
}

/// What a level falls by when this is dropped.
#[derive(Debug)]
struct Risen {
    level: Level,
    by: u64,
}

impl Drop for Risen {
    fn drop(&mut self) {
        self.level.0[0].fetch_sub(self.by, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Pool;

    #[test]
    fn bytes_are_in_flight_until_their_last_slice_is_dropped() {
        let (meter, pool) = (Meter::default(), Pool::default());
        let read = |length| meter.read(pool.lend(length, length));
        let traffic = |requests, bytes_in_flight| Traffic { requests, reads_at_once: 1, bytes_in_flight };
        let mut reading = read(4);
        reading.push(b"ab");
        reading.push(b"cd");
        let part = reading.finish().unwrap().slice(1..3);
        assert_eq!((&part[..], meter.so_far()), (&b"bc"[..], traffic(1, 4)));
        let other = read(10);
        assert_eq!(meter.so_far(), traffic(2, 14));
        drop((part, other));
        drop(read(5));
        assert_eq!(meter.so_far(), traffic(3, 14));
    }

    #[test]
    fn an_answer_of_another_length_is_none() {
        let reading = |part| {
            let mut reading = Meter::default().read(Pool::default().lend(3, 3));
            reading.push(part);
            reading.finish()
        };
        assert_eq!((reading(b"ab"), reading(b"abcd")), (Err(2), Err(4)));
        assert_eq!(reading(b"abc").unwrap(), "abc");
    }
}
