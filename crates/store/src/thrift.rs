//! A look at a footer before it is decoded: how many elements its lists claim.
//!
//! The decoder reserves memory for as many row groups as it is told, and a reservation that fails ends the process. Past
//! truth values in a list that it does not know it goes one by one, without a byte for each: for hours, if told so.

/// How deep values may lie in each other.
const DEPTH: u32 = 32;
/// The type of a struct, which a footer is.
const STRUCT: u8 = 12;

/// Refuses a footer with a list that claims more elements than there are bytes for.
pub(crate) fn check_footer(footer: &[u8]) -> Result<(), String> {
    match Input(footer).skip(STRUCT, DEPTH) {
        Err(Fault::Claim { elements, bytes }) => {
            Err(format!("expected a footer, found a list of {elements} elements in {bytes} bytes"))
        }
        // What makes no sense is for the decoder to say.
        Ok(()) | Err(Fault::Nonsense) => Ok(()),
    }
}

/// Why a value cannot be passed.
#[derive(Debug, PartialEq)]
enum Fault {
    /// It has more elements than there are bytes.
    Claim { elements: u64, bytes: usize },
    /// It ends early, lies too deep, or is of no known type.
    Nonsense,
}

type Outcome<T> = Result<T, Fault>;

/// The rest of a value in Thrift's compact protocol.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Outcome<u8> {
        let (first, rest) = self.0.split_first().ok_or(Fault::Nonsense)?;
        self.0 = rest;
        Ok(*first)
    }

    fn advance(&mut self, count: u64) -> Outcome<()> {
        let rest = usize::try_from(count).ok().and_then(|count| self.0.get(count..));
        self.0 = rest.ok_or(Fault::Nonsense)?;
        Ok(())
    }

    fn varint(&mut self) -> Outcome<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Fault::Nonsense)
    }

    /// A number of elements, each of which takes a byte at least.
    fn elements(&self, count: u64) -> Outcome<u64> {
        let bytes = self.0.len();
        if count > bytes as u64 { Err(Fault::Claim { elements: count, bytes }) } else { Ok(count) }
    }

    /// The type and number of the elements of a list.
    fn list(&mut self) -> Outcome<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Ok((head & 0x0f, self.elements(count)?))
    }

    /// Goes past the fields of a struct.
    fn fields(&mut self, depth: u32) -> Outcome<()> {
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            // Its number is in the head, as a step from the one before, or follows.
            if head >> 4 == 0 {
                self.varint()?;
            }
            self.skip(head & 0x0f, depth)?;
        }
    }

    /// Goes past the value of a field.
    fn skip(&mut self, kind: u8, depth: u32) -> Outcome<()> {
        let deeper = depth.checked_sub(1).ok_or(Fault::Nonsense)?;
        match kind {
            1 | 2 => Ok(()),
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
                (0..self.elements(count)?).try_for_each(|_| {
                    self.skip_element(kinds >> 4, deeper)?;
                    self.skip_element(kinds & 0x0f, deeper)
                })
            }
            STRUCT => self.fields(deeper),
            13 => self.advance(16),
            _ => Err(Fault::Nonsense),
        }
    }

    /// Goes past an element of a list, where a truth value has a byte of its own.
    fn skip_element(&mut self, kind: u8, depth: u32) -> Outcome<()> {
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
        let footer = |list: &[u8]| [&head[..], &[0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x19], list].concat();
        let whole = footer(&[0x1c, 0x00, 0x00]);
        let mut input = Input(&whole);
        assert_eq!((input.skip(STRUCT, DEPTH), input.0), (Ok(()), &[][..]));
        let most = footer(&[0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00]);
        let reason = check_footer(&most).unwrap_err();
        assert!(reason.contains("2147483647 elements in 1 bytes"), "{reason}");
        for length in 0..most.len() {
            let _ = check_footer(&most[..length]);
        }
    }

    #[test]
    fn a_long_list_is_found_in_a_field_that_nobody_knows() {
        // In field 100: a list of many truth values; in a struct there: a map of many.
        for value in [&[0x09, 0xc8, 0x01, 0xf1][..], &[0x0c, 0xc8, 0x01, 0x1b]] {
            let footer = [value, &[0xff, 0xff, 0xff, 0xff, 0x07, 0x11, 0x00, 0x00]].concat();
            assert!(check_footer(&footer).is_err(), "{footer:x?}");
        }
    }

    #[test]
    fn nesting_without_end_is_left_to_the_decoder() {
        assert_eq!(check_footer(&[0x1c; 1_000]), Ok(()));
    }
}
