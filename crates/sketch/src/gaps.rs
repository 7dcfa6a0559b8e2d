//! Ascending positions with a value each, as few bytes.
//!
//! The distance of a position from the one before and the low end of its value share a variable-length integer; a value
//! that has no room in it goes on in another one. Most entries take one byte where positions are dense, and those that
//! two lists have in common are the same bytes.

/// Appends entries whose positions do not fall. `bits` are those that the value takes of the first integer.
pub(crate) fn write(mut bytes: Vec<u8>, entries: impl IntoIterator<Item = (u32, u64)>, bits: u32) -> Vec<u8> {
    let most = (1 << bits) - 1;
    let mut last = 0;
    for (position, value) in entries {
        write_integer(&mut bytes, u64::from(position - last) << bits | value.min(most));
        if value >= most {
            write_integer(&mut bytes, value - most);
        }
        last = position;
    }
    bytes
}

/// Reads entries to the end of the bytes. Positions do not fall; whether they may be equal is for the caller to say.
pub(crate) fn read(mut bytes: &[u8], bits: u32) -> Result<Vec<(u32, u64)>, &'static str> {
    const TOO_LARGE: &str = "a position or value is too large";
    let most = (1 << bits) - 1;
    let (mut entries, mut last) = (Vec::new(), 0_u32);
    while !bytes.is_empty() {
        let first = read_integer(&mut bytes)?;
        let mut value = first & most;
        if value == most {
            value = most.checked_add(read_integer(&mut bytes)?).ok_or(TOO_LARGE)?;
        }
        let gap = u32::try_from(first >> bits).map_err(|_| TOO_LARGE)?;
        last = last.checked_add(gap).ok_or(TOO_LARGE)?;
        entries.push((last, value));
    }
    Ok(entries)
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
fn write_integer(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return bytes.push(low & 0x7F);
        }
        bytes.push(low | 0x80);
    }
}

/// Takes an integer from the front; there is one way to write each.
fn read_integer(bytes: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("an integer is cut off")?;
        *bytes = rest;
        let part = u64::from(byte & 0x7F);
        if part << shift >> shift != part || (byte == 0 && shift > 0) {
            break;
        }
        value |= part << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("an integer is too long")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dense_list_takes_a_byte_each() {
        assert_eq!(write(vec![9], [(0, 0), (1, 6), (16, 2)], 3), [9, 0, 8 + 6, 120 + 2]);
        assert_eq!(write(Vec::new(), [(16, 7)], 3), [0x87, 1, 0]);
    }

    #[test]
    fn bytes_from_outside_are_checked() {
        for bytes in [&[0x80][..], &[0x80, 0], &[7], &[0xFF; 11], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0]] {
            assert!(read(bytes, 3).is_err(), "{bytes:?}");
        }
        let last = write(Vec::new(), [(u32::MAX, u64::MAX)], 3);
        assert_eq!(read(&last, 3), Ok(vec![(u32::MAX, u64::MAX)]));
        assert!(read(&[last, vec![8]].concat(), 3).is_err());
    }

    proptest! {
        #[test]
        fn entries_round_trip(mut entries in prop::collection::vec((any::<u32>(), prop_oneof![0..20_u64, any::<u64>()]), 0..40), bits in 0..8_u32) {
            entries.sort_unstable();
            prop_assert_eq!(read(&write(Vec::new(), entries.clone(), bits), bits), Ok(entries));
        }

        #[test]
        fn what_can_be_read_is_written_alike(bytes in prop::collection::vec(any::<u8>(), 0..40), bits in 0..8_u32) {
            if let Ok(entries) = read(&bytes, bits) {
                prop_assert_eq!(write(Vec::new(), entries, bits), bytes);
            }
        }
    }
}
