//! Settings: a tree of names, with values at its leaves.

use crate::rules::settings::check;
use crate::schema::{Document, Wrong};
use serde_json::Value;

/// Settings of devices.
pub(crate) static SETTINGS: Document =
    Document { name: "settings, such as {ntp: {servers: [ntp.example]}}", read: settings };

fn settings(value: &Value) -> Result<Value, Wrong> {
    let wrong = check(value);
    if wrong.is_empty() { Ok(value.clone()) } else { Err(wrong) }
}
