//! Column chunks of a row group in memory, read back as if the file were whole.

use std::{fs::File, ops::Range, os::unix::fs::FileExt as _};

use bytes::{Buf as _, Bytes, buf::Reader};
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

/// Column chunks: where each starts in its file, and its bytes. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Pieces {
    chunks: Vec<(u64, Bytes)>,
    file_bytes: u64,
}

impl Pieces {
    /// Reads them at their positions, so that nothing depends on an offset that threads share, into buffers that wait,
    /// as far as there are any.
    pub(super) fn read(
        file: &File,
        file_bytes: u64,
        chunks: &[Range<u64>],
        waiting: &mut Vec<Vec<u8>>,
    ) -> std::io::Result<Self> {
        let mut pieces = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let mut buffer = waiting.pop().unwrap_or_default();
            fill(file, chunk, &mut buffer)?;
            pieces.push((chunk.start, Bytes::from(buffer)));
        }
        Ok(Self { chunks: pieces, file_bytes })
    }

    /// Hands the buffers back that nothing else holds, to be used again.
    pub(super) fn give_back(self, waiting: &mut Vec<Vec<u8>>) {
        // The next row group takes them from the end: the first chunk of it gets the buffer of the first of this.
        let buffers = self.chunks.into_iter().rev().filter_map(|(_, bytes)| bytes.try_into_mut().ok());
        waiting.extend(buffers.map(Vec::from));
    }

    /// What lies from `start` to the end of its chunk.
    fn from(&self, start: u64) -> Result<Bytes> {
        let found = self.chunks.iter().find_map(|(at, bytes)| {
            let offset = usize::try_from(start.checked_sub(*at)?).ok()?;
            (offset < bytes.len()).then(|| bytes.slice(offset..))
        });
        found.ok_or_else(|| ParquetError::EOF(format!("byte {start} lies outside of the column chunks")))
    }
}

/// Reads a column chunk into a buffer, whose space is used again.
pub(super) fn fill(file: &File, chunk: &Range<u64>, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    let length = usize::try_from(chunk.end - chunk.start).map_err(std::io::Error::other)?;
    buffer.resize(length, 0);
    file.read_exact_at(buffer, chunk.start)
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.file_bytes
    }
}

impl ChunkReader for Pieces {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = self.from(start)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF(format!("expected {length} bytes, found {}", bytes.len())));
        }
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn chunks_are_read_back_at_their_places_and_buffers_are_used_again() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789abcdef").unwrap();
        let mut waiting = Vec::new();
        let pieces = Pieces::read(&file, 16, &[10..14, 2..5], &mut waiting).unwrap();
        assert_eq!(pieces.get_bytes(11, 3).unwrap(), "bcd");
        let mut text = String::new();
        pieces.get_read(3).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "34");
        for (start, length) in [(11, 4), (14, 1), (0, 1)] {
            assert!(pieces.get_bytes(start, length).is_err(), "{start}");
        }
        pieces.give_back(&mut waiting);
        assert_eq!(waiting, [b"234".to_vec(), b"abcd".to_vec()]);
        let held = Pieces::read(&file, 16, std::slice::from_ref(&(0..1)), &mut waiting).unwrap();
        let shared = held.clone();
        held.give_back(&mut waiting);
        assert_eq!((waiting.len(), shared.get_bytes(0, 1).unwrap()), (1, Bytes::from_static(b"0")));
    }
}
