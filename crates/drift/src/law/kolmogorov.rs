//! The two-sided Kolmogorov-Smirnov law of a single sample, by the plan of Simard and L'Ecuyer (2011).

use crate::law::binomial::stirling_rest;
use crate::law::smirnov;
use std::f64::consts::PI;

/// Up to this many rows the exact matrix form is used throughout.
const EXACT_ROWS: f64 = 140.0;

/// Probability that the distance of an empirical distribution of `n` rows from its law reaches
/// `d`; `None` without rows.
pub(crate) fn survival(d: f64, n: f64) -> Option<f64> {
    if d.is_nan() || n.is_nan() || n < 1.0 {
        return None;
    }
    let steps = n * d;
    if steps <= 0.5 {
        return Some(1.0);
    }
    if d >= 1.0 {
        return Some(0.0);
    }
    if steps <= 1.0 {
        // Each row has to stay in a cell of its own: n! (2d - 1/n)^n.
        let ln_inside = 0.5 * (2.0 * PI * n).ln() - n + stirling_rest(n) + n * (2.0 * steps - 1.0).ln();
        return Some(-ln_inside.exp_m1());
    }
    if steps >= n - 1.0 {
        return Some(2.0 * (1.0 - d).powf(n));
    }
    let square = steps * d;
    // Both one-sided distances are large together with odds of exp(-6 n d^2) only.
    let one_sided = if n <= EXACT_ROWS { 4.0 } else { 2.2 };
    if d >= 0.5 || square >= one_sided {
        return Some((2.0 * smirnov::survival(d, n)).min(1.0));
    }
    let exact = n <= EXACT_ROWS || (n <= 500.0 && n * d.powf(1.5) <= 1.4);
    let inside = if exact { durbin(d, n) } else { pelz_good(d, n) };
    Some((1.0 - inside).clamp(0.0, 1.0))
}

/// Kolmogorov's limit for large samples, at `x` = distance times the square root of the rows.
pub(crate) fn limit(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    let term = |k: f64| (-2.0 * k * k * x * x).exp();
    if x < 1.0 {
        // The other form of the same theta function, which converges where this one does not.
        let sum: f64 =
            [1.0_f64, 3.0, 5.0, 7.0].iter().map(|k| (-k * k * PI * PI / (8.0 * x * x)).exp()).sum();
        return 1.0 - (2.0 * PI).sqrt() / x * sum;
    }
    2.0 * (term(1.0) - term(2.0) + term(3.0) - term(4.0) + term(5.0))
}

/// Probability of a distance below `d`, exact: Durbin's matrix in the form of Marsaglia, Tsang and
/// Wang (2003). Only one entry of its n-th power is needed, so a row is carried through n products
/// instead of raising the matrix.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 500 rows")]
fn durbin(d: f64, n: f64) -> f64 {
    let ceiling = (n * d).floor() + 1.0;
    let gap = ceiling - n * d;
    let middle = ceiling as usize - 1;
    let size = 2 * middle + 1;
    // inverse[i] = 1/i!, edge[i] = gap^i/i!: the matrix repeats them along its diagonals and rims.
    let mut inverse = vec![1.0; size + 1];
    let mut edge = vec![1.0; size + 1];
    for i in 1..=size {
        inverse[i] = inverse[i - 1] / i as f64;
        edge[i] = edge[i - 1] * gap / i as f64;
    }
    let corner = (2.0 * gap - 1.0).max(0.0).powi(size as i32) * inverse[size];
    let mut row = vec![0.0; size];
    let mut next = vec![0.0; size];
    row[middle] = 1.0;
    let rows = n as u32;
    for k in 1..=rows {
        let last = row[size - 1];
        for (j, cell) in next.iter_mut().enumerate() {
            let first = j.saturating_sub(1);
            let below = &row[first..];
            let factors = &inverse[first + 1 - j..];
            let sum: f64 = below.iter().zip(factors).map(|(a, b)| a * b).sum();
            *cell = sum - last * edge[size - j];
        }
        let rim: f64 = row.iter().zip(&edge[1..]).map(|(a, b)| a * b).sum();
        next[0] += last * corner - rim;
        // n!/n^n goes in factor by factor, which keeps the entries in range.
        let scale = f64::from(k) / n;
        for (cell, value) in row.iter_mut().zip(&next) {
            *cell = value * scale;
        }
    }
    row[middle]
}

/// Probability of a distance below `d` for many rows: the series of Pelz and Good (1976) down to
/// n^(-3/2), in z = d sqrt(n).
fn pelz_good(d: f64, n: f64) -> f64 {
    let root = n.sqrt();
    let z = d * root;
    if z < 0.05 {
        return 0.0;
    }
    let (z2, z4, z6) = (z * z, z.powi(4), z.powi(6));
    let (mut first, mut second, mut third, mut fourth) = (0.0, 0.0, 0.0, 0.0);
    for i in 0..8_u32 {
        // Over all integers plus one half, which come in pairs of equal squares.
        let a = (PI * (f64::from(i) + 0.5)).powi(2);
        let weight = (-a / (2.0 * z2)).exp();
        first += weight;
        second += weight * (a - z2);
        third += weight * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * a + (1.0 - 2.0 * z2) * a * a);
        fourth += weight
            * (a * a * a * (5.0 - 30.0 * z2)
                + a * a * (212.0 * z4 - 60.0 * z2)
                + a * (135.0 * z4 - 96.0 * z6)
                - 30.0 * z6
                - 90.0 * z4 * z4);
        // Over all integers but zero, in pairs as well.
        let b = (PI * (f64::from(i) + 1.0)).powi(2);
        let weight = (-b / (2.0 * z2)).exp();
        third -= weight * 2.0 * z4 * b;
        fourth += weight * 30.0 * z4 * b * (3.0 * z2 - b);
    }
    let scale = (2.0 * PI).sqrt();
    let series = first / z
        + second / (6.0 * z4 * root)
        + third / (72.0 * z6 * z * n)
        + fourth / (6480.0 * z6 * z4 * n * root);
    (scale * series).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy_in_every_regime() {
        // Rows, distance, scipy.stats.kstwo.sf of SciPy 1.17.1.
        let cases = [
            (1.0, 0.2, 1.0),
            (3.0, 0.20207259421636903, 0.9978695606926629),
            (3.0, 0.8544783984006462, 0.006163287024939677),
            (20.0, 0.17888543819998318, 0.48908495494245874),
            (20.0, 0.42485291572496, 0.0008613743387427819),
            (140.0, 0.042257712736425826, 0.9548772475800795),
            (140.0, 0.1267731382092775, 0.02022713402830573),
            (141.0, 0.01684303842133038, 0.9999999999862573),
            (141.0, 0.10947974973864748, 0.06305333984860362),
            (141.0, 0.2526455763199557, 2.0282471365668938e-08),
            (300.0, 0.04618802153517006, 0.5288928519582541),
            (300.0, 0.10969655114602887, 0.001341078536765967),
            (1000.0, 0.006324555320336759, 0.9999999999978557),
            (1000.0, 0.041109609582188934, 0.06621653964577401),
            (1000.0, 0.09486832980505139, 2.7683606440184413e-08),
            (1000000.0, 0.0005, 0.9638386310076212),
            (1000000.0, 0.0015, 0.022195758430640866),
            (1000000.0, 0.012, 1.6472887079450959e-125),
        ];
        for (n, d, theirs) in cases {
            let ours = survival(d, n).unwrap();
            assert!((ours - theirs).abs() <= 1e-7 * theirs, "n={n} d={d}: {ours:e} for {theirs:e}");
        }
    }

    #[test]
    fn falls_with_the_distance_and_meets_the_limit() {
        for n in [1.0_f64, 2.0, 9.0, 139.0, 140.0, 141.0, 499.0, 501.0, 1e5, 1e8, 1e19] {
            let mut last = 1.0;
            for i in 1..400_u32 {
                let z = f64::from(i) / 100.0;
                let p = survival(z / n.sqrt(), n).unwrap();
                assert!((0.0..=1.0).contains(&p) && p <= last + 2e-6, "n={n} z={z}: {p} after {last}");
                assert!(n < 1e8 || (p - limit(z)).abs() < 1e-4, "n={n} z={z}: {p}");
                last = p;
            }
        }
        assert_eq!(survival(0.5, 0.0), None);
        assert_eq!(survival(f64::NAN, 10.0), None);
    }
}
