//! An appliance: one machine that serves.

use super::Found;
use super::disk::Disk;
use crate::Complaint;
use crate::schema::Record;
use contract::join::MAX_SERIAL_CHARS;
use contract::names::{DeviceName, SiteName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use utoipa::ToSchema;

/// A folder with less holds nothing worth planning for; the box refuses it too.
pub(super) const MIN_BYTES: u64 = 1 << 20;

/// One machine that serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appliance {
    /// Its name.
    #[schema(value_type = String, example = "oca1.site-a")]
    pub name: DeviceName,
    /// Where it stands.
    #[schema(value_type = String, example = "site-a")]
    pub site: SiteName,
    /// The serial number of the machine, as its maker has it: only that one becomes this box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, example = "CZ1234ABCD")]
    pub serial: Option<String>,
    /// Where viewers connect.
    pub players: Vec<PlayerListener>,
    /// Where boxes of the same site connect; the first is told to them.
    #[schema(value_type = Vec<String>, example = json!(["192.0.2.11:9443"]))]
    pub peers: Vec<SocketAddr>,
    /// Where objects live.
    pub disks: Vec<Disk>,
    /// What the RAM tier may take.
    pub ram_budget_bytes: u64,
    /// Where the box keeps its documents.
    #[schema(value_type = String, example = "/var/lib/headend")]
    pub state_folder: PathBuf,
    /// Where the box keeps request logs; none are written without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub access_log_folder: Option<PathBuf>,
}

/// What of it stands in fields of the device; all else is the device's `appliance`.
pub(crate) const OF_DEVICE: [&str; 3] = ["name", "site", "serial"];

/// As firmware tells it.
pub(crate) fn is_serial(serial: &str) -> bool {
    let is_printable = |it: char| it.is_ascii_graphic() || it == ' ';
    (1..=MAX_SERIAL_CHARS).contains(&serial.len())
        && serial.chars().all(is_printable)
        && serial.trim() == serial
}

/// Where viewers connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayerListener {
    /// Addresses with the same behaviour; IPv4 and IPv6 both.
    #[schema(value_type = Vec<String>, example = json!(["192.0.2.11:443", "[2001:db8::11]:443"]))]
    pub addresses: Vec<SocketAddr>,
    /// Whether HTTP/2 is offered beside HTTP/1.1. Bulk video travels better without.
    #[serde(default)]
    pub http2: bool,
}

impl Appliance {
    /// Of a device that is told to be one; nothing of another.
    ///
    /// # Errors
    /// When what it is told makes no sense.
    pub fn of(device: &Record) -> Result<Option<Self>, serde_json::Error> {
        let Value::Object(mut whole) = device.get("appliance").clone() else { return Ok(None) };
        for name in OF_DEVICE {
            whole.insert(name.to_owned(), device.get(name).clone());
        }
        serde_json::from_value(Value::Object(whole)).map(Some)
    }

    /// As a device. It is in use from its first day: whoever only plans one makes a device.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn device(&self) -> Result<Map<String, Value>, serde_json::Error> {
        let mut device = Map::new();
        let mut settings = serde_json::to_value(self)?;
        if let Some(settings) = settings.as_object_mut() {
            for name in OF_DEVICE {
                device.extend(settings.remove(name).map(|value| (name.to_owned(), value)));
            }
        }
        device.insert("role".to_owned(), Value::from("appliance"));
        device.insert("status".to_owned(), Value::from("active"));
        device.insert("appliance".to_owned(), settings);
        Ok(device)
    }

    /// The port in the addresses of this box that viewers are given: that of the first
    /// listener without HTTP/2, for that is how bulk video travels, or of the first.
    #[must_use]
    pub fn player_port(&self) -> Option<u16> {
        let plain = self.players.iter().find(|listener| !listener.http2);
        let listener = plain.or_else(|| self.players.first())?;
        listener.addresses.first().map(SocketAddr::port)
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<Complaint>> {
        let mut found = Found::default();
        self.check_addresses(&mut found);
        self.check_disks(&mut found);
        if self.ram_budget_bytes < MIN_BYTES {
            found.add("ram_budget_bytes", "less than 1MiB holds no block");
        }
        check_folder("state_folder", &self.state_folder, &mut found);
        if let Some(folder) = &self.access_log_folder {
            check_folder("access_log_folder", folder, &mut found);
        }
        found.or_else_ok()
    }

    fn check_addresses(&self, found: &mut Found) {
        if self.players.is_empty() {
            found.add("players", "name at least one address where viewers connect");
        }
        if self.peers.is_empty() {
            found.add("peers", "name at least one address where sibling boxes connect");
        }
        let players = self.players.iter().enumerate().flat_map(|(at, listener)| {
            let field = move |which| format!("players[{at}].addresses[{which}]");
            listener.addresses.iter().enumerate().map(move |(which, each)| (field(which), each))
        });
        let peers = self.peers.iter().enumerate().map(|(at, each)| (format!("peers[{at}]"), each));
        let mut seen = HashSet::new();
        for (field, address) in players.chain(peers) {
            if address.port() == 0 {
                found.add(&field, "port 0 is no port that others could be told");
            } else if !seen.insert(address) {
                found.add(&field, format!("{address} is named twice"));
            }
        }
        for (at, listener) in self.players.iter().enumerate() {
            if listener.addresses.is_empty() {
                found.add(format!("players[{at}].addresses"), "name at least one address");
            }
        }
    }

    fn check_disks(&self, found: &mut Found) {
        if self.disks.is_empty() {
            found.add("disks", "name at least one disk");
        }
        let mut seen = HashSet::new();
        for (at, disk) in self.disks.iter().enumerate() {
            disk.check(&format!("disks[{at}]"), found);
            if !seen.insert(&disk.folder) {
                found.add(format!("disks[{at}].folder"), "named twice");
            }
        }
    }
}

pub(super) fn check_folder(field: &str, folder: &Path, found: &mut Found) {
    if !folder.is_absolute() {
        found.add(field, "expected an absolute path");
    }
    if folder.to_str().is_none_or(|text| text.chars().any(char::is_control)) {
        found.add(field, "must not hold control characters");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::disk::DiskClass;

    fn good() -> Appliance {
        let address = |text: &str| text.parse().expect("address");
        Appliance {
            name: DeviceName::new("oca1.site-a").expect("name"),
            site: SiteName::new("site-a").expect("name"),
            serial: None,
            players: vec![
                PlayerListener { addresses: vec![address("127.0.1.1:8444")], http2: true },
                PlayerListener { addresses: vec![address("127.0.1.1:8443")], http2: false },
            ],
            peers: vec![address("127.0.1.1:9443")],
            disks: vec![Disk::new("/srv/disk0", DiskClass::Nvme, 1 << 30)],
            ram_budget_bytes: 64 << 20,
            state_folder: "/var/lib/headend".into(),
            access_log_folder: None,
        }
    }

    #[test]
    fn viewers_are_sent_to_the_listener_for_bulk_video() {
        assert_eq!(good().check(), Ok(()));
        assert_eq!(good().player_port(), Some(8443));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        type Breakage = fn(&mut Appliance);
        let broken: [(&str, Breakage); 7] = [
            ("players", |it| it.players.clear()),
            ("players[0].addresses", |it| it.players[0].addresses.clear()),
            ("peers[0]", |it| it.peers[0].set_port(0)),
            ("peers[1]", |it| it.peers.push(it.peers[0])),
            ("disks[0].folder", |it| it.disks[0].folder = "relative".into()),
            ("ram_budget_bytes", |it| it.ram_budget_bytes = 5),
            ("state_folder", |it| it.state_folder = "/a\nb".into()),
        ];
        for (field, breakage) in broken {
            let mut appliance = good();
            breakage(&mut appliance);
            let complaints = appliance.check().expect_err(field);
            assert_eq!(complaints[0].field, field);
        }
    }
}
