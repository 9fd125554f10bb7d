//! Of appliances: what one is told to be, beside its name and its place.

use super::{kept, typed};
use crate::Appliance;
use crate::model::OF_DEVICE;
use crate::schema::{Document, Wrong};
use serde_json::{Map, Value};

/// Where viewers and siblings connect, its disks and memory.
pub(crate) static APPLIANCE: Document =
    Document { name: "{players, peers, disks, ram_budget_bytes, state_folder, …}", read };

/// Whose they are does not matter to whether they make sense.
fn read(value: &Value) -> Result<Value, Wrong> {
    let expected = || vec![(String::new(), format!("expected {}", APPLIANCE.name))];
    let mut whole: Map<String, Value> = value.as_object().ok_or_else(expected)?.clone();
    if let Some(name) = OF_DEVICE.into_iter().find(|name| whole.contains_key(*name)) {
        return Err(vec![(name.to_owned(), "stands beside it, in the device".to_owned())]);
    }
    whole.insert("name".to_owned(), Value::from("any"));
    whole.insert("site".to_owned(), Value::from("any"));
    let appliance: Appliance = typed(&Value::Object(whole))?;
    appliance.check().map_err(|complaints| -> Wrong {
        complaints.into_iter().map(|it| (it.field, it.message)).collect()
    })?;
    let mut kept = kept(&appliance)?;
    if let Some(fields) = kept.as_object_mut() {
        fields.retain(|name, _| !OF_DEVICE.contains(&name.as_str()));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_those_of_a_device() {
        let good = json!({
            "players": [{"addresses": ["192.0.2.11:443"], "http2": false}],
            "peers": ["192.0.2.11:9443"],
            "disks": [{"folder": "/disks/nvme0", "class": "nvme", "capacity_bytes": 1_u64 << 40}],
            "ram_budget_bytes": 1_u64 << 30,
            "state_folder": "/var/lib/headend",
        });
        assert_eq!(read(&good), Ok(good.clone()));
        let mut bad = good.clone();
        bad["disks"][0]["folder"] = json!("relative");
        assert_eq!(read(&bad).expect_err("a folder")[0].0, "disks[0].folder");
        bad = good;
        bad["serial"] = json!("X1");
        assert_eq!(read(&bad).expect_err("beside it")[0].0, "serial");
        assert!(read(&json!({"players": []})).is_err() && read(&json!(5)).is_err());
    }
}
