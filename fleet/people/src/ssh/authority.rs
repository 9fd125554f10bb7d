//! The key that certifies people.

use crate::PeopleError;
use crate::random::random;
use ca::{make_folder, read_or_make};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

const KEY_FILE: &str = "ssh-people.key";
const PUBLIC_FILE: &str = "ssh-people.pub";

/// What stands behind the public key, for whoever finds it on a box.
const COMMENT: &str = "headend-people";

/// Who certifies people: a key that boxes believe (`TrustedUserCAKeys`).
pub struct SshAuthority {
    pub(super) key: PrivateKey,
    public_line: String,
}

impl fmt::Debug for SshAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshAuthority").field("public", &self.public_line).finish_non_exhaustive()
    }
}

impl SshAuthority {
    /// Opens the key in a folder, or makes one there; beside it stands the public half, for boxes.
    ///
    /// # Errors
    /// When a file cannot be made, or is not what it should be.
    pub fn open(folder: &Path) -> Result<Self, PeopleError> {
        make_folder(folder).map_err(file(folder))?;
        let path = folder.join(KEY_FILE);
        let pem = read_or_make(&path, true, generate, file(&path))?;
        let wrong =
            |path: &Path, expected| PeopleError::NotWhatItShouldBe { path: path.into(), expected };
        let key = PrivateKey::from_openssh(pem.as_bytes()).ok();
        let key = key.filter(|key| matches!(key.key_data(), KeypairData::Ed25519(_)));
        let key =
            key.ok_or_else(|| wrong(&path, "a private key of OpenSSH, ed25519, unencrypted"))?;
        let public_line = key.public_key().to_openssh().map_err(PeopleError::MakeKey)?;
        let path = folder.join(PUBLIC_FILE);
        let make = || Ok(format!("{public_line}\n"));
        let beside = read_or_make(&path, false, make, file(&path))?;
        if beside.trim_end() != public_line {
            return Err(wrong(&path, "the public half of the key beside it"));
        }
        Ok(Self { key, public_line })
    }

    /// The public half: one line, as boxes have it in the file that `TrustedUserCAKeys` names.
    #[must_use]
    pub fn public_line(&self) -> &str {
        &self.public_line
    }
}

/// What an error about a file is to people.
fn file(path: &Path) -> impl Fn(std::io::Error) -> PeopleError {
    |source| PeopleError::File { path: path.to_owned(), source }
}

fn generate() -> Result<String, PeopleError> {
    let seed = Zeroizing::new(random::<32>()?);
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&seed));
    let key = PrivateKey::new(pair, COMMENT).map_err(PeopleError::MakeKey)?;
    key.to_openssh(LineEnding::LF).map(|text| text.to_string()).map_err(PeopleError::MakeKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_key_is_made_once_and_is_its_owners() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("ssh");
        let made = SshAuthority::open(&folder).expect("made");
        assert!(made.public_line().starts_with("ssh-ed25519 AAAA"), "{made:?}");
        assert!(made.public_line().ends_with(" headend-people"), "{made:?}");
        let mode = |name| folder.join(name).metadata().expect(name).mode() & 0o777;
        assert_eq!((mode(KEY_FILE), mode(PUBLIC_FILE)), (0o600, 0o644));
        assert_eq!(folder.metadata().expect("the folder").mode() & 0o777, 0o700);
        let public = std::fs::read_to_string(folder.join(PUBLIC_FILE)).expect("public");
        assert_eq!(public, format!("{}\n", made.public_line()));
        assert_eq!(SshAuthority::open(&folder).expect("again").public_line(), made.public_line());
        std::fs::remove_file(folder.join(PUBLIC_FILE)).expect("removed");
        assert_eq!(SshAuthority::open(&folder).expect("again").public_line(), made.public_line());
        assert!(folder.join(PUBLIC_FILE).exists());
        assert!(!format!("{made:?}").contains("PRIVATE"));
    }

    #[test]
    fn what_is_something_else_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(KEY_FILE), "no key").expect("written");
        let err = SshAuthority::open(folder.path()).expect_err("no key").to_string();
        assert!(err.contains("ssh-people.key is not a private key of OpenSSH"), "{err}");
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        SshAuthority::open(&one).expect("one");
        SshAuthority::open(&other).expect("other");
        std::fs::copy(one.join(PUBLIC_FILE), other.join(PUBLIC_FILE)).expect("copied");
        let err = SshAuthority::open(&other).expect_err("another's").to_string();
        assert!(err.contains("ssh-people.pub is not the public half"), "{err}");
    }
}
