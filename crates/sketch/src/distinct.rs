//! How many different values: HyperLogLog.
//!
//! The registers are those of `datasketches` with 2^12 of 8 bits (Flajolet et al. 2007; standard error
//! 1.6 %, nearly exact up to some hundred values). The estimate is the composite one, which depends on the
//! registers alone and so not on the order of arrival or merging.

use datasketches::hll::{HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};

const LOG2_REGISTERS: u8 = 12;

/// A set of hashed values, of which only the size can be asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "Vec<u8>", try_from = "Vec<u8>")]
pub struct Distinct {
    /// `None` until the first value: most features of most windows are empty in tests and small files.
    sketch: Option<HllSketch>,
}

impl Distinct {
    /// Takes the hash of a value (see [`crate::hash_bytes`], [`crate::hash_f64`]).
    pub fn observe(&mut self, hash: u64) {
        if self.sketch.is_none() {
            self.sketch = HllSketch::new(LOG2_REGISTERS, HllType::Hll8).ok();
        }
        if let Some(sketch) = &mut self.sketch {
            sketch.update(hash);
        }
    }

    /// Adds the values of another part.
    pub fn merge(&mut self, other: &Self) {
        let Some(theirs) = &other.sketch else { return };
        let Some(ours) = &self.sketch else {
            self.sketch = Some(theirs.clone());
            return;
        };
        if let Ok(mut union) = HllUnion::new(LOG2_REGISTERS) {
            union.update(ours);
            union.update(theirs);
            self.sketch = Some(union.to_sketch(HllType::Hll8));
        }
    }

    /// Estimated number of different values, a whole number.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of a row count: positive and far below 2^63"
    )]
    pub fn estimate(&self) -> u64 {
        self.sketch.as_ref().map_or(0, |sketch| sketch.composite_estimate().round() as u64)
    }
}

impl From<Distinct> for Vec<u8> {
    fn from(distinct: Distinct) -> Self {
        distinct.sketch.map(|sketch| sketch.serialize()).unwrap_or_default()
    }
}

impl TryFrom<Vec<u8>> for Distinct {
    type Error = String;

    fn try_from(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let sketch = HllSketch::deserialize(&bytes).map_err(|e| e.to_string())?;
        if sketch.lg_config_k() == LOG2_REGISTERS {
            Ok(Self { sketch: Some(sketch) })
        } else {
            Err(format!("expected 2^{LOG2_REGISTERS} registers, found 2^{}", sketch.lg_config_k()))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash_f64;

    fn of(values: impl Iterator<Item = u32>) -> Distinct {
        let mut distinct = Distinct::default();
        values.for_each(|value| distinct.observe(hash_f64(f64::from(value))));
        distinct
    }

    #[test]
    fn small_sets_are_exact_and_large_ones_within_five_standard_errors() {
        assert_eq!(Distinct::default().estimate(), 0);
        assert_eq!(of((0..300).chain(0..300)).estimate(), 300);
        let estimate = of(0..100_000).estimate();
        assert!(estimate.abs_diff(100_000) < 8_000, "{estimate}");
    }

    proptest! {
        #[test]
        fn the_estimate_ignores_order_and_splits(n in 1_u32..6000, parts in 1_u32..6, round in any::<bool>()) {
            let whole = of(0..n);
            let mut merged = Distinct::default();
            for part in (0..parts).rev() {
                let mut next = of((0..n).rev().filter(|v| v % parts == part));
                if round {
                    next = crate::from_bytes(&crate::to_bytes(&next).unwrap()).unwrap();
                }
                next.merge(&merged);
                merged = next;
            }
            prop_assert_eq!(merged.estimate(), whole.estimate());
        }
    }
}
