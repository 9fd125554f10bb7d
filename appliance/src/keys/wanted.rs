//! What an operator wants of the TPM, and the key with which others will be encrypted.

use super::ring::{self, Ring, RingKey};
use super::{Keeping, Keys, Unusable, is_sealed};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::path::Path;
use tpm::{Pcrs, Place};

/// Whether keys are to be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum TpmUse {
    /// Where the machine has a TPM
    #[default]
    Auto,
    /// Yes: without one, nothing is done
    Require,
    /// No
    None,
}

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct TpmWanted {
    pub(crate) usage: TpmUse,
    /// Another than the usual.
    pub(crate) place: Option<Place>,
    pub(crate) pcrs: Pcrs,
}

impl TpmWanted {
    /// Which TPM it is to be. One that is there and is of no use is not passed over.
    ///
    /// # Errors
    /// When there has to be one, and is none.
    pub(super) fn found(&self) -> Result<Option<Place>> {
        let found = || self.place.clone().or_else(Place::usual);
        match (self.usage, found()) {
            (TpmUse::None, _) | (TpmUse::Auto, None) => Ok(None),
            (_, Some(place)) => Ok(Some(place)),
            (TpmUse::Require, None) => bail!(
                "this machine has no TPM 2.0 that its kernel knows: switch it on in the firmware, \
                 or do without (join --tpm none)"
            ),
        }
    }

    /// How the keys of a machine that joins will be kept in its folder. It goes on with what it had
    /// begun, if a key stands in `pending` that is sealed.
    ///
    /// # Errors
    /// When the TPM cannot be used.
    pub(crate) fn prepare(&self, keys: &Keys, folder: &Path, pending: &Path) -> Result<Keeping> {
        let Some(place) = self.found()? else { return Ok(Keeping::Plain) };
        if pending.exists() && is_sealed(pending)? {
            return keys.keeping(pending).with_context(|| {
                format!("remove {} to begin anew, with a new token", pending.display())
            });
        }
        keys.make(folder, &place, self.pcrs)
    }
}

impl Keys {
    /// Makes a key with which those in a folder will be encrypted. Those that are can be read still.
    pub(super) fn make(&self, folder: &Path, place: &Place, pcrs: Pcrs) -> Result<Keeping> {
        let file = folder.join(ring::FILE);
        let (key, secret) = RingKey::make(place, pcrs)?;
        let ring = match Ring::read(&file) {
            // What is none keeps nothing alive.
            Err(Unusable::Ring { .. }) => Ring::default(),
            read => read?.unwrap_or_default(),
        };
        let id = key.id;
        ring.with(key)?.write(&file)?;
        self.know(id, &secret);
        Ok(Keeping::Sealed(id, secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tpm_that_is_named_is_used_unless_none_is_to_be() {
        let place: Place = "swtpm:/run/tpm".parse().expect("a place");
        let wanted = |usage| TpmWanted { usage, place: Some(place.clone()), ..Default::default() };
        assert_eq!(wanted(TpmUse::Auto).found().expect("found"), Some(place.clone()));
        assert_eq!(wanted(TpmUse::Require).found().expect("found"), Some(place.clone()));
        assert_eq!(wanted(TpmUse::None).found().expect("none"), None);
    }

    /// It is the way out for who has none; the other way round, keys would lie there unprotected
    /// though a TPM is there.
    #[test]
    fn a_tpm_that_is_of_no_use_is_not_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Some("swtpm:/nowhere".parse().expect("a place"));
        let wanted = TpmWanted { place, ..Default::default() };
        let pending = folder.path().join("joining.key");
        let err = wanted.prepare(&Keys::default(), folder.path(), &pending).expect_err("none");
        assert!(format!("{err:#}").contains("swtpm:/nowhere"), "{err:#}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
    }
}
