//! What people are called.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The most characters of a name: as many as Linux takes twice over, and no line of a log is filled
/// by one.
pub const MAX_PERSON_NAME_LEN: usize = 64;

/// What somebody is called. It stands in the ids of SSH certificates and in logs of boxes, so it
/// holds nothing that means something there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// Not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a name: use 1 to {MAX_PERSON_NAME_LEN} of a-z, 0-9, '.', '-' and '_', beginning with a letter"
)]
pub struct BadPersonName(String);

impl PersonName {
    /// Checks `value` and takes it as a name.
    ///
    /// # Errors
    /// [`BadPersonName`] when a character or the length is not allowed.
    pub fn new(value: impl Into<String>) -> Result<Self, BadPersonName> {
        let value = value.into();
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        let begins_well = value.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if begins_well && value.len() <= MAX_PERSON_NAME_LEN && value.bytes().all(is_allowed) {
            Ok(Self(value))
        } else {
            Err(BadPersonName(value.chars().take(80).collect()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for PersonName {
    type Error = BadPersonName;

    fn try_from(value: String) -> Result<Self, BadPersonName> {
        Self::new(value)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

impl FromStr for PersonName {
    type Err = BadPersonName;

    fn from_str(value: &str) -> Result<Self, BadPersonName> {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_names_pass_and_bad_ones_say_why() {
        for good in ["a", "anna", "anna.b-c_d9", &"a".repeat(64)] {
            assert!(PersonName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Anna", "9a", "-a", ".a", "_a", "a b", "a/b", "a@b", "ä", &"a".repeat(65)]
        {
            let err = PersonName::new(bad).expect_err(bad).to_string();
            assert!(err.contains("beginning with a letter"), "{err}");
        }
        assert!(serde_json::from_str::<PersonName>("\"a\\nb\"").is_err());
    }

    proptest! {
        #[test]
        fn a_name_holds_nothing_that_means_something(bytes: Vec<u8>, name in "[a-z][ -~\n]{0,70}") {
            for text in [String::from_utf8_lossy(&bytes).into_owned(), name] {
                if let Ok(name) = PersonName::new(text.clone()) {
                    prop_assert_eq!(name.as_str(), &text);
                    prop_assert!(text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()));
                    prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)));
                }
            }
        }
    }
}
