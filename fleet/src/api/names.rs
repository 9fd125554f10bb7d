//! Names in request paths.

use super::Problem;
use std::fmt::Display;
use std::str::FromStr;

/// A name from a path; what cannot be one names nothing.
pub(crate) fn named<T: FromStr<Err: Display>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|err| Problem::new(404, err))
}
