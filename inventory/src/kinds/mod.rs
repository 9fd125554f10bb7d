//! What there is. One file for each kind: its fields, with what they say. How they hang together is drawn
//! at the head of the crate.
//!
//! The words are NetBox's wherever it has one.

mod component;
mod config;
mod content;
mod device;
mod difference;
mod documents;
mod network;
mod place;
mod site;

use crate::schema::Kind;

pub use component::{COMPONENT, FIRMWARE_POLICY};
pub use config::{CONFIG_CONTEXT, NARROWED_BY};
pub use content::CONTENT_GROUP;
pub use device::{CLUSTER, DEVICE, DEVICE_TYPE};
pub use difference::DIFFERENCE;
pub use network::{BGP_SESSION, INTERFACE, IP_ADDRESS, LINK, PREFIX};
pub use place::{PROVIDER, RACK, REGION, TAG};
pub use site::SITE;

/// All kinds that somebody writes; each after those that it names.
pub static ALL: [&Kind; 17] = [
    &TAG,
    &REGION,
    &PROVIDER,
    &SITE,
    &RACK,
    &DEVICE_TYPE,
    &CLUSTER,
    &DEVICE,
    &COMPONENT,
    &FIRMWARE_POLICY,
    &INTERFACE,
    &LINK,
    &PREFIX,
    &IP_ADDRESS,
    &BGP_SESSION,
    &CONTENT_GROUP,
    &CONFIG_CONTEXT,
];

/// What is seen, and nobody writes: it can be looked at, and somebody may say that he knows.
pub static SEEN: [&Kind; 1] = [&DIFFERENCE];

/// A kind that somebody writes, by what one or several of it are called.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    ALL.into_iter().find(|kind| kind.name == name || kind.plural == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Need, Shape};
    use std::collections::BTreeSet;

    #[test]
    fn kinds_name_each_other_and_come_after_those() {
        let mut before = BTreeSet::new();
        for each in ALL {
            for field in each.fields {
                if let Shape::Of(other) = field.shape {
                    let is_known = before.contains(other) || other == each.name;
                    assert!(is_known, "{}.{} names {other}", each.name, field.name);
                }
            }
            assert!(before.insert(each.name), "{} stands there twice", each.name);
            assert_eq!(kind(each.plural).map(|it| it.name), Some(each.name));
        }
    }

    #[test]
    fn every_field_says_what_it_is() {
        // Columns that every table has.
        let taken = ["key", "version", "created_at_us", "changed_at_us"];
        for each in ALL {
            let names: BTreeSet<&str> = each.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), each.fields.len(), "{}", each.name);
            for field in each.fields {
                let shown = format!("{}.{}", each.name, field.name);
                assert!(field.about.ends_with('.') && field.about.len() > 5, "{shown}");
                assert!(!taken.contains(&field.name) && !field.name.contains("__"), "{shown}");
                if let Need::Default(text) = field.need {
                    assert!(field.shape.parse(text).is_ok(), "{shown} is usually {text:?}");
                }
            }
            for part in each.key {
                let field = each.field(part).expect(part);
                assert_eq!(field.need, Need::Required, "{}.{part}", each.name);
            }
        }
    }
}
