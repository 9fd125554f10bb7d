use super::*;
use crate::kinds::{COMPONENT, DEVICE};
use contract::parts::{PartType, PartsReport};
use contract::time::TimeUs;
use proptest::prelude::*;
use serde_json::{Value, json};

fn device(serial: Option<&str>) -> Record {
    let device = json!({"name": "oca1", "role": "appliance", "site": "a", "serial": serial});
    DEVICE.read(device.as_object().expect("an object")).expect("a device")
}

fn components(all: &[Value]) -> HashMap<String, Record> {
    let read = |it: &Value| COMPONENT.read(it.as_object().expect("an object")).expect("a part");
    all.iter().map(read).map(|it| (COMPONENT.key(&it), it)).collect()
}

fn seen(serial: Option<&str>, parts: Vec<Part>) -> Observed {
    let digest = PartsReport::of(parts.clone()).digest;
    let (device, serial) = ("oca1".to_owned(), serial.map(str::to_owned));
    Observed { device, serial, parts, digest, generation: None }
}

fn found(known: &[Value], observed: &Observed) -> Vec<(String, String)> {
    let policies = HashMap::from([("disk:FAST-1".to_owned(), "1.10".to_owned())]);
    let (device, components) = (device(Some("M-1")), components(known));
    let intended = Intended { device: &device, components: &components, policies: &policies };
    differences(&intended, observed).into_iter().map(|it| (it.part, it.detail)).collect()
}

#[test]
fn each_reason_is_found_and_no_other() {
    let known = [
        json!({"type": "disk", "serial": "D-1", "device": "oca1"}),
        json!({"type": "disk", "serial": "D-2", "device": "oca1"}),
        json!({"type": "disk", "serial": "D-3", "device": "oca7"}),
        json!({"type": "disk", "serial": "D-4", "status": "spare"}),
        json!({"type": "disk", "serial": "D-6", "device": "oca1", "status": "failed"}),
        json!({"type": "psu", "serial": "P-1", "device": "oca1"}),
    ];
    let disk = |serial: &str, firmware: &str| Part {
        part_id: Some("FAST-1".into()),
        firmware: Some(firmware.into()),
        ..Part::new(PartType::Disk, serial)
    };
    let parts = vec![disk("D-1", "1.9"), disk("D-3", "1.10"), disk("D-4", "2"), disk("D-5", "2")];
    let expected = [
        (MACHINE, "it is the machine M-2, and not M-1"),
        ("disk:D-2", "missing"),
        ("disk:D-1", "firmware 1.9 is older than policy: 1.10"),
        ("disk:D-3", "moved from oca7"),
        ("disk:D-4", "moved from the shelf"),
        ("disk:D-5", "unexpected"),
    ];
    let told = found(&known, &seen(Some("M-2"), parts));
    assert_eq!(told, expected.map(|(part, detail)| (part.to_owned(), detail.to_owned())));
}

#[test]
fn what_nobody_has_written_is_learned_and_the_rest_stays() {
    let known =
        components(&[json!({"type": "disk", "serial": "D", "firmware": "1", "bay": "left"})]);
    let part = Part {
        bay: Some("nvme0".into()),
        firmware: Some("2".into()),
        capacity_bytes: Some(7),
        wear_percent: Some(3),
        ..Part::new(PartType::Disk, "D")
    };
    let told = Value::Object(learned(&known["disk:D"], &part));
    assert_eq!(told, json!({"firmware": "2", "capacity_bytes": 7, "wear_percent": 3}));
}

#[test]
fn a_disk_is_empty_until_it_is_seen_in_use() {
    let told = |known: &Value, part: &Part| {
        let disk = json!({"type": "disk", "serial": "D", "erased_at": known});
        Value::Object(learned(&components(&[disk])["disk:D"], part))
    };
    let disk = Part::new(PartType::Disk, "D");
    let empty = Part { erased_at_us: Some(TimeUs(1_800_000_000_000_000)), ..disk.clone() };
    let used = Part { is_in_use: true, ..empty.clone() };
    let [before, then, later] =
        ["2026-01-31T12:00:00Z", "2027-01-15T08:00:00Z", "2028-01-01T00:00:00Z"].map(Value::from);
    for known in [&Value::Null, &before] {
        assert_eq!(told(known, &empty), json!({"erased_at": then}));
    }
    assert_eq!(told(&later, &empty), json!({}), "somebody has seen it since");
    for known in [&before, &then, &later] {
        assert_eq!(told(known, &disk), json!({}), "of this it knows nothing");
        assert_eq!(told(known, &used), json!({"erased_at": null}));
    }
    assert_eq!(told(&Value::Null, &used), json!({}));
}

proptest! {
    /// Whatever differs, a machine that says what the inventory says differs in nothing.
    #[test]
    fn what_is_as_it_is_to_be_differs_in_nothing(serials in prop::collection::btree_set("[A-C][0-9]", 0..8)) {
        let known: Vec<Value> = serials
            .iter()
            .map(|serial| json!({"type": "dimm", "serial": serial, "device": "oca1"}))
            .collect();
        let mut parts: Vec<Part> =
            serials.iter().map(|serial| Part::new(PartType::Dimm, serial.as_str())).collect();
        prop_assert_eq!(found(&known, &seen(Some("M-1"), parts.clone())), vec![]);
        // One that is taken out is missing, unless it was the last that anybody could see.
        if let Some(gone) = parts.pop() {
            let told = found(&known, &seen(None, parts.clone()));
            let missing = (key(&gone), "missing".to_owned());
            prop_assert_eq!(told, if parts.is_empty() { vec![] } else { vec![missing] });
        }
    }
}
