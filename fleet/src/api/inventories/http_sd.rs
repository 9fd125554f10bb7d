//! What Prometheus reads over HTTP: targets with labels, those with the same labels together.

use super::{Devices, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Labels, and from where they come. A user keeps those that he wants, by relabelling.
const LABELS: [&str; 6] = ["role", "status", "site", "cluster", "region", "provider"];

pub(super) fn told(all: &Devices, port: u16) -> Value {
    let mut groups: BTreeMap<Vec<(String, String)>, Vec<String>> = BTreeMap::new();
    for device in &all.devices {
        let name = text(device, "name").unwrap_or_default();
        let label = |field: &&str| {
            let value = match *field {
                "region" | "provider" => all.of_site(device, field),
                field => text(device, field),
            };
            Some((format!("__meta_headend_{field}"), value?.to_owned()))
        };
        let mut labels: Vec<_> = LABELS.iter().filter_map(label).collect();
        labels.push(("__meta_headend_device".to_owned(), name.to_owned()));
        let target = match all.reach.address(name) {
            Some(ip) => SocketAddr::new(ip, port).to_string(),
            None => format!("{name}:{port}"),
        };
        groups.entry(labels).or_default().push(target);
    }
    let group = |(labels, targets): (Vec<(String, String)>, Vec<String>)| {
        let labels: BTreeMap<String, String> = labels.into_iter().collect();
        json!({ "targets": targets, "labels": labels })
    };
    Value::Array(groups.into_iter().map(group).collect())
}
