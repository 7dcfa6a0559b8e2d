//! What chance alone makes of NDCG: importances drawn again within their standard errors.

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

use super::ndcg::ndcg;

/// How often importances are drawn.
const DRAWS: u32 = 1000;

/// A feature on both sides: importance and standard error, baseline first.
pub(super) type Pair = [(f64, Option<f64>); 2];

/// NDCG to expect where importances have not moved, and the chance of one as low as `observed`.
///
/// Each feature's importance is taken to be the same on both sides, the mean of the two weighted by their errors, and is
/// drawn from a normal law on each side, feature by feature: errors of different features are taken to be independent. A
/// baseline without an error is taken as it is. `None` where a current error is not known.
pub(super) fn expected(pairs: &[Pair], observed: f64, seed: u64) -> Option<(f64, f64)> {
    let common = |[(baseline, baseline_error), (current, error)]: &Pair| {
        let (error, baseline_error) = ((*error)?, baseline_error.unwrap_or(0.0));
        let weights = error * error + baseline_error * baseline_error;
        let share = if weights > 0.0 { baseline_error * baseline_error / weights } else { 0.0 };
        Some((baseline + share * (current - baseline), baseline_error, error))
    };
    let common: Vec<(f64, f64, f64)> = pairs.iter().map(common).collect::<Option<_>>()?;
    let mut random = Pcg64::seed_from_u64(seed);
    let (mut sum, mut drawn, mut as_low) = (0.0, 0.0, 0.0);
    for _ in 0..DRAWS {
        let mut draw = |mean: f64, error: f64| -> f64 {
            let z: f64 = StandardNormal.sample(&mut random);
            (mean + error * z).abs()
        };
        let (gains, scores): (Vec<f64>, Vec<f64>) = common
            .iter()
            .map(|(mean, baseline, current)| (draw(*mean, *baseline), draw(*mean, *current)))
            .unzip();
        if let Ok(value) = ndcg(&gains, &scores, None) {
            sum += value;
            drawn += 1.0;
            as_low += f64::from(u8::from(value <= observed + 1e-12));
        }
    }
    (drawn > 0.0).then(|| (sum / drawn, (1.0 + as_low) / (1.0 + drawn)))
}
