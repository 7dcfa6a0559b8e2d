//! The dictionary of a column chunk: each value decoded once.

use std::borrow::Cow;

use super::{
    names::{self, Name},
    physical::Physical,
};

/// Values by code.
#[derive(Debug)]
pub(super) enum Dictionary {
    Numbers(Vec<f64>),
    Names { bytes: Box<[u8]>, names: Vec<Name>, binary: bool },
}

impl Dictionary {
    /// Decodes a dictionary page, which is always plain.
    pub(super) fn new(physical: Physical, bytes: &[u8], count: usize) -> Result<Self, &'static str> {
        match physical {
            Physical::Number(number) => Ok(Self::Numbers(number.all(number.of(bytes, count)?))),
            Physical::Flag => Err("flags have no dictionary"),
            Physical::Text | Physical::Binary(_) => {
                let names = names::locate(physical, bytes, count)?;
                Ok(Self::Names { bytes: bytes.into(), names, binary: physical != Physical::Text })
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Names { names, .. } => names.len(),
        }
    }

    /// The name of a code; empty beyond the last.
    pub(super) fn name(&self, code: usize) -> Cow<'_, str> {
        match self {
            Self::Numbers(_) => Cow::Borrowed(""),
            Self::Names { bytes, names, binary } => {
                names.get(code).map_or(Cow::Borrowed(""), |name| name.text(bytes, *binary))
            }
        }
    }
}
