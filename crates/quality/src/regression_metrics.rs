//! Numbers against numbers: mean, root, relative, median and largest errors, and how much of the labels is explained.

use crate::grid;
use crate::metric::{Better, Measure, Metric, Problem};
use crate::noise::of_mean;
use crate::regression::Regression;
use crate::score::{Score, Undefined};
use sketch::Moments;

/// The mean of values with its standard error.
fn mean_of(values: &Moments) -> Result<Score, Undefined> {
    Score::exact(values.mean().ok_or(Undefined::NoRows)?, of_mean(values), values.values())
}

/// The mean of squared values.
fn second_moment(values: &Moments) -> Option<f64> {
    Some(values.variance()? + values.mean()?.powi(2))
}

/// Squares that no double holds are not in the sums.
fn squares(state: &Regression) -> Result<&Moments, Undefined> {
    match state.squares.values() {
        0 if state.labelled() == 0 => Err(Undefined::NoRows),
        values if values == state.labelled() => Ok(&state.squares),
        _ => Err(Undefined::Unbounded),
    }
}

fn mse(state: &Regression) -> Result<Score, Undefined> {
    mean_of(squares(state)?)
}

fn rmse(state: &Regression) -> Result<Score, Undefined> {
    let mse = mse(state)?;
    let root = mse.value.sqrt();
    let error = mse.standard_error.filter(|_| root > 0.0).map(|error| error / (2.0 * root));
    Score::exact(root, error, mse.rows)
}

/// Prediction less label.
fn mean_error(state: &Regression) -> Result<Score, Undefined> {
    let rows = state.labelled();
    if rows == 0 {
        return Err(Undefined::NoRows);
    }
    let mean = (state.over.sum() - state.under.sum()) / rows as f64;
    let variance = second_moment(&state.sizes()).map(|square| (square - mean * mean).max(0.0));
    let error = variance.filter(|_| rows > 1).map(|variance| (variance / (rows - 1) as f64).sqrt());
    Score::exact(mean, error, rows)
}

fn mape(state: &Regression) -> Result<Score, Undefined> {
    if state.labelled() > 0 && state.counts().zero_labels == state.labelled() {
        return Err(Undefined::ZeroLabels);
    }
    mean_of(&state.relative)
}

/// Share of the labels' variance that `left`, of the errors, does not leave; its noise by the influence of each row.
fn explained(state: &Regression, left: f64) -> Result<(f64, f64), Undefined> {
    let variance = state.labels.variance().ok_or(Undefined::NoRows)?;
    if variance <= 0.0 {
        return Err(Undefined::Constant);
    }
    Ok((1.0 - left / variance, variance))
}

fn r2(state: &Regression) -> Result<Score, Undefined> {
    let mse = squares(state)?.mean().ok_or(Undefined::NoRows)?;
    let (value, variance) = explained(state, mse)?;
    Score::exact(value, r2_error(state, mse, variance), state.labelled())
}

/// One row moves 1 - M/V by ((M/V) u^2 - e^2) / V, with e its error, u its label less the mean, M the mean squared error and
/// V the variance of labels. The mean square of that comes from moments up to the fourth.
fn r2_error(state: &Regression, mse: f64, variance: f64) -> Option<f64> {
    let n = state.labelled() as f64;
    let (labels, spread) = (&state.labels, &state.spread);
    let products = [&spread.label_squares, &spread.label_cubes, &spread.products, &spread.square_products];
    if products.iter().any(|moments| moments.values() < state.labelled()) {
        return None;
    }
    let mean = labels.mean()?;
    let second = spread.label_squares.mean()?;
    let (third, fourth) = (spread.label_cubes.mean()?, second_moment(&spread.label_squares)?);
    let of_label = fourth - 4.0 * mean * third + 6.0 * mean.powi(2) * second - 3.0 * mean.powi(4);
    let of_error = second_moment(&state.squares)?;
    let of_both =
        second_moment(&spread.products)? - 2.0 * mean * spread.square_products.mean()? + mean.powi(2) * mse;
    let ratio = mse / variance;
    let square = (ratio * ratio * of_label - 2.0 * ratio * of_both + of_error) / (variance * variance);
    (n > 2.0 && square >= 0.0).then(|| (square / n).sqrt())
}

fn explained_variance(state: &Regression) -> Result<Score, Undefined> {
    let bias = mean_error(state)?.value;
    let mse = squares(state)?.mean().ok_or(Undefined::NoRows)?;
    Score::exact(explained(state, (mse - bias * bias).max(0.0))?.0, None, state.labelled())
}

/// The larger of the two middle sizes is `rows / 2` from below (of an even number of rows their mean is the median).
fn median(state: &Regression) -> Result<Score, Undefined> {
    let rows = state.labelled();
    if rows == 0 {
        return Err(Undefined::NoRows);
    }
    // A median's own distribution: ranks half a root of the rows to either side are one standard error away.
    let around = ((rows as f64).sqrt() / 2.0).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 2^27")]
    let around = around as u64;
    let last = rows - 1;
    let ranks = [last / 2, rows / 2, (rows / 2).saturating_sub(around), (rows / 2 + around).min(last)];
    let [(low, low_width), (high, high_width), (left, _), (right, _)] =
        ranks.map(|rank| size_at(state, rank));
    let error = (rows > 2).then_some((right - left) / 2.0);
    Score::within(low + (high - low) / 2.0, error, low_width.max(high_width), rows)
}

/// The size of error that so many rows lie below, and how much larger it may be.
fn size_at(state: &Regression, rank: u64) -> (f64, f64) {
    let mut below = 0;
    for (size, _, rows) in state.sizes.entries() {
        below += rows;
        if below > rank {
            let (low, high) = if state.is_coarse() { grid::ends(size) } else { (size, size) };
            let middle = low + (high - low) / 2.0;
            return (middle, (high - low) / 2.0);
        }
    }
    (0.0, 0.0)
}

fn largest(state: &Regression) -> Result<Score, Undefined> {
    Score::exact(state.sizes().max().ok_or(Undefined::NoRows)?, None, state.labelled())
}

/// Mean of `share` times what predictions lie below labels, and `1 - share` times what they lie above (pinball loss).
///
/// # Errors
/// [`Undefined::NoRows`] without labelled rows.
pub fn quantile_loss(state: &Regression, share: f64) -> Result<Score, Undefined> {
    let rows = state.labelled();
    if rows == 0 {
        return Err(Undefined::NoRows);
    }
    let share = share.clamp(0.0, 1.0);
    let n = rows as f64;
    let loss = (share * state.under.sum() + (1.0 - share) * state.over.sum()) / n;
    let sum = |sizes: &Moments| second_moment(sizes).map_or(0.0, |square| square * sizes.values() as f64);
    let square = (share.powi(2) * sum(&state.under) + (1.0 - share).powi(2) * sum(&state.over)) / n;
    let error = (rows > 1).then(|| ((square - loss * loss).max(0.0) / (n - 1.0)).sqrt());
    Score::exact(loss, error, rows)
}

const ERROR: Metric = Metric {
    name: "mae",
    title: "Mean absolute error",
    problem: Problem::Regression,
    range: (0.0, f64::INFINITY),
    better: Better::Lower,
    standard_error: "moments",
    reference: "scikit-learn mean_absolute_error",
    page: "Mean of |prediction - label|. Range 0 upwards, in units of the label. Exact.",
    measure: Measure::Regression(|state| mean_of(&state.sizes())),
};

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[
    ERROR,
    Metric {
        name: "mse",
        title: "Mean squared error",
        reference: "scikit-learn mean_squared_error",
        page: "Mean of (prediction - label)^2. Range 0 upwards, in squared units of the label. Exact.",
        measure: Measure::Regression(mse),
        ..ERROR
    },
    Metric {
        name: "rmse",
        title: "Root mean squared error",
        reference: "scikit-learn root_mean_squared_error",
        page: "Root of the mean squared error. Range 0 upwards, in units of the label. Exact.",
        measure: Measure::Regression(rmse),
        ..ERROR
    },
    Metric {
        name: "r2",
        title: "R2",
        range: (f64::NEG_INFINITY, 1.0),
        better: Better::Higher,
        standard_error: "influence",
        reference: "scikit-learn r2_score",
        page: "\
1 - mean squared error / variance of labels. Range up to 1; 0 for the mean of the labels as prediction. No
value where labels do not vary.",
        measure: Measure::Regression(r2),
        ..ERROR
    },
    Metric {
        name: "mape",
        title: "Mean absolute percentage error",
        reference: "Hyndman and Koehler 2006",
        page: "\
Mean of |prediction - label| / |label| over labels that are not zero (those are counted). Range 0 upwards,
as a ratio. Large where labels come near zero.",
        measure: Measure::Regression(mape),
        ..ERROR
    },
    Metric {
        name: "mape_with_zeros",
        title: "Mean absolute percentage error, zeros included",
        reference: "scikit-learn mean_absolute_percentage_error",
        page: "\
Mean of |prediction - label| / max(|label|, 2^-52). Range 0 upwards, as a ratio; astronomic as soon as one
label is zero.",
        measure: Measure::Regression(|state| mean_of(&state.relative_to_epsilon)),
        ..ERROR
    },
    Metric {
        name: "median_absolute_error",
        title: "Median absolute error",
        standard_error: "order_statistics",
        reference: "scikit-learn median_absolute_error",
        page: "\
Median of |prediction - label|. Range 0 upwards, in units of the label. Exact up to 32,768 different sizes;
beyond that within 0.05 % of the value.",
        measure: Measure::Regression(median),
        ..ERROR
    },
    Metric {
        name: "max_error",
        title: "Largest error",
        standard_error: "none",
        reference: "scikit-learn max_error",
        page: "Largest |prediction - label|. Range 0 upwards, in units of the label. Exact; grows with the rows.",
        measure: Measure::Regression(largest),
        ..ERROR
    },
    Metric {
        name: "mean_error",
        title: "Mean error (bias)",
        range: (f64::NEG_INFINITY, f64::INFINITY),
        better: Better::Neither,
        page: "Mean of prediction - label. Range unbounded, in units of the label; 0 is good. Exact.",
        reference: "Hyndman and Koehler 2006",
        measure: Measure::Regression(mean_error),
        ..ERROR
    },
    Metric {
        name: "explained_variance",
        title: "Explained variance",
        range: (f64::NEG_INFINITY, 1.0),
        better: Better::Higher,
        standard_error: "none",
        reference: "scikit-learn explained_variance_score",
        page: "1 - variance of errors / variance of labels. Range up to 1. No value where labels do not vary.",
        measure: Measure::Regression(explained_variance),
        ..ERROR
    },
    Metric {
        name: "quantile_loss_0_1",
        title: "Quantile loss at 0.1",
        page: "\
Mean of 0.1 (label - prediction) where that is positive, 0.9 (prediction - label) elsewhere. Range 0
upwards, in units of the label; lowest for the label's 0.1 quantile as prediction. Exact.",
        reference: "Koenker and Bassett 1978; scikit-learn mean_pinball_loss",
        measure: Measure::Regression(|state| quantile_loss(state, 0.1)),
        ..ERROR
    },
    Metric {
        name: "quantile_loss_0_5",
        title: "Quantile loss at 0.5",
        page: "Half the mean absolute error. Range 0 upwards, in units of the label. Exact.",
        reference: "Koenker and Bassett 1978; scikit-learn mean_pinball_loss",
        measure: Measure::Regression(|state| quantile_loss(state, 0.5)),
        ..ERROR
    },
    Metric {
        name: "quantile_loss_0_9",
        title: "Quantile loss at 0.9",
        page: "\
Mean of 0.9 (label - prediction) where that is positive, 0.1 (prediction - label) elsewhere. Range 0
upwards, in units of the label; lowest for the label's 0.9 quantile as prediction. Exact.",
        reference: "Koenker and Bassett 1978; scikit-learn mean_pinball_loss",
        measure: Measure::Regression(|state| quantile_loss(state, 0.9)),
        ..ERROR
    },
];
