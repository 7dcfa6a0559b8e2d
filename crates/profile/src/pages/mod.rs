//! The page path: from the pages of a Parquet column chunk to profiles, without Arrow arrays in between.
//!
//! Headers and codecs are those of the parquet crate. Plain values are weighed in blocks straight from the page;
//! dictionary codes are counted, and each value of the dictionary is weighed once; definition levels only say how
//! many rows have a value, so values stay dense. Pages in rarer encodings are decoded by the parquet crate and go
//! on as plain ones. The batch path over the same bytes gives the same profile, to the byte.

mod codec;
mod cover;
mod dictionary;
mod hybrid;
mod levels;
mod many;
mod names;
mod one;
mod physical;
mod transcode;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::{
    basic::Encoding,
    column::page::Page,
    file::{metadata::RowGroupMetaData, reader::ChunkReader},
    schema::types::ColumnDescPtr,
};

use codec::{Codec, Pages};
pub use cover::{Coverage, PageLeaf, cover};
use dictionary::Dictionary;
use hybrid::Runs;
use levels::Levels;
use many::{Buffers, Many};
use one::One;

use crate::{FeatureProfile, Groups, feature::Target};

/// Why a column chunk cannot be profiled.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}`: {reason}")]
pub struct PageError {
    /// Dotted name.
    pub column: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Memory that one column chunk after the other uses.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tally: Vec<u32>,
    looked_up: Vec<f64>,
    many: Buffers,
    starts: Vec<usize>,
    codec: Codec,
}

/// Counts the pages of a chunk into one feature for each group.
pub(crate) fn observe<R: ChunkReader + 'static>(
    leaf: &PageLeaf,
    row_group: &RowGroupMetaData,
    bytes: R,
    target: Target<'_>,
    groups: &Groups,
    features: &mut [&mut FeatureProfile],
    scratch: &mut Scratch,
) -> Result<(), PageError> {
    let chunk = || {
        let chunk = row_group.columns().get(leaf.index).ok_or("the row group does not have it")?;
        let mut pages = Pages::open(bytes, chunk, groups.rows())?;
        read(leaf, &chunk.column_descr_ptr(), &mut pages, target, groups, features, scratch)
    };
    // Bytes that nobody vouches for go through decoders that are not ours.
    let outcome = catch_unwind(AssertUnwindSafe(chunk)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(format!("the decoder stopped: {text}"))
    });
    outcome.map_err(|reason| PageError { column: leaf.name.clone(), reason })
}

fn read(
    leaf: &PageLeaf,
    column: &ColumnDescPtr,
    pages: &mut Pages,
    target: Target<'_>,
    groups: &Groups,
    features: &mut [&mut FeatureProfile],
    scratch: &mut Scratch,
) -> Result<(), String> {
    let sizes = groups.sizes(features.len());
    features.iter_mut().for_each(|feature| feature.observe_type(&leaf.type_name));
    let Scratch { tally, looked_up, many, starts, codec } = scratch;
    tally.clear();
    looked_up.clear();
    let mut sink = match groups.single() {
        Some(group) => {
            let Some(feature) = features.get_mut(group as usize) else { return Ok(()) };
            Sink::One(One { target, feature, rows: groups.rows(), tally, numbers: looked_up })
        }
        None => {
            starts.clear();
            starts.push(0);
            starts.extend(sizes.iter().scan(0, |end, rows| {
                *end += usize::try_from(*rows).unwrap_or(usize::MAX);
                Some(*end)
            }));
            many.clear();
            Sink::Many(Many::new(target, features, groups, starts, many))
        }
    };
    let mut dictionary = None;
    let mut row = 0_usize;
    while let Some(page) = pages.next()? {
        row += take(
            leaf,
            column,
            &page,
            codec.decompress(pages, &page)?,
            &mut dictionary,
            &mut sink,
            row,
            groups.rows(),
        )?;
    }
    if row != groups.rows() {
        return Err(format!("expected {} rows, found {row}", groups.rows()));
    }
    match sink {
        Sink::One(mut one) => one.finish(dictionary.as_ref()),
        Sink::Many(many) => many.finish(starts, dictionary.as_ref()),
    }
    Ok(())
}

/// Takes a page, of which `bytes` are the levels of the second version and what was compressed; returns its rows.
fn take(
    leaf: &PageLeaf,
    column: &ColumnDescPtr,
    page: &Page,
    (levels, bytes): (&[u8], &[u8]),
    dictionary: &mut Option<Dictionary>,
    sink: &mut Sink<'_, '_>,
    row: usize,
    all_rows: usize,
) -> Result<usize, String> {
    let rows = page.num_values() as usize;
    let Levels { present, values } = match page {
        Page::DictionaryPage { .. } => {
            if dictionary.is_some() {
                return Err("expected one dictionary, found two".to_owned());
            }
            *dictionary = Some(Dictionary::new(leaf.physical, bytes, rows)?);
            return Ok(0);
        }
        _ if row + rows > all_rows => return Err(format!("expected {all_rows} rows, found more")),
        Page::DataPage { def_level_encoding, .. } => {
            levels::version_1(bytes, rows, leaf.most, *def_level_encoding)?
        }
        Page::DataPageV2 { def_levels_byte_len, .. } => {
            levels::version_2(levels, bytes, rows, leaf.most, *def_levels_byte_len as usize)?
        }
    };
    let count = present.as_ref().map_or(rows, arrow_buffer::BooleanBuffer::count_set_bits);
    if let Page::DataPageV2 { num_nulls, .. } = page
        && count + *num_nulls as usize > rows
    {
        return Err(format!("expected {num_nulls} nulls in a page, found {}", rows - count));
    }
    match sink {
        Sink::One(one) => one.feature.counts.observe_nulls((rows - count) as u64),
        Sink::Many(many) => many.page(row, rows, present.as_ref()),
    }
    if count == 0 {
        return Ok(rows);
    }
    match page.encoding() {
        Encoding::PLAIN => sink.plain(leaf, values, count)?,
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
            let dictionary = dictionary.as_ref().ok_or("codes without a dictionary")?;
            let (&width, codes) = values.split_first().ok_or("the page ends before its codes")?;
            if width > 32 {
                return Err(format!("expected codes of at most 32 bits, found {width}"));
            }
            let (width, runs) = (u32::from(width), Runs::new(codes, u32::from(width), count));
            match sink {
                Sink::One(one) => one.codes(runs, width, dictionary)?,
                Sink::Many(many) => many.codes(runs, width, dictionary)?,
            }
        }
        other => {
            let plain = transcode::plain(column, other, Bytes::copy_from_slice(values), count);
            sink.plain(leaf, &plain.map_err(|error| error.to_string())?, count)?;
        }
    }
    Ok(rows)
}

enum Sink<'a, 'b> {
    One(One<'a>),
    Many(Many<'a, 'b>),
}

impl Sink<'_, '_> {
    fn plain(&mut self, leaf: &PageLeaf, values: &[u8], count: usize) -> Result<(), &'static str> {
        match self {
            Self::One(one) => one.plain(leaf.physical, values, count),
            Self::Many(many) => many.plain(leaf.physical, values, count),
        }
    }
}
