//! Hands bytes of libFuzzer to [`fuzz::records`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::start(), |bytes: &[u8]| fuzz::run(fuzz::records::run, bytes));
