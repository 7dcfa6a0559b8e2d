//! Which rows of a page have a value: definition levels.

use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use parquet::basic::Encoding;

use super::hybrid::{Run, Runs, for_each_packed};

/// Definition levels of a page and what comes behind them.
#[derive(Debug)]
pub(super) struct Levels<'a> {
    /// Whether each row has a value; `None` where all have one.
    pub(super) present: Option<BooleanBuffer>,
    /// The encoded values.
    pub(super) values: &'a [u8],
}

/// Levels of a first version page: four bytes of length, then the runs; or bits packed the old way.
pub(super) fn version_1(
    bytes: &[u8],
    rows: usize,
    most: i16,
    encoding: Encoding,
) -> Result<Levels<'_>, &'static str> {
    if most == 0 {
        return Ok(Levels { present: None, values: bytes });
    }
    #[expect(deprecated, reason = "old files have it")]
    if encoding == Encoding::BIT_PACKED {
        let width = width(most);
        let length = (rows * width as usize).div_ceil(8);
        let (levels, values) = bytes.split_at_checked(length).ok_or("the page ends within its levels")?;
        return Ok(Levels { present: Some(packed_the_old_way(levels, width, rows, most)), values });
    }
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or("the page ends within its levels")?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (levels, values) = rest.split_at_checked(length).ok_or("the page ends within its levels")?;
    Ok(Levels { present: present(levels, rows, most)?, values })
}

/// Levels of a second version page, which come apart from the values; their length is in its header.
pub(super) fn version_2<'a>(
    levels: &[u8],
    values: &'a [u8],
    rows: usize,
    most: i16,
    definition: usize,
) -> Result<Levels<'a>, &'static str> {
    let levels = levels.len().checked_sub(definition).and_then(|start| levels.get(start..));
    let levels = levels.ok_or("the page ends within its levels")?;
    let present = if most == 0 { None } else { present(levels, rows, most)? };
    Ok(Levels { present, values })
}

fn present(levels: &[u8], rows: usize, most: i16) -> Result<Option<BooleanBuffer>, &'static str> {
    let (width, most) = (width(most), u32::from(most.unsigned_abs()));
    let mut runs = Runs::new(levels, width, rows);
    let mut present = BooleanBufferBuilder::new(rows);
    let mut all = true;
    while let Some(run) = runs.next()? {
        match run {
            Run::Repeated(level, count) => {
                // Of a level in one bit only zero is no value, whatever a damaged file has beside that bit.
                let value = level == most || (width == 1 && level != 0);
                all &= value;
                present.append_n(count, value);
            }
            Run::Packed(bytes, count) if width == 1 => {
                all = false;
                present.append_packed_range(0..count, bytes);
            }
            Run::Packed(bytes, count) => {
                all = false;
                for_each_packed(bytes, width, count, |levels| {
                    levels.iter().for_each(|level| present.append(*level == most));
                });
            }
        }
    }
    Ok((!all).then(|| present.finish()))
}

/// Levels as the first writers packed them: without runs, the highest bits first.
fn packed_the_old_way(bytes: &[u8], width: u32, rows: usize, most: i16) -> BooleanBuffer {
    BooleanBuffer::collect_bool(rows, |row| {
        let bits = (0..width as usize).map(|bit| row * width as usize + bit);
        let level = bits.fold(0, |level, bit| level << 1 | i16::from(bytes[bit / 8] >> (7 - bit % 8) & 1));
        level == most
    })
}

/// Bits that hold levels up to `most`.
fn width(most: i16) -> u32 {
    i16::BITS - most.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_the_oldest_writers() {
        #[expect(deprecated, reason = "old files have it")]
        let levels = version_1(&[0b1011_0000, 7], 4, 1, Encoding::BIT_PACKED).unwrap();
        assert_eq!(levels.present.unwrap().iter().collect::<Vec<_>>(), [true, false, true, true]);
        assert_eq!(levels.values, [7]);
    }

    #[test]
    fn a_struct_without_value_has_no_member() {
        // Levels 2, 1, 0, 2 in two bits each, behind their length; a run of eight is padded.
        let levels = version_1(&[3, 0, 0, 0, 3, 0b10_00_01_10, 0, 9], 4, 2, Encoding::RLE).unwrap();
        assert_eq!(levels.present.unwrap().iter().collect::<Vec<_>>(), [true, false, false, true]);
        assert_eq!(levels.values, [9]);
        assert!(version_1(&[9, 0, 0, 0, 3], 4, 2, Encoding::RLE).is_err());
    }
}
