//! Which disks were seen to be empty, and when: kept beside what the machine is made of.

use crate::keep;
use anyhow::{Context, Result, ensure};
use contract::parts::MAX_PARTS;
use contract::time::TimeUs;
use std::collections::BTreeMap;
use std::fs;
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

    pub(super) fn note(&self, serial: &str, at: TimeUs) -> Result<()> {
        let mut times = self.all();
        times.insert(serial.to_owned(), at);
        // Those of disks that have long left.
        while times.len() > MAX_PARTS {
            let oldest = times.iter().min_by_key(|(_, at)| **at).map(|(serial, _)| serial.clone());
            oldest.and_then(|serial| times.remove(&serial));
        }
        let folder = self.0.parent().context("a file stands in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        self.write(&times)
    }

    /// These are not empty any more, or are about to be written to.
    pub(crate) fn forget<'a>(&self, serials: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut times = self.all();
        let before = times.len();
        for serial in serials {
            times.remove(serial);
        }
        if times.len() == before { Ok(()) } else { self.write(&times) }
    }

    fn write(&self, times: &Times) -> Result<()> {
        keep::write(&self.0, &serde_json::to_vec(times)?)
    }

    fn read(&self) -> Result<Times> {
        let mut text = Vec::new();
        match fs::File::open(&self.0) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Times::new()),
            open => open?.take(MOST_OCTETS + 1).read_to_end(&mut text)?,
        };
        ensure!(text.len() as u64 <= MOST_OCTETS, "longer than any that was written");
        Ok(serde_json::from_slice(&text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_there_until_it_is_forgotten() {
        let root = tempfile::tempdir().expect("folder");
        let noted = Noted::below(root.path());
        noted.forget(["S-1"]).expect("nothing is noted");
        noted.note("S-1", TimeUs(1)).expect("noted");
        noted.note("S-2", TimeUs(2)).expect("noted");
        noted.note("S-1", TimeUs(3)).expect("noted");
        noted.forget(["S-2", "S-9"]).expect("forgotten");
        assert_eq!(noted.all(), Times::from([("S-1".to_owned(), TimeUs(3))]));
    }

    #[test]
    fn notes_are_bounded_and_nonsense_is_none() {
        let root = tempfile::tempdir().expect("folder");
        let noted = Noted::below(root.path());
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
}
