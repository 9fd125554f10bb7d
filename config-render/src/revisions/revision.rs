//! What is kept of devices, and how the last try went.

use super::Cause;
use crate::archive::DeviceKind;
use contract::time::TimeUs;
use db::Error;
use sqlx::Row;
use sqlx::any::AnyRow;

/// What came of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is a revision now.
    New(Head),
    /// The device runs what it ran, which is this revision.
    Unchanged(Head),
}

/// A revision without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Rises over all devices.
    pub id: i64,
    /// Whose it is.
    pub device: String,
    /// Of this device, from 1.
    pub number: i64,
    /// What kind of device said it.
    pub kind: DeviceKind,
    /// When it was read first.
    pub taken_at: TimeUs,
    /// Why it was read then.
    pub cause: Cause,
    /// So many secrets were taken out.
    pub redacted: usize,
    /// So many files it has.
    pub files: usize,
}

/// All that a device ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Which it is.
    pub head: Head,
    /// By their paths.
    pub files: Vec<FileKept>,
}

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileKept {
    /// Where it stands at the device.
    pub path: String,
    /// Without its secrets.
    pub text: String,
}

/// How the last try to read a device went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupState {
    /// Which device.
    pub device: String,
    /// When it was tried last.
    pub tried_at: TimeUs,
    /// When it went well last.
    pub taken_at: Option<TimeUs>,
    /// The number of the revision that it runs, as far as is known.
    pub latest: Option<i64>,
    /// Why the last try failed; nothing where it did not.
    pub why: Option<String>,
}

/// In the order in which [`head`] reads them.
pub(super) const HEAD: &str = "SELECT id, device, number, kind, taken_at_us, cause, redacted, files \
                               FROM config_revisions";

pub(super) fn head(row: &AnyRow) -> Result<Head, Error> {
    let id: i64 = row.try_get(0)?;
    let what = || format!("revision {id}");
    let (kind, cause): (String, String) = (row.try_get(3)?, row.try_get(5)?);
    let count = |at: usize| -> Result<usize, Error> {
        usize::try_from(row.try_get::<i64, _>(at)?).map_err(|err| Error::corrupt(what(), err))
    };
    Ok(Head {
        id,
        device: row.try_get(1)?,
        number: row.try_get(2)?,
        kind: kind.parse().map_err(|err| Error::corrupt(what(), err))?,
        taken_at: TimeUs(row.try_get(4)?),
        cause: cause.parse().map_err(|err| Error::corrupt(what(), err))?,
        redacted: count(6)?,
        files: count(7)?,
    })
}

pub(super) fn state(row: &AnyRow) -> Result<BackupState, Error> {
    Ok(BackupState {
        device: row.try_get(0)?,
        tried_at: TimeUs(row.try_get(1)?),
        taken_at: row.try_get::<Option<i64>, _>(2)?.map(TimeUs),
        latest: row.try_get(3)?,
        why: row.try_get(4)?,
    })
}
