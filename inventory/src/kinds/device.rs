//! Machines and what they are of.

use super::documents::APPLIANCE;
use crate::Complaint;
use crate::model::is_serial;
use crate::rules::addresses;
use crate::rules::life_cycle::STATES;
use crate::schema::{Field, Kind, Record, Scope, Shape, fine};
use serde_json::Value;

const AIRFLOWS: &[&str] = &[
    "front-to-rear",
    "rear-to-front",
    "left-to-right",
    "right-to-left",
    "side-to-rear",
    "rear-to-side",
    "bottom-to-top",
    "top-to-bottom",
    "passive",
    "mixed",
];

/// A model.
pub static DEVICE_TYPE: Kind = Kind {
    name: "device-type",
    plural: "device-types",
    about: "A model of a maker's.",
    key: &["slug"],
    fields: &[
        Field::required("slug", Shape::Name, "What it is called where names are short."),
        Field::required("manufacturer", Shape::Label(100), "Who makes it."),
        Field::required("model", Shape::Label(100), "What its maker calls it."),
        Field::optional("part_number", Shape::Label(50), "The number by which it is ordered."),
        Field::default("u_height", Shape::Half(0.0, 100.0), "1", "The rack units that it takes."),
        Field::default("is_full_depth", Shape::Flag, "true", "Whether it takes both faces."),
        Field::optional("airflow", Shape::Choice(AIRFLOWS), "Which way air goes through it."),
        Field::optional("weight_kg", Shape::Decimal(0.0, 10_000.0), "What it weighs."),
        Field::optional("max_power_w", Shape::Integer(0, 100_000), "What it draws at most."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::optional("comments", Shape::Notes, "All that is to be remembered."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::NamedBy("device", "device_type"),
};

/// Devices that stand for one another.
pub static CLUSTER: Kind = Kind {
    name: "cluster",
    plural: "clusters",
    about: "Devices among which content is spread, and viewers are.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called."),
        Field::optional("site", Shape::Of("site"), "Where it is, if at one place."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["site"]),
};

/// A machine.
pub static DEVICE: Kind = Kind {
    name: "device",
    plural: "devices",
    about: "A machine: one that serves, or one that others need.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called, for good."),
        Field::required(
            "role",
            Shape::Choice(&["appliance", "router", "switch", "pdu", "console-server", "other"]),
            "What it is there for.",
        ),
        Field::default("status", Shape::Choice(&STATES), "planned", "How far in its life it is."),
        Field::ours("status_reason", Shape::Line, "Why it is that, where it took a reason."),
        Field::optional("device_type", Shape::Of("device-type"), "Of which model it is."),
        Field::optional("serial", Shape::Label(64), "The number that its maker gave it."),
        Field::optional("asset_tag", Shape::Label(50), "The number that we gave it."),
        Field::required("site", Shape::Of("site"), "Where it stands, or is to."),
        Field::optional("rack", Shape::Of("rack"), "In which rack."),
        Field::optional("position", Shape::Half(1.0, 100.5), "Its lowest rack unit."),
        Field::optional("face", Shape::Choice(&["front", "rear"]), "At which face of the rack."),
        Field::optional("airflow", Shape::Choice(AIRFLOWS), "Which way air goes through it."),
        Field::optional("cluster", Shape::Of("cluster"), "Which cluster it is a part of."),
        Field::optional(
            "appliance",
            Shape::Document(&APPLIANCE),
            "What it is told to be, where it is a box: where it listens, its disks and memory.",
        ),
        Field::optional("bmc", Shape::Ip, "Where its management controller is: never public."),
        Field::default("has_bmc", Shape::Flag, "true", "Whether there is such a controller."),
        Field::optional("management_address", Shape::Ip, "Where the fleet finds its SSH server."),
        Field::optional(
            "ssh_host_keys",
            Shape::Notes,
            "The public keys that its SSH server shows, one a line; a box says them when it joins.",
        ),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::optional("comments", Shape::Notes, "All that is to be remembered."),
        Field::tags(),
    ],
    sense: device,
    scope: Scope::Of(&["site"]),
};

/// What does not go together in a device, whatever stands around it.
fn device(device: &Record) -> Vec<Complaint> {
    let is_set = |field: &str| !device.get(field).is_null();
    let mut found = Vec::new();
    let mut tell = |field: &str, message: &str| found.push(Complaint::new(field, message));
    if is_set("appliance") && device.get("role") != "appliance" {
        tell("appliance", "the device is none: its role is another");
    }
    if is_set("position") && !is_set("rack") {
        tell("position", "in which rack?");
    }
    let serial = device.get("serial").as_str().filter(|_| is_set("appliance"));
    if serial.is_some_and(|serial| !is_serial(serial)) {
        tell("serial", "a machine says printable ASCII characters: it would never be this one");
    }
    let address = device.get("bmc").as_str().and_then(|text| text.parse().ok());
    if address.is_some_and(addresses::is_public) {
        tell("bmc", "whoever is on the Internet could try to get in: give it a private address");
    }
    if is_set("bmc") && device.get("has_bmc") == &Value::Bool(false) {
        tell("has_bmc", "it has an address");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_go_together_is_named() {
        let wrong = |more: Value| -> Vec<String> {
            let mut whole = json!({"name": "sw1", "role": "switch", "site": "a"});
            whole.as_object_mut().expect("one").extend(more.as_object().expect("one").clone());
            let read = DEVICE.read(whole.as_object().expect("an object"));
            read.err().unwrap_or_default().into_iter().map(|it| it.field).collect()
        };
        assert_eq!(wrong(json!({})), Vec::<String>::new());
        assert_eq!(wrong(json!({"bmc": "10.0.0.9"})), Vec::<String>::new());
        assert_eq!(wrong(json!({"bmc": "9.9.9.9", "position": 3})), ["position", "bmc"]);
        assert_eq!(wrong(json!({"bmc": "fd00::9", "has_bmc": false})), ["has_bmc"]);
    }

    #[test]
    fn a_box_has_a_serial_number_that_a_machine_can_say() {
        let device = |serial: &str, is_box: bool| {
            let mut device =
                json!({"name": "oca1", "role": "appliance", "site": "a", "serial": serial});
            if is_box {
                device["appliance"] = json!({
                    "players": [{"addresses": ["192.0.2.11:443"], "http2": false}],
                    "peers": ["192.0.2.11:9443"],
                    "disks": [{"folder": "/d", "class": "nvme", "capacity_bytes": 1_u64 << 40}],
                    "ram_budget_bytes": 1_u64 << 30,
                    "state_folder": "/s",
                });
            }
            DEVICE
                .read(device.as_object().expect("an object"))
                .map_err(|wrong| wrong[0].field.clone())
        };
        assert_eq!(device("S-1", true).err(), None);
        assert_eq!(device("S\u{2013}1", true).err().as_deref(), Some("serial"));
        assert!(device("S\u{2013}1", false).is_ok(), "what is no box never joins");
    }
}
