//! What is wrong with the configuration of a fleet though each device would take its own: looked at over all
//! of them, before anything is sent. Pure.
//!
//! Read in this order: [`Fleet`] (what is looked at), [`Finding`], then the rules, a file each.

mod addresses;
mod bgp;
mod names;
mod networks;
mod ssh;

use crate::facts::Facts;
use crate::values::{Said, Settings};
use serde::Serialize;
use std::net::IpAddr;

/// A device, with what it is told, as far as rules ask.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the inventory has of it.
    pub facts: Facts,
    /// Who may come in by SSH, and who says so.
    ssh_from: Option<Said>,
}

impl Subject {
    /// Of all its settings, which may be large, it keeps what rules ask for: there may be twenty thousand devices.
    #[must_use]
    pub fn new(facts: Facts, settings: &Settings) -> Self {
        Self { facts, ssh_from: settings.origin("ssh.from") }
    }
}

/// All that is looked at together.
#[derive(Debug, Clone, Copy)]
pub struct Fleet<'a> {
    /// All devices.
    pub devices: &'a [Subject],
    /// From where the fleet manager comes by SSH, as far as it is known.
    pub ours: &'a [IpAddr],
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The device.
    pub device: String,
    /// Which rule says so.
    pub rule: &'static str,
    /// What, and what would mend it.
    pub message: String,
}

impl Finding {
    fn new(device: &Facts, rule: &'static str, message: String) -> Self {
        Self { device: device.name().to_owned(), rule, message }
    }
}

/// All that is wrong, by device.
#[must_use]
pub fn lint(fleet: Fleet<'_>) -> Vec<Finding> {
    let mut found = addresses::check(fleet);
    found.extend(networks::check(fleet));
    found.extend(bgp::check(fleet));
    found.extend(names::check(fleet));
    found.extend(ssh::check(fleet));
    found.sort();
    found
}

#[cfg(test)]
mod tests;
