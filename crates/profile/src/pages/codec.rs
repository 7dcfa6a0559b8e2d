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
    /// Bytes of all pages together, which no page can exceed.
    most: usize,
}

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
        Ok(Self { reader, codec, most: usize::try_from(chunk.uncompressed_size()).unwrap_or(0) })
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
                if length > pages.most {
                    return Err(format!("expected a page of at most {} bytes, found {length}", pages.most));
                }
                self.buffer.resize(length.max(self.buffer.len()), 0);
                let length = snap::raw::Decoder::new().decompress(compressed, &mut self.buffer);
                let values = &self.buffer[..length.map_err(|error| error.to_string())?];
                Ok((levels, values))
            }
            Compression::ZSTD(_) => {
                let zstd = match &mut self.zstd {
                    Some(zstd) => zstd,
                    none => none.insert(zstd::bulk::Decompressor::new().map_err(|error| error.to_string())?),
                };
                // Writers say how long a page is; of one that does not only the length of all pages is known.
                let length = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten();
                let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(pages.most);
                if length > pages.most {
                    return Err(format!("expected a page of at most {} bytes, found {length}", pages.most));
                }
                self.buffer.clear();
                self.buffer.reserve(length);
                zstd.decompress_to_buffer(compressed, &mut self.buffer).map_err(|error| error.to_string())?;
                Ok((levels, &self.buffer))
            }
            _ => Ok((levels, compressed)),
        }
    }
}
