//! Which disks were seen to be empty, and when: kept beside what the machine is made of.

use crate::keep;
use anyhow::{Context, Result};
use contract::parts::MAX_PARTS;
use contract::time::TimeUs;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Below the root of a machine.
const FILE: &str = "var/lib/headend-hardware/erased.json";

/// Of all the disks that a machine can tell of.
const MOST_OCTETS: u64 = 128 << 10;

/// When each of them was empty, by serial number.
type Times = BTreeMap<String, TimeUs>;

/// The notes of a machine.
pub(crate) struct Noted(PathBuf);

impl Noted {
    pub(crate) fn of_this_machine() -> Self {
        Self::below(Path::new("/"))
    }

    pub(crate) fn below(root: &Path) -> Self {
        Self(root.join(FILE))
    }

    /// What is noted. Notes that make no sense are none.
    pub(crate) fn all(&self) -> Times {
        self.read().unwrap_or_default()
    }

    /// This one is about to be written to. Fails where nothing could be noted afterwards.
    pub(super) fn begin(&self, serial: &str) -> Result<()> {
        let folder = self.0.parent().context("a file stands in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        self.change(|times| {
            times.remove(serial);
            true
        })
    }

    pub(super) fn note(&self, serial: &str, at: TimeUs) -> Result<()> {
        self.change(|times| {
            times.insert(serial.to_owned(), at);
            // Those of disks that have long left.
            while times.len() > MAX_PARTS {
                let oldest = times.iter().min_by_key(|(_, at)| **at);
                let oldest = oldest.map(|(serial, _)| serial.clone());
                oldest.and_then(|serial| times.remove(&serial));
            }
            true
        })
    }

    /// These are not empty any more.
    pub(crate) fn forget<'a>(&self, serials: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let known = self.read()?;
        let gone: Vec<&str> = serials.into_iter().filter(|it| known.contains_key(*it)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        self.change(|times| gone.into_iter().any(|serial| times.remove(serial).is_some()))
    }

    /// Writes them again where they are said to be others. One changes them at a time: disks are erased side by
    /// side, and looked at meanwhile.
    fn change(&self, change: impl FnOnce(&mut Times) -> bool) -> Result<()> {
        let lock = self.0.with_extension("lock");
        let locked = OpenOptions::new().create(true).append(true).open(&lock);
        let locked = locked.with_context(|| format!("cannot open {}", lock.display()))?;
        flock(&locked, FlockOperation::LockExclusive)?;
        let mut times = self.read()?;
        match change(&mut times) {
            true => keep::write(&self.0, &serde_json::to_vec(&times)?),
            false => Ok(()),
        }
    }

    /// A disk that cannot be read is no reason to take all others for full.
    fn read(&self) -> Result<Times> {
        let mut text = Vec::new();
        match fs::File::open(&self.0) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Times::new()),
            open => open?.take(MOST_OCTETS + 1).read_to_end(&mut text)?,
        };
        let is_long = text.len() as u64 > MOST_OCTETS;
        Ok(if is_long { Times::new() } else { serde_json::from_slice(&text).unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> (tempfile::TempDir, Noted) {
        let root = tempfile::tempdir().expect("folder");
        let noted = Noted::below(root.path());
        noted.begin("S-0").expect("begun");
        (root, noted)
    }

    #[test]
    fn what_is_noted_is_there_until_it_is_forgotten() {
        let root = tempfile::tempdir().expect("folder");
        Noted::below(root.path()).forget(["S-1"]).expect("nothing is noted");
        let (_root, noted) = empty();
        noted.note("S-1", TimeUs(1)).expect("noted");
        noted.note("S-2", TimeUs(2)).expect("noted");
        noted.note("S-1", TimeUs(3)).expect("noted");
        noted.forget(["S-2", "S-9"]).expect("forgotten");
        assert_eq!(noted.all(), Times::from([("S-1".to_owned(), TimeUs(3))]));
        noted.begin("S-1").expect("begun");
        assert_eq!(noted.all(), Times::new());
    }

    #[test]
    fn notes_are_bounded_and_nonsense_is_none() {
        let (_root, noted) = empty();
        for at in 0..600 {
            noted.note(&format!("{at:064}"), TimeUs(at)).expect("noted");
        }
        let all = noted.all();
        assert_eq!((all.len(), all.values().min()), (MAX_PARTS, Some(&TimeUs(88))));
        for bad in [&b"{"[..], b"[]", b"{\"S-1\": \"now\"}", &vec![b' '; 1 << 20]] {
            fs::write(&noted.0, bad).expect("written");
            assert_eq!(noted.all(), Times::new());
        }
        noted.note("S-1", TimeUs(1)).expect("noted");
        assert_eq!(noted.all().len(), 1);
    }

    #[test]
    fn who_erases_side_by_side_loses_nobodys_note() {
        let (_root, noted) = empty();
        std::thread::scope(|all| {
            for disk in 0..8 {
                let noted = &noted;
                all.spawn(move || {
                    for at in 0..5 {
                        noted.note(&format!("S-{disk}"), TimeUs(at)).expect("noted");
                        noted.forget(["S-9"]).expect("forgotten");
                    }
                });
            }
        });
        assert_eq!(noted.all().len(), 8);
    }
}
