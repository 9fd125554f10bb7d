//! Passwords: which are taken, and first ones.

use crate::PeopleError;
use crate::random::random;

/// Shorter ones are guessed. Nothing else is asked of them: rules about digits and signs make
/// passwords worse (NIST SP 800-63B, 3.1.1).
pub const MIN_PASSWORD_BYTES: usize = 12;

/// Longer than any passphrase; what is longer is not hashed.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// What first passwords are made of: nothing that is taken for something else when it is read aloud.
/// Of 32 each is five bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters of a first password: a hundred bits.
const RANDOM_LETTERS: usize = 20;

/// So many stand together.
const TOGETHER: usize = 5;

/// Not a password to have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// It would be guessed.
    #[error(
        "a password has {MIN_PASSWORD_BYTES} characters at least: several words are easy to keep in mind"
    )]
    TooShort,
    /// Nobody needs such a long one.
    #[error("a password has {MAX_PASSWORD_BYTES} octets at most")]
    TooLong,
}

/// Whether a password may be had.
///
/// # Errors
/// [`BadPassword`] when it may not.
pub fn check_password(password: &str) -> Result<(), BadPassword> {
    match password.len() {
        ..MIN_PASSWORD_BYTES => Err(BadPassword::TooShort),
        MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES => Ok(()),
        _ => Err(BadPassword::TooLong),
    }
}

/// A password that nobody has had, to be told once and changed.
///
/// # Errors
/// When there are no random numbers.
pub fn random_password() -> Result<String, PeopleError> {
    let bytes = random::<RANDOM_LETTERS>()?;
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let words: Vec<String> = letters.chunks(TOGETHER).map(|word| word.iter().collect()).collect();
    Ok(words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn only_length_is_asked_for() {
        for good in ["aaaaaaaaaaaa", "            ", &"x".repeat(1024), "ääääää"] {
            assert_eq!(check_password(good), Ok(()), "{good}");
        }
        assert_eq!(check_password("aaaaaaaaaaa"), Err(BadPassword::TooShort));
        assert_eq!(check_password(""), Err(BadPassword::TooShort));
        assert_eq!(check_password(&"x".repeat(1025)), Err(BadPassword::TooLong));
    }

    #[test]
    fn first_passwords_are_good_ones_and_differ() {
        let all: BTreeSet<String> = (0..100).map(|_| random_password().expect("random")).collect();
        assert_eq!(all.len(), 100);
        for password in all {
            assert_eq!(password.len(), 23, "{password}");
            assert_eq!(check_password(&password), Ok(()));
            let is_letter =
                |c: char| c == '-' || LETTERS.contains(&u8::try_from(c).expect("ASCII"));
            assert!(password.chars().all(is_letter), "{password}");
        }
    }
}
