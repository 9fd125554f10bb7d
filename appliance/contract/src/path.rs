//! The path half of a cache key.
//!
//! One object has one path, however a client spells it: percent-encoded octets that need
//! no encoding are decoded, the rest are written in upper case (RFC 3986 §6.2.2), and dot
//! segments are resolved (§5.2.4). What could mean different things to different readers
//! is refused: an encoded `/`, a NUL or control octet, a `\`, a path that climbs above the root.

use std::borrow::Cow;

/// The longest normalised path. HTTP limits the request line before; this limits documents.
pub const MAX_PATH_LEN: usize = 2048;

/// Why a path cannot name an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// It does not begin with `/`.
    #[error("the path does not begin with '/'")]
    NotAbsolute,
    /// `%` without two hex digits behind it.
    #[error("the path holds a '%' without two hex digits")]
    BrokenEscape,
    /// `%2F` or `%5C`: readers disagree on what it separates.
    #[error("the path holds an encoded separator")]
    EncodedSeparator,
    /// NUL or another control octet, encoded or not.
    #[error("the path holds a control character")]
    Control,
    /// An octet that a path may not hold as it is (RFC 3986 §3.3).
    #[error("the path holds a character that must be percent-encoded")]
    NotAllowed,
    /// More `..` than there are segments to leave.
    #[error("the path leaves the root")]
    LeavesRoot,
    /// Over [`MAX_PATH_LEN`].
    #[error("the path is too long")]
    TooLong,
}

/// Normalises the path of a request target. Borrows when there is nothing to change,
/// which is every request of every player.
///
/// # Errors
/// [`BadPath`] says what a client did wrong; all of them are answered with 400 (or 414).
pub fn normalise(raw: &str) -> Result<Cow<'_, str>, BadPath> {
    if !raw.starts_with('/') {
        return Err(BadPath::NotAbsolute);
    }
    if raw.len() > MAX_PATH_LEN * 3 {
        return Err(BadPath::TooLong);
    }
    let decoded = decode(raw)?;
    let resolved = if has_dot_segment(&decoded) {
        Cow::Owned(remove_dot_segments(&decoded)?)
    } else {
        decoded
    };
    if resolved.len() > MAX_PATH_LEN {
        return Err(BadPath::TooLong);
    }
    Ok(resolved)
}

/// RFC 3986 §2.3: octets that mean the same with and without percent-encoding.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 §3.3 `pchar` and `/`, without `%`.
fn is_path_octet(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte)
}

fn decode(raw: &str) -> Result<Cow<'_, str>, BadPath> {
    if raw.bytes().all(is_path_octet) {
        return Ok(Cow::Borrowed(raw));
    }
    let bytes = raw.as_bytes();
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let octet = escape(bytes.get(at + 1..at + 3))?;
                match octet {
                    b'/' | b'\\' => return Err(BadPath::EncodedSeparator),
                    0..=0x1f | 0x7f => return Err(BadPath::Control),
                    octet if is_unreserved(octet) => out.push(char::from(octet)),
                    octet => out.push_str(&format!("%{octet:02X}")),
                }
                at += 3;
            }
            0..=0x1f | 0x7f => return Err(BadPath::Control),
            byte if is_path_octet(byte) => {
                out.push(char::from(byte));
                at += 1;
            }
            _ => return Err(BadPath::NotAllowed),
        }
    }
    Ok(Cow::Owned(out))
}

fn escape(digits: Option<&[u8]>) -> Result<u8, BadPath> {
    let hex = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    match digits {
        Some(&[high, low]) => {
            let (high, low) = hex(high).zip(hex(low)).ok_or(BadPath::BrokenEscape)?;
            Ok(high << 4 | low)
        }
        _ => Err(BadPath::BrokenEscape),
    }
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| segment == "." || segment == "..")
}

fn remove_dot_segments(path: &str) -> Result<String, BadPath> {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.split('/').skip(1) {
        ends_in_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop().ok_or(BadPath::LeavesRoot)?;
            }
            segment => kept.push(segment),
        }
    }
    let mut out = String::with_capacity(path.len());
    for segment in &kept {
        out.push('/');
        out.push_str(segment);
    }
    if ends_in_folder || out.is_empty() {
        out.push('/');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_path_meet() {
        let cases = [
            ("/a/b.m4s", "/a/b.m4s"),
            ("/a/%62.m4s", "/a/b.m4s"),
            ("/a/./b", "/a/b"),
            ("/a/x/../b", "/a/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/%e4%20x", "/%E4%20x"),
            ("/a//b", "/a//b"),
            ("/...", "/..."),
            ("/", "/"),
        ];
        for (raw, expected) in cases {
            assert_eq!(normalise(raw).as_deref(), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn doubtful_paths_are_refused() {
        let cases = [
            ("", BadPath::NotAbsolute),
            ("a/b", BadPath::NotAbsolute),
            ("/a%2Fb", BadPath::EncodedSeparator),
            ("/a%5cb", BadPath::EncodedSeparator),
            ("/a%00", BadPath::Control),
            ("/a\u{1}", BadPath::Control),
            ("/a%4", BadPath::BrokenEscape),
            ("/a%zz", BadPath::BrokenEscape),
            ("/a%+1", BadPath::BrokenEscape),
            ("/a b", BadPath::NotAllowed),
            ("/a\\b", BadPath::NotAllowed),
            ("/ä", BadPath::NotAllowed),
            ("/..", BadPath::LeavesRoot),
            ("/a/../..", BadPath::LeavesRoot),
            ("/%2e%2e/x", BadPath::LeavesRoot),
        ];
        for (raw, expected) in cases {
            assert_eq!(normalise(raw).err(), Some(expected), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in "/[a-zA-Z0-9./%_~ -]{0,40}") {
            if let Ok(once) = normalise(&raw) {
                let twice = normalise(&once).map(Cow::into_owned);
                prop_assert_eq!(twice.as_deref(), Ok(&*once));
                prop_assert!(!has_dot_segment(&once));
            }
        }
    }
}
