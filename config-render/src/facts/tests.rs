use super::load::Beside;
use super::*;
use inventory::kinds::{BGP_SESSION, DEVICE, INTERFACE, IP_ADDRESS, SITE};
use inventory::schema::Kind;
use serde_json::{Value, json};

fn record(kind: &Kind, value: &Value) -> Record {
    let read = kind.read(value.as_object().expect("an object"));
    read.unwrap_or_else(|wrong| panic!("{}: {wrong:?}", kind.name))
}

/// A box with a bundle of two ports, a VLAN on it, and two sessions.
pub(crate) fn facts() -> Facts {
    let interfaces = [
        json!({"device": "oca1.munich", "name": "eth1", "lag": "oca1.munich:bond0"}),
        json!({"device": "oca1.munich", "name": "eth0", "lag": "oca1.munich:bond0", "mtu": 9000}),
        json!({"device": "oca1.munich", "name": "bond0", "type": "lag", "purpose": "viewers"}),
        json!({"device": "oca1.munich", "name": "bond0.30", "type": "virtual", "parent": "oca1.munich:bond0"}),
        json!({"device": "oca1.munich", "name": "mgmt", "mgmt_only": true,
            "mac_address": "02:00:5e:10:00:01"}),
        json!({"device": "oca1.munich", "name": "spare"}),
    ];
    let addresses = [
        json!({"address": "192.0.2.11/24", "interface": "oca1.munich:bond0"}),
        json!({"address": "2001:db8::11/64", "interface": "oca1.munich:bond0"}),
        json!({"address": "198.51.100.2/30", "interface": "oca1.munich:bond0.30"}),
        json!({"address": "10.0.0.11/24", "interface": "oca1.munich:mgmt"}),
        json!({"address": "10.9.9.9/24", "interface": "oca1.munich:mgmt", "status": "reserved"}),
    ];
    let sessions = [
        json!({"device": "oca1.munich", "peer_address": "192.0.2.1", "peer_asn": 64496,
            "local_asn": 64511, "description": "the \"core\"; 1"}),
        json!({"device": "oca1.munich", "peer_address": "2001:db8::1", "peer_asn": 64496,
            "local_asn": 64511, "max_prefixes": 2000}),
        json!({"device": "oca1.munich", "peer_address": "192.0.2.2", "peer_asn": 64496,
            "local_asn": 64511, "status": "planned"}),
    ];
    let all = |kind: &'static Kind, values: &[Value]| -> Vec<Record> {
        values.iter().map(|it| record(kind, it)).collect()
    };
    let mut beside = Beside::of(
        all(&INTERFACE, &interfaces),
        &all(&IP_ADDRESS, &addresses),
        all(&BGP_SESSION, &sessions),
    );
    let device = json!({"name": "oca1.munich", "role": "appliance", "site": "munich", "serial": "S1",
    "appliance": {
        "players": [{"addresses": ["192.0.2.11:443", "[2001:db8::11]:443"], "http2": true}],
        "peers": ["192.0.2.11:8443"],
        "disks": [{"folder": "/disks/a", "class": "nvme", "capacity_bytes": 1_u64 << 40}],
        "ram_budget_bytes": 1_u64 << 30,
        "state_folder": "/var/lib/headend",
    }});
    let site = json!({"name": "munich", "latitude": 48.1, "longitude": 11.6, "provider": "isp-a"});
    beside.facts(record(&DEVICE, &device), record(&SITE, &site))
}

/// The same as a router of ours.
pub(crate) fn router() -> Facts {
    let Facts { site, ports, sessions, .. } = facts();
    let device = json!({"name": "r1.munich", "role": "router", "site": "munich"});
    Facts { device: record(&DEVICE, &device), site, ports, sessions }
}

#[test]
fn templates_read_what_the_inventory_has() {
    let values = Value::Object(facts().values());
    insta::assert_yaml_snapshot!(values);
}
