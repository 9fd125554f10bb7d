//! Devices in racks: where one stands no other does.

use super::look::Look;
use super::{Touched, Wrong, flag, text, those};
use crate::Complaint;
use crate::kinds::{DEVICE, DEVICE_TYPE, RACK};
use crate::rules::racks::{self, Face, Racked};
use crate::schema::Record;
use db::Error;
use std::collections::{BTreeSet, HashMap};

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    let types: Vec<&str> = those(touched, &DEVICE_TYPE).map(|(it, _)| it.key.as_str()).collect();
    let of_types = look.whose(&DEVICE, "device_type", types).await?;
    let mut names: BTreeSet<&str> = those(touched, &RACK).map(|(it, _)| it.key.as_str()).collect();
    names.extend(those(touched, &DEVICE).filter_map(|(_, device)| text(device, "rack")));
    names.extend(of_types.iter().filter_map(|device| text(device, "rack")));
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let racks = look.whose(&RACK, "key", names.iter().copied()).await?;
    let devices = look.whose(&DEVICE, "rack", names).await?;
    let types = devices.iter().filter_map(|device| text(device, "device_type"));
    let types = look.whose(&DEVICE_TYPE, "key", types.collect::<Vec<_>>()).await?;
    let types = types.iter().map(|it| (DEVICE_TYPE.key(it), it)).collect();
    let known = touched.iter().map(|it| ((it.kind.name, it.key.as_str()), it)).collect();
    let mut by_rack: HashMap<&str, Vec<&Record>> = HashMap::new();
    for device in &devices {
        by_rack.entry(text(device, "rack").unwrap_or_default()).or_default().push(device);
    }
    let mut wrong = Vec::new();
    for rack in &racks {
        let key = RACK.key(rack);
        let in_it = by_rack.get(key.as_str()).map_or(&[][..], Vec::as_slice);
        wrong.extend(in_one((rack, &key), in_it, &types, &known));
    }
    Ok(wrong)
}

/// What is wrong in one rack: told of the device that is touched, else of what has moved it.
fn in_one<'a>(
    (rack, key): (&Record, &str),
    devices: &[&Record],
    types: &HashMap<String, &Record>,
    touched: &HashMap<(&str, &str), &'a Touched>,
) -> Vec<Wrong<'a>> {
    let units = rack.get("u_height").as_f64().unwrap_or_default();
    let all: Vec<Racked<'_>> = devices.iter().filter_map(|device| racked(device, types)).collect();
    let mut wrong = Vec::new();
    for device in devices {
        let name = text(device, "name").unwrap_or_default();
        let who = |kind: &'static str, key: &str| touched.get(&(kind, key)).copied();
        let of_type = text(device, "device_type").and_then(|key| who(DEVICE_TYPE.name, key));
        let own = who(DEVICE.name, name);
        let Some(blamed) = own.or_else(|| who(RACK.name, key)).or(of_type) else { continue };
        let mut tell = |field: &str, message: String| {
            wrong.push((blamed, Complaint::new(field, message)));
        };
        if text(rack, "site") != text(device, "site") {
            let site = text(rack, "site").unwrap_or_default();
            tell("rack", format!("{name} is not at site {site}, where the rack is"));
        }
        let Some(one) = all.iter().find(|it| it.device == name) else { continue };
        if let Err(message) = racks::check(one, units, &all) {
            let message = if own.is_some() { message } else { format!("{name}: {message}") };
            tell("position", message);
        }
    }
    wrong
}

/// Nothing for what has no place, or takes none.
fn racked<'b>(device: &'b Record, types: &HashMap<String, &'b Record>) -> Option<Racked<'b>> {
    let position = device.get("position").as_f64()?;
    let of_type = text(device, "device_type").and_then(|key| types.get(key));
    let u_height = of_type.and_then(|it| it.get("u_height").as_f64()).unwrap_or(1.0);
    let face = if text(device, "face") == Some("rear") { Face::Rear } else { Face::Front };
    let is_full_depth = of_type.is_none_or(|it| flag(it, "is_full_depth"));
    Some(Racked { device: text(device, "name")?, position, u_height, face, is_full_depth })
}
