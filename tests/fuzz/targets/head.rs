//! See [`fuzz::head`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::head::run(octets));
