//! Standard errors: of shares, of means, of functions of counts.

use sketch::Moments;

/// Standard error of a share: half the width of Wilson's interval at one standard error, which is that of the binomial
/// law for many rows, and not zero where the share is 0 or 1.
pub(crate) fn wilson(part: u64, rows: u64) -> Option<f64> {
    if rows == 0 {
        return None;
    }
    let n = rows as f64;
    let share = part as f64 / n;
    Some((share * (1.0 - share) / n + 0.25 / (n * n)).sqrt() / (1.0 + 1.0 / n))
}

/// Standard error of a mean; `None` below two values.
pub(crate) fn of_mean(values: &Moments) -> Option<f64> {
    let n = values.values() as f64;
    values.variance().filter(|_| n > 1.0).map(|variance| (variance / (n - 1.0)).sqrt())
}

/// Standard error of a function of counts by leaving out one row after the other: `cells` has the rows of each cell, and
/// the function without one row of it (`None` where it has no value then, which makes the whole unknown).
pub(crate) fn jackknife(cells: impl Iterator<Item = (u64, Option<f64>)>) -> Option<f64> {
    let cells: Option<Vec<(f64, f64)>> =
        cells.filter(|(rows, _)| *rows > 0).map(|(rows, value)| Some((rows as f64, value?))).collect();
    let cells = cells?;
    let n: f64 = cells.iter().map(|(rows, _)| rows).sum();
    let mean = cells.iter().map(|(rows, value)| rows * value).sum::<f64>() / n;
    let squares: f64 = cells.iter().map(|(rows, value)| rows * (value - mean).powi(2)).sum();
    (n > 1.0).then(|| ((n - 1.0) / n * squares).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_noise_even_at_the_ends() {
        assert!((wilson(500_000, 1_000_000).unwrap() - 0.0005).abs() < 1e-9);
        assert!(wilson(0, 10).unwrap() > 0.03 && wilson(10, 10).unwrap() > 0.03);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        // 30 ones among 100 rows.
        let cells = [(30, Some(29.0 / 99.0)), (70, Some(30.0 / 99.0))];
        let expected = (0.3_f64 * 0.7 / 99.0).sqrt();
        assert!((jackknife(cells.into_iter()).unwrap() - expected).abs() < 1e-15);
        assert_eq!(jackknife([(1, Some(1.0))].into_iter()), None);
        assert_eq!(jackknife([(3, None), (2, Some(1.0))].into_iter()), None);
        let mut moments = Moments::default();
        (0..100).for_each(|i| moments.observe(f64::from(u8::from(i < 30))));
        assert!((of_mean(&moments).unwrap() - expected).abs() < 1e-15);
    }
}
