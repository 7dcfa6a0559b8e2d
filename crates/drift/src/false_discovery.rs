//! False-discovery control after Benjamini and Hochberg (1995).

/// q-values of `p_values`, in the same order: the smallest false-discovery rate at which each
/// would be reported. NaN counts as 1.
#[must_use]
pub fn false_discovery(p_values: &[f64]) -> Vec<f64> {
    let p = |i: usize| p_values.get(i).copied().filter(|p| !p.is_nan()).unwrap_or(1.0).clamp(0.0, 1.0);
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_unstable_by(|&a, &b| p(a).total_cmp(&p(b)));
    let count = p_values.len() as f64;
    let mut q_values = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(p(i) * count / (rank + 1) as f64);
        if let Some(q) = q_values.get_mut(i) {
            *q = least;
        }
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy_and_keeps_the_order() {
        let p = [0.01, 0.04, 0.03, 0.005, 0.6, 0.04, 1e-9];
        // scipy.stats.false_discovery_control of SciPy 1.17.1.
        let theirs = [
            0.023333333333333334,
            0.04666666666666667,
            0.04666666666666667,
            0.0175,
            0.6,
            0.04666666666666667,
            7.000000000000001e-09,
        ];
        for (ours, theirs) in false_discovery(&p).iter().zip(theirs) {
            assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
        }
        assert!(false_discovery(&[]).is_empty());
        assert_eq!(false_discovery(&[f64::NAN, 2.0]), [1.0, 1.0]);
    }
}
