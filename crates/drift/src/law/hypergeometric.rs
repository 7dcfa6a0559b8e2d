//! The hypergeometric law: how many of a bin's rows fall on the current side by chance.

use crate::law::binomial::ln_probability;
use crate::law::normal::integral;

/// Probabilities within this factor count as equal, as the two sides of an exact test often are.
const EQUAL: f64 = 1e-7;

/// Below this standard deviation tails are summed term by term.
const SUMMED: f64 = 64.0;

/// More terms than a tail of that spread has: an end even where counts exceed what a float can count.
const LONGEST: u32 = 10_000;

/// `hits` rows spread over `n` baseline and `m` current rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hypergeometric {
    hits: f64,
    n: f64,
    m: f64,
}

impl Hypergeometric {
    pub(crate) fn new(hits: f64, n: f64, m: f64) -> Self {
        Self { hits, n, m }
    }

    fn total(&self) -> f64 {
        self.n + self.m
    }

    fn least(&self) -> f64 {
        (self.hits - self.n).max(0.0)
    }

    fn most(&self) -> f64 {
        self.hits.min(self.m)
    }

    fn mean(&self) -> f64 {
        self.hits * (self.m / self.total())
    }

    fn std_dev(&self) -> f64 {
        let total = self.total();
        (self.mean() * (self.n / total) * (1.0 - self.hits / total).max(0.0)).sqrt()
    }

    /// Logarithm of the probability of `x` hits among the current rows, as a quotient of binomials.
    fn ln_probability(&self, x: f64) -> f64 {
        let (p, q) = (self.m / self.total(), self.n / self.total());
        ln_probability(x, self.hits, p, q) + ln_probability(self.m - x, self.total() - self.hits, p, q)
            - ln_probability(self.m, self.total(), p, q)
    }

    /// Probability of a split no likelier than `x` current hits (Fisher's two-sided test).
    pub(crate) fn two_sided(&self, x: f64) -> f64 {
        let spread = self.std_dev();
        if spread <= 0.0 || !spread.is_finite() {
            return 1.0;
        }
        let ln_observed = self.ln_probability(x);
        let up = x > self.mean();
        let own = self.tail(x, up, spread);
        let other = match self.opposite(ln_observed + EQUAL, !up, spread) {
            Some(y) => self.tail(y, !up, spread),
            None => 0.0,
        };
        (own + other).min(1.0)
    }

    /// The count on the far side of the mean where the law first falls to `ln_limit`.
    fn opposite(&self, ln_limit: f64, up: bool, spread: f64) -> Option<f64> {
        let end = if up { self.most() } else { self.least() };
        if self.ln_probability(end) > ln_limit {
            return None;
        }
        // Between `inner`, too likely, and `outer`, unlikely enough.
        let nearest = if up { self.mean().floor() + 1.0 } else { self.mean().floor() };
        let mut inner = nearest.clamp(self.least(), self.most());
        let mut outer = inner;
        let mut step = spread.ceil();
        while self.ln_probability(outer) > ln_limit {
            inner = outer;
            outer = if up { (outer + step).min(end) } else { (outer - step).max(end) };
            step *= 2.0;
        }
        while (outer - inner).abs() > 1.0 {
            let middle = f64::midpoint(inner, outer).floor();
            if middle <= inner.min(outer) || middle >= inner.max(outer) {
                break;
            }
            if self.ln_probability(middle) > ln_limit {
                inner = middle;
            } else {
                outer = middle;
            }
        }
        Some(outer)
    }

    /// Probability of `x` or beyond, away from the mean.
    fn tail(&self, x: f64, up: bool, spread: f64) -> f64 {
        if x < self.least() || x > self.most() {
            return 0.0;
        }
        if spread < SUMMED { self.summed(x, up) } else { self.integrated(x, up, spread) }
    }

    fn summed(&self, x: f64, up: bool) -> f64 {
        let rest = self.total() - self.hits;
        let mut probability = self.ln_probability(x).exp();
        let mut sum = probability;
        let mut x = x;
        for _ in 0..LONGEST {
            let ratio = if up {
                (self.hits - x) / (x + 1.0) * ((self.m - x) / (rest - self.m + x + 1.0))
            } else {
                x / (self.hits - x + 1.0) * ((rest - self.m + x) / (self.m - x + 1.0))
            };
            probability *= ratio.max(0.0);
            sum += probability;
            x += if up { 1.0 } else { -1.0 };
            if probability.is_nan() || probability <= sum * 1e-17 {
                break;
            }
        }
        sum
    }

    /// The sum as an integral, with the first correction of Euler and Maclaurin.
    fn integrated(&self, x: f64, up: bool, spread: f64) -> f64 {
        let sign = if up { 1.0 } else { -1.0 };
        let start = x - sign * 0.5;
        let z = ((start - self.mean()) / spread).abs();
        let end = if up { self.most() - start } else { start - self.least() };
        let reach = (spread * (40.0 / z.max(5.0)).min(9.0)).min(end.max(0.0));
        let ln_start = self.ln_probability(start);
        let area = integral(0.0, reach, 8, |y| (self.ln_probability(start + sign * y) - ln_start).exp());
        let slope = self.ln_probability(start + sign * 0.5) - self.ln_probability(start - sign * 0.5);
        (area + slope / 24.0) * ln_start.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_fishers_exact_test() {
        // Hits and rows of both sides, scipy.stats.fisher_exact of SciPy 1.17.1.
        let cases = [
            (1, 10, 5, 83, 0.5048220607103002),
            (7, 57640, 0, 10852, 0.60600304952349),
            (1, 13, 0, 2560, 0.005052467936261173),
            (1235, 2311, 450, 856, 0.688479133070993),
            (0, 38, 58, 79958, 1.0),
            (0, 20, 14, 6648, 1.0),
            (7474, 2221632, 3, 1103, 1.0),
            (0, 7, 0, 344, 1.0),
            (41996, 114697, 0, 45, 1.6828823134134895e-09),
            (2803, 22950, 232, 1852, 0.6852125511252563),
        ];
        for (h, n, k, m, theirs) in cases {
            let (h, n, k, m) = (f64::from(h), f64::from(n), f64::from(k), f64::from(m));
            let ours = Hypergeometric::new(h + k, n, m).two_sided(k);
            assert!((ours - theirs).abs() <= 1e-6 * theirs, "{h}/{n} {k}/{m}: {ours:e} for {theirs:e}");
        }
    }

    #[test]
    fn summed_and_integrated_tails_agree() {
        for (hits, n, m) in [(30_000.0, 50_000.0, 40_000.0), (30_000.0, 1e6, 3e5), (9e5, 1e6, 4e4)] {
            let law = Hypergeometric::new(hits, n, m);
            let spread = law.std_dev();
            assert!(spread > SUMMED && spread < 2.0 * SUMMED);
            for z in [0.0, 0.5, 2.0, 4.0, 8.0, 15.0, 25.0] {
                for up in [true, false] {
                    let x = (law.mean() + if up { z * spread } else { -z * spread }).round();
                    let (sum, area) = (law.summed(x, up), law.integrated(x, up, spread));
                    assert!((sum - area).abs() <= 5e-5 * sum, "{hits} {n} {m} z={z}: {sum:e} {area:e}");
                }
            }
        }
    }
}
