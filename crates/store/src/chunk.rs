//! The parts of a file that a task needs, fetched in few large reads and read back as if the file were whole.

use crate::Error;
use crate::backend::Backend;
use crate::listing::Object;
use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

/// Column chunks of a Parquet file that have been read; clones share them.
///
/// Positions and length are those of the whole file, so that readers of pages take it for the file. What was not
/// read cannot be: it is an error, never zeros.
#[derive(Debug, Clone)]
pub struct Chunks {
    /// Sorted, without overlap.
    pieces: Arc<[(u64, Bytes)]>,
    length: u64,
}

impl Chunks {
    pub(crate) fn new(mut pieces: Vec<(u64, Bytes)>, length: u64) -> Self {
        pieces.sort_by_key(|(start, _)| *start);
        Self { pieces: pieces.into(), length }
    }

    /// Where `start` lies: the piece and the offset in it.
    fn find(&self, start: u64) -> Result<(usize, usize)> {
        let index = self.pieces.partition_point(|(at, _)| *at <= start).checked_sub(1);
        let found = index.and_then(|index| {
            let (at, bytes) = &self.pieces[index];
            let offset = usize::try_from(start - at).ok()?;
            (offset < bytes.len()).then_some((index, offset))
        });
        found.ok_or_else(|| ParquetError::EOF(format!("byte {start} lies outside the planned column chunks")))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = PieceReader;

    fn get_read(&self, start: u64) -> Result<PieceReader> {
        let (index, offset) = self.find(start)?;
        let (at, bytes) = &self.pieces[index];
        let end = at + bytes.len() as u64;
        Ok(PieceReader {
            current: bytes.slice(offset..),
            end,
            next: index + 1,
            pieces: Arc::clone(&self.pieces),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length == 0 {
            return Ok(Bytes::new());
        }
        let (index, offset) = self.find(start)?;
        let (_, bytes) = &self.pieces[index];
        if offset.checked_add(length).is_some_and(|end| end <= bytes.len()) {
            return Ok(bytes.slice(offset..offset + length));
        }
        // Over the seam of two reads, or beyond what was planned; nothing is reserved on the word of the file.
        let mut copy = Vec::new();
        self.get_read(start)?.take(length as u64).read_to_end(&mut copy)?;
        if copy.len() < length {
            return Err(ParquetError::EOF(format!(
                "expected {length} bytes at byte {start}, found {}",
                copy.len()
            )));
        }
        Ok(copy.into())
    }
}

/// Reads on from one piece to the next, up to the first hole.
#[derive(Debug)]
pub struct PieceReader {
    current: Bytes,
    end: u64,
    next: usize,
    pieces: Arc<[(u64, Bytes)]>,
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.current.is_empty()
            && let Some((start, bytes)) = self.pieces.get(self.next).filter(|(start, _)| *start == self.end)
        {
            self.current = bytes.clone();
            self.end = start + bytes.len() as u64;
            self.next += 1;
        }
        let count = buffer.len().min(self.current.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}

/// Where a column chunk lies, as far as the footer makes sense.
pub(crate) fn range(chunk: &ColumnChunkMetaData, file_bytes: u64) -> std::result::Result<Range<u64>, String> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let range = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
    let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
    range.filter(|range| range.end <= file_bytes).ok_or_else(|| {
        let column = chunk.column_path().string();
        format!(
            "expected column `{column}` within {file_bytes} bytes, found it at byte {start}, {} long",
            chunk.compressed_size()
        )
    })
}

/// Sorted ranges that cover `wanted`: those that overlap are one, and so are those with a hole of at most `gap`
/// between them, as long as they are not longer than `together`.
pub(crate) fn merge(mut wanted: Vec<Range<u64>>, gap: u64, together: u64) -> Vec<Range<u64>> {
    wanted.retain(|range| !range.is_empty());
    wanted.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in wanted {
        match merged.last_mut() {
            Some(last)
                if range.start < last.end
                    || range.start - last.end <= gap && range.end - last.start <= together =>
            {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// Fetches merged ranges; those inside `tail`, which is there already, cost nothing.
pub(crate) async fn fetch(
    backend: &Backend,
    object: &Object,
    merged: Vec<Range<u64>>,
    tail: &(u64, Bytes),
) -> std::result::Result<Chunks, Error> {
    let mut pieces = Vec::new();
    let mut missing = Vec::new();
    for range in merged {
        if range.start >= tail.0 {
            pieces.push(tail.clone());
            break;
        }
        missing.extend(split(range, backend.largest_read()));
    }
    // A read that runs into the tail is cut there, so that pieces never overlap.
    if let Some((start, _)) = pieces.last() {
        missing.retain(|range| range.start < *start);
        if let Some(last) = missing.last_mut() {
            last.end = last.end.min(*start);
        }
    }
    let starts: Vec<u64> = missing.iter().map(|range| range.start).collect();
    let fetched = backend.ranges(object, missing).await?;
    pieces.extend(starts.into_iter().zip(fetched));
    Ok(Chunks::new(pieces, object.bytes))
}

/// A range in parts of one size, as few as `largest` allows.
fn split(range: Range<u64>, largest: u64) -> impl Iterator<Item = Range<u64>> {
    let length = range.end - range.start;
    let size = length.div_ceil(length.div_ceil(largest).max(1));
    let mut start = range.start;
    std::iter::from_fn(move || {
        let piece = start..range.end.min(start.saturating_add(size));
        start = piece.end;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge_over_small_gaps() {
        let wanted = || vec![50..60, 0..10, 12..20, 20..20, 15..18];
        assert_eq!(merge(wanted(), 2, u64::MAX), vec![0..20, 50..60]);
        assert_eq!(merge(wanted(), 2, 19), vec![0..10, 12..20, 50..60], "what overlaps stays together");
        assert_eq!(split(0..25, 10).collect::<Vec<_>>(), vec![0..9, 9..18, 18..25]);
    }

    #[test]
    fn reads_go_over_seams_and_stop_at_holes() {
        let chunks =
            Chunks::new(vec![(14, Bytes::from_static(b"efg")), (10, Bytes::from_static(b"abcd"))], 100);
        assert_eq!(chunks.get_bytes(11, 2).unwrap(), "bc");
        assert_eq!(chunks.get_bytes(12, 4).unwrap(), "cdef");
        assert!(chunks.get_bytes(12, 6).is_err());
        assert!(chunks.get_bytes(9, 1).is_err() && chunks.get_bytes(17, 1).is_err());
        let mut text = String::new();
        chunks.get_read(13).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "defg");
    }
}
