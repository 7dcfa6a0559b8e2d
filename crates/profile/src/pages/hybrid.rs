//! The hybrid of run lengths and bit packing that Parquet writes dictionary codes and levels in.
//!
//! Format: `Encodings.md` of the Parquet specification, "Run Length Encoding / Bit-Packing Hybrid".

/// Values that are unpacked at a time.
pub(super) const CODES: usize = 64;

/// A run of the hybrid.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run<'a> {
    /// One value, so many times.
    Repeated(u32, usize),
    /// So many values, each in `width` bits, the lowest bits first.
    Packed(&'a [u8], usize),
}

/// Runs of values of a known width; never more values than were announced.
#[derive(Debug, Clone)]
pub(super) struct Runs<'a> {
    bytes: &'a [u8],
    width: u32,
    left: usize,
}

impl<'a> Runs<'a> {
    /// `width` is at most 32.
    pub(super) fn new(bytes: &'a [u8], width: u32, values: usize) -> Self {
        Self { bytes, width, left: values }
    }

    /// The next run; `None` after the last value. Bytes that end too early are an error.
    pub(super) fn next(&mut self) -> Result<Option<Run<'a>>, &'static str> {
        while self.left > 0 {
            let header = self.header().ok_or("the runs end before the last value")?;
            let count = usize::try_from(header >> 1).unwrap_or(usize::MAX);
            let run = if header & 1 == 0 {
                let length = self.width.div_ceil(8) as usize;
                let (value, rest) =
                    self.bytes.split_at_checked(length).ok_or("a run ends before its value")?;
                self.bytes = rest;
                let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                Run::Repeated(value, count.min(self.left))
            } else {
                // Groups of eight; the last of a page may be cut short behind the values that count.
                let values = count.saturating_mul(8).min(self.left);
                let planned = count.saturating_mul(self.width as usize);
                let (packed, rest) = self.bytes.split_at(planned.min(self.bytes.len()));
                if packed.len() < (values * self.width as usize).div_ceil(8) {
                    return Err("a packed run ends before its last value");
                }
                self.bytes = rest;
                Run::Packed(packed, values)
            };
            let (Run::Repeated(_, values) | Run::Packed(_, values)) = run;
            self.left -= values;
            if values > 0 {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// A ULEB128 number.
    fn header(&mut self) -> Option<u64> {
        let mut header = 0;
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            header |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(header);
            }
        }
        None
    }
}

/// Calls `take` with stretches of at most [`CODES`] packed values.
pub(super) fn for_each_packed(packed: &[u8], width: u32, values: usize, mut take: impl FnMut(&[u32])) {
    let mut codes = [0; CODES];
    let stretch = width as usize * CODES / 8;
    if stretch == 0 {
        (0..values).step_by(CODES).for_each(|at| take(&codes[..CODES.min(values - at)]));
        return;
    }
    let mut padded = [0; 32 * CODES / 8];
    for (at, bytes) in (0..values).step_by(CODES).zip(packed.chunks(stretch)) {
        let whole = if bytes.len() == stretch {
            bytes
        } else {
            padded[..bytes.len()].copy_from_slice(bytes);
            &padded[..stretch]
        };
        unpack(whole, width, &mut codes);
        take(&codes[..CODES.min(values - at)]);
    }
}

/// Unpacks 64 values, each `width` bits wide (1 to 32).
fn unpack(bytes: &[u8], width: u32, to: &mut [u32; CODES]) {
    macro_rules! by_width {
        ($($width:literal)*) => {
            match width {
                $($width => unpack_width::<$width>(bytes, to),)*
                _ => to.fill(0),
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

/// 64 values of `WIDTH` bits are `WIDTH` words. Written out value by value, so that every word and shift is a constant.
#[inline(never)]
#[expect(clippy::cast_possible_truncation, reason = "at most 32 bits are kept")]
fn unpack_width<const WIDTH: usize>(bytes: &[u8], to: &mut [u32; CODES]) {
    let Some(words) = bytes.as_chunks::<8>().0.first_chunk::<WIDTH>() else { return };
    let mask = u64::from(u32::MAX) >> (32 - WIDTH);
    macro_rules! value {
        ($($i:literal)*) => {$(
            let (word, shift) = const { ($i * WIDTH / 64, $i * WIDTH % 64) };
            let mut value = u64::from_le_bytes(words[word]) >> shift;
            if const { $i * WIDTH % 64 + WIDTH > 64 } {
                value |= u64::from_le_bytes(words[word + 1]) << (64 - shift);
            }
            to[$i] = (value & mask) as u32;
        )*};
    }
    value!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
        40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], width: u32, values: usize) -> Result<Vec<u32>, &'static str> {
        let mut runs = Runs::new(bytes, width, values);
        let mut read = Vec::new();
        while let Some(run) = runs.next()? {
            match run {
                Run::Repeated(value, count) => read.extend(std::iter::repeat_n(value, count)),
                Run::Packed(bytes, count) => {
                    for_each_packed(bytes, width, count, |codes| read.extend_from_slice(codes));
                }
            }
        }
        Ok(read)
    }

    /// Packs bit by bit, to compare with.
    fn pack(values: &[u32], width: u32) -> Vec<u8> {
        let mut bytes = vec![0; (values.len() * width as usize).div_ceil(8)];
        for (i, value) in values.iter().enumerate() {
            for bit in 0..width as usize {
                let at = i * width as usize + bit;
                bytes[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn every_width_is_unpacked(width in 0_u32..=32, values in prop::collection::vec(any::<u32>(), 1..400), repeats in 1_usize..90) {
            let values: Vec<u32> = values.into_iter().map(|v| if width == 0 { 0 } else { v & (u32::MAX >> (32 - width)) }).collect();
            let groups = values.len().div_ceil(8);
            let mut padded = values.clone();
            padded.resize(groups * 8, 0);
            let mut bytes = vec![];
            let header = |bytes: &mut Vec<u8>, mut n: usize| { while n > 127 { bytes.push(n as u8 | 0x80); n >>= 7; } bytes.push(n as u8); };
            header(&mut bytes, groups << 1 | 1);
            bytes.extend(pack(&padded, width));
            header(&mut bytes, repeats << 1);
            bytes.extend(&values[0].to_le_bytes()[..width.div_ceil(8) as usize]);
            let mut expected = padded.clone();
            expected.extend(vec![values[0]; repeats]);
            prop_assert_eq!(read(&bytes, width, expected.len()).unwrap(), expected);
            prop_assert_eq!(read(&bytes, width, values.len()).unwrap(), values);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), width in 0_u32..=32, values in 0_usize..5000) {
            if let Ok(read) = read(&bytes, width, values) {
                prop_assert_eq!(read.len(), values);
            }
        }
    }
}
