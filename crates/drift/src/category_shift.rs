//! Category shift: the deciding rule for categories, which sees one large move and many small ones.
//!
//! L-infinity over names and total variation over 64 hash buckets; the larger excess over the
//! expectation is the score, p is twice the smaller p. Range 0 to 1, symmetric, default threshold
//! 0.1. Sources: those of the two distances. Not for numbers, nor where order matters.

use crate::input::Names;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};
use crate::{l_infinity, total_variation};

/// Two questions, one verdict.
pub(crate) const CATEGORY_SHIFT: Metric = Metric {
    name: "category_shift",
    title: "Category shift",
    method: "l_infinity+total_variation64",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: Some(0.03),
    reference: "l_infinity and total_variation, joined by Bonferroni",
    page: "\
Two distances of the same rows: L-infinity over the names, for one category that moved far, and
total variation over 64 hash buckets of the names, for many that moved a little. Value and
expectation are those of the one that lies further above its expectation; p = 2 * the smaller p.
Range 0 to 1, a share of rows. Symmetric. Stays calm with thousands of rare or new categories.
Not for numbers, and not where the order of categories matters.",
    measure: Measure::Names(score),
};

fn score(names: &Names<'_>) -> Result<Score, Undefined> {
    let largest = l_infinity::score(&names.names)?;
    let spread = total_variation::score(&names.buckets)?;
    let further = if spread.excess() > largest.excess() { spread } else { largest };
    let p = match (largest.p_value, spread.p_value) {
        (Some(a), Some(b)) => Some((2.0 * a.min(b)).min(1.0)),
        (a, b) => a.or(b),
    };
    Score::checked(further.value, 0.0, further.expected, p)
}
