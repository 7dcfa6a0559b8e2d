//! End-to-end tests: each runs the program in a folder of its own and reads what it prints and writes.

#![expect(clippy::print_stdout, reason = "tests say what they compared and what they skipped")]

#[cfg(test)]
mod attributions;
#[cfg(test)]
mod aws_profiles;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_labels;
#[cfg(test)]
mod bad_times;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod bias_oracle;
#[cfg(test)]
mod bucket_faults;
#[cfg(test)]
mod buckets;
#[cfg(test)]
mod captures;
#[cfg(test)]
mod charts;
#[cfg(test)]
mod churn;
#[cfg(test)]
mod config;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod estimated;
#[cfg(test)]
mod exit_codes;
#[cfg(test)]
#[path = "../crates/store/tests/faults/mod.rs"]
mod faults;
#[cfg(test)]
mod ground_truth;
#[cfg(test)]
mod help;
#[cfg(test)]
mod init;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod labelled;
#[cfg(test)]
mod labels_added;
#[cfg(test)]
mod latency;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod odd_names;
#[cfg(test)]
mod oracle_cases;
#[cfg(test)]
mod oracle_daily;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod quality_oracle;
#[cfg(test)]
mod ranked;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod records;
#[cfg(test)]
mod rescore;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod sagemaker_baseline;
#[cfg(test)]
mod sagemaker_bias;
#[cfg(test)]
mod sagemaker_labels;
#[cfg(test)]
mod sagemaker_rules;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
#[path = "../crates/store/tests/servers/mod.rs"]
mod servers;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod turned_out;
