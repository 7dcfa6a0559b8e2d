//! A look at a footer before it is decoded: how many row groups it claims.
//!
//! The decoder reserves memory for as many as it is told, and a reservation that fails ends the process.

/// How deep values may lie in each other.
const DEPTH: u32 = 32;
/// The field of the footer that lists row groups.
const ROW_GROUPS: i64 = 4;

/// Refuses a footer that claims more row groups than it has bytes for.
pub(crate) fn check_footer(footer: &[u8]) -> Result<(), String> {
    let mut input = Input(footer);
    let Some(claimed) = input.claimed_row_groups() else { return Ok(()) };
    if claimed > input.0.len() as u64 {
        return Err(format!("expected a footer, found {claimed} row groups in {} bytes", input.0.len()));
    }
    Ok(())
}

/// The rest of a value in Thrift's compact protocol.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    /// Stands behind the head of the list afterwards; `None` when there is no such list, or no sense.
    fn claimed_row_groups(&mut self) -> Option<u64> {
        let mut field = 0;
        loop {
            let kind = self.field(&mut field)?;
            if field == ROW_GROUPS {
                return Some(self.list()?.1);
            }
            self.skip(kind, DEPTH)?;
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn advance(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The type of the next field, whose number replaces the one before; `None` at the end.
    fn field(&mut self, number: &mut i64) -> Option<u8> {
        let head = self.byte()?;
        if head == 0 {
            return None;
        }
        *number = match head >> 4 {
            0 => {
                let zigzag = self.varint()?;
                i64::try_from(zigzag >> 1).ok()? ^ -i64::from(zigzag & 1 == 1)
            }
            step => number.checked_add(i64::from(step))?,
        };
        Some(head & 0x0f)
    }

    /// The type and number of the elements of a list.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Some((head & 0x0f, count))
    }

    /// Goes past the value of a field.
    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(drop),
            7 => self.advance(8),
            8 => {
                let length = self.varint()?;
                self.advance(length)
            }
            9 | 10 => {
                let (element, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(element, deeper))
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(kinds >> 4, deeper)?;
                    self.skip_element(kinds & 0x0f, deeper)
                })
            }
            12 => {
                let mut number = 0;
                loop {
                    if self.0.first() == Some(&0) {
                        return self.advance(1);
                    }
                    let kind = self.field(&mut number)?;
                    self.skip(kind, deeper)?;
                }
            }
            13 => self.advance(16),
            _ => None,
        }
    }

    /// Goes past an element of a list, where a truth value has a byte of its own.
    fn skip_element(&mut self, kind: u8, depth: u32) -> Option<()> {
        self.skip(if kind <= 2 { 3 } else { kind }, depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_type_are_passed() {
        // Fields 1: i32, 2: list of two structs (a text; a truth value and a map), 3: double, 4: list of n structs.
        let head =
            [0x15, 0x02, 0x19, 0x2c, 0x18, 0x01, b'r', 0x00, 0x11, 0x1b, 0x01, 0x85, 0x01, b'k', 0x04, 0x00];
        let claim = |list: &[u8]| [&head[..], &[0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x19], list].concat();
        assert_eq!(Input(&claim(&[0x3c])).claimed_row_groups(), Some(3));
        let most = claim(&[0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00]);
        assert!(check_footer(&most).is_err());
        assert_eq!(check_footer(&claim(&[0x1c, 0x00])), Ok(()));
        for length in 0..most.len() {
            let _ = check_footer(&most[..length]);
        }
    }

    #[test]
    fn nesting_without_end_is_left_to_the_decoder() {
        assert_eq!(check_footer(&[0x1c; 1_000]), Ok(()));
    }
}
