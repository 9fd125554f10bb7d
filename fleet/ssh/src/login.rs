//! Who visits devices.

use crate::Secret;

/// A user of devices, and what proves that it is us. What is there is tried in this order: key, password,
/// and the password once more where the device asks in words of its own («keyboard-interactive»).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user's name there.
    pub user: String,
    /// A key.
    pub key: Option<UserKey>,
    /// A password, for devices that know no keys.
    pub password: Option<Secret>,
}

/// A key that devices let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserKey {
    /// The private half, as OpenSSH or PEM has it.
    pub private: Secret,
    /// What opens it, if it is locked.
    pub passphrase: Option<Secret>,
    /// Its certificate, as OpenSSH has it in `-cert.pub`: one line.
    pub certificate: Option<String>,
}

impl Login {
    /// Somebody with a key, and a certificate for it if there is one.
    #[must_use]
    pub fn with_key(user: &str, private: Secret, certificate: Option<String>) -> Self {
        let key = UserKey { private, passphrase: None, certificate };
        Self { user: user.to_owned(), key: Some(key), password: None }
    }

    /// Somebody with a password.
    #[must_use]
    pub fn with_password(user: &str, password: Secret) -> Self {
        Self { user: user.to_owned(), key: None, password: Some(password) }
    }
}
