//! Names in the plain bytes of a page.

use std::borrow::Cow;

use super::physical::Physical;
use crate::values::hexadecimal;

/// Where a name lies in the bytes of its page. The text of a text column was checked to be UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    start: u32,
    length: u32,
}

impl Name {
    /// The name: text as it is, bytes as hexadecimal digits.
    pub(super) fn text<'a>(&self, bytes: &'a [u8], binary: bool) -> Cow<'a, str> {
        let value = self.bytes(bytes);
        if binary {
            let mut digits = String::new();
            hexadecimal(value, &mut digits);
            return Cow::Owned(digits);
        }
        String::from_utf8_lossy(value)
    }

    fn bytes<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let (start, length) = (self.start as usize, self.length as usize);
        bytes.get(start..start + length).unwrap_or_default()
    }
}

/// Finds so many plain values.
pub(super) fn locate(physical: Physical, bytes: &[u8], count: usize) -> Result<Vec<Name>, &'static str> {
    u32::try_from(bytes.len()).map_err(|_| "a page of more than 4 GiB")?;
    // Nothing is reserved on the word of the file.
    let mut names = Vec::with_capacity(count.min(bytes.len() + 1));
    let mut at = 0_usize;
    for _ in 0..count {
        let length = match physical {
            Physical::Binary(Some(length)) => length,
            _ => {
                let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
                at += 4;
                u32::from_le_bytes(*length.ok_or("the page ends before its last value")?) as usize
            }
        };
        let value = bytes.get(at..at.saturating_add(length)).ok_or("the page ends within a value")?;
        if physical == Physical::Text && std::str::from_utf8(value).is_err() {
            return Err("expected text in UTF-8");
        }
        #[expect(clippy::cast_possible_truncation, reason = "the page is smaller than 4 GiB")]
        names.push(Name { start: at as u32, length: length as u32 });
        at += length;
    }
    Ok(names)
}

/// The plain values as text, one after the other.
pub(super) fn texts<'a>(bytes: &'a [u8], names: &[Name]) -> impl Iterator<Item = &'a str> {
    names.iter().map(|name| std::str::from_utf8(name.bytes(bytes)).unwrap_or_default())
}
