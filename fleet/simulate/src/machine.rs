//! One box: where it stands, what is in it, how it is reached. Thirty parts each.

use crate::places::{Place, network};
use crate::random::Random;
use crate::{Record, record};
use serde_json::{Value, json};

/// Parts of a box: type, how many, and what they are.
struct Part {
    of_type: &'static str,
    count: usize,
    model: &'static str,
    capacity_bytes: Option<u64>,
    disk_class: Option<&'static str>,
}

const GIB: u64 = 1 << 30;

/// A box of flash, or of disks that turn with some flash before them.
fn parts(is_flash: bool) -> [Part; 7] {
    let part = |of_type, count, model| Part {
        of_type,
        count,
        model,
        capacity_bytes: None,
        disk_class: None,
    };
    let (flash, disks) = if is_flash { (9, 0) } else { (3, 6) };
    [
        part("cpu", 1, "64-core"),
        Part { capacity_bytes: Some(32 * GIB), ..part("dimm", 12, "32 GiB 4800") },
        part("nic", 1, "100G"),
        part("optic", 2, "100G LR4"),
        Part {
            capacity_bytes: Some(7_680_000_000_000),
            disk_class: Some("nvme"),
            ..part("disk", flash, "7.68 TB NVMe")
        },
        Part {
            capacity_bytes: Some(20_000_000_000_000),
            disk_class: Some("hdd"),
            ..part("disk", disks, "20 TB")
        },
        part("fan", 5, "80 mm"),
    ]
}

/// Adds a box: the so-manieth at its site, and of all.
pub(crate) fn rack_up(
    records: &mut Vec<Record>,
    place: &Place,
    (at, number): (usize, usize),
    random: &mut Random,
) {
    let site = &place.name;
    let name = format!("oca{}.{site}", at + 1);
    let is_flash = random.percent(60);
    let status = match number % 50 {
        0 => "draining",
        1 => "maintenance",
        2 => "failed",
        3 => "planned",
        _ => "active",
    };
    records.push(record(
        "device",
        json!({
            "name": name, "role": "appliance", "status": status, "site": site, "cluster": site,
            "rack": format!("{site}:r1"), "position": 1 + 2 * at, "serial": random.serial(number),
            "device_type": if is_flash { "flash-1u" } else { "storage-2u" },
            "bmc": format!("172.{}.{}.{}", 16 + (number >> 16), number >> 8 & 0xff, number & 0xff),
            "tags": ["simulated"],
        }),
    ));
    for part in parts(is_flash) {
        for bay in 0..part.count {
            records.push(component(&part, bay, &name, number, random));
        }
    }
    reach(records, place, &name, at);
}

fn component(part: &Part, bay: usize, device: &str, number: usize, random: &mut Random) -> Record {
    let class = part.disk_class.unwrap_or_default();
    let mut fields = json!({
        "type": part.of_type, "serial": format!("{class}{bay:02}{}", random.serial(number)),
        "manufacturer": random.pick(&["Maker A", "Maker B", "Maker C"]), "part_id": part.model,
        "device": device, "bay": bay.to_string(),
        "firmware": random.pick(&["1.0.4", "1.1.0", "1.1.2"]),
        "status": if random.percent(1) { "failed" } else { "active" },
    });
    fields["capacity_bytes"] = part.capacity_bytes.map_or(Value::Null, Value::from);
    fields["disk_class"] = part.disk_class.map_or(Value::Null, Value::from);
    record("component", fields)
}

/// Two ports in a bundle, an address of each family, and the provider's router.
fn reach(records: &mut Vec<Record>, place: &Place, name: &str, at: usize) {
    let number = place.number;
    let interface = |called: &str, more: Value| {
        let mut fields = json!({"device": name, "name": called, "type": "100gbase-lr4"});
        if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
            fields.extend(more);
        }
        record("interface", fields)
    };
    records.push(interface("bond0", json!({"type": "lag", "purpose": "viewers"})));
    records.push(interface("eth0", json!({"lag": format!("{name}:bond0")})));
    records.push(interface("eth1", json!({"lag": format!("{name}:bond0")})));
    let host = at + 10;
    let addresses =
        [format!("{}/26", network(number, host)), format!("fd00:{number:x}::{host:x}/64")];
    for address in addresses {
        records.push(record(
            "ip-address",
            json!({"address": address, "interface": format!("{name}:bond0")}),
        ));
    }
    records.push(record(
        "bgp-session",
        json!({"device": name, "peer_address": network(number, 1),
        "peer_asn": place.asn, "local_asn": 4_294_967_294_u64}),
    ));
}
