//! Hands bytes of libFuzzer to [`fuzz::profile_bytes`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::start(), |bytes: &[u8]| fuzz::run(fuzz::profile_bytes::run, bytes));
