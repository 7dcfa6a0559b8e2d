//! The hot loop: Parquet pages or record batches in, one mergeable [`Profile`] out.
//!
//! A baseline is read twice. A [`Survey`] of it counts exact values and freezes a [`Spec`]: the kind of each
//! feature and where its values are cut. Then baseline and captures alike are counted under that spec.
//!
//! What this crate refuses to know: where batches come from (no object store, no async), and what a profile
//! is compared with.
//!
//! ```
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
//! use profile::{Profile, Survey};
//!
//! let batch = RecordBatch::try_from_iter([
//!     ("delay", Arc::new(Float64Array::from(vec![Some(3.0), None, Some(5.0)])) as ArrayRef),
//!     ("origin", Arc::new(StringArray::from(vec!["JFK", "LGA", "JFK"])) as ArrayRef),
//! ])?;
//! let mut survey = Survey::default();
//! survey.observe(&batch, &|_| true);
//! let spec = survey.freeze();
//!
//! let mut profile = Profile::new(&spec);
//! profile.observe(&spec, &batch, &|_| true);
//! assert_eq!(profile.rows, 3);
//! assert_eq!(profile.features[0].counts.nulls, 1);
//! assert_eq!(profile.features[0].moments.mean(), Some(4.0));
//! # Ok::<(), arrow_schema::ArrowError>(())
//! ```

mod column;
mod feature;
mod flatten;
mod groups;
mod observer;
mod pages;
mod parallel;
mod profile;
mod spec;
mod survey;
mod values;

pub use column::{Column, Plain};
pub use feature::FeatureProfile;
pub use groups::{Groups, NONE};
pub use observer::Observer;
pub use pages::{Coverage, PageError, PageLeaf, cover};
pub use parallel::in_order;
pub use profile::Profile;
pub use spec::{FeatureSpec, Kind, Spec};
pub use survey::Survey;
pub use values::UNTYPED;
