//! Hands bytes of libFuzzer to [`fuzz::page_path`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::start(), |bytes: &[u8]| fuzz::run(fuzz::page_path::run, bytes));
