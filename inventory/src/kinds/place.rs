//! Where things stand, and whose the place is.

use crate::schema::{Document, Field, Kind, Shape, Wrong};
use serde_json::Value;

/// A list of autonomous systems.
static ASNS: Document = Document { name: "a list of AS numbers, such as [64496]", read: asns };

/// Whom one talks to.
static CONTACTS: Document =
    Document { name: "a list of contacts: {name, role, email, phone}", read: contacts };

/// An area, in larger ones.
pub static REGION: Kind = Kind {
    name: "region",
    plural: "regions",
    about: "An area, as operators speak of it; it may be a part of another.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called."),
        Field::optional("parent", Shape::Of("region"), "The region that it is a part of."),
        Field::optional("description", Shape::Line, "A line about it."),
    ],
};

/// Who runs a network.
pub static PROVIDER: Kind = Kind {
    name: "provider",
    plural: "providers",
    about: "Who runs the network that a site stands in: boxes of different providers share nothing.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called here."),
        Field::required("asns", Shape::Document(&ASNS), "Its autonomous systems."),
        Field::optional("contacts", Shape::Document(&CONTACTS), "Whom one talks to there."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::optional("comments", Shape::Notes, "All that is to be remembered."),
    ],
};

/// A place.
pub static SITE: Kind = Kind {
    name: "site",
    plural: "sites",
    about: "A place where devices stand, in the network of a provider.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called."),
        Field::default(
            "status",
            Shape::Choice(&["planned", "staging", "active", "decommissioning", "retired"]),
            "active",
            "How far it is.",
        ),
        Field::optional("region", Shape::Of("region"), "The region that it is in."),
        Field::optional("provider", Shape::Of("provider"), "Whose network it stands in."),
        Field::optional("facility", Shape::Label(50), "What its owner calls the place."),
        Field::optional("physical_address", Shape::Line, "Where a person goes."),
        Field::optional("shipping_address", Shape::Line, "Where parcels go."),
        Field::required("latitude", Shape::Decimal(-90.0, 90.0), "Degrees north."),
        Field::required("longitude", Shape::Decimal(-180.0, 180.0), "Degrees east."),
        Field::default(
            "client_scope",
            Shape::Choice(&["announced", "any"]),
            "any",
            "Whom its boxes serve: whom the provider announces, or anybody.",
        ),
        Field::optional(
            "off_net_cap_bytes_per_s",
            Shape::Integer(0, i64::MAX),
            "What those get together whom the provider does not announce.",
        ),
        Field::optional("remote_hands", Shape::Document(&CONTACTS), "Who goes there for us."),
        Field::optional("remote_hands_terms", Shape::Line, "When they come, and what it costs."),
        Field::optional("out_of_band", Shape::Line, "How devices are reached without its network."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::optional("comments", Shape::Notes, "All that is to be remembered."),
    ],
};

/// A rack.
pub static RACK: Kind = Kind {
    name: "rack",
    plural: "racks",
    about: "A rack at a site.",
    key: &["site", "name"],
    fields: &[
        Field::required("site", Shape::Of("site"), "Where it stands."),
        Field::required("name", Shape::Label(50), "What it is called there."),
        Field::optional("facility_id", Shape::Label(50), "What the place's owner calls it."),
        Field::default(
            "status",
            Shape::Choice(&["reserved", "available", "planned", "active", "deprecated"]),
            "active",
            "How far it is.",
        ),
        Field::default("u_height", Shape::Integer(1, 100), "42", "Its rack units."),
        Field::default("desc_units", Shape::Flag, "false", "Whether units count from the top."),
        Field::optional("serial", Shape::Label(50), "The number that its maker gave it."),
        Field::optional("asset_tag", Shape::Label(50), "The number that we gave it."),
        Field::optional("max_power_w", Shape::Integer(0, 1_000_000), "What it may draw."),
        Field::optional("max_weight_kg", Shape::Integer(0, 100_000), "What it may carry."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::optional("comments", Shape::Notes, "All that is to be remembered."),
    ],
};

/// A word that is put on things.
pub static TAG: Kind = Kind {
    name: "tag",
    plural: "tags",
    about: "A word that can be put on anything, and asked for.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "The word."),
        Field::optional("description", Shape::Line, "What it stands for."),
    ],
};

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
