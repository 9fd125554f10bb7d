//! What Ansible reads from a script: groups of hosts, and of each host what is known of it.
//!
//! No free text is told: what stands in an inventory is a template to Ansible, and would be carried out.

use super::{Devices, names, text};
use inventory::schema::Record;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Groups by these fields, under these names.
const BY: [(&str, &str); 6] = [
    ("site", "site"),
    ("status", "status"),
    ("device_type", "type"),
    ("cluster", "cluster"),
    ("region", "region"),
    ("provider", "provider"),
];

pub(super) fn told(all: &Devices) -> Value {
    let (mut groups, mut hosts) = (BTreeMap::<String, Vec<&str>>::new(), Map::new());
    for device in &all.devices {
        let name = text(device, "name").unwrap_or_default();
        let role = text(device, "role").unwrap_or_default();
        groups.entry(of_role(role).to_owned()).or_default().push(name);
        hosts.insert(name.to_owned(), host(all, device, name));
    }
    for (field, called) in BY {
        let value = |device| all.value(device, field);
        let plain = names::plain(all.devices.iter().filter_map(value));
        for device in &all.devices {
            if let Some(of) = value(device) {
                let group = format!("{called}_{}", plain[of]);
                groups.entry(group).or_default().extend(text(device, "name"));
            }
        }
    }
    let mut told: Map<String, Value> =
        groups.into_iter().map(|(name, hosts)| (name, json!({ "hosts": hosts }))).collect();
    told.insert("_meta".to_owned(), json!({ "hostvars": hosts }));
    Value::Object(told)
}

/// What several with a role are called.
fn of_role(role: &str) -> &str {
    match role {
        "appliance" => "appliances",
        "router" => "routers",
        "switch" => "switches",
        "pdu" => "pdus",
        "console-server" => "console_servers",
        "other" => "others",
        unheard_of => unheard_of,
    }
}

/// What the roles in `ansible/` read, and what tells machines apart.
fn host(all: &Devices, device: &Record, name: &str) -> Value {
    let mut host = Map::new();
    let mut tell = |name: &str, value: Option<Value>| {
        host.extend(value.map(|value| (name.to_owned(), value)));
    };
    let address = all.reach.address(name).map(|it| Value::from(it.to_string()));
    tell("ansible_host", address);
    tell("headend_site", text(device, "site").map(Value::from));
    tell("headend_status", text(device, "status").map(Value::from));
    for (purpose, variable) in
        [("viewers", "headend_viewer_interfaces"), ("siblings", "headend_sibling_interfaces")]
    {
        let interfaces = all.reach.interfaces(name, purpose);
        tell(variable, (!interfaces.is_empty()).then(|| json!(interfaces)));
    }
    Value::Object(host)
}
