//! What the inventory has of a device, as templates read it.
//!
//! Read in this order: [`Facts`] (what there is), `port.rs` (an interface with its addresses), `values.rs` (the
//! names that templates read it by), `load.rs` (from SQL, one device or all).

mod load;
mod port;
mod values;

pub use load::{all_facts, facts_of};
pub(crate) use port::Port;

use inventory::kinds::{BGP_SESSION, DEVICE, INTERFACE, IP_ADDRESS, SITE};
use inventory::schema::{Kind, Record};
use std::net::IpAddr;

/// A device, and what stands around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The device.
    pub(crate) device: Record,
    /// Its site.
    pub(crate) site: Record,
    /// Its interfaces, by name.
    pub(crate) ports: Vec<Port>,
    /// Its conversations by BGP that are to be, by the other end's address.
    pub(crate) sessions: Vec<Record>,
}

impl Facts {
    /// The device's name.
    #[must_use]
    pub fn name(&self) -> &str {
        text(&self.device, "name")
    }

    /// What it is there for.
    #[must_use]
    pub fn role(&self) -> &str {
        text(&self.device, "role")
    }

    /// Where the fleet finds its SSH server, if that is known.
    #[must_use]
    pub fn management_address(&self) -> Option<IpAddr> {
        text(&self.device, "management_address").parse().ok()
    }

    /// The keys that its SSH server shows, one a line.
    #[must_use]
    pub fn ssh_host_keys(&self) -> &str {
        text(&self.device, "ssh_host_keys")
    }

    /// How far it is in its life.
    #[must_use]
    pub fn status(&self) -> &str {
        text(&self.device, "status")
    }

    /// The records that it is known by: kind and key of each.
    #[must_use]
    pub fn records(&self) -> Vec<(&'static Kind, String)> {
        let interface = |port: &Port| (&INTERFACE, format!("{}:{}", self.name(), port.name));
        let addresses = |port: &Port| {
            let keys = port.addresses.iter().map(ToString::to_string);
            keys.map(|key| (&IP_ADDRESS, key)).collect::<Vec<_>>()
        };
        let sessions = self.sessions.iter().map(|it| (&BGP_SESSION, BGP_SESSION.key(it)));
        let mut records = vec![(&DEVICE, DEVICE.key(&self.device)), (&SITE, SITE.key(&self.site))];
        records.extend(self.ports.iter().map(interface));
        records.extend(self.ports.iter().flat_map(addresses));
        records.extend(sessions);
        records
    }

    /// Where it stands among others.
    #[must_use]
    pub fn place(&self) -> crate::values::Place<'_> {
        crate::values::Place {
            device: self.name(),
            site: text(&self.site, "name"),
            device_type: self.device.get("device_type").as_str(),
        }
    }
}

pub(crate) fn text<'a>(record: &'a Record, field: &str) -> &'a str {
    record.get(field).as_str().unwrap_or_default()
}

/// What names another record of its device: `oca1:eth0` is `eth0`.
fn own_name(key: &str) -> &str {
    key.split_once(':').map_or(key, |(_, name)| name)
}

#[cfg(test)]
pub(crate) use tests::{facts as facts_for_tests, router as router_for_tests};

#[cfg(test)]
mod tests;
