//! The seeded hashes that distinct counts, name buckets and samples of names share.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Changing it changes every stored profile.
const SEED: u64 = 0x6472_6966_7473_6361;

/// Hash of a text or of raw bytes.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, SEED)
}

/// Hash of a number: equal numbers hash alike (-0 and 0 too), whatever integer or float type they came in.
///
/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014; constants by Stafford). It maps 64 bits one to one, so
/// different numbers never collide, and vector instructions can do it.
#[must_use]
#[inline]
pub fn hash_f64(value: f64) -> u64 {
    let mut hash = (value + 0.0).to_bits() ^ SEED;
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}
