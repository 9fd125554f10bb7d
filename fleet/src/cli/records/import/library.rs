//! A file of the community's device-type library: one model.

use super::files::InFile;
use inventory::kinds::DEVICE_TYPE;
use inventory::netbox;
use serde_json::{Map, Value};

/// Nothing where it is something else.
pub(super) fn read(text: &str) -> Option<InFile> {
    let file: Map<String, Value> = serde_yaml::from_str(text).ok()?;
    Some((&DEVICE_TYPE, netbox::device_type(&file)?, 1))
}
