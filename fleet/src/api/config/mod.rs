//! What devices are told: settings, and who has said them; the files that come of it; and what is wrong. And what
//! they run: copies, and the revisions of these.

pub(super) mod backups;
pub(super) mod drift;
pub(super) mod files;
pub(super) mod findings;
mod known;
pub(super) mod revisions;
pub(super) mod settings;

pub(crate) use backups::{BackupAsked, BackupItem, BackupRequest};
pub(crate) use drift::{CauseItem, DriftItem};
pub(crate) use files::ConfigFileItem;
pub(crate) use findings::FindingItem;
pub(super) use known::check;
pub(crate) use revisions::{HitItem, HitList, RevisionDetail, RevisionItem};
pub(crate) use settings::{SettingItem, SettingSaidItem};
