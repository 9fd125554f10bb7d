//! Sessions: what somebody who has logged in shows instead of a password.

use crate::random::random;
use crate::{PeopleError, PersonName, Role};
use contract::object::Digest;
use contract::time::TimeUs;
use std::fmt;
use std::time::Duration;

/// A working day, and nobody logs in twice in one.
pub const SESSION_LIFE: Duration = Duration::from_secs(12 * 3600);

const _: () = assert!(SESSION_LIFE.as_secs() <= 24 * 3600, "a session ends within a day");

/// So many sessions of one person at once: with the next, the oldest ends.
pub const SESSIONS_AT_MOST: u32 = 32;

/// What a token begins with, so that whoever looks for secrets where none should be knows one.
pub const TOKEN_PREFIX: &str = "headend-session-";

/// What a token is made of: nobody guesses 256 bits.
const TOKEN_BYTES: usize = 32;

/// Somebody has logged in.
#[derive(Clone)]
pub struct NewSession {
    /// Shows it; told once, kept nowhere.
    pub token: String,
    /// Whose it is.
    pub person: PersonName,
    /// What that person may do now.
    pub role: Role,
    /// When it ends.
    pub expires_at: TimeUs,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("person", &self.person).finish_non_exhaustive()
    }
}

/// Who asks for something, by a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub name: PersonName,
    /// What he may do, as it is now.
    pub role: Role,
    /// Whose partner he is, where he is one: he sees what is that provider's.
    pub provider: Option<String>,
}

/// Nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum NotLoggedIn {
    /// Nobody is called that, or the password is another. Which of the two is nobody's business.
    #[error("there is no such person with this password")]
    Wrong,
    /// Too many attempts have failed, in this name or from this address.
    #[error("too many attempts have failed: try again in {} s", retry_after.as_secs() + 1)]
    TooOften {
        /// When to come back.
        retry_after: Duration,
    },
    /// Too many at once.
    #[error("too many people log in at the moment: try again in a few seconds")]
    Busy,
    /// It could not be found out.
    #[error(transparent)]
    Failed(PeopleError),
}

impl From<PeopleError> for NotLoggedIn {
    fn from(err: PeopleError) -> Self {
        match err {
            PeopleError::Busy => Self::Busy,
            err => Self::Failed(err),
        }
    }
}

/// A token that nobody has had.
pub(crate) fn new_token() -> Result<String, PeopleError> {
    Ok(format!("{TOKEN_PREFIX}{}", hex::encode(random::<TOKEN_BYTES>()?)))
}

/// What is kept of a token: it cannot be made of it. Nothing for what is no token.
pub(crate) fn kept_of(token: &str) -> Option<String> {
    let digits = token.strip_prefix(TOKEN_PREFIX)?;
    let is_one = digits.len() == TOKEN_BYTES * 2
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_one.then(|| Digest::of(token.as_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_beginning_and_by_nothing_that_is_kept() {
        let token = new_token().expect("random");
        assert!(token.starts_with("headend-session-"), "{token}");
        assert_eq!(token.len(), "headend-session-".len() + 64);
        assert_ne!(token, new_token().expect("random"));
        let kept = kept_of(&token).expect("a token");
        assert!(!token.contains(&kept));
        let upper = format!("{TOKEN_PREFIX}{}", "A".repeat(64));
        let long = format!("{token}0");
        for none in ["", "headend-session-", &token[1..], &token[..79], &long, &upper] {
            assert_eq!(kept_of(none), None, "{none}");
        }
    }

    #[test]
    fn a_session_in_a_log_is_no_secret() {
        let session = NewSession {
            token: new_token().expect("random"),
            person: PersonName::new("anna").expect("a name"),
            role: Role::Admin,
            expires_at: TimeUs(0),
        };
        let shown = format!("{session:?}");
        assert!(shown.contains("anna") && !shown.contains("headend-session"), "{shown}");
    }
}
