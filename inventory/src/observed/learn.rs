//! What a machine knows better than whoever writes.

use super::text;
use crate::schema::Record;
use contract::parts::Part;
use serde_json::{Map, Value};

/// All that a part says of itself, as fields of a component.
#[must_use]
pub fn part_of(part: &Part) -> Map<String, Value> {
    let fields = [
        ("manufacturer", part.manufacturer.clone().map(Value::from)),
        ("part_id", part.part_id.clone().map(Value::from)),
        ("bay", part.bay.clone().map(Value::from)),
        ("firmware", part.firmware.clone().map(Value::from)),
        ("disk_class", part.disk_class.map(|class| Value::from(class.name()))),
        ("capacity_bytes", part.capacity_bytes.map(Value::from)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What of a component becomes otherwise by what the part says: what runs in it and how worn it is, and what
/// nobody has written.
#[must_use]
pub fn learned(component: &Record, part: &Part) -> Map<String, Value> {
    let mut learned = part_of(part);
    learned.retain(|name, value| match name.as_str() {
        "firmware" => text(component, "firmware") != value.as_str(),
        _ => component.get(name).is_null(),
    });
    if let Some(percent) = part.wear_percent.map(Value::from)
        && *component.get("wear_percent") != percent
    {
        learned.insert("wear_percent".to_owned(), percent);
    }
    learned
}
