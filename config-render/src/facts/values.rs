//! The names by which templates read facts: `device`, `site`, `interfaces`, `sessions`, `ports`, `local_asns`,
//! `router_id`.

use super::{Facts, Port, text};
use inventory::schema::Record;
use ipnet::IpNet;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

impl Facts {
    /// All of them.
    pub(crate) fn values(&self) -> Map<String, Value> {
        let whole = json!({
            "device": named(&self.device, &["name", "role", "status", "serial", "cluster", "device_type", "tags"]),
            "site": named(&self.site, &["name", "provider", "region", "time_zone", "tags"]),
            "interfaces": self.ports,
            "sessions": self.sessions.iter().map(|it| self.session(it)).collect::<Vec<_>>(),
            "local_asns": self.sessions.iter().filter_map(|it| it.get("local_asn").as_i64()).collect::<BTreeSet<_>>(),
            "router_id": self.router_id(),
            "ports": {"players": self.ports_of("players"), "peers": self.ports_of("peers")},
        });
        match whole {
            Value::Object(values) => values,
            _ => Map::new(),
        }
    }

    fn session(&self, session: &Record) -> Value {
        let fields = ["peer_address", "peer_asn", "local_asn", "max_prefixes", "description"];
        let mut said = named(session, &fields);
        said["local_address"] = json!(self.address_towards(text(session, "peer_address")));
        said
    }

    /// Its address in the network in which somebody else is.
    pub(crate) fn address_towards(&self, other: &str) -> Option<IpAddr> {
        let other: IpAddr = other.parse().ok()?;
        let near = self.addresses().filter(|it| it.contains(&other));
        near.max_by_key(|it| it.prefix_len()).map(IpNet::addr)
    }

    fn addresses(&self) -> impl Iterator<Item = &IpNet> {
        self.ports.iter().flat_map(|port| &port.addresses)
    }

    /// The first IPv4 address: of what is cabled to nobody first, since it does not go with a cable.
    fn router_id(&self) -> Option<IpAddr> {
        let is_loopback = |port: &&Port| port.name.starts_with("lo");
        let (loopback, other): (Vec<&Port>, Vec<&Port>) = self.ports.iter().partition(is_loopback);
        let all = loopback.into_iter().chain(other).flat_map(|port| &port.addresses);
        all.map(IpNet::addr).find(IpAddr::is_ipv4)
    }

    /// Where a box listens for some.
    fn ports_of(&self, whom: &str) -> BTreeSet<u16> {
        let listeners = self.device.get("appliance").get(whom).and_then(Value::as_array);
        let addresses = listeners.into_iter().flatten().flat_map(|it| match it {
            Value::String(address) => vec![address.as_str()],
            listener => listener["addresses"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
        });
        addresses.filter_map(|it| it.rsplit_once(':')?.1.parse().ok()).collect()
    }
}

fn named(record: &Record, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), record.get(field).clone())).collect()
}
