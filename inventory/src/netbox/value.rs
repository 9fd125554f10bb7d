//! Values as NetBox writes them, as this inventory takes them.

use crate::schema::{MAX_LINE_CHARS, MAX_NOTES_CHARS, is_unsafe};
use serde_json::Value;

/// Text that says something.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// One line of at most so many characters.
pub(super) fn label(value: &Value, most: usize) -> Option<String> {
    let line = value.as_str()?.replace(is_unsafe, " ");
    let line: String =
        line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// One line.
pub(super) fn line(value: &Value) -> Option<String> {
    label(value, MAX_LINE_CHARS)
}

/// Several lines.
pub(super) fn notes(value: &Value) -> Option<String> {
    let text = value.as_str()?.replace(|it| is_unsafe(it) && it != '\n' && it != '\t', "");
    let text: String = text.trim().chars().take(MAX_NOTES_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

/// A choice: an object with a value, or the value alone.
pub(super) fn choice(value: &Value) -> Option<String> {
    text(&value["value"]).or_else(|| text(value))
}

/// A weight in kilograms.
pub(super) fn kilograms(weight: &Value, unit: &Value) -> Option<f64> {
    let of_one = match choice(unit)?.as_str() {
        "kg" => 1.0,
        "g" => 0.001,
        "lb" => 0.453_592,
        "oz" => 0.028_349_5,
        _ => return None,
    };
    Some((weight.as_f64()? * of_one * 1000.0).round() / 1000.0)
}

/// A length in metres.
pub(super) fn metres(length: &Value, unit: &Value) -> Option<f64> {
    let length = length.as_f64()?;
    Some(match choice(unit)?.as_str() {
        "km" => length * 1000.0,
        "m" => length,
        "cm" => length / 100.0,
        "mi" => length * 1609.344,
        "ft" => length * 0.3048,
        "in" => length * 0.0254,
        _ => return None,
    })
}
