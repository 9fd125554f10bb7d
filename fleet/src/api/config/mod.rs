//! What devices are told: settings, and who has said them; the files that come of it; and what is wrong.

pub(super) mod files;
pub(super) mod findings;
mod known;
pub(super) mod settings;

pub(crate) use files::ConfigFileItem;
pub(crate) use findings::FindingItem;
pub(super) use known::check;
pub(crate) use settings::{SettingItem, SettingSaidItem};
