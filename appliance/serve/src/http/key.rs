//! The cache key of a request: normalised path, and of the query only what the group keys on.
//!
//! Arguments that belong to the key follow the path in the order of their names, whatever
//! order the client chose; the same name twice keeps its order. Spelling is normalised as
//! it is in paths. Everything else in a query (CMCD, tokens, steering) takes no part.

use contract::path::{self, BadPath};
use std::borrow::Cow;

/// The path half of the cache key. `names` are the arguments of the key, sorted.
///
/// # Errors
/// [`BadPath`], from the path or from an argument that belongs to the key.
pub fn path_of<'a>(
    raw_path: &'a str,
    query: Option<&str>,
    names: &[String],
) -> Result<Cow<'a, str>, BadPath> {
    let path = path::normalise(raw_path)?;
    match query {
        Some(query) if !names.is_empty() => with_arguments(path, query, names),
        _ => Ok(path),
    }
}

fn with_arguments<'a>(
    path: Cow<'a, str>,
    query: &str,
    names: &[String],
) -> Result<Cow<'a, str>, BadPath> {
    let mut key = String::new();
    for name in names {
        for argument in query.split('&') {
            let (raw_name, value) = argument.split_once('=').unwrap_or((argument, ""));
            // An argument that cannot be read is not one of the key's.
            if decode(raw_name).as_deref() != Ok(name) {
                continue;
            }
            key.push(if key.is_empty() { '?' } else { '&' });
            key.push_str(name);
            key.push('=');
            key.push_str(&decode(value)?);
        }
    }
    if key.is_empty() {
        return Ok(path);
    }
    if path.len() + key.len() > path::MAX_PATH_LEN {
        return Err(BadPath::TooLong);
    }
    Ok(Cow::Owned(path.into_owned() + &key))
}

/// Decodes what needs no encoding, writes the rest in upper case (RFC 3986 §6.2.2).
fn decode(text: &str) -> Result<Cow<'_, str>, BadPath> {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    if text.bytes().all(is_plain) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let octet = match octet {
            b'%' => escaped(octets.next(), octets.next())?,
            octet => octet,
        };
        match octet {
            0..=0x1f | 0x7f => return Err(BadPath::Control),
            octet if is_plain(octet) => out.push(char::from(octet)),
            octet => out.push_str(&format!("%{octet:02X}")),
        }
    }
    Ok(Cow::Owned(out))
}

fn escaped(high: Option<u8>, low: Option<u8>) -> Result<u8, BadPath> {
    let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
    digit(high)
        .zip(digit(low))
        .and_then(|(high, low)| u8::try_from(high << 4 | low).ok())
        .ok_or(BadPath::BrokenEscape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(query: &str) -> Result<String, BadPath> {
        path_of("/a", Some(query), &["lang".to_owned(), "v".to_owned()]).map(Cow::into_owned)
    }

    #[test]
    fn only_listed_arguments_in_one_order() {
        let cases = [
            ("", "/a"),
            ("CMCD=br%3D1&token=x", "/a"),
            ("v=2&lang=de", "/a?lang=de&v=2"),
            ("lang=de&x=1&v=2", "/a?lang=de&v=2"),
            ("v=2&v=1", "/a?v=2&v=1"),
            ("v", "/a?v="),
            ("%76=%61%2f", "/a?v=a%2F"),
            ("v=a/b", "/a?v=a%2Fb"),
            ("V=1", "/a"),
            ("%zz=1", "/a"),
        ];
        for (query, expected) in cases {
            assert_eq!(key(query).as_deref(), Ok(expected), "{query}");
        }
        assert_eq!(key("v=%zz"), Err(BadPath::BrokenEscape));
        assert_eq!(key("v=%00"), Err(BadPath::Control));
        let long = format!("v={}", "x".repeat(path::MAX_PATH_LEN));
        assert_eq!(key(&long), Err(BadPath::TooLong));
    }

    #[test]
    fn nothing_is_allocated_without_arguments() {
        let key = path_of("/a/b.m4s", Some("CMCD=x"), &[]).unwrap();
        assert!(matches!(key, Cow::Borrowed("/a/b.m4s")));
    }

    proptest! {
        #[test]
        fn a_key_is_a_key_of_itself(query in "[a-z%0-9=&/ ]{0,30}") {
            if let Ok(once) = key(&query) {
                let again = once.split_once('?').map_or(String::new(), |(_, query)| query.to_owned());
                prop_assert_eq!(key(&again), Ok(once));
            }
        }
    }
}
