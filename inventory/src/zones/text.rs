//! Names and texts as the DNS has them.

/// Whether a name stands in a zone.
#[must_use]
pub fn is_within(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

/// A text in quotation marks: what would end it, or is not printed, is escaped.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.bytes().map(|octet| match octet {
        b'"' | b'\\' => format!("\\{}", char::from(octet)),
        b' '..=b'~' => char::from(octet).to_string(),
        other => format!("\\{other:03}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
