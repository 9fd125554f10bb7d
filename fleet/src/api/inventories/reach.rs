//! By which address a device is reached, and which of its interfaces are for whom.

use super::text;
use inventory::kinds::INTERFACE;
use inventory::schema::Record;
use serde_json::Value;
use std::collections::HashMap;
use std::net::IpAddr;

/// Of all devices.
#[derive(Default)]
pub(super) struct Reach {
    /// The best address of each, with how good it is: less is better.
    addresses: HashMap<String, (u8, IpAddr)>,
    /// Names of interfaces by device and purpose.
    purposes: HashMap<(String, String), Vec<String>>,
}

impl Reach {
    pub(super) fn new(
        interfaces: impl Iterator<Item = Record>,
        addresses: impl Iterator<Item = Record>,
    ) -> Self {
        let mut reach = Self::default();
        let mut ranks: HashMap<String, (String, u8)> = HashMap::new();
        for interface in interfaces {
            let device = text(&interface, "device").unwrap_or_default().to_owned();
            let purpose = text(&interface, "purpose");
            let is_management =
                purpose == Some("management") || interface.get("mgmt_only") == &Value::Bool(true);
            // What is for us alone before what viewers share.
            ranks.insert(INTERFACE.key(&interface), (device.clone(), u8::from(!is_management)));
            if let (Some(purpose), Some(name)) = (purpose, text(&interface, "name")) {
                let all = reach.purposes.entry((device, purpose.to_owned())).or_default();
                all.push(name.to_owned());
            }
        }
        for address in addresses {
            let ip = text(&address, "address").and_then(|it| it.split('/').next()?.parse().ok());
            let of = text(&address, "interface").and_then(|key| ranks.get(key));
            if let (Some(ip), Some((device, rank))) = (ip, of) {
                reach.add(device, *rank, ip);
            }
        }
        reach
    }

    /// The best, and of equals the lowest: the same one each time.
    fn add(&mut self, device: &str, rank: u8, ip: IpAddr) {
        let best = self.addresses.entry(device.to_owned()).or_insert((rank, ip));
        *best = (*best).min((rank, ip));
    }

    /// By which it is reached.
    pub(super) fn address(&self, device: &str) -> Option<IpAddr> {
        self.addresses.get(device).map(|(_, ip)| *ip)
    }

    /// Those of its interfaces that are for somebody.
    pub(super) fn interfaces(&self, device: &str, purpose: &str) -> &[String] {
        let key = (device.to_owned(), purpose.to_owned());
        self.purposes.get(&key).map_or(&[], Vec::as_slice)
    }
}
