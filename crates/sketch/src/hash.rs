//! The one seeded hash that distinct counts, name buckets and samples of names share.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Changing it changes every stored profile.
const SEED: u64 = 0x6472_6966_7473_6361;

/// Hash of a text or of raw bytes.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, SEED)
}

/// Hash of a number: equal numbers hash alike (-0 and 0 too), whatever integer or float type they came in.
#[must_use]
pub fn hash_f64(value: f64) -> u64 {
    hash_bytes(&(value + 0.0).to_bits().to_le_bytes())
}
