//! A column chunk, page by page, into the counts of one group or of many.

use bytes::Bytes;
use parquet::{basic::Encoding, column::page::Page, schema::types::ColumnDescPtr};

use super::{
    PageLeaf, Scratch,
    codec::Pages,
    dictionary::Dictionary,
    hybrid::Runs,
    levels::{self, Levels},
    many::Many,
    one::One,
    transcode,
};
use crate::{FeatureProfile, Groups, feature::Target};

/// Where values go.
enum Sink<'a, 'b> {
    One(One<'a>),
    Many(Many<'a, 'b>),
}

/// What is known while the pages of a chunk are read.
struct Chunk<'a, 'b> {
    leaf: &'a PageLeaf,
    column: ColumnDescPtr,
    dictionary: Option<Dictionary>,
    sink: Sink<'a, 'b>,
    /// Rows of the pages so far.
    row: usize,
    /// Rows of the row group.
    rows: usize,
}

/// Counts all pages into one feature for each group.
pub(super) fn read(
    leaf: &PageLeaf,
    column: ColumnDescPtr,
    mut pages: Pages,
    target: Target<'_>,
    groups: &Groups,
    features: &mut [&mut FeatureProfile],
    scratch: &mut Scratch,
) -> Result<(), String> {
    features.iter_mut().for_each(|feature| feature.observe_type(&leaf.type_name));
    let Scratch { tally, looked_up, many, starts, codec } = scratch;
    tally.clear();
    looked_up.clear();
    let rows = groups.rows();
    let sink = match groups.single() {
        Some(group) => {
            let Some(feature) = features.get_mut(group as usize) else { return Ok(()) };
            Sink::One(One { target, feature, rows, tally, numbers: looked_up })
        }
        None => {
            starts.clear();
            starts.push(0);
            let sizes = groups.sizes().iter().chain(std::iter::repeat(&0)).take(features.len());
            starts.extend(sizes.scan(0, |end, rows| {
                *end += usize::try_from(*rows).unwrap_or(usize::MAX);
                Some(*end)
            }));
            many.clear();
            Sink::Many(Many::new(target, features, groups, starts, many))
        }
    };
    let mut chunk = Chunk { leaf, column, dictionary: None, sink, row: 0, rows };
    while let Some(page) = pages.next()? {
        let (levels, bytes) = codec.decompress(&pages, &page)?;
        chunk.take(&page, levels, bytes)?;
    }
    if chunk.row != rows {
        return Err(format!("expected {rows} rows, found {}", chunk.row));
    }
    match chunk.sink {
        Sink::One(mut one) => one.finish(chunk.dictionary.as_ref()),
        Sink::Many(many) => many.finish(starts, chunk.dictionary.as_ref()),
    }
    Ok(())
}

impl Chunk<'_, '_> {
    /// Takes a page: its levels, if it is of the second version, and the rest of it.
    fn take(&mut self, page: &Page, levels: &[u8], bytes: &[u8]) -> Result<(), String> {
        let (rows, most) = (page.num_values() as usize, self.leaf.most);
        let Levels { present, values } = match page {
            Page::DictionaryPage { .. } => {
                if self.dictionary.is_some() {
                    return Err("expected one dictionary, found two".to_owned());
                }
                self.dictionary = Some(Dictionary::new(self.leaf.physical, bytes, rows)?);
                return Ok(());
            }
            _ if self.row + rows > self.rows => {
                return Err(format!("expected {} rows, found more", self.rows));
            }
            Page::DataPage { def_level_encoding, .. } => {
                levels::version_1(bytes, rows, most, *def_level_encoding)?
            }
            Page::DataPageV2 { def_levels_byte_len, .. } => {
                levels::version_2(levels, bytes, rows, most, *def_levels_byte_len as usize)?
            }
        };
        let count = present.as_ref().map_or(rows, arrow_buffer::BooleanBuffer::count_set_bits);
        if let Page::DataPageV2 { num_nulls, .. } = page
            && count + *num_nulls as usize > rows
        {
            return Err(format!("expected {num_nulls} nulls in a page, found {}", rows - count));
        }
        match &mut self.sink {
            Sink::One(one) => one.feature.counts.observe_nulls((rows - count) as u64),
            Sink::Many(many) => many.page(self.row, rows, present.as_ref()),
        }
        self.row += rows;
        if count > 0 { self.values(page.encoding(), values, count) } else { Ok(()) }
    }

    /// Takes the values of a page, none of them null.
    fn values(&mut self, encoding: Encoding, values: &[u8], count: usize) -> Result<(), String> {
        match encoding {
            Encoding::PLAIN => self.plain(values, count)?,
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let dictionary = self.dictionary.as_ref().ok_or("codes without a dictionary")?;
                let (&width, codes) = values.split_first().ok_or("the page ends before its codes")?;
                if width > 32 {
                    return Err(format!("expected codes of at most 32 bits, found {width}"));
                }
                let (width, runs) = (u32::from(width), Runs::new(codes, u32::from(width), count));
                match &mut self.sink {
                    Sink::One(one) => one.codes(runs, width, dictionary)?,
                    Sink::Many(many) => many.codes(runs, width, dictionary)?,
                }
            }
            other => {
                let plain = transcode::plain(&self.column, other, Bytes::copy_from_slice(values), count);
                self.plain(&plain.map_err(|error| error.to_string())?, count)?;
            }
        }
        Ok(())
    }

    fn plain(&mut self, values: &[u8], count: usize) -> Result<(), &'static str> {
        match &mut self.sink {
            Sink::One(one) => one.plain(self.leaf.physical, values, count),
            Sink::Many(many) => many.plain(self.leaf.physical, values, count),
        }
    }
}
