//! Names of devices, sites, content groups, titles and tags.
//!
//! They become host names, folder names, metric labels and path segments, so all of
//! them are held to what is safe in each: lower-case letters, digits, `-` and, between
//! labels, `.`; at most 63 characters (32 for a tag).

use crate::shared::Pool;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The most characters that a name may have: one DNS label.
pub const MAX_NAME_LEN: usize = 63;

/// The most characters that a tag may have: all tags of an object stand in the header page of
/// its file, beside the longest path.
pub const MAX_TAG_LEN: usize = 32;

/// A name that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{value:?} is not a name: use 1 to {at_most} of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"
)]
pub struct BadName {
    value: String,
    at_most: usize,
}

fn check(value: &str, at_most: usize) -> Result<(), BadName> {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        matches!((bytes.first(), bytes.last()), (Some(&a), Some(&z)) if edge(a) && edge(z))
            && bytes.iter().all(|&byte| edge(byte) || byte == b'-')
    };
    if value.len() <= at_most && value.split('.').all(label) {
        Ok(())
    } else {
        Err(BadName { value: value.chars().take(80).collect(), at_most })
    }
}

/// Whether a text is a name of anything but a tag.
#[must_use]
pub fn is_name(text: &str) -> bool {
    check(text, MAX_NAME_LEN).is_ok()
}

/// The most characters of a host name, without the dot at its end (RFC 1035 §2.3.4).
pub const MAX_HOST_NAME_CHARS: usize = 253;

/// The most of each of its parts.
pub const MAX_LABEL_CHARS: usize = 63;

/// Why a text cannot be a host name in small letters; nothing, where it can.
#[must_use]
pub fn no_host_name(text: &str) -> Option<String> {
    if text.len() > MAX_HOST_NAME_CHARS {
        return Some(format!("{} characters, {MAX_HOST_NAME_CHARS} are the most", text.len()));
    }
    let octet = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    text.split('.').find_map(|label| match label.len() {
        0 => Some("a part of it is empty".to_owned()),
        1..=MAX_LABEL_CHARS if label.starts_with('-') || label.ends_with('-') => {
            Some(format!("{label:?} begins or ends with a hyphen"))
        }
        1..=MAX_LABEL_CHARS if label.bytes().all(octet) => None,
        1..=MAX_LABEL_CHARS => Some(format!("{label:?} is more than a-z, 0-9 and hyphens")),
        more => Some(format!("a part of {more} characters, {MAX_LABEL_CHARS} are the most")),
    })
}

/// The text of a name. All who have the same share it: an index of millions of objects has few
/// groups and titles, and a pointer for each of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shared(Arc<Text>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Text(Box<str>);

static NAMES: LazyLock<Pool<Text>> = LazyLock::new(Pool::new);

impl Shared {
    fn new(text: String) -> Self {
        Self(NAMES.share(Text(text.into())))
    }

    fn as_str(&self) -> &str {
        &self.0.0
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $at_most:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Shared);

        impl $type {
            /// Checks `value` and takes it as a name.
            ///
            /// # Errors
            /// [`BadName`] when a character or the length is not allowed.
            pub fn new(value: impl Into<String>) -> Result<Self, BadName> {
                let value = value.into();
                check(&value, $at_most)?;
                Ok(Self(Shared::new(value)))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(value: String) -> Result<Self, BadName> {
                Self::new(value)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.as_str().to_owned()
            }
        }

        impl std::str::FromStr for $type {
            type Err = BadName;
            fn from_str(value: &str) -> Result<Self, BadName> {
                Self::new(value)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    };
}

name!(
    /// A device, such as `oca1.site-a`.
    DeviceName,
    MAX_NAME_LEN
);
name!(
    /// A site, such as `site-a`.
    SiteName,
    MAX_NAME_LEN
);
name!(
    /// A content group, such as `studio-a`.
    GroupName,
    MAX_NAME_LEN
);
name!(
    /// A title inside its content group.
    TitleName,
    MAX_NAME_LEN
);

name!(
    /// A tag: what objects of several titles have in common, so that they can be purged
    /// together.
    TagName,
    MAX_TAG_LEN
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_pass_and_bad_ones_say_why() {
        for good in ["a", "oca1.site-a", "x--y", "0"] {
            assert!(DeviceName::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", "-a", "a-", "A", "a_b", "a/b", "ä", &"x".repeat(64)] {
            assert!(DeviceName::new(bad).is_err(), "{bad}");
        }
        assert!(TagName::new("x".repeat(32)).is_ok());
        let long = TagName::new("x".repeat(33)).expect_err("too long").to_string();
        assert!(long.contains("use 1 to 32 of"), "{long}");
    }
}
