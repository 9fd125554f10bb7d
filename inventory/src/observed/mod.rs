//! What a machine says of itself beside what the inventory says of it: pure.
//!
//! Some things nobody writes but the machine: what runs in a part, how worn it is; and what nobody has written
//! it tells better than not at all ([`learned`]). All else that is otherwise is a difference ([`differences`]),
//! until one of the two becomes as the other.
//!
//! A kind of part of which a machine tells none it cannot see, and nothing of that kind is missing; but its
//! disks every machine sees.

mod differ;
mod firmware;
mod learn;
#[cfg(test)]
mod tests;

pub use differ::{MACHINE, Reason, Seen, differences};
pub use firmware::is_older;
pub use learn::{learned, part_of, says_the_same};

use crate::model::is_serial;
use crate::schema::Record;
use contract::envelope::{self, Generation};
use contract::object::Digest;
use contract::parts::Part;
use contract::report::Report;
use std::collections::HashMap;

/// What a machine has said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Of which device.
    pub device: String,
    /// Its own serial number, where it knows it.
    pub serial: Option<String>,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// What tells these from others.
    pub digest: Digest,
    /// What it was told to be when it said so.
    pub generation: Option<Generation>,
}

impl Observed {
    /// What a report says of it; nothing where it does not tell the parts.
    #[must_use]
    pub fn of(report: &Report) -> Option<Self> {
        let told = report.parts.as_ref()?;
        let config = report.documents.iter().find(|state| state.kind == envelope::Kind::Config);
        Some(Self {
            device: report.device.to_string(),
            serial: serial(report).map(str::to_owned),
            parts: told.parts.clone()?,
            digest: told.digest,
            generation: config.and_then(|state| state.in_force),
        })
    }
}

/// The machine's own serial number, where it says one that makes sense.
#[must_use]
pub fn serial(report: &Report) -> Option<&str> {
    report.hardware.serial.as_deref().filter(|serial| is_serial(serial))
}

/// What the inventory says.
#[derive(Debug)]
pub struct Intended<'a> {
    /// The device.
    pub device: &'a Record,
    /// The parts that are in it, and those that it says are in it, by key.
    pub components: &'a HashMap<String, Record>,
    /// The oldest firmware of each type and model, by key.
    pub policies: &'a HashMap<String, String>,
}

/// The key of a part, as a component.
#[must_use]
pub fn key(part: &Part) -> String {
    format!("{}:{}", part.part_type, part.serial)
}

fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.get(field).as_str()
}
