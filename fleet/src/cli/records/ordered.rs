//! Records as people read them: fields in the order in which the kind declares them.

use inventory::schema::Kind;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A record, or `items` of them, of a kind.
pub(in crate::cli) struct Ordered<'a>(pub(in crate::cli) &'a Kind, pub(in crate::cli) &'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(kind, value) = self;
        let Value::Object(fields) = value else { return value.serialize(serializer) };
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        if let Some(Value::Array(items)) = fields.get("items") {
            let items: Vec<Ordered<'_>> = items.iter().map(|item| Ordered(kind, item)).collect();
            map.serialize_entry("items", &items)?;
        } else {
            for name in kind.fields.iter().map(|field| field.name) {
                if let Some(value) = fields.get(name) {
                    map.serialize_entry(name, value)?;
                }
            }
        }
        let is_told = |name: &str| name == "items" || kind.field(name).is_some();
        for (name, value) in fields.iter().filter(|(name, _)| !is_told(name)) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inventory::kinds::RACK;
    use serde_json::json;

    #[test]
    fn fields_stand_as_they_are_declared() {
        let rack = json!({"name": "r1", "site": "a", "key": "a:r1", "u_height": 42});
        let text = serde_json::to_string(&Ordered(&RACK, &rack)).expect("JSON");
        assert_eq!(text, r#"{"site":"a","name":"r1","u_height":42,"key":"a:r1"}"#);
        let list = json!({"items": [rack], "next_cursor": null});
        let text = serde_json::to_string(&Ordered(&RACK, &list)).expect("JSON");
        assert!(text.starts_with(r#"{"items":[{"site":"a","#), "{text}");
    }
}
