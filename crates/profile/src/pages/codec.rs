//! Pages out of a column chunk, decompressed into one buffer.
//!
//! The parquet crate gives each page a new buffer, which for pages of a megabyte costs more than it seems: the memory
//! is asked for, zeroed, and given back. For the two codecs that most captures are in, it is told that the chunk is not
//! compressed, and the pages are decompressed here.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    column::page::{Page, PageReader},
    file::{metadata::ColumnChunkMetaData, reader::ChunkReader, serialized_reader::SerializedPageReader},
};

/// The pages of a chunk.
pub(super) struct Pages {
    reader: Box<dyn PageReader>,
    /// How the pages still have to be decompressed.
    codec: Compression,
}

/// What zstd says when there is not enough room, and only then.
const TOO_SMALL: &str = "Destination buffer is too small";

/// Bytes of a page at most: the format says it in an `i32`.
const MOST: usize = i32::MAX as usize;

impl Pages {
    /// For a chunk that lies in `bytes` where its metadata says.
    pub(super) fn open<R: ChunkReader + 'static>(
        bytes: R,
        chunk: &ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Self, String> {
        let codec = match chunk.compression() {
            codec @ (Compression::SNAPPY | Compression::ZSTD(_)) => codec,
            _ => Compression::UNCOMPRESSED,
        };
        let raw;
        let chunk = if codec == Compression::UNCOMPRESSED {
            chunk
        } else {
            let builder = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
            raw = builder.build().map_err(|error| error.to_string())?;
            &raw
        };
        let reader = SerializedPageReader::new(Arc::new(bytes), chunk, rows, None);
        let reader = Box::new(reader.map_err(|error| error.to_string())?);
        Ok(Self { reader, codec })
    }

    /// The next page, as it lies in the file or decompressed.
    pub(super) fn next(&mut self) -> Result<Option<Page>, String> {
        self.reader.get_next_page().map_err(|error| error.to_string())
    }
}

/// What is kept from page to page, and from chunk to chunk.
#[derive(Default)]
pub(super) struct Codec {
    buffer: Vec<u8>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Codec").field("buffer", &self.buffer.len()).finish_non_exhaustive()
    }
}

impl Codec {
    /// The levels of a page of the second version, which are never compressed, and the rest of it.
    pub(super) fn decompress<'a>(
        &'a mut self,
        pages: &Pages,
        page: &'a Page,
    ) -> Result<(&'a [u8], &'a [u8]), String> {
        let bytes: &[u8] = page.buffer();
        let (levels, compressed) = match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                let length = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                bytes.split_at_checked(length).ok_or("the page ends within its levels")?
            }
            _ => bytes.split_at(0),
        };
        let plain = matches!(page, Page::DataPageV2 { is_compressed: false, .. });
        // A page without values may have nothing that was compressed.
        if plain || compressed.is_empty() {
            return Ok((levels, compressed));
        }
        match pages.codec {
            Compression::SNAPPY => {
                let length = snap::raw::decompress_len(compressed).map_err(|error| error.to_string())?;
                // Three bytes of Snappy stand for at most 64: nothing more is reserved on the word of the file.
                let most = compressed.len().saturating_mul(22).saturating_add(64);
                if length > most {
                    return Err(format!("expected a page of at most {most} bytes, found {length}"));
                }
                self.buffer.resize(length.max(self.buffer.len()), 0);
                let length = snap::raw::Decoder::new().decompress(compressed, &mut self.buffer);
                let values = &self.buffer[..length.map_err(|error| error.to_string())?];
                Ok((levels, values))
            }
            Compression::ZSTD(_) => {
                self.unzstd(compressed)?;
                Ok((levels, &self.buffer))
            }
            _ => Ok((levels, compressed)),
        }
    }

    /// Some writers say how long a page is; for the others there is more room each time until it suffices.
    fn unzstd(&mut self, compressed: &[u8]) -> Result<(), String> {
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(zstd::bulk::Decompressor::new().map_err(|error| error.to_string())?),
        };
        let known = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten();
        let known = known.and_then(|length| usize::try_from(length).ok());
        let most = most_of_zstd(compressed.len());
        let mut room = known.unwrap_or(8 * compressed.len()).min(most).max(self.buffer.capacity());
        loop {
            self.buffer.clear();
            self.buffer.try_reserve(room).map_err(|_| format!("no memory for a page of {room} bytes"))?;
            match zstd.decompress_to_buffer(compressed, &mut self.buffer) {
                Ok(_) => return Ok(()),
                Err(error) if error.to_string() == TOO_SMALL && room < most => {
                    room = room.saturating_mul(4).min(most);
                }
                Err(error) => {
                    self.buffer = Vec::new();
                    return Err(error.to_string());
                }
            }
        }
    }
}

/// Bytes that so many of zstd can stand for: a block takes at least four of them and holds at most 128 KiB. Nothing more
/// is reserved on the word of the file.
fn most_of_zstd(compressed: usize) -> usize {
    (compressed / 4 + 1).saturating_mul(128 << 10).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_does_not_say_its_length_is_all_there() {
        let zeros = vec![0; 5_000_001];
        let mut zstd = zstd::bulk::Compressor::new(19).unwrap();
        zstd.include_contentsize(false).unwrap();
        let compressed = zstd.compress(&zeros).unwrap();
        assert!(zeros.len() < most_of_zstd(compressed.len()) && compressed.len() < 1_000);
        let mut codec = Codec::default();
        codec.unzstd(&compressed).unwrap();
        assert!(codec.buffer == zeros);
    }

    #[test]
    fn a_damaged_page_takes_no_memory_that_it_cannot_fill() {
        let compressed = zstd::bulk::compress(b"many words, and none of them twice", 1).unwrap();
        assert!(most_of_zstd(compressed.len()) < 2 << 20);
        let cut = &compressed[..compressed.len() - 1];
        assert_eq!(Codec::default().unzstd(cut), Err("Src size is incorrect".to_owned()));
    }
}
