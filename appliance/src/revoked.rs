//! Which identities count no more, as far as this box has heard: on disk, and for every handshake.

use crate::identity::Identity;
use crate::keep;
use anyhow::{Context, Result, ensure};
use contract::certificates::{MAX_REVOKED_BYTES, Revoked};
use contract::config::ApplianceConfig;
use contract::envelope::Generation;
use std::io::ErrorKind;
use std::path::PathBuf;

/// What has been heard of it.
pub(crate) struct RevokedList {
    file: PathBuf,
    identity: Identity,
    known: Option<Generation>,
}

impl RevokedList {
    /// Goes on from what was heard before. What cannot be read the fleet tells again.
    pub(crate) fn open(config: &ApplianceConfig, identity: &Identity) -> Self {
        let file = config.state_folder.join("revoked.json");
        let mut list = Self { file, identity: identity.clone(), known: None };
        match list.read() {
            Ok(known) => list.known = known,
            Err(err) => tracing::warn!("what was kept of revoked identities is of no use: {err:#}"),
        }
        list
    }

    fn read(&self) -> Result<Option<Generation>> {
        let text = match std::fs::read(&self.file) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let revoked: Revoked = serde_json::from_slice(&text)?;
        self.identity.revoke(&revoked.lists)?;
        Ok(Some(revoked.generation))
    }

    /// Which list is known.
    pub(crate) fn known(&self) -> Option<Generation> {
        self.known
    }

    /// Hears of a list; gives whether it is news.
    ///
    /// # Errors
    /// When it is none, or cannot be kept; the one before counts on then.
    pub(crate) fn hear(&mut self, revoked: &Revoked) -> Result<bool> {
        if self.known >= Some(revoked.generation) {
            return Ok(false);
        }
        let bytes: usize = revoked.lists.iter().map(String::len).sum();
        ensure!(bytes <= MAX_REVOKED_BYTES, "a list of {bytes} bytes");
        let text = serde_json::to_vec(revoked)?;
        self.identity.revoke(&revoked.lists).context("a list of revoked identities")?;
        keep::write(&self.file, &text)?;
        self.known = Some(revoked.generation);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
