//! Was the model right, for whom, and why: quality, bias and attributions from mergeable counts.

pub mod attribution;
pub mod bias;
pub mod concept;
pub mod join;
