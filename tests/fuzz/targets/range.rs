//! See [`fuzz::range`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::range::run(octets));
