//! The community's device-type library: a file for each model.

use super::names::Names;
use super::value::{choice, kilograms, label, line, notes, text};
use serde_json::{Map, Value, json};

/// Whether a file is one of these, and the model as a device type; its ports and bays are left out.
#[must_use]
pub fn device_type(file: &Map<String, Value>) -> Option<Map<String, Value>> {
    let of = |name: &str| file.get(name).unwrap_or(&Value::Null);
    let (manufacturer, model) = (label(of("manufacturer"), 100)?, label(of("model"), 100)?);
    let (slug, _) = Names::default().of(0, &text(of("slug"))?);
    let made = json!({
        "slug": slug,
        "manufacturer": manufacturer,
        "model": model,
        "part_number": label(of("part_number"), 50),
        "u_height": of("u_height").as_f64(),
        "is_full_depth": of("is_full_depth").as_bool(),
        "airflow": choice(of("airflow")),
        "weight_kg": kilograms(of("weight"), of("weight_unit")),
        "description": line(of("description")),
        "comments": notes(of("comments")),
    });
    let Value::Object(mut fields) = made else { return None };
    fields.retain(|_, value| !value.is_null());
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::DEVICE_TYPE;

    #[test]
    fn a_model_is_a_device_type() {
        let file = json!({
            "manufacturer": "Maker", "model": "Box 2U", "slug": "maker-box_2u", "u_height": 2,
            "is_full_depth": true, "weight": 30.5, "weight_unit": "lb", "airflow": "front-to-rear",
            "comments": "[sheet](https://maker.example)\n",
            "interfaces": [{"name": "eth0", "type": "100gbase-x-qsfp28"}],
        });
        let made = device_type(file.as_object().expect("a model")).expect("a model");
        let record = DEVICE_TYPE.read(&made).expect("a device type");
        assert_eq!(DEVICE_TYPE.key(&record), "maker-box-2u");
        assert_eq!(record.get("u_height"), 2.0);
        let kilograms = record.get("weight_kg").as_f64().expect("a weight");
        assert!((kilograms - 13.83).abs() < 0.01, "{kilograms}");
        assert_eq!(device_type(json!({"model": "x"}).as_object().expect("an object")), None);
    }
}
