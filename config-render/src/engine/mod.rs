//! The template engine: values and a library of templates in, text or a reason out.
//!
//! It is [minijinja](https://docs.rs/minijinja), strict on what is undefined, with its own
//! list of filters, and with the first line of defence against templates that do not end and
//! values that are more than values. The second is the process around it: [`crate::workers`].
//!
//! Read in this order: [`Library`], [`Limits`], [`Engine`] in `render.rs`; then `plain.rs`
//! and `output.rs` (what may be written), `filters/` (what may be called), and for what is
//! said when it fails `error.rs`, `chain.rs`, `trace.rs`.
//!
//! What stops what:
//!
//! | what | is stopped by |
//! |---|---|
//! | endless loops, loops in loops, huge ranges | fuel: [`Limits::fuel`] steps; `range` ends at 100,000 |
//! | macros or templates that call themselves | the engine's depth of 500 |
//! | a gigabyte of output | a writer that takes [`Limits::output_bytes`] |
//! | kept blocks and macros that double | the formatter counts what is written, kept or not |
//! | `indent(10**9)`, `replace`, `join`, `format`, `ljust` | bounds before the result is made |
//! | lists of 10⁸ in a filter | 100,000 items |
//! | `x ~ x`, `"x" * 10**8`, lists in lists in lists | the worker's memory limit |
//! | filters that are slow in a loop that is not | the worker's processor time and the pool's clock |
//! | a second line, statement or string in a value | `plain.rs`, unless a filter of `quote.rs` wrote it |

mod chain;
mod error;
mod filters;
mod library;
mod limits;
mod output;
mod plain;
mod render;
mod trace;

pub use error::{EngineError, Fault};
pub use library::{Library, LibraryError};
pub use limits::Limits;
pub use render::{Engine, Values, ValuesError};

#[cfg(test)]
mod tests;
