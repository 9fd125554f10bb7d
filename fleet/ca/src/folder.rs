//! The folder of the keys that the fleet works with, and who of them speaks.

use crate::authority::Authority;
use crate::key_file::make_folder;
use crate::keyring::{self, KeyKind, Keyring};
use crate::{CaError, Offer};
use arc_swap::ArcSwap;
use contract::envelope::{Role, SigningKey};
use contract::trust::Trust;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The keys that the fleet works with. Whoever has them speaks for the fleet as far as the root
/// says so, and until the root says otherwise.
#[derive(Debug)]
pub struct Ca {
    folder: PathBuf,
    keys: ArcSwap<Keyring>,
    /// Keys are made one after the other.
    making: Mutex<()>,
}

impl Ca {
    /// Opens the keys in `folder`. Of each kind that is missing there, one is made.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be made or is not what it should be. What has
    /// been made by then stays and is used next time.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self, CaError> {
        make_folder(folder).map_err(CaError::file(folder))?;
        let keys = ArcSwap::from_pointee(Keyring::open(folder, now)?);
        Ok(Self { folder: folder.to_owned(), keys, making: Mutex::default() })
    }

    /// Makes another key of a kind, for the root to name.
    ///
    /// # Errors
    /// As [`Ca::open`].
    pub fn make(&self, kind: KeyKind, now: SystemTime) -> Result<(), CaError> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        keyring::make(&self.folder, kind)?;
        self.read_again(now)
    }

    /// Sees what another process has made.
    ///
    /// # Errors
    /// As [`Ca::open`].
    pub fn read_again(&self, now: SystemTime) -> Result<(), CaError> {
        self.keys.store(Arc::new(Keyring::open(&self.folder, now)?));
        Ok(())
    }

    /// The public halves of all keys, for the root to name.
    #[must_use]
    pub fn offer(&self) -> Offer {
        let keys = self.keys.load();
        let pems = |all: &[Arc<Authority>]| all.iter().map(|it| it.pem().to_owned()).collect();
        Offer {
            keys: keys.config.iter().chain(&keys.control).map(|key| key.trusted()).collect(),
            boxes: pems(&keys.boxes),
            players: pems(&keys.players),
        }
    }

    /// The key that signs documents of a role for whoever believes `trust`: the newest that is
    /// named there and held here.
    ///
    /// # Errors
    /// When there is none.
    pub fn signing_key(&self, role: Role, trust: &Trust) -> Result<Arc<SigningKey>, CaError> {
        let keys = self.keys.load();
        let held = |id: &str| keys.signers(role).iter().find(|key| key.id() == id).cloned();
        let found = trust.signers(role).rev().find_map(|key| held(&key.id));
        found.ok_or(CaError::NotHeld(role.as_str()))
    }

    /// Who issues the identities of boxes: the newest authority that the root names.
    ///
    /// # Errors
    /// When none of those that it names is held here.
    pub fn boxes(&self, trust: &Trust) -> Result<Arc<Authority>, CaError> {
        let keys = self.keys.load();
        newest(&keys.boxes, &trust.authorities.boxes, KeyKind::Boxes)
    }

    /// All who have issued identities that count, as far as they are held here.
    #[must_use]
    pub fn all_boxes(&self, trust: &Trust) -> Vec<Arc<Authority>> {
        let keys = self.keys.load();
        let named =
            |it: &&Arc<Authority>| trust.authorities.boxes.iter().any(|pem| is_same(it.pem(), pem));
        keys.boxes.iter().filter(named).cloned().collect()
    }

    /// Who issues what boxes show to viewers.
    ///
    /// # Errors
    /// As [`Ca::boxes`].
    pub fn players(&self, trust: &Trust) -> Result<Arc<Authority>, CaError> {
        let keys = self.keys.load();
        newest(&keys.players, &trust.authorities.players, KeyKind::Players)
    }

    /// Who issues the fleet's own identity: the oldest authority that the root still names, which
    /// boxes know that have not heard of a newer one.
    ///
    /// # Errors
    /// As [`Ca::boxes`].
    pub fn control(&self, trust: &Trust) -> Result<Arc<Authority>, CaError> {
        let keys = self.keys.load();
        let mut named = trust.authorities.boxes.iter();
        let found = named.find_map(|pem| keys.boxes.iter().find(|it| is_same(it.pem(), pem)));
        found.cloned().ok_or(CaError::NotHeld(KeyKind::Boxes.as_str()))
    }
}

fn newest(
    held: &[Arc<Authority>],
    named: &[String],
    kind: KeyKind,
) -> Result<Arc<Authority>, CaError> {
    let mut newest_first = named.iter().rev();
    let found = newest_first.find_map(|pem| held.iter().find(|it| is_same(it.pem(), pem)));
    found.cloned().ok_or(CaError::NotHeld(kind.as_str()))
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim() == other.trim()
}
