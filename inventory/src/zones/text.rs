//! Names and texts as the DNS has them.

/// The longest name, without the dot at its end (RFC 1035 §2.3.4).
pub(super) const MAX_NAME_CHARS: usize = 253;

/// The longest of its parts.
pub(super) const MAX_LABEL_CHARS: usize = 63;

/// Whether a name stands in a zone.
#[must_use]
pub fn is_within(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

/// Why this cannot be a host name; nothing, where it can.
pub(super) fn no_host_name(name: &str) -> Option<String> {
    if name.len() > MAX_NAME_CHARS {
        return Some(format!("{} characters, {MAX_NAME_CHARS} are the most", name.len()));
    }
    let octet = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    name.split('.').find_map(|label| match label.len() {
        0 => Some("a part of it is empty".to_owned()),
        1..=MAX_LABEL_CHARS if label.starts_with('-') || label.ends_with('-') => {
            Some(format!("{label:?} begins or ends with a hyphen"))
        }
        1..=MAX_LABEL_CHARS if label.bytes().all(octet) => None,
        1..=MAX_LABEL_CHARS => Some(format!("{label:?} is more than a-z, 0-9 and hyphens")),
        more => Some(format!("a part of {more} characters, {MAX_LABEL_CHARS} are the most")),
    })
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
