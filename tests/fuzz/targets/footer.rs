//! Hands bytes of libFuzzer to [`fuzz::footer`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::start(), |bytes: &[u8]| fuzz::run(fuzz::footer::run, bytes));
