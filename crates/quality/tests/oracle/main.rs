//! Metrics and estimates against what other tools computed of real data: scikit-learn, NannyML, SageMaker Model Monitor.
//!
//! Every state is built of pieces that are merged, never in one go.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod data;
mod micro;
mod model_monitor;
mod nannyml;
mod sklearn;
mod tally;
