//! What makes the text of a running configuration fit to be kept: without its secrets, and
//! without what changes by itself.
//!
//! Pure: a text in, a text out. It reads no device and keeps nothing. It errs on one side: what
//! may be a secret is taken for one, so that a restored file needs its secrets from where they
//! are kept, and a difference in a secret alone is not seen.
//!
//! Three lines of defence, each enough for most: rules of the languages ([`DeviceKind`]), forms
//! that secrets have whatever stands before them, and words that promise a secret wherever they
//! stand. [`Known`] is the fourth, for what the caller knows word for word.
//!
//! Read in this order: [`fit`], `redact`, `line`, `word`, `rules`, `form`, then the rest.

mod block;
mod context;
mod form;
mod kind;
mod known;
mod line;
mod normal;
mod redact;
mod rules;
mod screen;
mod snmpd;
mod token;
mod value;
mod word;
mod xml;

pub use kind::{DeviceKind, UnknownKind};
pub use known::{Known, TooMany};
pub use normal::normal;
pub use redact::{Redacted, redact};

use std::fmt::Write as _;

/// What stands where a secret stood.
pub const MARK: &str = "<redacted>";

/// Sixteen times the longest configurations that are known, of routers with a hundred thousand
/// lines of filters. What is longer is no configuration, and would be held in memory thrice.
pub const MAX_BYTES: usize = 16 << 20;

/// The text is no configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a configuration of {bytes} bytes is not kept (at most {MAX_BYTES}): look at what the device \
     answers to the command that reads its configuration"
)]
pub struct TooLong {
    /// How long it is.
    pub bytes: usize,
}

fn bounded(bytes: usize) -> Result<(), TooLong> {
    if bytes > MAX_BYTES { Err(TooLong { bytes }) } else { Ok(()) }
}

/// What may be kept of what a device said.
///
/// # Errors
/// [`TooLong`].
pub fn fit(kind: DeviceKind, said: &[u8], known: &Known) -> Result<Redacted, TooLong> {
    bounded(said.len())?;
    // First as a person would see it: a colour in the midst of a word hides it.
    let text = normal(kind, &text(said))?;
    let by_value = known.redact(&text)?;
    let by_place = redact(kind, &by_value.text)?;
    Ok(Redacted { text: by_place.text, count: by_value.count + by_place.count })
}

/// The octets as text; those that are not UTF-8 as `\xNN`, which can be seen and compared.
#[must_use]
pub fn text(said: &[u8]) -> String {
    let mut out = String::with_capacity(said.len());
    for chunk in said.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}
