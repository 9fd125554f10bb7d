//! What a machine knows better than whoever writes.

use super::text;
use crate::schema::Record;
use contract::parts::{Part, PartType};
use jiff::Timestamp;
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
        ("erased_at", seen_empty(part).map(|at| Value::from(at.to_string()))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What of a component becomes otherwise by what the part says: what runs in it, how worn it is and whether it
/// is empty, and what nobody has written.
#[must_use]
pub fn learned(component: &Record, part: &Part) -> Map<String, Value> {
    let known_empty = text(component, "erased_at").and_then(|it| it.parse::<Timestamp>().ok());
    let mut learned = part_of(part);
    learned.retain(|name, value| match name.as_str() {
        "firmware" => text(component, "firmware") != value.as_str(),
        "erased_at" => known_empty < seen_empty(part),
        _ => component.get(name).is_null(),
    });
    if let Some(percent) = part.wear_percent.map(Value::from)
        && *component.get("wear_percent") != percent
    {
        learned.insert("wear_percent".to_owned(), percent);
    }
    if part.is_in_use && known_empty.is_some() {
        learned.insert("erased_at".to_owned(), Value::Null);
    }
    learned
}

/// Whether a machine says of a disk's content what it has said before: what somebody has written since stands.
#[must_use]
pub fn says_the_same(before: &Part, part: &Part) -> bool {
    (before.is_in_use, before.erased_at_us) == (part.is_in_use, part.erased_at_us)
}

/// Since when nothing is on a disk, where the machine knows that.
fn seen_empty(part: &Part) -> Option<Timestamp> {
    let at = part.erased_at_us.filter(|_| part.part_type == PartType::Disk && !part.is_in_use)?;
    Timestamp::from_microsecond(at.0).ok()
}
