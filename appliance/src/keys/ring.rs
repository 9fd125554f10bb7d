//! `sealing.key`: the key with which the others are encrypted, as the TPM has sealed it.
//!
//! Nothing in it is secret, and nothing in it is of use on another machine. Where keys are sealed
//! anew, the one before stays in it until nothing on the disk needs it any more: whatever is cut
//! off in the middle, all can be read.

use super::sealed::{KeyId, SealedKey};
use super::unusable::Unusable;
use crate::keep;
use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use tpm::{Pcrs, Place, Sealed, Secret};
use zeroize::Zeroizing;

/// The file, beside those that it is for.
pub(super) const FILE: &str = "sealing.key";

const SCHEMA: u32 = 1;

/// A TPM gives 204 octets for one.
const MAX_BYTES: u64 = 64 << 10;

/// The newest, and those of attempts that were cut off.
const MAX_KEYS: usize = 8;

/// Longer than what a TPM gives for a secret of 32 octets, whatever hash it has.
const MAX_PART_BYTES: usize = 512;

/// A sealed key, and where the TPM is that unseals it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RingKey {
    pub(super) id: KeyId,
    pub(super) place: Place,
    sealed: Sealed,
}

impl RingKey {
    /// Makes one, and sees that it can be unsealed.
    pub(super) fn make(place: &Place, pcrs: Pcrs) -> Result<(Self, Secret), Unusable> {
        let refused = |source| Unusable::Tpm { place: place.clone(), pcrs, source };
        let secret = Secret::random().map_err(refused)?;
        let sealed = tpm::seal(place, &secret, pcrs).map_err(refused)?;
        let key = Self { id: KeyId::random(), place: place.clone(), sealed };
        match key.unseal()? == secret {
            true => Ok((key, secret)),
            false => Err(Unusable::Forgets(place.clone())),
        }
    }

    /// Asks the TPM.
    pub(super) fn unseal(&self) -> Result<Secret, Unusable> {
        tpm::unseal(&self.place, &self.sealed).map_err(|source| Unusable::Tpm {
            place: self.place.clone(),
            pcrs: self.sealed.pcrs,
            source,
        })
    }
}

/// All of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ring(Vec<RingKey>);

impl Ring {
    /// Where that of a file's folder is.
    pub(super) fn beside(file: &Path) -> PathBuf {
        file.with_file_name(FILE)
    }

    /// `None` where there is none.
    pub(super) fn read(file: &Path) -> Result<Option<Self>, Unusable> {
        let mut text = Vec::new();
        let read = File::open(file).and_then(|it| it.take(MAX_BYTES).read_to_end(&mut text));
        match read {
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Unusable::Read { file: file.to_owned(), source }),
            Ok(_) => parse(&text)
                .map(Some)
                .map_err(|source| Unusable::Ring { file: file.to_owned(), source }),
        }
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let keys = self.0.iter().map(Written::of).collect();
        let text = serde_json::to_vec_pretty(&All { schema: SCHEMA, keys })?;
        keep::write_secret(file, &text)
    }

    pub(super) fn newest(&self) -> Option<&RingKey> {
        self.0.first()
    }

    pub(super) fn find(&self, id: KeyId) -> Option<&RingKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// The same with a newer one.
    pub(super) fn with(mut self, newest: RingKey) -> Result<Self> {
        let is_room = self.0.len() < MAX_KEYS;
        ensure!(is_room, "{FILE} holds {MAX_KEYS} keys of attempts that were cut off");
        self.0.insert(0, newest);
        Ok(self)
    }

    /// The same without older ones that no file of the folder needs.
    ///
    /// # Errors
    /// When it cannot be told which are needed.
    pub(super) fn without_unused(self, folder: &Path) -> std::io::Result<Self> {
        let used = used(folder)?;
        let keys = self.0.into_iter().enumerate();
        let kept = keys.filter(|(at, key)| *at == 0 || used.contains(&key.id));
        Ok(Self(kept.map(|(_, key)| key).collect()))
    }
}

/// With what the keys in a folder are sealed: whoever writes there meanwhile may have used an older
/// one.
fn used(folder: &Path) -> std::io::Result<Vec<KeyId>> {
    let mut used = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() && metadata.len() <= MAX_BYTES {
            let text = Zeroizing::new(std::fs::read(entry.path())?);
            // What is not whole can be opened with none.
            used.extend(SealedKey::find(&text).ok().flatten().map(|key| key.id));
        }
    }
    Ok(used)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct All {
    schema: u32,
    /// The newest first.
    keys: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    tpm: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pcrs: String,
    public: String,
    private: String,
}

impl Written {
    fn of(key: &RingKey) -> Self {
        Self {
            id: key.id.to_string(),
            tpm: key.place.to_string(),
            pcrs: key.sealed.pcrs.to_string(),
            public: BASE64.encode(&key.sealed.public),
            private: BASE64.encode(&key.sealed.private),
        }
    }

    fn read(&self) -> Result<RingKey> {
        let part = |text: &str| {
            let octets = BASE64.decode(text)?;
            ensure!(octets.len() <= MAX_PART_BYTES, "{} octets are too many", octets.len());
            Ok(octets)
        };
        let sealed = Sealed {
            public: part(&self.public).context("public")?,
            private: part(&self.private).context("private")?,
            pcrs: self.pcrs.parse().context("pcrs")?,
        };
        let (id, place) = (self.id.parse().context("id")?, self.tpm.parse().context("tpm")?);
        Ok(RingKey { id, place, sealed })
    }
}

fn parse(text: &[u8]) -> Result<Ring> {
    let All { schema, keys } = serde_json::from_slice(text)?;
    ensure!(schema == SCHEMA, "another version of the appliance has written it (schema {schema})");
    ensure!((1..=MAX_KEYS).contains(&keys.len()), "it holds {} keys", keys.len());
    keys.iter().map(Written::read).collect::<Result<_>>().map(Ring)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::certificates::Purpose;
    use proptest::prelude::*;

    fn key(place: &str) -> RingKey {
        let pcrs = "0,7".parse().expect("registers");
        let sealed = Sealed { public: vec![1, 2], private: vec![3], pcrs };
        RingKey { id: KeyId::random(), place: place.parse().expect("a place"), sealed }
    }

    #[test]
    fn what_is_written_is_read_the_newest_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = Ring::beside(&folder.path().join("identity.pem"));
        assert_eq!(Ring::read(&file).expect("read"), None);
        let (old, new) = (key("/dev/tpmrm0"), key("swtpm:/run/tpm"));
        let ring = Ring::default().with(old.clone()).and_then(|it| it.with(new.clone()));
        let ring = ring.expect("room");
        ring.write(&file).expect("written");
        let read = Ring::read(&file).expect("read").expect("there");
        assert_eq!((read.newest(), read.find(old.id)), (Some(&new), Some(&old)));
        // Somebody has sealed with the old one meanwhile.
        let secret = Secret::random().expect("random");
        let sealed = SealedKey::seal((old.id, &secret), Purpose::Player, b"key").expect("sealed");
        let player = folder.path().join("player.pem");
        std::fs::write(&player, sealed.to_pem()).expect("written");
        let read = read.without_unused(folder.path()).expect("read");
        assert_eq!((read.newest(), read.find(old.id)), (Some(&new), Some(&old)));
        std::fs::remove_file(&player).expect("removed");
        let read = read.without_unused(folder.path()).expect("read");
        assert_eq!((read.newest(), read.find(old.id)), (Some(&new), None));
    }

    #[test]
    fn there_is_room_for_a_few_attempts() {
        let with = |ring: Ring, _| ring.with(key("/dev/tpmrm0"));
        let full = (0..MAX_KEYS).try_fold(Ring::default(), with).expect("room");
        assert!(full.with(key("/dev/tpmrm0")).is_err());
    }

    #[test]
    fn what_is_no_ring_is_said_to_be_none() {
        for (text, why) in [
            ("", "EOF"),
            (r#"{"schema":2,"keys":[]}"#, "schema 2"),
            (r#"{"schema":1,"keys":[]}"#, "0 keys"),
            (r#"{"schema":1,"keys":[{"id":"00","tpm":"/t","public":"","private":""}]}"#, "id"),
        ] {
            let err = parse(text.as_bytes()).expect_err(text);
            assert!(format!("{err:#}").contains(why), "{err:#}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_judged(text in ".{0,200}") {
            let _ = parse(text.as_bytes());
        }
    }
}
