//! The keys that the fleet itself works with: a few of each kind, numbered as they were made.
//!
//! That a key is here gives it no say. It has one once the root names it
//! ([`contract::trust`]), and until the root does so no more.

use crate::key_file::write_new;
use crate::{CaError, Offer, authority::Authority, signing};
use contract::envelope::{Role, SigningKey};
use contract::trust::Trust;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Signs configurations.
    Config,
    /// Signs manifests, sources, tombstones and commands.
    Control,
    /// Issues the identities of boxes, and that of the fleet.
    Boxes,
    /// Issues what boxes show to viewers.
    Players,
}

impl KeyKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Config, Self::Control, Self::Boxes, Self::Players];

    /// As people write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Control => "control",
            Self::Boxes => "boxes",
            Self::Players => "players",
        }
    }

    /// The role that it signs documents with, if it does.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Config => Some(Role::Config),
            Self::Control => Some(Role::Control),
            Self::Boxes | Self::Players => None,
        }
    }

    /// The authorities of this kind that the root names; none for keys that sign documents.
    #[must_use]
    pub fn named(self, trust: &Trust) -> &[String] {
        match self {
            Self::Config | Self::Control => &[],
            Self::Boxes => &trust.authorities.boxes,
            Self::Players => &trust.authorities.players,
        }
    }

    /// The same of what is offered.
    #[must_use]
    pub fn offered(self, offer: &Offer) -> &[String] {
        match self {
            Self::Config | Self::Control => &[],
            Self::Boxes => &offer.boxes,
            Self::Players => &offer.players,
        }
    }

    fn file(self, folder: &Path, number: u32) -> PathBuf {
        folder.join(format!("{}-{number}.key", self.as_str()))
    }
}

/// Not the name of a kind of key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of key: config, control, boxes or players")]
pub struct NoKeyKind(String);

impl std::str::FromStr for KeyKind {
    type Err = NoKeyKind;

    fn from_str(text: &str) -> Result<Self, NoKeyKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| NoKeyKind(text.to_owned()))
    }
}

/// All that are in the folder.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    pub(crate) config: Vec<Arc<SigningKey>>,
    pub(crate) control: Vec<Arc<SigningKey>>,
    pub(crate) boxes: Vec<Arc<Authority>>,
    pub(crate) players: Vec<Arc<Authority>>,
}

impl Keyring {
    /// Reads the folder. Of each kind there is one at least afterwards.
    pub(crate) fn open(folder: &Path, now: SystemTime) -> Result<Self, CaError> {
        let mut ring = Self::default();
        for kind in KeyKind::ALL {
            let mut number = 1;
            while number == 1 || kind.file(folder, number).exists() {
                ring.add(kind, &kind.file(folder, number), now)?;
                number += 1;
            }
        }
        Ok(ring)
    }

    fn add(&mut self, kind: KeyKind, file: &Path, now: SystemTime) -> Result<(), CaError> {
        match kind {
            KeyKind::Config => self.config.push(Arc::new(signing::open(file, Role::Config)?)),
            KeyKind::Control => self.control.push(Arc::new(signing::open(file, Role::Control)?)),
            KeyKind::Boxes => self.boxes.push(authority(file, kind, now)?),
            KeyKind::Players => self.players.push(authority(file, kind, now)?),
        }
        Ok(())
    }

    pub(crate) fn signers(&self, role: Role) -> &[Arc<SigningKey>] {
        match role {
            Role::Config => &self.config,
            Role::Control => &self.control,
            Role::Image | Role::Other => &[],
        }
    }
}

fn authority(file: &Path, kind: KeyKind, now: SystemTime) -> Result<Arc<Authority>, CaError> {
    Ok(Arc::new(Authority::open(file, kind.as_str(), now)?))
}

/// Makes another key of a kind.
pub(crate) fn make(folder: &Path, kind: KeyKind) -> Result<(), CaError> {
    let pem = match kind {
        KeyKind::Config | KeyKind::Control => signing::generate()?,
        KeyKind::Boxes | KeyKind::Players => crate::authority::generate()?,
    };
    // Two at once: each takes the next number that is free.
    for number in 1..=u32::MAX {
        let file = kind.file(folder, number);
        match write_new(&file, pem.as_bytes(), true) {
            Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => {}
            written => return written.map_err(|source| CaError::File { path: file, source }),
        }
    }
    Ok(())
}
