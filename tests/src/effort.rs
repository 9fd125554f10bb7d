//! How much a test does that could go on forever: little while somebody waits for it, more
//! in `make nightly`.

/// What `make nightly` multiplies by: tests of seconds become tests of a minute.
const NIGHTLY: usize = 10;

/// How often to do what is done `count` times in `make test`.
#[must_use]
pub fn times(count: usize) -> usize {
    if is_nightly() { count * NIGHTLY } else { count }
}

/// Whether this is `make nightly`.
#[must_use]
pub fn is_nightly() -> bool {
    std::env::var_os("HEADEND_NIGHTLY").is_some_and(|value| value == "1")
}
