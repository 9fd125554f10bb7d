//! Interfaces, cables, networks and addresses.

use super::Making;
use super::value::{choice, label, line, metres, text};
use crate::kinds::{INTERFACE, IP_ADDRESS, LINK, PREFIX};
use crate::rules::addresses::Nets;
use crate::schema::Shape;
use ipnet::IpNet;
use serde_json::{Value, json};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

impl Making<'_> {
    pub(super) fn interfaces(&mut self) {
        let (export, mut types) = (self.export, HashMap::new());
        for interface in export.of("dcim/interfaces") {
            let device = self.device_names.known(&interface["device"]["id"]);
            let name = label(&interface["name"], 64);
            if let (Some(device), Some(name), Some(id)) = (device, name, interface["id"].as_i64()) {
                types.insert(id, (device.to_owned(), choice(&interface["type"])));
                self.interfaces.insert(id, format!("{device}:{name}"));
            }
        }
        for interface in export.of("dcim/interfaces") {
            self.interface(interface, &types);
        }
    }

    fn interface(&mut self, interface: &Value, all: &HashMap<i64, (String, Option<String>)>) {
        let Some((device, of_type)) = interface["id"].as_i64().and_then(|id| all.get(&id)) else {
            let says = format!(
                "interface {}: its device is not in the export: left out",
                interface["name"]
            );
            return self.note("interfaces without a device", says);
        };
        // Members of a chassis share bundles; here each device has its own.
        let other = |of: &str| {
            let id = interface[of]["id"].as_i64()?;
            let (its_device, its_type) = all.get(&id)?;
            let is_one = of == "parent" || its_type.as_deref() == Some("lag");
            (its_device == device && is_one).then(|| self.interfaces[&id].clone())
        };
        let (lag, parent) = (other("lag"), other("parent"));
        for (of, found) in [("lag", &lag), ("parent", &parent)] {
            if !interface[of].is_null() && found.is_none() {
                let says = format!(
                    "interface {device}:{}: its {of} is none of the same device: left out",
                    interface["name"]
                );
                self.note("bundles of others", says);
            }
        }
        let mac = text(&interface["mac_address"])
            .or_else(|| text(&interface["primary_mac_address"]["mac_address"]))
            .filter(|mac| Shape::Mac.parse(mac).is_ok());
        self.add(
            &INTERFACE,
            interface,
            json!({
                "device": device,
                "name": label(&interface["name"], 64),
                "label": label(&interface["label"], 64),
                "type": of_type,
                "enabled": interface["enabled"].as_bool(),
                "lag": lag,
                "parent": parent,
                "mac_address": mac,
                "mtu": interface["mtu"].as_i64().filter(|it| *it > 0),
                "speed_kbits_per_s": interface["speed"].as_i64().filter(|it| *it > 0),
                "mgmt_only": interface["mgmt_only"].as_bool(),
                "description": line(&interface["description"]),
            }),
        );
    }

    /// Those that lead from one interface to another.
    pub(super) fn cables(&mut self) {
        let (export, mut taken, mut others) = (self.export, HashSet::new(), 0_usize);
        for cable in export.of("dcim/cables") {
            let end = |of: &str| {
                let ends = cable[of].as_array().filter(|ends| ends.len() == 1)?;
                let is_interface = ends[0]["object_type"] == "dcim.interface";
                let id = ends[0]["object_id"].as_i64().filter(|_| is_interface)?;
                self.interfaces.get(&id).cloned()
            };
            let (Some(a), Some(b)) = (end("a_terminations"), end("b_terminations")) else {
                others += 1;
                continue;
            };
            if a == b || !taken.insert(a.clone()) || !taken.insert(b.clone()) {
                others += 1;
                continue;
            }
            let status = self.known_state(&LINK, "cable", &a, &cable["status"]);
            self.add(
                &LINK,
                cable,
                json!({
                    "a": a,
                    "b": b,
                    "status": status,
                    "type": choice(&cable["type"]),
                    "label": label(&cable["label"], 100),
                    "length_m": metres(&cable["length"], &cable["length_unit"]),
                    "description": line(&cable["description"]),
                }),
            );
        }
        if others > 0 {
            self.note(
                "cables",
                format!("{others} cables do not lead from one interface to another: left out"),
            );
        }
    }

    pub(super) fn networks(&mut self) {
        let mut nets: BTreeMap<IpNet, &Value> = BTreeMap::new();
        let export = self.export;
        for prefix in export.of("ipam/prefixes") {
            let Some(net) = text(&prefix["prefix"]).and_then(|it| it.parse::<IpNet>().ok()) else {
                let says = format!("prefix {}: it is no network: left out", prefix["prefix"]);
                self.note("networks that are none", says);
                continue;
            };
            match nets.entry(net.trunc()) {
                Entry::Vacant(free) => drop(free.insert(prefix)),
                Entry::Occupied(_) => {
                    let says = format!("prefix {net}: there is one of another VRF: left out");
                    self.note("networks twice", says);
                }
            }
        }
        let containers = self.containers(&nets);
        for (net, prefix) in &nets {
            let told = self.known_state(&PREFIX, "prefix", &net.to_string(), &prefix["status"]);
            let is_container = containers.contains(net);
            let status = if is_container { Some("container") } else { told.as_deref() };
            // Until 4.1 it had a site, since then a scope.
            let scope = if prefix["scope_type"] == "dcim.site" {
                &prefix["scope"]
            } else {
                &prefix["site"]
            };
            let site = self.sites.known(&scope["id"]).map(str::to_owned);
            self.add(
                &PREFIX,
                prefix,
                json!({
                    "prefix": net.to_string(),
                    "status": status,
                    "site": site,
                    "description": line(&prefix["description"]),
                }),
            );
        }
        let is_container = |net: &IpNet, prefix: &Value| {
            containers.contains(net) || choice(&prefix["status"]).as_deref() == Some("container")
        };
        let known: Nets =
            nets.iter().map(|(net, prefix)| (*net, is_container(net, prefix))).collect();
        self.addresses(known, nets.keys().copied().collect());
    }

    /// A network that holds another is a container, whatever it is there.
    fn containers(&mut self, nets: &BTreeMap<IpNet, &Value>) -> BTreeSet<IpNet> {
        let mut containers = BTreeSet::new();
        for net in nets.keys() {
            for length in 0..net.prefix_len() {
                let outer = IpNet::new(net.addr(), length).ok().map(|outer| outer.trunc());
                containers.extend(outer.filter(|outer| nets.contains_key(outer)));
            }
        }
        for net in &containers {
            if choice(&nets[net]["status"]).as_deref() != Some("container") {
                self.note(
                    "networks in networks",
                    format!("prefix {net} holds others: it is a container here"),
                );
            }
        }
        containers
    }

    fn addresses(&mut self, mut nets: Nets, mut known: BTreeSet<IpNet>) {
        let (export, mut taken) = (self.export, HashSet::new());
        for address in export.of("ipam/ip-addresses") {
            let Some(told) = text(&address["address"]).and_then(|it| it.parse::<IpNet>().ok())
            else {
                let says = format!("address {}: it is none: left out", address["address"]);
                self.note("addresses that are none", says);
                continue;
            };
            if !taken.insert(told.addr()) {
                self.note(
                    "addresses twice",
                    format!("address {told}: there is one already: left out"),
                );
                continue;
            }
            let own = self.fitting(told, &mut nets, &mut known);
            let status =
                self.known_state(&IP_ADDRESS, "address", &told.to_string(), &address["status"]);
            let is_of_interface = address["assigned_object_type"] == "dcim.interface";
            let id = address["assigned_object_id"].as_i64().filter(|_| is_of_interface);
            let interface = id.and_then(|id| self.interfaces.get(&id)).cloned();
            let dns_name = text(&address["dns_name"])
                .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
                .filter(|name| Shape::Name.parse(name).is_ok());
            self.add(
                &IP_ADDRESS,
                address,
                json!({
                    "address": own.to_string(),
                    "status": status,
                    "role": choice(&address["role"]),
                    "interface": interface,
                    "dns_name": dns_name,
                    "description": line(&address["description"]),
                }),
            );
        }
    }

    /// An address as it fits the networks that there are. One that stands in none brings its own.
    fn fitting(&mut self, told: IpNet, nets: &mut Nets, known: &mut BTreeSet<IpNet>) -> IpNet {
        if nets.check_address(&told).is_ok() {
            return told;
        }
        let is_alone = told.prefix_len() == told.max_prefix_len();
        if !is_alone && nets.check(&told.trunc(), false).is_ok() && !known.contains(&told.trunc()) {
            let net = told.trunc();
            known.insert(net);
            nets.add(net);
            self.note("networks of addresses", format!("prefix {net} is made for {told}"));
            let fields =
                json!({"prefix": net.to_string(), "description": "Made for its addresses."});
            self.add(&PREFIX, &Value::Null, fields);
            if nets.check_address(&told).is_ok() {
                return told;
            }
        }
        let alone = IpNet::new(told.addr(), told.max_prefix_len()).unwrap_or(told);
        self.note(
            "addresses of another length",
            format!("address {told} does not fit its network: it is {alone} here"),
        );
        alone
    }
}
