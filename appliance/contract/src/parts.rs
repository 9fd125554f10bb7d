//! What a machine is made of, by its own word: parts that have a number of their own.
//!
//! A box says with each report by a digest what it is made of, and tells the parts when it is asked: they
//! change a few times in a machine's life.

use crate::config::DiskClass;
use crate::object::Digest;
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most parts that a machine tells.
pub const MAX_PARTS: usize = 512;

/// The most characters of a serial number, a place or a version.
pub const MAX_PART_TEXT_CHARS: usize = 64;

/// The most characters of a maker's name, and of what he calls it.
pub const MAX_PART_NAME_CHARS: usize = 100;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartType {
    /// A processor.
    Cpu,
    /// Memory.
    Dimm,
    /// A network adapter.
    Nic,
    /// What a fibre ends in.
    Optic,
    /// A disk.
    Disk,
    /// A power supply.
    Psu,
    /// A fan.
    Fan,
    /// The board that all else is on.
    Board,
    /// What manages the machine.
    Bmc,
}

impl PartType {
    /// By what it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Dimm => "dimm",
            Self::Nic => "nic",
            Self::Optic => "optic",
            Self::Disk => "disk",
            Self::Psu => "psu",
            Self::Fan => "fan",
            Self::Board => "board",
            Self::Bmc => "bmc",
        }
    }
}

impl fmt::Display for PartType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A part, as it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    #[serde(rename = "type")]
    pub part_type: PartType,
    /// The number that its maker gave it: with the type, which part it is.
    pub serial: String,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// What its maker calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_id: Option<String>,
    /// Where in the machine it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bay: Option<String>,
    /// What runs in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// How fast it is, where it is a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_class: Option<DiskClass>,
    /// What a disk or memory holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<u64>,
    /// What of a disk's rated endurance is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wear_percent: Option<u8>,
    /// Whether something is on a disk: a file system, partitions, what others are made of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_in_use: bool,
    /// When all of a disk was written over and seen to be empty, if it is not in use again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at_us: Option<TimeUs>,
}

impl Part {
    /// One of which nothing else is known.
    #[must_use]
    pub fn new(part_type: PartType, serial: impl Into<String>) -> Self {
        Self {
            part_type,
            serial: serial.into(),
            manufacturer: None,
            part_id: None,
            bay: None,
            firmware: None,
            disk_class: None,
            capacity_bytes: None,
            wear_percent: None,
            is_in_use: false,
            erased_at_us: None,
        }
    }

    /// Whether all that it says is short and can be shown.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let short = [Some(&self.serial), self.bay.as_ref(), self.firmware.as_ref()];
        let long = [self.manufacturer.as_ref(), self.part_id.as_ref()];
        short.into_iter().flatten().all(|text| is_told(text, MAX_PART_TEXT_CHARS))
            && long.into_iter().flatten().all(|text| is_told(text, MAX_PART_NAME_CHARS))
            && self.capacity_bytes.is_none_or(|bytes| i64::try_from(bytes).is_ok())
    }
}

/// Makers write what they like: here it is printable ASCII, with nothing around it.
fn is_told(text: &str, most_chars: usize) -> bool {
    let is_printable = |it: u8| it.is_ascii_graphic() || it == b' ';
    (1..=most_chars).contains(&text.len()) && text.bytes().all(is_printable) && text.trim() == text
}

/// What a machine is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsReport {
    /// Of all parts, in order.
    pub digest: Digest,
    /// The parts, where the fleet wants to know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<Part>>,
}

impl PartsReport {
    /// Puts parts in order; what is not sound, and what is told twice, is left out.
    #[must_use]
    pub fn of(mut parts: Vec<Part>) -> Self {
        parts.retain(Part::is_sound);
        parts.sort();
        parts.dedup_by(|a, b| (a.part_type, &a.serial) == (b.part_type, &b.serial));
        parts.truncate(MAX_PARTS);
        Self { digest: digest(&parts), parts: Some(parts) }
    }

    /// The same, without the parts.
    #[must_use]
    pub fn short(&self) -> Self {
        Self { digest: self.digest, parts: None }
    }

    /// Whether the parts are those of the digest, few enough, sound, in order and each told once.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let Some(parts) = &self.parts else { return true };
        let is_before = |pair: &[Part]| match pair {
            [a, b] => (a.part_type, &a.serial) < (b.part_type, &b.serial),
            _ => true,
        };
        parts.len() <= MAX_PARTS
            && parts.iter().all(Part::is_sound)
            && parts.windows(2).all(is_before)
            && digest(parts) == self.digest
    }
}

/// What is written of each is written in one way.
fn digest(parts: &[Part]) -> Digest {
    // A list of texts and numbers can always be written.
    Digest::of(&serde_json::to_vec(parts).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = Part> {
        let serial = prop::sample::select(vec!["a", "b", "c d", " e", "", "\u{e9}", "f\n"]);
        let types = prop::sample::select(vec![PartType::Disk, PartType::Dimm]);
        let wear = prop::option::of(0_u8..3);
        (types, serial, wear)
            .prop_map(|(it, serial, wear_percent)| Part { wear_percent, ..Part::new(it, serial) })
    }

    proptest! {
        #[test]
        fn what_is_told_is_sound_in_any_order(parts in prop::collection::vec(part(), 0..20)) {
            let told = PartsReport::of(parts.clone());
            prop_assert!(told.is_sound() && told.short().is_sound());
            let mut back = parts;
            back.sort_by(|a, b| b.cmp(a));
            prop_assert_eq!(PartsReport::of(back), told);
        }
    }

    #[test]
    fn nobody_is_told_other_parts_than_those_of_the_digest() {
        let told = PartsReport::of(vec![Part::new(PartType::Disk, "a")]);
        let other = PartsReport::of(vec![Part::new(PartType::Disk, "b")]);
        assert!(!PartsReport { parts: other.parts, ..told }.is_sound());
        let twice = vec![Part::new(PartType::Disk, "a"); 2];
        let digest = digest(&twice);
        assert!(!PartsReport { digest, parts: Some(twice) }.is_sound());
    }
}
