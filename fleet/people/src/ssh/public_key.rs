//! Public keys as OpenSSH writes them: what is taken of a line, and what is refused.
//!
//! Of a line nothing is kept but the key itself, and that is written anew: no comment and no
//! option comes along.

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, PublicKey};

/// Less is not to be relied on (NIST SP 800-57, 128 bits of security).
pub const MIN_RSA_BITS: u32 = 3072;

/// The longest that OpenSSH reads.
const MAX_RSA_BITS: u32 = 16_384;

/// A key of that length in Base64, and a comment.
pub(super) const MAX_LINE_BYTES: usize = 8192;

/// What the name of an algorithm ends with where a key was certified.
const CERTIFICATE: &str = "-cert-v01@openssh.com";

/// What the keys of security keys are for, if they are for SSH.
const SSH_APPLICATION: &str = "ssh:";

/// Not a public key that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It should have stayed where it was made.
    #[error(
        "this is a private key, which nobody should be told: give the line in the file whose name ends with .pub, and make another key if this one has left its machine"
    )]
    Private,
    /// Not one line, or one with something in it that cannot be seen.
    #[error(
        "a public key is one line of visible characters, as ssh-keygen writes it into a file whose name ends with .pub"
    )]
    NotOneLine,
    /// No key of anybody's is that long.
    #[error("a public key has {MAX_LINE_BYTES} octets at most")]
    TooLong,
    /// Not an algorithm, a key in Base64, and perhaps a comment.
    #[error(
        "this is no public key of OpenSSH ({0}): give the line in a file whose name ends with .pub"
    )]
    NotAKey(String),
    /// It is one that somebody has certified.
    #[error(
        "this is a certificate: give the key that it was made for (.pub, without -cert in its name)"
    )]
    Certificate,
    /// Old, rare, or meant for something else.
    #[error("{0} keys are not taken: make one with `ssh-keygen -t ed25519`")]
    Algorithm(String),
    /// Too short, or longer than OpenSSH reads.
    #[error(
        "an RSA key of {0} bits is not taken: from {MIN_RSA_BITS} to {MAX_RSA_BITS}, or make one with `ssh-keygen -t ed25519`"
    )]
    RsaBits(u32),
    /// A security key's, for something else than SSH.
    #[error("this key is for {0:?} and not for SSH: make one with `ssh-keygen -t ed25519-sk`")]
    Application(String),
    /// More than a server has use for.
    #[error("a box shows {0} host keys at most")]
    TooMany(usize),
}

/// Who shows the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Somebody who logs in.
    ByAPerson,
    /// A server: no security key signs for it.
    ByAHost,
}

/// Reads a line.
pub(super) fn read(line: &str, shown: Shown) -> Result<KeyData, BadKey> {
    let line = line.trim_matches([' ', '\r', '\n']);
    if line.len() > MAX_LINE_BYTES {
        return Err(BadKey::TooLong);
    }
    if line.starts_with("-----BEGIN") {
        return Err(BadKey::Private);
    }
    if line.chars().any(char::is_control) {
        return Err(BadKey::NotOneLine);
    }
    if line.split(' ').next().is_some_and(|algorithm| algorithm.ends_with(CERTIFICATE)) {
        return Err(BadKey::Certificate);
    }
    let key = PublicKey::from_openssh(line).map_err(|err| BadKey::NotAKey(err.to_string()))?;
    check(key.key_data(), shown)?;
    Ok(KeyData::from(key))
}

fn check(key: &KeyData, shown: Shown) -> Result<(), BadKey> {
    let refused = || Err(BadKey::Algorithm(key.algorithm().as_str().to_owned()));
    match key {
        KeyData::Ed25519(_) => Ok(()),
        KeyData::Ecdsa(key) if key.curve() != EcdsaCurve::NistP521 => Ok(()),
        KeyData::Rsa(key) => check_rsa(key.n().as_positive_bytes().unwrap_or_default()),
        KeyData::SkEd25519(key) if shown == Shown::ByAPerson => check_use(key.application()),
        KeyData::SkEcdsaSha2NistP256(key) if shown == Shown::ByAPerson => {
            check_use(key.application())
        }
        KeyData::Certificate(_) => Err(BadKey::Certificate),
        _ => refused(),
    }
}

/// `modulus` without zeros in front.
fn check_rsa(modulus: &[u8]) -> Result<(), BadKey> {
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = u32::try_from(modulus.len() * 8).unwrap_or(u32::MAX) - unused;
    if (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) { Ok(()) } else { Err(BadKey::RsaBits(bits)) }
}

fn check_use(application: &str) -> Result<(), BadKey> {
    if application.starts_with(SSH_APPLICATION) {
        return Ok(());
    }
    Err(BadKey::Application(application.chars().take(80).collect()))
}

/// Algorithm and key, and nothing else: one line without its end.
pub(super) fn line(key: KeyData) -> Result<String, BadKey> {
    PublicKey::from(key).to_openssh().map_err(|err| BadKey::NotAKey(err.to_string()))
}

/// What comes first of the keys that a client is shown.
pub(super) fn preference(key: &KeyData) -> u8 {
    match key.algorithm() {
        Algorithm::Ed25519 => 0,
        Algorithm::Ecdsa { .. } => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;
