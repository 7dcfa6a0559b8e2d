//! Columns by shape, drawn anew each time: what the benches feed to a summary or a profile.
//!
//! No array is measured twice. A processor that sees the same values again learns by heart which way each of their
//! branches goes, and code that stumbles over data then looks as fast as code that does not. Every page of a capture is
//! new to it.

use rand::RngExt as _;
use rand_distr::{Exp1, StandardNormal};

/// What values are drawn from: the same from the same seed.
pub(crate) type Random = rand_pcg::Pcg64Mcg;

/// Rows of a column of a row group: 128 blocks.
pub(crate) const ROWS: usize = 1 << 17;

/// What the numbers of a column look like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numbers {
    /// Normal, mean 0, all digits: standardised features.
    Gaussian,
    /// Log-normal, cut to cents: prices.
    TwoDecimals,
    /// 70 % zeros, exponential otherwise: delays, purchases.
    ZeroInflated,
    /// Whole numbers below 1,000, the small ones most often: counts.
    Integers,
}

/// What the names of a column look like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Names {
    /// Twelve, the first ones most often.
    Few,
    /// 50,000, the first ones most often.
    Many,
}

impl Numbers {
    /// So many numbers.
    pub(crate) fn draw(self, rows: usize, random: &mut Random) -> Vec<f64> {
        (0..rows).map(|_| self.number(random)).collect()
    }

    fn number(self, random: &mut Random) -> f64 {
        match self {
            Self::Gaussian => random.sample(StandardNormal),
            Self::TwoDecimals => {
                let normal: f64 = random.sample(StandardNormal);
                ((3.0 + normal).exp() * 100.0).round() / 100.0
            }
            Self::ZeroInflated if random.random::<f64>() < 0.7 => 0.0,
            Self::ZeroInflated => 20.0 * random.sample::<f64, _>(Exp1),
            Self::Integers => (random.random::<f64>().powi(3) * 1_000.0).floor(),
        }
    }
}

impl Names {
    /// So many names.
    pub(crate) fn draw(self, rows: usize, random: &mut Random) -> Vec<String> {
        let (prefix, different) = match self {
            Self::Few => ("plan", 12.0),
            Self::Many => ("merchant", 50_000.0),
        };
        let name = |_| format!("{prefix}-{:.0}", (random.random::<f64>().powi(2) * different).floor());
        (0..rows).map(name).collect()
    }
}
