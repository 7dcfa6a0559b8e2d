//! The laws that values are drawn from.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use arrow_array::{ArrayRef, Float64Array, Int64Array, builder::StringBuilder};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp1, StandardNormal, Zipf};
use rand_pcg::Pcg64Mcg;

use crate::Error;

/// What values come from: the same on every machine for the same seed, but for the last digit of logarithms.
pub(super) type Random = Pcg64Mcg;

/// Exponent of the law of Zipf that categories and words follow: the first of 5,000 is drawn in a tenth of all rows.
const ZIPF: f64 = 1.0;
/// Words that texts are made of.
const WORDS: u64 = 20_000;

/// What the values of a column look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Law {
    /// Normal, mean 0, all digits: standardised features.
    Gaussian,
    /// Log-normal, cut to cents: prices.
    TwoDecimals,
    /// 70 % zeros, exponential otherwise: delays, purchases.
    ZeroInflated,
    /// Log-normal, all digits, one NaN in a thousand.
    LogNormal,
    /// From 0 to 1, all digits: probabilities.
    Uniform,
    /// Log-normal in single precision: response times.
    Single,
    /// 0 or 1.
    Flag,
    /// Small numbers, the smallest most often.
    Counts,
    /// Two digits in 16 bits: ages, percentages.
    TwoDigits,
    /// Five digits, all of them as often: distances, codes.
    FiveDigits,
    /// Log-normal, up to twelve digits: amounts in cents.
    Amounts,
    /// Full width of 32 bits: hashes.
    Hashes,
    /// So many names, the first ones most often.
    Category { names: u64 },
    /// Five to sixty words.
    Text,
}

impl Law {
    pub(super) const NUMBERS: &'static [Self] = &[
        Self::Gaussian,
        Self::TwoDecimals,
        Self::ZeroInflated,
        Self::Gaussian,
        Self::TwoDecimals,
        Self::LogNormal,
        Self::Gaussian,
        Self::TwoDecimals,
        Self::Uniform,
        Self::Gaussian,
        Self::Single,
    ];
    pub(super) const INTEGERS: &'static [Self] =
        &[Self::Counts, Self::FiveDigits, Self::TwoDigits, Self::Amounts, Self::Flag, Self::Hashes];
    pub(super) const CATEGORIES: &'static [Self] = &[
        Self::Category { names: 3 },
        Self::Category { names: 50 },
        Self::Category { names: 12 },
        Self::Category { names: 1_000 },
        Self::Category { names: 200 },
        Self::Category { names: 5 },
        Self::Category { names: 25 },
        Self::Category { names: 5_000 },
    ];
    pub(super) const TEXTS: &'static [Self] = &[Self::Text];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::TwoDecimals => "two_decimals",
            Self::ZeroInflated => "zero_inflated",
            Self::LogNormal => "log_normal",
            Self::Uniform => "uniform",
            Self::Single => "single_precision",
            Self::Flag => "flag",
            Self::Counts => "counts",
            Self::TwoDigits => "two_digits",
            Self::FiveDigits => "five_digits",
            Self::Amounts => "amounts",
            Self::Hashes => "hashes",
            Self::Category { .. } => "names",
            Self::Text => "words",
        }
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Gaussian | Self::TwoDecimals | Self::ZeroInflated | Self::LogNormal | Self::Uniform => {
                DataType::Float64
            }
            Self::Single => DataType::Float32,
            Self::TwoDigits => DataType::Int16,
            Self::Counts | Self::Hashes => DataType::Int32,
            Self::Flag | Self::FiveDigits | Self::Amounts => DataType::Int64,
            Self::Category { .. } | Self::Text => DataType::Utf8,
        }
    }

    fn number(self, random: &mut Random) -> f64 {
        match self {
            Self::TwoDecimals => ((3.0 + normal(random)).exp() * 100.0).round() / 100.0,
            Self::ZeroInflated if random.random::<f64>() < 0.7 => 0.0,
            Self::ZeroInflated => 20.0 * random.sample::<f64, _>(Exp1),
            Self::LogNormal if random.random::<f64>() < 0.001 => f64::NAN,
            Self::LogNormal => normal(random).exp(),
            Self::Uniform => random.random(),
            Self::Single => (4.0 + 0.5 * normal(random)).exp(),
            _ => normal(random),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a cast from a double stops at the ends of its type")]
    fn integer(self, random: &mut Random) -> i64 {
        match self {
            Self::Flag => i64::from(random.random::<f64>() < 0.3),
            Self::TwoDigits => random.random_range(18..100),
            Self::FiveDigits => random.random_range(10_000..100_000),
            Self::Amounts => (8.0 + 3.0 * normal(random)).exp() as i64,
            Self::Hashes => i64::from(random.random::<i32>()),
            _ => (5.0 * random.sample::<f64, _>(Exp1)) as i64,
        }
    }
}

/// A law, ready to be drawn from.
#[derive(Debug)]
pub(super) struct Draw {
    pub(super) law: Law,
    /// Different values, where their number is fixed.
    pool: Option<u64>,
    zipf: Zipf<f64>,
}

impl Draw {
    /// With a `pool`, values come from so many different ones, each as often as the others.
    pub(super) fn new(law: Law, pool: Option<u64>) -> Result<Self, Error> {
        let names = match law {
            Law::Category { names } => names,
            _ => WORDS,
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of names")]
        let zipf = Zipf::new(names as f64, ZIPF)
            .map_err(|error| Error::Setting { name: "segments".to_owned(), reason: error.to_string() })?;
        Ok(Self { law, pool, zipf })
    }

    /// So many values, of which a share is null.
    pub(super) fn array(&self, rows: usize, nulls: f64, random: &mut Random) -> Result<ArrayRef, ArrowError> {
        let data_type = self.law.data_type();
        if data_type == DataType::Utf8 {
            let mut texts = StringBuilder::new();
            for _ in 0..rows {
                if is_null(nulls, random) {
                    texts.append_null();
                } else {
                    self.write(random, &mut texts)
                        .map_err(|error| ArrowError::ComputeError(error.to_string()))?;
                    texts.append_value("");
                }
            }
            return Ok(Arc::new(texts.finish()));
        }
        let wide: ArrayRef = if data_type.is_floating() {
            let numbers =
                (0..rows).map(|_| self.unless_null(nulls, random, |random| self.law.number(random)));
            Arc::new(numbers.collect::<Float64Array>())
        } else {
            let numbers =
                (0..rows).map(|_| self.unless_null(nulls, random, |random| self.law.integer(random)));
            Arc::new(numbers.collect::<Int64Array>())
        };
        cast(&wide, &data_type)
    }

    fn unless_null<T>(
        &self,
        nulls: f64,
        random: &mut Random,
        law: impl FnOnce(&mut Random) -> T,
    ) -> Option<T> {
        (!is_null(nulls, random)).then(|| self.draw(random, law))
    }

    /// A value from the stream itself, or from a stream that belongs to one value of the pool.
    fn draw<T>(&self, random: &mut Random, law: impl FnOnce(&mut Random) -> T) -> T {
        match self.pool {
            None => law(random),
            Some(pool) => law(&mut Random::seed_from_u64(random.random_range(0..pool))),
        }
    }

    fn write(&self, random: &mut Random, texts: &mut StringBuilder) -> fmt::Result {
        match (self.law, self.pool) {
            (Law::Text, _) => self.draw(random, |random| {
                let words = random.random_range(5..60);
                (0..words).try_for_each(|_| write!(texts, "{} ", Word(self.rank(random))))
            }),
            (_, Some(pool)) => write!(texts, "name-{:05}", random.random_range(0..pool)),
            (_, None) => write!(texts, "name-{:05}", self.rank(random)),
        }
    }

    /// From 1 on, the small ones most often.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of names")]
    fn rank(&self, random: &mut Random) -> u64 {
        self.zipf.sample(random) as u64
    }
}

fn normal(random: &mut Random) -> f64 {
    StandardNormal.sample(random)
}

fn is_null(nulls: f64, random: &mut Random) -> bool {
    nulls > 0.0 && random.random::<f64>() < nulls
}

/// A word that can be spoken, the shorter the smaller its rank.
struct Word(u64);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SYLLABLES: [&str; 16] =
            ["ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za"];
        let mut rest = self.0;
        while rest > 0 {
            f.write_str(SYLLABLES[usize::try_from(rest % 16).unwrap_or(0)])?;
            rest /= 16;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array as _, cast::AsArray as _, types::Float64Type};

    use super::*;

    const ROWS: usize = 20_000;

    fn array(law: Law, pool: Option<u64>, nulls: f64) -> ArrayRef {
        Draw::new(law, pool).unwrap().array(ROWS, nulls, &mut Random::seed_from_u64(7)).unwrap()
    }

    fn distinct(array: &ArrayRef) -> usize {
        let texts = cast(array, &DataType::Utf8).unwrap();
        texts.as_string::<i32>().iter().flatten().collect::<std::collections::BTreeSet<_>>().len()
    }

    fn laws() -> impl Iterator<Item = Law> {
        let all = [Law::NUMBERS, Law::INTEGERS, Law::CATEGORIES, Law::TEXTS];
        all.into_iter().flatten().copied()
    }

    #[test]
    fn every_law_gives_its_type_and_its_share_of_nulls() {
        for law in laws() {
            let array = array(law, None, 0.25);
            assert_eq!(array.data_type(), &law.data_type(), "{law:?}");
            assert!((4_700..5_300).contains(&array.null_count()), "{law:?}: {}", array.null_count());
        }
    }

    #[test]
    fn a_pool_bounds_the_different_values_and_all_of_them_come() {
        for law in
            laws().filter(|law| !matches!(law, Law::Flag | Law::Counts | Law::TwoDigits | Law::ZeroInflated))
        {
            let found = distinct(&array(law, Some(50), 0.0));
            assert!((45..=50).contains(&found), "{law:?}: {found}");
        }
    }

    #[test]
    fn values_look_as_their_law_says() {
        let zeros = array(Law::ZeroInflated, None, 0.0);
        let zeros =
            zeros.as_primitive::<Float64Type>().values().iter().filter(|value| **value == 0.0).count();
        assert!((13_700..14_300).contains(&zeros), "{zeros}");
        let nans = array(Law::LogNormal, None, 0.0);
        let nans = nans.as_primitive::<Float64Type>().values().iter().filter(|value| value.is_nan()).count();
        assert!((5..50).contains(&nans), "{nans}");
        assert!(distinct(&array(Law::Gaussian, None, 0.0)) > ROWS - 10);
        assert_eq!(distinct(&array(Law::Category { names: 12 }, None, 0.0)), 12);
        assert_eq!(Word(1).to_string(), "de");
    }
}
