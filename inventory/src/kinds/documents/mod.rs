//! Fields of several parts, one file for those of a kind. What is not text, number or name stands in one
//! column as JSON, checked and written in one way.

mod appliance;
mod content;
mod provider;
mod settings;
mod site;

pub(super) use appliance::APPLIANCE;
pub(super) use content::{S3_ORIGIN, WEB_ORIGINS};
pub(super) use provider::{ASNS, CONTACTS};
pub(super) use settings::SETTINGS;
pub(super) use site::{CLIENT_PREFIXES, FILL, SITES, WINDOWS};

use crate::schema::Wrong;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads something that is described as a type.
fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Wrong> {
    T::deserialize(value).map_err(|err| vec![(String::new(), err.to_string())])
}

/// The same, as it is kept.
fn kept<T: Serialize>(value: &T) -> Result<Value, Wrong> {
    serde_json::to_value(value).map_err(|err| vec![(String::new(), err.to_string())])
}
