//! A digest of everything that some result depends on.

use std::fmt::Display;

use xxhash_rust::xxh3::Xxh3Default;

/// Takes parts one by one; what they are cut into counts, so `ab, c` differs from `a, bc`.
pub(crate) struct Digest(Xxh3Default);

impl Digest {
    /// A digest of something of this name.
    pub(crate) fn new(what: &str) -> Self {
        Self(Xxh3Default::new()).bytes(what.as_bytes())
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// What is shown alike is alike.
    pub(crate) fn text(self, text: impl Display) -> Self {
        self.bytes(text.to_string().as_bytes())
    }

    /// 128 bits as hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        format!("{:032x}", self.0.digest128())
    }
}
