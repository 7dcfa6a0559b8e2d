//! Agreement with SageMaker Model Monitor: its verdicts, in its words, and the documents that it writes.
//!
//! Data quality is `rule`, `distance` and `documents`; the other monitors have a file each, which `labels` joins.
//!
//! What its analyzer does is known from its documentation, from files of real jobs and from Deequ, on which it is built. Where
//! those are silent, the doc of the item says what was taken to be so.

mod bias;
mod distance;
mod documents;
mod explainability;
mod labels;
mod model_quality;
mod rule;
mod texts;

pub(crate) use bias::{Analysis as BiasAnalysis, analysis as bias_analysis};
pub(crate) use distance::distance;
pub(crate) use documents::{ALL_FILES, Documents, File, Window, folder};
pub(crate) use explainability::analysis as attribution_analysis;
pub(crate) use labels::{Labels, finite, found};
pub(crate) use model_quality::{
    Constraints as QualityConstraints, constraints as quality_constraints, statistics as quality_statistics,
};
pub(crate) use rule::{Dataset, columns, differences, verdicts};
