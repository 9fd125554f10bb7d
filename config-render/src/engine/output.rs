//! The way out: what values look like, and how much goes.

use super::limits::{Limits, PASSES};
use super::plain;
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Output, State, Value};
use std::io::{self, Write};

/// What has been written in one rendering so far, kept texts and macros included.
#[derive(Default)]
struct Written {
    bytes: usize,
}

/// Writes a value if it can only be one value there.
pub(super) fn formatter(
    limits: Limits,
) -> impl Fn(&mut Output<'_>, &mut State<'_, '_>, &Value) -> Result<(), Error> {
    let most_bytes = limits.output_bytes.saturating_mul(PASSES);
    move |out, state, value| {
        let written = state.get_or_insert_extension_with(Written::default);
        written.bytes = written.bytes.saturating_add(value.as_str().map_or(1, str::len));
        if written.bytes > most_bytes {
            return Err(too_much(limits.output_bytes));
        }
        write(out, value)
    }
}

fn write(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            if !value.is_safe() {
                plain::check(text).map_err(refused)?;
            }
            out.write_str(text).map_err(Error::from)
        }
        ValueKind::Number => out.write_fmt(format_args!("{value}")).map_err(Error::from),
        // As all the languages have it that we write; the engine has it as Python does.
        ValueKind::Bool => out.write_str(truth(value)).map_err(Error::from),
        // Of `{{ x if y }}` without `else`: nothing is what was asked for. Everything else
        // that is undefined ended before it came here.
        ValueKind::Undefined => Ok(()),
        ValueKind::None => Err(refused(
            "null is not written: give it a default, or ask for it \
             with `is not none`",
        )),
        kind => Err(refused(format!("a {kind} is not written as it is: join it, or loop over it"))),
    }
}

fn truth(value: &Value) -> &'static str {
    if value.is_true() { "true" } else { "false" }
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.into())
}

/// The same words, wherever it is found.
pub(super) fn too_much(most_bytes: usize) -> Error {
    Error::new(ErrorKind::WriteFailure, format!("more than {most_bytes} bytes of text"))
}

/// Takes text up to a bound.
pub(super) struct Bounded {
    text: Vec<u8>,
    most_bytes: usize,
    is_full: bool,
}

impl Bounded {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { text: Vec::new(), most_bytes, is_full: false }
    }

    /// Has more been written than there is room for?
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn into_text(self) -> String {
        // The engine writes whole strings only.
        String::from_utf8(self.text).unwrap_or_default()
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.most_bytes {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
