//! What filters are given, and how they say no.

use crate::engine::limits::{LIST_ITEMS, VALUE_BYTES};
use crate::engine::plain;
use minijinja::value::StringInput;
use minijinja::{Environment, Error, ErrorKind, State, Value};

/// Registers what makes one text, or number, of another. Its refusal names filter and value.
pub(super) fn text_filter<T: Into<Value> + 'static>(
    environment: &mut Environment<'static>,
    name: &'static str,
    convert: fn(&str) -> Result<T, String>,
) {
    environment.add_filter(name, move |state: &State, value: &Value| {
        let text = text(state, value, name)?;
        convert(text).map(Into::into).map_err(|why| nonsense(name, &why))
    });
}

/// Registers what writes a text in some language's own way: the result stands as it is.
pub(super) fn quoting_filter(
    environment: &mut Environment<'static>,
    name: &'static str,
    convert: fn(&str) -> Result<String, String>,
) {
    environment.add_filter(name, move |state: &State, value: &Value| {
        let text = text(state, value, name)?;
        convert(text).map(Value::from_safe_string).map_err(|why| nonsense(name, &why))
    });
}

/// The text that a value is.
pub(super) fn text<'a>(state: &State, value: &'a Value, name: &str) -> Result<&'a str, Error> {
    defined(state, value)?;
    value.as_str().ok_or_else(|| {
        nonsense(name, &format!("takes text, not {} ({})", shown(value), value.kind()))
    })
}

/// The whole number that a value is.
pub(super) fn number(state: &State, value: &Value, name: &str) -> Result<i64, Error> {
    defined(state, value)?;
    value.as_i64().ok_or_else(|| {
        nonsense(name, &format!("takes a whole number, not {} ({})", shown(value), value.kind()))
    })
}

/// The items of a list that is not longer than any that makes sense.
pub(super) fn items(state: &State, value: &Value, name: &str) -> Result<Vec<Value>, Error> {
    defined(state, value)?;
    short_enough(value, name)?;
    let mut items = Vec::new();
    let iter = value.try_iter().map_err(|_| {
        nonsense(name, &format!("takes a list, not {} ({})", shown(value), value.kind()))
    })?;
    for item in iter.checked() {
        items.push(item?);
        if items.len() > LIST_ITEMS {
            return Err(too_long(name));
        }
    }
    Ok(items)
}

/// Refuses a list that is longer than any that makes sense.
pub(super) fn short_enough(value: &Value, name: &str) -> Result<(), Error> {
    match value.len() {
        Some(length) if value.as_str().is_none() && length > LIST_ITEMS => Err(too_long(name)),
        _ => Ok(()),
    }
}

fn too_long(name: &str) -> Error {
    nonsense(name, &format!("takes at most {LIST_ITEMS} items"))
}

/// Refuses a result before it is made.
pub(super) fn bounded(bytes: usize, name: &str) -> Result<(), Error> {
    if bytes > VALUE_BYTES {
        return Err(nonsense(name, &format!("would make more than {VALUE_BYTES} bytes")));
    }
    Ok(())
}

/// Refuses what is undefined in the engine's words, which know where it came from.
pub(super) fn defined(state: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        StringInput::new(state, value)?;
    }
    Ok(())
}

/// The attribute of an item that a filter looks at: itself, if none is named.
pub(super) fn attribute(state: &State, item: &Value, path: Option<&str>) -> Result<Value, Error> {
    let mut value = item.clone();
    for key in path.into_iter().flat_map(|path| path.split('.')) {
        value = value.get_attr(key)?;
        if value.is_undefined() {
            let message = format!("`{key}` is undefined in {}", shown(item));
            return Err(Error::new(ErrorKind::UndefinedError, message));
        }
    }
    defined(state, &value)?;
    Ok(value)
}

/// A refusal.
pub(super) fn nonsense(name: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{name}: {why}"))
}

/// A value in a message.
pub(super) fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => plain::shown(text),
        // A list may be long; its kind stands beside it.
        None if value.is_number() || value.is_none() => value.to_string(),
        None => match value.len() {
            Some(length) => format!("one of {length} entries"),
            None => "it".to_owned(),
        },
    }
}
