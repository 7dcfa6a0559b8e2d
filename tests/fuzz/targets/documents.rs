//! Hands bytes of libFuzzer to [`fuzz::documents`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::start(), |bytes: &[u8]| fuzz::run(fuzz::documents::run, bytes));
