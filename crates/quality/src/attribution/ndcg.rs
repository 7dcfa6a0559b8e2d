//! Normalised discounted cumulative gain: how well one order of features keeps another's gains at the top.

use super::Undefined;

/// Discounted cumulative gain of the first `most` places: gains in descending order of `scores`, place i (from 1) weighing
/// 1 / log2(i + 1). Where scores are equal, each of them has the mean of their gains, as scikit-learn's `ndcg_score`.
///
/// # Errors
/// [`Undefined::NotComparable`] for a gain that is negative or not finite, a score that is NaN, or slices of different lengths.
pub fn dcg(gains: &[f64], scores: &[f64], most: Option<usize>) -> Result<f64, Undefined> {
    let sound = gains.iter().all(|gain| *gain >= 0.0 && gain.is_finite())
        && !scores.iter().any(|score| score.is_nan());
    if gains.len() != scores.len() || !sound {
        return Err(Undefined::NotComparable);
    }
    // Adding zero turns -0.0 into 0.0: the two tie.
    let mut rows: Vec<(f64, f64)> =
        scores.iter().map(|score| score + 0.0).zip(gains.iter().copied()).collect();
    rows.sort_unstable_by(|(left, _), (right, _)| right.total_cmp(left));
    let most = most.unwrap_or(rows.len());
    let (mut sum, mut place) = (0.0, 0);
    for tied in rows.chunk_by(|(left, _), (right, _)| left.total_cmp(right).is_eq()) {
        // Gains in a fixed order, so that the order of the features does not show in the last digit.
        let mut gains: Vec<f64> = tied.iter().map(|(_, gain)| *gain).collect();
        gains.sort_unstable_by(f64::total_cmp);
        let mean = gains.iter().sum::<f64>() / gains.len() as f64;
        let places = place..(place + tied.len()).min(most);
        sum += mean * places.map(|place| 1.0 / (place as f64 + 2.0).log2()).sum::<f64>();
        place += tied.len();
        if place >= most {
            break;
        }
    }
    Ok(sum)
}

/// [`dcg`] over that of the best order; 0 to 1.
///
/// # Errors
/// As [`dcg`], and where gains add up to infinity; [`Undefined::NoGain`] where no gain among the first `most` places is above zero (scikit-learn: 0).
pub fn ndcg(gains: &[f64], scores: &[f64], most: Option<usize>) -> Result<f64, Undefined> {
    let (found, best) = (dcg(gains, scores, most)?, dcg(gains, gains, most)?);
    match best > 0.0 {
        _ if !(found + best).is_finite() => Err(Undefined::NotComparable),
        true => Ok((found / best).min(1.0)),
        false => Err(Undefined::NoGain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_guide() {
        let value = ndcg(&[0.70, 0.50, 0.05], &[0.10, 0.20, 0.70], None).unwrap();
        assert!((value - 0.687_639_624_122_622_3).abs() < 1e-12, "{value}");
    }

    #[test]
    fn ties_share_their_gains_and_odd_input_is_a_reason() {
        let all_tied = dcg(&[3.0, 1.0], &[0.0, -0.0], None).unwrap();
        assert!((all_tied - 2.0 * (1.0 + 1.0 / 3_f64.log2())).abs() < 1e-12);
        assert_eq!(ndcg(&[], &[], None), Err(Undefined::NoGain));
        assert_eq!(ndcg(&[0.0], &[1.0], None), Err(Undefined::NoGain));
        assert_eq!(ndcg(&[1.0], &[1.0], Some(0)), Err(Undefined::NoGain));
        assert_eq!(ndcg(&[-1.0], &[1.0], None), Err(Undefined::NotComparable));
        assert_eq!(ndcg(&[1.0], &[f64::NAN], None), Err(Undefined::NotComparable));
        assert_eq!(ndcg(&[1.0], &[], None), Err(Undefined::NotComparable));
    }
}
