//! Of providers: their autonomous systems, and whom one talks to.

use crate::schema::{Document, Shape, Wrong};
use serde_json::Value;

/// A list of autonomous systems.
pub(crate) static ASNS: Document =
    Document { name: "a list of AS numbers, such as [64496]", read: asns };

/// Whom one talks to.
pub(crate) static CONTACTS: Document =
    Document { name: "a list of contacts: {name, role, email, phone}", read: contacts };

/// Numbers of autonomous systems, in order, each once.
fn asns(value: &Value) -> Result<Value, Wrong> {
    let one = |(at, value): (usize, &Value)| {
        let asn = value.as_u64().filter(|asn| (1..=4_294_967_295).contains(asn));
        asn.ok_or_else(|| (format!("[{at}]"), "expected 1 to 4294967295".to_owned()))
    };
    let list = value.as_array().filter(|list| !list.is_empty() && list.len() <= 100);
    let list = list.ok_or_else(|| vec![(String::new(), format!("expected {}", ASNS.name))])?;
    let (good, bad): (Vec<_>, Vec<_>) = list.iter().enumerate().map(one).partition(Result::is_ok);
    let mut good: Vec<u64> = good.into_iter().flatten().collect();
    good.sort_unstable();
    good.dedup();
    let bad: Wrong = bad.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() { Ok(Value::from(good)) } else { Err(bad) }
}

const CONTACT_FIELDS: [&str; 4] = ["name", "role", "email", "phone"];

/// Each has a name; all else may be left out.
fn contacts(value: &Value) -> Result<Value, Wrong> {
    let list = value.as_array().filter(|list| list.len() <= 50);
    let list = list.ok_or_else(|| vec![(String::new(), format!("expected {}", CONTACTS.name))])?;
    let mut wrong = Wrong::new();
    for (at, contact) in list.iter().enumerate() {
        let Some(contact) = contact.as_object() else {
            wrong.push((format!("[{at}]"), "expected {name, role, email, phone}".to_owned()));
            continue;
        };
        if !contact.contains_key("name") {
            wrong.push((format!("[{at}].name"), "is missing".to_owned()));
        }
        for (field, value) in contact {
            let place = format!("[{at}].{}", field.chars().take(40).collect::<String>());
            if !CONTACT_FIELDS.contains(&field.as_str()) {
                wrong.push((place, format!("there is {}", CONTACT_FIELDS.join(", "))));
            } else if let Err(what) = Shape::Line.read(value) {
                wrong.extend(what.into_iter().map(|(_, what)| (place.clone(), what)));
            }
        }
    }
    if wrong.is_empty() { Ok(value.clone()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_read_as_a_whole() {
        assert_eq!(asns(&json!([64497, 64496, 64497])), Ok(json!([64496, 64497])));
        let wrong = asns(&json!([0, 64496, "x"])).expect_err("two");
        assert_eq!(wrong.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), ["[0]", "[2]"]);
        assert!(asns(&json!([])).is_err());
        assert!(contacts(&json!([{"name": "NOC", "email": "noc@isp.example"}])).is_ok());
        let wrong = contacts(&json!([{"mail": "x"}, 5, {"name": "a\0"}])).expect_err("wrong");
        let at: Vec<&str> = wrong.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(at, ["[0].name", "[0].mail", "[1]", "[2].name"]);
    }
}
