//! What is otherwise.

use super::{Intended, Observed, key, text};
use crate::kinds::COMPONENT;
use crate::observed::firmware::is_older;
use crate::schema::Record;
use contract::parts::{Part, PartType};
use std::collections::HashSet;
use std::fmt;

/// The machine itself, where parts are named.
pub const MACHINE: &str = "device";

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is to be there, and is not.
    Missing,
    /// It is there, and nobody knows of it.
    Unexpected,
    /// It is to be elsewhere.
    Moved,
    /// What runs in it is older than it is to be.
    OldFirmware,
    /// The machine is another.
    OtherSerial,
}

impl Reason {
    /// By what it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::Moved => "moved",
            Self::OldFirmware => "old-firmware",
            Self::OtherSerial => "other-serial",
        }
    }

    /// By its name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        use Reason::{Missing, Moved, OldFirmware, OtherSerial, Unexpected};
        let all = [Missing, Unexpected, Moved, OldFirmware, OtherSerial];
        all.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What.
    pub reason: Reason,
    /// Of which part: its key, or [`MACHINE`].
    pub part: String,
    /// In words.
    pub detail: String,
    /// What the inventory says.
    pub intended: Option<String>,
    /// What the machine says.
    pub observed: Option<String>,
}

/// All that is otherwise.
#[must_use]
pub fn differences(intended: &Intended<'_>, observed: &Observed) -> Vec<Seen> {
    let mut all = Vec::new();
    all.extend(other_serial(intended.device, observed.serial.as_deref()));
    all.extend(missing(intended, observed));
    for part in &observed.parts {
        all.extend(misplaced(intended, &observed.device, part));
        all.extend(old_firmware(intended, part));
    }
    all
}

fn other_serial(device: &Record, serial: Option<&str>) -> Option<Seen> {
    let (intended, observed) = (text(device, "serial")?, serial?);
    (intended != observed).then(|| Seen {
        reason: Reason::OtherSerial,
        part: MACHINE.to_owned(),
        detail: format!("it is the machine {observed}, and not {intended}"),
        intended: Some(intended.to_owned()),
        observed: Some(observed.to_owned()),
    })
}

fn missing(intended: &Intended<'_>, observed: &Observed) -> Vec<Seen> {
    let there: HashSet<String> = observed.parts.iter().map(key).collect();
    let mut visible: HashSet<&str> =
        observed.parts.iter().map(|part| part.part_type.name()).collect();
    visible.insert(PartType::Disk.name());
    let is_expected = |component: &Record| {
        text(component, "device") == Some(&observed.device)
            && text(component, "status") == Some("active")
            && text(component, "type").is_some_and(|it| visible.contains(it))
    };
    let own = intended.components.values().filter(|component| is_expected(component));
    let gone = own.map(|component| COMPONENT.key(component)).filter(|key| !there.contains(key));
    let mut gone: Vec<String> = gone.collect();
    gone.sort_unstable();
    let seen = |part: String| Seen {
        reason: Reason::Missing,
        detail: "missing".to_owned(),
        intended: Some(observed.device.clone()),
        observed: None,
        part,
    };
    gone.into_iter().map(seen).collect()
}

fn misplaced(intended: &Intended<'_>, device: &str, part: &Part) -> Option<Seen> {
    let of = |reason, detail: String, intended| Seen {
        reason,
        part: key(part),
        detail,
        intended,
        observed: Some(device.to_owned()),
    };
    let Some(component) = intended.components.get(&key(part)) else {
        return Some(of(Reason::Unexpected, "unexpected".to_owned(), None));
    };
    match text(component, "device") {
        Some(here) if here == device => None,
        Some(other) => {
            Some(of(Reason::Moved, format!("moved from {other}"), Some(other.to_owned())))
        }
        None => Some(of(Reason::Moved, "moved from the shelf".to_owned(), None)),
    }
}

fn old_firmware(intended: &Intended<'_>, part: &Part) -> Option<Seen> {
    let (model, runs) = (part.part_id.as_deref()?, part.firmware.as_deref()?);
    let oldest = intended.policies.get(&format!("{}:{model}", part.part_type))?;
    is_older(runs, oldest).then(|| Seen {
        reason: Reason::OldFirmware,
        part: key(part),
        detail: format!("firmware {runs} is older than policy: {oldest}"),
        intended: Some(oldest.clone()),
        observed: Some(runs.to_owned()),
    })
}
