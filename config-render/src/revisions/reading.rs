//! What was read of a device, and whether it can be kept.

use super::RevisionError;
use crate::archive::{DeviceKind, MAX_BYTES, Redacted};
use crate::digest::sha256;
use contract::time::TimeUs;
use std::str::FromStr;

/// Longer than any name of a device in inventory, which are names in DNS.
pub const MAX_DEVICE_CHARS: usize = 300;

/// A host with a file for each of its interfaces and services has some hundred.
pub const MAX_FILES: usize = 1000;

/// Twice the longest that is seen below `/etc`. In an index of PostgreSQL it has a third of a page.
pub const MAX_PATH_CHARS: usize = 300;

/// The longest text four times: a revision is held in memory whole.
pub const MAX_READING_BYTES: usize = 4 * MAX_BYTES;

/// What was read of a device, fit to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose it is.
    pub device: String,
    /// What kind of device said it.
    pub kind: DeviceKind,
    /// When it was read.
    pub taken_at: TimeUs,
    /// Why it was read.
    pub cause: Cause,
    /// All files that are kept of it, in any order.
    pub files: Vec<FileRead>,
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// `/etc/frr/frr.conf`, or a name such as `running-config`.
    pub path: String,
    /// Its text, without its secrets.
    pub redacted: Redacted,
}

/// Why a device was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Its time had come.
    Schedule,
    /// Somebody wanted it.
    Asked,
    /// It was changed by us.
    Change,
}

/// No cause has that name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no reason to read a device: take schedule, asked or change")]
pub struct UnknownCause(String);

impl Cause {
    /// Its name in the database and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Asked => "asked",
            Self::Change => "change",
        }
    }
}

impl FromStr for Cause {
    type Err = UnknownCause;

    fn from_str(name: &str) -> Result<Self, UnknownCause> {
        let all = [Self::Schedule, Self::Asked, Self::Change];
        let found = all.into_iter().find(|cause| cause.as_str() == name);
        found.ok_or_else(|| UnknownCause(name.to_owned()))
    }
}

/// A file that can be kept.
pub(super) struct Checked<'a> {
    pub(super) path: &'a str,
    pub(super) digest: String,
    pub(super) text: &'a str,
}

/// Whether a name can be kept, shown in one line, and found again.
pub(super) fn is_name(name: &str, most: usize) -> bool {
    !name.is_empty() && name.chars().count() <= most && !name.chars().any(char::is_control)
}

impl Reading {
    /// All files by their paths, if all of them can be kept.
    pub(super) fn check(&self) -> Result<Vec<Checked<'_>>, RevisionError> {
        let device = || self.device.clone();
        if !is_name(&self.device, MAX_DEVICE_CHARS) {
            return Err(RevisionError::Device(device()));
        }
        match self.files.len() {
            0 => return Err(RevisionError::Nothing(device())),
            files if files > MAX_FILES => {
                return Err(RevisionError::TooMany { device: device(), files });
            }
            _ => {}
        }
        let bytes = self.files.iter().map(|file| file.redacted.text.len()).sum();
        if bytes > MAX_READING_BYTES {
            return Err(RevisionError::TooMuch { device: device(), bytes });
        }
        let files = self.files.iter().map(|file| self.check_one(file));
        let mut files = files.collect::<Result<Vec<_>, _>>()?;
        files.sort_by_key(|file| file.path);
        match files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            Some(pair) => {
                Err(RevisionError::Twice { device: device(), path: pair[0].path.to_owned() })
            }
            None => Ok(files),
        }
    }

    fn check_one<'a>(&self, file: &'a FileRead) -> Result<Checked<'a>, RevisionError> {
        let (device, path) = (self.device.clone(), file.path.clone());
        let text = file.redacted.text.as_str();
        if !is_name(&path, MAX_PATH_CHARS) {
            return Err(RevisionError::Path { device, path });
        }
        if text.len() > MAX_BYTES {
            return Err(RevisionError::TooLong { device, path, bytes: text.len() });
        }
        if text.contains('\0') {
            return Err(RevisionError::Nul { device, path });
        }
        Ok(Checked { path: &file.path, digest: sha256(text.as_bytes()), text })
    }

    /// So many secrets were taken out of it.
    pub(super) fn redacted(&self) -> usize {
        self.files.iter().map(|file| file.redacted.count).sum()
    }
}
