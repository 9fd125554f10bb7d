//! See [`fuzz::cmcd`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::cmcd::run(octets));
