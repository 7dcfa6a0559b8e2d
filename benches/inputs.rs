//! Columns by shape, made from a seed: what the benches feed to a summary or a profile.

/// Rows of an array.
pub(crate) const ROWS: usize = 8192;
/// Different arrays of a shape. An iteration takes each of them once: a small array replayed again and again would be
/// learnt by heart by the branch predictor, and would fit the nearest cache.
pub(crate) const ARRAYS: u64 = 16;
/// Seeds of captures are `0..ARRAYS`, those of the baseline start here.
pub(crate) const BASELINE: u64 = 1_000;

/// What the values of a column look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Normal, mean 0, all digits: standardised features.
    Gaussian,
    /// Log-normal, cut to cents: prices.
    TwoDecimals,
    /// 70 % zeros, exponential otherwise: delays, purchases.
    ZeroInflated,
    /// Whole numbers below 1,000, the small ones most often: counts.
    Integers,
    /// As `Gaussian`, a fifth of the rows without a value.
    Gappy,
    /// Twelve names, the first ones most often.
    FewCategories,
    /// 50,000 names, the first ones most often.
    ManyCategories,
}

/// One array.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Numbers(Vec<Option<f64>>),
    Names(Vec<String>),
}

impl Shape {
    pub(crate) const ALL: [Self; 7] = [
        Self::Gaussian,
        Self::TwoDecimals,
        Self::ZeroInflated,
        Self::Integers,
        Self::Gappy,
        Self::FewCategories,
        Self::ManyCategories,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::TwoDecimals => "two_decimals",
            Self::ZeroInflated => "zero_inflated",
            Self::Integers => "integers",
            Self::Gappy => "gappy",
            Self::FewCategories => "few_categories",
            Self::ManyCategories => "many_categories",
        }
    }

    /// An array of this shape; the same seed gives the same array.
    pub(crate) fn column(self, seed: u64) -> Column {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (self as u64));
        let mut numbers = |make: &dyn Fn(&mut Random) -> Option<f64>| {
            Column::Numbers((0..ROWS).map(|_| make(&mut random)).collect())
        };
        match self {
            Self::Gaussian => numbers(&|random| Some(random.normal())),
            Self::TwoDecimals => {
                numbers(&|random| Some(((3.0 + random.normal()).exp() * 100.0).round() / 100.0))
            }
            Self::ZeroInflated => numbers(&|random| {
                Some(if random.uniform() < 0.7 { 0.0 } else { -20.0 * (1.0 - random.uniform()).ln() })
            }),
            Self::Integers => numbers(&|random| Some((random.uniform().powi(3) * 1_000.0).floor())),
            Self::Gappy => numbers(&|random| {
                let value = random.normal();
                (random.uniform() >= 0.2).then_some(value)
            }),
            Self::FewCategories => names(&mut random, 12, "plan"),
            Self::ManyCategories => names(&mut random, 50_000, "merchant"),
        }
    }
}

fn names(random: &mut Random, different: u32, prefix: &str) -> Column {
    let name = |_| format!("{prefix}-{:.0}", (random.uniform().powi(2) * f64::from(different)).floor());
    Column::Names((0..ROWS).map(name).collect())
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 inclusive to 1 exclusive.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// After Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
