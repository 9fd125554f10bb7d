//! Texts put together, with bounds. What comes out may stand in a configuration if all that
//! went in may.

use super::args::{attribute, bounded, defined, items, nonsense, number, shown, text};
use crate::engine::limits::COLUMNS;
use crate::engine::plain;
use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("join", join);
    environment.add_filter("indent", indent);
    environment.add_filter("replace", replace);
    environment.add_filter("format", format_printf);
    environment.add_filter("string", string);
    environment.add_filter("ljust", |state: &State, value: &Value, width: &Value| {
        pad(state, value, width, "ljust", |gap| (0, gap))
    });
    environment.add_filter("rjust", |state: &State, value: &Value, width: &Value| {
        pad(state, value, width, "rjust", |gap| (gap, 0))
    });
    environment.add_filter("center", |state: &State, value: &Value, width: &Value| {
        pad(state, value, width, "center", |gap| (gap / 2, gap - gap / 2))
    });
    environment.add_filter("required", required);
}

/// `list | join(", ")`, `list | join(", ", attribute="name")`. Each item must be one that may
/// be printed, so that the whole may be; and so must the separator, which cannot be told from
/// data.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over")]
fn join(
    state: &State,
    value: &Value,
    separator: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let path = kwargs.get::<Option<&str>>("attribute")?;
    kwargs.assert_all_used()?;
    let separator = separator.unwrap_or_default();
    plain::check(separator).map_err(|why| nonsense("join", &why))?;
    let mut joined = String::new();
    for (at, item) in items(state, value, "join")?.iter().enumerate() {
        let item = attribute(state, item, path)?;
        if at > 0 {
            joined.push_str(separator);
        }
        push(&mut joined, &item)?;
        bounded(joined.len(), "join")?;
    }
    Ok(Value::from_safe_string(joined))
}

fn push(joined: &mut String, item: &Value) -> Result<(), Error> {
    let text = scalar(item, "join")?;
    if !item.is_safe() {
        plain::check(&text).map_err(|why| nonsense("join", &why))?;
    }
    joined.push_str(&text);
    Ok(())
}

/// A text or a number as text; nothing else is.
fn scalar(value: &Value, name: &str) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None if value.is_number() => Ok(value.to_string()),
        None => {
            let kind = value.kind();
            Err(nonsense(name, &format!("takes text and numbers, not {} ({kind})", shown(value))))
        }
    }
}

fn string(state: &State, value: &Value) -> Result<Value, Error> {
    defined(state, value)?;
    Ok(keeping(value, scalar(value, "string")?))
}

/// Moves all lines but the first to the right; empty ones stay empty.
fn indent(
    state: &State,
    value: &Value,
    width: &Value,
    first: Option<bool>,
) -> Result<Value, Error> {
    let text = text(state, value, "indent")?;
    let width = columns(state, width, "indent")?;
    let lines = text.lines().count();
    bounded(text.len().saturating_add(lines.saturating_mul(width)), "indent")?;
    let mut indented = String::with_capacity(text.len() + lines * width);
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if !line.trim_end().is_empty() && (at > 0 || first == Some(true)) {
            indented.extend(std::iter::repeat_n(' ', width));
        }
        indented.push_str(line);
    }
    Ok(keeping(value, indented))
}

fn replace(state: &State, value: &Value, from: &Value, to: &Value) -> Result<Value, Error> {
    let whole = text(state, value, "replace")?;
    let from = text(state, from, "replace")?;
    let replacement = text(state, to, "replace")?;
    if from.is_empty() {
        return Err(nonsense("replace", "cannot replace the empty text"));
    }
    let times = whole.matches(from).count();
    bounded(whole.len().saturating_add(times.saturating_mul(replacement.len())), "replace")?;
    let replaced = whole.replace(from, replacement);
    let may_stand = to.is_safe() || plain::check(replacement).is_ok();
    Ok(if may_stand { keeping(value, replaced) } else { Value::from(replaced) })
}

/// As in C, `"%03d" | format(n)`; with the engine's own words for what does not fit.
fn format_printf(
    state: &mut State,
    pattern: &Value,
    args: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let layout = text(state, pattern, "format")?;
    let has_wide = layout.as_bytes().windows(4).any(|run| run.iter().all(u8::is_ascii_digit));
    if has_wide || layout.contains('*') || layout.contains('(') {
        let why = "takes widths of at most three digits, and no names: write the text around it";
        return Err(nonsense("format", why));
    }
    let args = args.into_values();
    let longest = args.iter().filter_map(Value::as_str).map(str::len).max().unwrap_or(0);
    let places = layout.matches('%').count();
    bounded(layout.len() + places.saturating_mul(longest.max(1_000)), "format")?;
    let plain_pattern = Value::from(layout);
    filters::format(
        state,
        &plain_pattern,
        Rest(args.into_iter().map(ValueOrKwargs::from).collect()),
    )
}

/// Spaces before and after, up to a width in characters.
fn pad(
    state: &State,
    value: &Value,
    width: &Value,
    name: &str,
    divide: impl Fn(usize) -> (usize, usize),
) -> Result<Value, Error> {
    defined(state, value)?;
    let text = scalar(value, name)?;
    let gap = columns(state, width, name)?.saturating_sub(text.chars().count());
    let (before, after) = divide(gap);
    let mut padded = String::with_capacity(text.len() + gap);
    padded.extend(std::iter::repeat_n(' ', before));
    padded.push_str(&text);
    padded.extend(std::iter::repeat_n(' ', after));
    Ok(keeping(value, padded))
}

fn columns(state: &State, width: &Value, name: &str) -> Result<usize, Error> {
    let columns = number(state, width, name)?;
    usize::try_from(columns).ok().filter(|columns| *columns <= COLUMNS).ok_or_else(|| {
        nonsense(name, &format!("takes a width of 0 to {COLUMNS} columns, not {columns}"))
    })
}

/// `x | required("each site has an AS number")`: a reason in place of «undefined».
fn required(value: &Value, message: &str) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, message.to_owned()));
    }
    Ok(value.clone())
}

/// What was made of one text only may stand where that may.
fn keeping(of: &Value, text: String) -> Value {
    if of.is_safe() { Value::from_safe_string(text) } else { Value::from(text) }
}
