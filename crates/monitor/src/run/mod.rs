//! The pipeline: plan, read, group, keep profiles, close dates, score, check, write.

mod backfill;
mod build;
mod check;
mod close;
mod describe;
mod documents;
mod due;
mod ending;
mod history;
mod identity;
mod known;
mod plan;
mod preview;
mod quality_charts;
mod reading;
mod record;
mod rescore;
mod rule;
mod segment;
mod summary;
mod table_files;
mod turned_out;
mod verdicts;
mod weight;
mod writer;
mod writing;

pub use backfill::backfill;
pub use check::check;
pub use known::Changes;
pub(crate) use plan::{apart, list, options, plan_captures};
pub use preview::{Preview, dry_run};

pub use rescore::{rescore, settings_of};
