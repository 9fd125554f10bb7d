//! What devices are told beside what they are: settings, and for how many of them each is meant.

use super::documents::SETTINGS;
use crate::Complaint;
use crate::schema::{Field, Kind, Record, Scope, Shape};

/// What narrows a context; at most one of these is named.
pub const NARROWED_BY: [&str; 3] = ["device_type", "site", "device"];

/// Settings.
pub static CONFIG_CONTEXT: Kind = Kind {
    name: "config-context",
    plural: "config-contexts",
    about: "Settings of all devices, of a model, of a site, or of one device; for good, or until a time.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called."),
        Field::optional("device_type", Shape::Of("device-type"), "The model that it is for."),
        Field::optional("site", Shape::Of("site"), "The site that it is for."),
        Field::optional("device", Shape::Of("device"), "The device that it is for."),
        Field::optional(
            "expires",
            Shape::Time,
            "Until when it counts: before all that counts for good.",
        ),
        Field::required(
            "data",
            Shape::Document(&SETTINGS),
            "The settings: names, with values or further names below them.",
        ),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: context,
    scope: Scope::Nobody,
};

fn context(context: &Record) -> Vec<Complaint> {
    let mut named = NARROWED_BY.into_iter().filter(|field| !context.get(field).is_null());
    match (named.next(), named.next()) {
        (Some(first), Some(second)) => {
            vec![Complaint::new(second, format!("it is for a {first} already: make another one"))]
        }
        _ => Vec::new(),
    }
}
