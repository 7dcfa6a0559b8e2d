//! Category shift: the deciding rule for categories, which sees one large move and many small ones.
//!
//! L-infinity over names, total variation over 64 hash buckets and, where each name has a bin, total
//! variation over names; the largest excess over the expectation is the score, p is the smallest p
//! times the number of questions. Range 0 to 1, symmetric, default threshold 0.1. Sources: those of
//! the distances. Not for numbers, nor where order matters.
//!
//! Buckets alone miss what moves evenly over many names: 20 points moved between the halves of 1,000
//! equal categories leave an excess of 0.016 over 64 buckets at 10,000 rows a side, 0.07 over names.

use crate::input::Names;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};
use crate::{l_infinity, total_variation};

/// Up to three questions, one verdict.
pub(crate) const CATEGORY_SHIFT: Metric = Metric {
    name: "category_shift",
    title: "Category shift",
    method: "l_infinity+total_variation",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: Some(0.03),
    reference: "l_infinity and total_variation, joined by Bonferroni's inequality",
    page: "\
Distances of the same rows: L-infinity over the names, for one category that moved far; total
variation over 64 hash buckets of the names, and over the names themselves where each has a bin,
for many that moved a little. Value and expectation are those of the one that lies furthest above
its expectation; p = the smallest p times their number.
Range 0 to 1, a share of rows. Symmetric. Stays calm with thousands of rare or new categories.
Not for numbers, and not where the order of categories matters.",
    measure: Measure::Names(score),
};

fn score(names: &Names<'_>) -> Result<Score, Undefined> {
    let mut asked = vec![l_infinity::score(&names.names)?, total_variation::score(&names.buckets)?];
    // By name only where every name has a bin of its own: a pool of new names is empty in the baseline by
    // construction.
    if names.names.pooled == 0 && names.names != names.buckets {
        asked.push(total_variation::score(&names.names)?);
    }
    let further =
        asked.iter().fold(asked[0], |best, next| if next.excess() > best.excess() { *next } else { best });
    let smallest = asked.iter().filter_map(|score| score.p_value).reduce(f64::min);
    let p = smallest.map(|p| (p * asked.len() as f64).min(1.0));
    Score::checked(further.value, 0.0, further.expected, p)
}
