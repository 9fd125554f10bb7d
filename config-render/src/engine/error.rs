//! What went wrong in a template: where, why, and with which values.

use super::chain::operand;
use super::library::Library;
use super::plain::is_invisible;
use super::trace::Reads;
use minijinja::ErrorKind;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt;

/// The longest message of ours has half of it; people read no further.
const MESSAGE_CHARS: usize = 400;

/// What kind of mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The template cannot be read.
    Syntax,
    /// There is no template of that name.
    NoTemplate,
    /// Something is read that does not exist.
    Undefined,
    /// A value is not what it is used for.
    Value,
    /// It takes more than it may.
    Limit,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineError {
    /// What kind of mistake.
    pub fault: Fault,
    /// The template that it is in, which may be one that was included.
    pub template: String,
    /// The line in it, from 1, where it is known.
    pub line: Option<u32>,
    /// The first and the last character of the expression in its line, from 1.
    pub columns: Option<(u32, u32)>,
    /// What is wrong, on one line.
    pub message: String,
    /// The values that the expression reads, such as `bgp.neighbours[0].address`: where each
    /// came from is known to whoever put them together.
    pub names: Vec<String>,
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.template)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some((first, _)) = self.columns {
            write!(f, ":{first}")?;
        }
        write!(f, ": {}", self.message)?;
        let unsaid: Vec<&str> =
            self.names.iter().map(String::as_str).filter(|it| !self.message.contains(it)).collect();
        if !unsaid.is_empty() {
            write!(f, " ({})", unsaid.join(", "))?;
        }
        Ok(())
    }
}

impl Error for EngineError {}

impl EngineError {
    /// From the engine's error: the innermost says where it really is.
    pub(super) fn from_engine(asked: &str, error: &minijinja::Error, library: &Library) -> Self {
        let error = innermost(error);
        let template = error.name().unwrap_or(asked).to_owned();
        let place = library.get(&template).zip(place(error));
        Self {
            fault: fault(error),
            line: error.line().and_then(|line| u32::try_from(line).ok()),
            columns: place.and_then(|(text, range)| columns(text, range)),
            message: message(error),
            names: Vec::new(),
            template,
        }
    }

    /// One text more than there is room for in an answer.
    pub(crate) fn too_many_texts(template: &str) -> Self {
        Self {
            fault: Fault::Limit,
            template: template.to_owned(),
            line: None,
            columns: None,
            message: "makes more text than a device may have".to_owned(),
            names: Vec::new(),
        }
    }

    /// With the values that were read last.
    pub(super) fn with_names(
        mut self,
        error: &minijinja::Error,
        reads: &Reads,
        library: &Library,
    ) -> Self {
        let place = place(innermost(error));
        let Some((text, (start, end))) = library.get(&self.template).zip(place) else {
            return self;
        };
        if text.get(start..end).is_none() {
            return self;
        }
        // The place of a filter, and of a test, is behind what it is put to.
        let operand = operand(without_is(&text[..start]));
        let start = without_is(&text[..start]).len();
        let before = &text[..start - operand.len()];
        // The engine says which of several it was.
        let is_said = self.fault == Fault::Undefined && self.message.contains("` is undefined");
        let undefined = self.message.split('`').nth(1).filter(|_| is_said);
        let expression = undefined.unwrap_or(&text[start - operand.len()..end]);
        self.names = reads.names(expression, before);
        if let (Some(written), [name]) = (undefined, self.names.as_slice())
            && written != name
        {
            self.message = self.message.replace(&format!("`{written}`"), &format!("`{name}`"));
        }
        self
    }
}

/// What stands before a test, without the `is` or `is not` that leads to it.
fn without_is(text: &str) -> &str {
    let end = text.trim_end();
    let end = end.strip_suffix(" not").map_or(end, str::trim_end);
    end.strip_suffix(" is").map_or(text, str::trim_end)
}

fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    let mut last = error;
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(inner) = source.downcast_ref::<minijinja::Error>() {
            last = inner;
        }
        next = source.source();
    }
    last
}

fn fault(error: &minijinja::Error) -> Fault {
    match error.kind() {
        ErrorKind::SyntaxError
        | ErrorKind::BadEscape
        | ErrorKind::UnknownFilter
        | ErrorKind::UnknownTest
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownBlock
        | ErrorKind::UnknownMethod => Fault::Syntax,
        ErrorKind::TemplateNotFound => Fault::NoTemplate,
        ErrorKind::UndefinedError => Fault::Undefined,
        ErrorKind::OutOfFuel | ErrorKind::WriteFailure => Fault::Limit,
        // The engine has no kind of its own for this.
        _ if is_too_deep(error) => Fault::Limit,
        _ if undefined_operand(error).is_some() => Fault::Undefined,
        _ => Fault::Value,
    }
}

fn is_too_deep(error: &minijinja::Error) -> bool {
    error.detail().is_some_and(|detail| detail.contains("recursion limit"))
}

/// What was undefined where an operator wanted something else: said in brackets at the end.
fn undefined_operand(error: &minijinja::Error) -> Option<&str> {
    let (_, said) = error.detail()?.rsplit_once(" (`")?;
    said.strip_suffix("` is undefined)")
}

fn message(error: &minijinja::Error) -> String {
    if let Some(expression) = undefined_operand(error) {
        return format!("`{expression}` is undefined");
    }
    let text = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => {
            "takes more steps than it may: is there a loop without end?".to_owned()
        }
        (ErrorKind::WriteFailure, Some(detail)) => format!("makes {detail}"),
        (ErrorKind::SyntaxError | ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
        (ErrorKind::UndefinedError, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    // The engine's own words may hold a value as it is.
    let one_line = text.chars().map(|char| if is_invisible(char) { ' ' } else { char });
    one_line.take(MESSAGE_CHARS).collect()
}

/// From where to where in the template, in bytes.
fn place(error: &minijinja::Error) -> Option<(usize, usize)> {
    error.range().filter(|range| !range.is_empty()).map(|range| (range.start, range.end))
}

/// In characters, and of one line: an expression that goes on is marked up to its line's end.
fn columns(text: &str, (start, end): (usize, usize)) -> Option<(u32, u32)> {
    let line = text.get(..start)?.rsplit('\n').next()?;
    let marked = text.get(start..end)?.lines().next()?;
    let first = u32::try_from(line.chars().count()).ok()? + 1;
    let length = u32::try_from(marked.chars().count()).ok()?.max(1);
    Some((first, first + length - 1))
}
