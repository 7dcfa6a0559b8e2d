//! Hands bytes of libFuzzer to [`fuzz::outcome_bytes`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::start(), |bytes: &[u8]| fuzz::run(fuzz::outcome_bytes::run, bytes));
