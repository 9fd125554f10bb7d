//! What devices are told: settings, and who has said them.

mod known;
pub(super) mod settings;

pub(super) use known::check;
pub(crate) use settings::{SettingItem, SettingSaidItem};
