//! Tails of the normal law, and the largest of several normal deviations.

use statrs::function::erf::erfc;
use std::f64::consts::{PI, SQRT_2};

/// Nodes and weights of Gauss-Legendre quadrature over -1 to 1, positive half.
const NODES: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// Probability of more than `z` standard deviations in either direction.
pub(crate) fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

/// Integral of `f` from `from` to `to` by eight-point quadrature in equal panels.
pub(crate) fn integral(from: f64, to: f64, panels: u32, f: impl Fn(f64) -> f64) -> f64 {
    let half = (to - from) / f64::from(2 * panels);
    let mut sum = 0.0;
    for panel in 0..panels {
        let centre = from + half * f64::from(2 * panel + 1);
        for (node, weight) in NODES {
            sum += weight * (f(centre - half * node) + f(centre + half * node));
        }
    }
    sum * half
}

/// Expected size of one normal deviation of variance `variance`.
pub(crate) fn expected_size(variance: f64) -> f64 {
    (2.0 / PI * variance.max(0.0)).sqrt()
}

/// Classes of variances, eight to each halving, that the largest deviation may come from. Beyond five
/// halvings even thousands of deviations stay behind one of the widest.
const CLASSES: usize = 40;

/// Expected largest |deviation| among independent normal ones of these variances.
///
/// The mean of a maximum is the integral of the chance that any deviation exceeds x. Variances of
/// about the same size are taken together, so that thousands cost no more than a few.
pub(crate) fn expected_largest(variances: impl Iterator<Item = f64> + Clone) -> f64 {
    let widest = variances.clone().fold(0.0, f64::max);
    if widest <= 0.0 || !widest.is_finite() {
        return 0.0;
    }
    // Leading bits of a number are a rough logarithm: exponent, then eighths of the way to the next.
    let rough = |variance: f64| variance.to_bits() >> 49;
    let mut classes = [(0.0, 0.0); CLASSES];
    for variance in variances.filter(|v| *v > 0.0) {
        let class = usize::try_from(rough(widest).saturating_sub(rough(variance))).unwrap_or(CLASSES);
        if let Some((count, sum)) = classes.get_mut(class) {
            *count += 1.0;
            *sum += variance;
        }
    }
    let classes: Vec<(f64, f64)> = classes
        .into_iter()
        .filter(|(count, _)| *count > 0.0)
        .map(|(count, sum)| (count, (widest * count / (2.0 * sum)).sqrt()))
        .collect();
    let exceeds = |x: f64| {
        let mut none = 1.0;
        for (count, scale) in &classes {
            let y = x * scale;
            if y < 6.0 {
                none *= (count * (-erfc(y)).ln_1p()).exp();
            }
        }
        1.0 - none
    };
    // In units of the widest deviation; beyond `reach` the chance is below 1e-4.
    let count: f64 = classes.iter().map(|(count, _)| count).sum();
    let reach = (2.0 * count.ln()).sqrt() + 4.0;
    widest.sqrt() * integral(0.0, reach, 3, exceeds)
}
