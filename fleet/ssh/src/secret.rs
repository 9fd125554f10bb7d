//! What opens a device, and is shown to nobody.

use std::fmt;
use zeroize::Zeroizing;

/// A password, a passphrase or a private key. It is not printed, and is overwritten when it goes.
/// (libssh2 and OpenSSL have copies of their own while somebody logs in, which are not.)
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use crate::{Login, Secret, UserKey};

    #[test]
    fn nothing_secret_is_printed() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let login = Login {
            user: "fleet".to_owned(),
            key: Some(UserKey {
                private: secret("PRIVATE"),
                passphrase: Some(secret("hunter1")),
                certificate: None,
            }),
            password: Some(secret("hunter2")),
        };
        let shown = format!("{login:?} {login:#?}");
        assert!(shown.contains("fleet") && shown.contains("Secret(…)"), "{shown}");
        assert!(!shown.contains("PRIVATE") && !shown.contains("hunter"), "{shown}");
    }
}
