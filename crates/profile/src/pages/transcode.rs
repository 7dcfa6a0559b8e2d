//! Pages in the rarer encodings, decoded by the parquet crate and laid out as plain values again.

use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    basic::{Encoding, Type},
    column::{
        page::{Page, PageMetadata, PageReader},
        reader::ColumnReaderImpl,
    },
    data_type::{
        AsBytes, BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
        Int64Type, Int96Type,
    },
    errors::Result,
    schema::types::{ColumnDescPtr, ColumnDescriptor},
};

/// The plain bytes of so many values, none of them null.
pub(super) fn plain(
    column: &ColumnDescPtr,
    encoding: Encoding,
    values: Bytes,
    count: usize,
) -> Result<Vec<u8>> {
    // Without levels: they were taken off before.
    let required = Arc::new(ColumnDescriptor::new(column.self_type_ptr(), 0, 0, column.path().clone()));
    let page = OnePage(Some(Page::DataPage {
        buf: values,
        num_values: u32::try_from(count)?,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    }));
    let mut plain = Vec::new();
    match column.physical_type() {
        Type::BOOLEAN => {
            let flags = read::<BoolType>(required, page, count)?;
            for flags in flags.chunks(8) {
                plain.push(flags.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag)));
            }
        }
        Type::INT32 => plain = fixed::<Int32Type>(required, page, count)?,
        Type::INT64 => plain = fixed::<Int64Type>(required, page, count)?,
        Type::FLOAT => plain = fixed::<FloatType>(required, page, count)?,
        Type::DOUBLE => plain = fixed::<DoubleType>(required, page, count)?,
        Type::INT96 => plain = fixed::<Int96Type>(required, page, count)?,
        Type::FIXED_LEN_BYTE_ARRAY => plain = fixed::<FixedLenByteArrayType>(required, page, count)?,
        Type::BYTE_ARRAY => {
            for value in read::<ByteArrayType>(required, page, count)? {
                plain.extend(u32::try_from(value.len())?.to_le_bytes());
                plain.extend(value.data());
            }
        }
    }
    Ok(plain)
}

/// The bytes of values of one length.
fn fixed<T: DataType>(column: ColumnDescPtr, page: OnePage, count: usize) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    for value in read::<T>(column, page, count)? {
        plain.extend_from_slice(value.as_bytes());
    }
    Ok(plain)
}

fn read<T: DataType>(column: ColumnDescPtr, page: OnePage, count: usize) -> Result<Vec<T::T>> {
    let mut values = Vec::new();
    let mut reader = ColumnReaderImpl::<T>::new(column, Box::new(page));
    reader.read_records(count, None, None, &mut values)?;
    Ok(values)
}

/// Hands out one page.
struct OnePage(Option<Page>);

impl PageReader for OnePage {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        Ok(self.0.take())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(None)
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0 = None;
        Ok(())
    }
}

impl Iterator for OnePage {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}
