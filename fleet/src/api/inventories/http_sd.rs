//! What Prometheus reads over HTTP: each device as a target with its labels.

use super::{Devices, text};
use inventory::schema::Record;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;

/// Labels, and from where they come. A user keeps those that he wants, by relabelling.
const LABELS: [&str; 6] = ["role", "status", "site", "cluster", "region", "provider"];

pub(super) fn told(all: &Devices, port: u16) -> Value {
    all.devices.iter().map(|device| target(all, device, port)).collect()
}

fn target(all: &Devices, device: &Record, port: u16) -> Value {
    let name = text(device, "name").unwrap_or_default();
    let label = |of: &str, value: &str| (format!("__meta_headend_{of}"), Value::from(value));
    let labels = LABELS.iter().filter_map(|of| Some(label(of, all.value(device, of)?)));
    let labels: Map<String, Value> = labels.chain([label("device", name)]).collect();
    let target = match all.reach.address(name) {
        Some(ip) => SocketAddr::new(ip, port).to_string(),
        None => format!("{name}:{port}"),
    };
    json!({ "targets": [target], "labels": labels })
}
