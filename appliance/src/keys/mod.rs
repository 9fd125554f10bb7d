//! The private keys of this box as they stand on its disk: in PEM, or, where the machine has a TPM,
//! sealed. Whoever carries a sealed one to another machine has nothing.
//!
//! The TPM seals one key, which stands in `sealing.key` ([`ring`]); with that one the others are
//! encrypted ([`sealed`]). So it is asked once in the life of a process, when the first sealed key is
//! read, and a box that runs needs it for nothing. What was unsealed is kept in memory that gets to no
//! disk ([`secrecy`](crate::secrecy)).
//!
//! Keys that somebody else brings are read as he brings them.

mod anew;
mod ring;
mod sealed;
mod unusable;
mod wanted;

pub(crate) use anew::seal_anew;
pub(crate) use unusable::Unusable;
pub(crate) use wanted::{TpmUse, TpmWanted};

use anyhow::{Context, Result};
use contract::certificates::Purpose;
use contract::config::{ApplianceConfig, Certificate};
use contract::report::KeyProtection;
use ring::{Ring, RingKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sealed::{KeyId, SealedKey};
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tpm::{Place, Secret};
use zeroize::Zeroizing;

/// Reads and writes private keys. Cheap to clone: what one has unsealed, all have.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<Parts>);

#[derive(Default)]
struct Parts {
    unsealed: Mutex<Vec<(KeyId, Secret)>>,
    /// Whether what was read last from a file was sealed.
    read: Mutex<BTreeMap<PathBuf, bool>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// The key of a file that is for this. Waits for the TPM where a key is sealed and nothing was
    /// unsealed yet.
    ///
    /// # Errors
    /// When there is none, or it cannot be unsealed.
    pub(crate) fn read(
        &self,
        file: &Path,
        purpose: Purpose,
    ) -> Result<PrivateKeyDer<'static>, Unusable> {
        let text = read(file)?;
        let found = find(file, &text)?;
        locked(&self.0.read).insert(file.to_owned(), found.is_some());
        let Some(found) = found else {
            let read = PrivateKeyDer::from_pem_slice(&text);
            return read.map_err(|_| Unusable::NoKey { file: file.to_owned() });
        };
        let with = self.unsealed(&found, file)?;
        let mut opened = found
            .open(&with, purpose)
            .map_err(|why| Unusable::Sealed { file: file.to_owned(), why })?;
        Ok(PrivatePkcs8KeyDer::from(std::mem::take(&mut *opened)).into())
    }

    /// How a key is to be written to a file: as what stands beside it says.
    ///
    /// # Errors
    /// When it would have to be sealed, and cannot be.
    pub(crate) fn keeping(&self, file: &Path) -> Result<Keeping, Unusable> {
        let beside = Ring::beside(file);
        if let Some(newest) = Ring::read(&beside)?.as_ref().and_then(Ring::newest) {
            return Ok(Keeping::Sealed(newest.id, self.unsealed_by(newest)?));
        }
        // Never less than before.
        match file.exists() && find(file, &read(file)?)?.is_some() {
            true => Err(Unusable::NoRing { file: file.to_owned(), ring: beside }),
            false => Ok(Keeping::Plain),
        }
    }

    /// How the keys of this box that are its own stand on its disk, as they were read last.
    pub(crate) fn protection(&self, config: &ApplianceConfig) -> KeyProtection {
        let read = locked(&self.0.read);
        let are_sealed =
            own(config).all(|(_, files)| read.get(&files.key_file).is_some_and(|it| *it));
        protection(are_sealed && own(config).next().is_some())
    }

    /// What a sealed key is encrypted with.
    fn unsealed(&self, found: &SealedKey, file: &Path) -> Result<Secret, Unusable> {
        if let Some(known) = self.known(found.id) {
            return Ok(known);
        }
        let (file, ring) = (file.to_owned(), Ring::beside(file));
        match Ring::read(&ring)? {
            None => Err(Unusable::NoRing { file, ring }),
            Some(keys) => match keys.find(found.id) {
                None => Err(Unusable::NotOfRing { file, ring }),
                Some(key) => self.unsealed_by(key),
            },
        }
    }

    fn unsealed_by(&self, key: &RingKey) -> Result<Secret, Unusable> {
        if let Some(known) = self.known(key.id) {
            return Ok(known);
        }
        let secret = key.unseal()?;
        self.know(key.id, &secret);
        Ok(secret)
    }

    fn known(&self, id: KeyId) -> Option<Secret> {
        let known = locked(&self.0.unsealed);
        known.iter().find(|(known, _)| *known == id).map(|(_, secret)| secret.clone())
    }

    fn know(&self, id: KeyId, secret: &Secret) {
        locked(&self.0.unsealed).push((id, secret.clone()));
    }
}

impl serve::PrivateKeys for Keys {
    fn read(&self, file: &Path, purpose: Purpose) -> Result<PrivateKeyDer<'static>, String> {
        Self::read(self, file, purpose).map_err(|err| err.to_string())
    }
}

/// How keys are written to a disk.
#[derive(Debug, Clone)]
pub(crate) enum Keeping {
    /// Nothing but the permissions of their file protects them.
    Plain,
    /// Encrypted with this.
    Sealed(KeyId, Secret),
}

impl Keeping {
    /// A key as it is to stand in its file, with the end of its last line.
    ///
    /// # Errors
    /// When no random numbers can be had.
    pub(crate) fn written(
        &self,
        purpose: Purpose,
        pair: &rcgen::KeyPair,
    ) -> Result<Zeroizing<String>> {
        let text = match self {
            Self::Plain => pair.serialize_pem().trim_end().to_owned() + "\n",
            Self::Sealed(id, with) => {
                let pkcs8 = Zeroizing::new(pair.serialize_der());
                SealedKey::seal((*id, with), purpose, &pkcs8)?.to_pem()
            }
        };
        Ok(Zeroizing::new(text))
    }
}

/// The keys that a box has made itself, and makes anew.
pub(crate) fn own(config: &ApplianceConfig) -> impl Iterator<Item = (Purpose, &Certificate)> {
    let players = config.certificates.iter().map(|files| (Purpose::Player, files));
    players.chain([(Purpose::Identity, &config.identity)]).filter(|(_, files)| files.renewed)
}

/// What protects keys, where they are sealed or are not.
pub(crate) fn protection(are_sealed: bool) -> KeyProtection {
    match (are_sealed, Place::usual()) {
        (true, _) => KeyProtection::Tpm,
        (false, None) => KeyProtection::NoTpm,
        (false, Some(_)) => KeyProtection::TpmUnused,
    }
}

/// In plain words.
pub(crate) fn told(protection: KeyProtection) -> &'static str {
    match protection {
        KeyProtection::Tpm => "keys are sealed to this machine's TPM",
        KeyProtection::NoTpm => "no TPM: keys are only protected by file permissions",
        KeyProtection::TpmUnused => {
            "keys are only protected by file permissions, though there is a TPM (appliance seal)"
        }
    }
}

/// Whether the key in a file is sealed.
///
/// # Errors
/// When the file cannot be read, or what is sealed in it is not whole.
pub(crate) fn is_sealed(file: &Path) -> Result<bool, Unusable> {
    Ok(find(file, &read(file)?)?.is_some())
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let text = std::fs::read(file);
    text.map(Zeroizing::new).map_err(|source| Unusable::Read { file: file.to_owned(), source })
}

fn find(file: &Path, text: &[u8]) -> Result<Option<SealedKey>, Unusable> {
    SealedKey::find(text).map_err(|why| Unusable::Sealed { file: file.to_owned(), why })
}

/// Once nothing on the disk needs older keys any more, they go: all, where keys are plain.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn settle(folder: &Path, keeping: &Keeping) -> Result<()> {
    let file = folder.join(ring::FILE);
    match keeping {
        Keeping::Sealed(..) => match Ring::read(&file)? {
            Some(ring) => ring.without_unused(folder)?.write(&file),
            None => Ok(()),
        },
        Keeping::Plain => match std::fs::remove_file(&file) {
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
            done => done.with_context(|| format!("cannot remove {}", file.display())),
        },
    }
}

#[cfg(test)]
mod tests;
