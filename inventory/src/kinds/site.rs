//! A place where devices stand.

use super::documents::{CLIENT_PREFIXES, CONTACTS, FILL, SITES, WINDOWS};
use crate::Complaint;
use crate::schema::{Field, Kind, Record, Scope, Shape};

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
        Field::optional(
            "latitude",
            Shape::Decimal(-90.0, 90.0),
            "Degrees north: viewers are near or far.",
        ),
        Field::optional("longitude", Shape::Decimal(-180.0, 180.0), "Degrees east."),
        Field::optional(
            "client_prefixes",
            Shape::Document(&CLIENT_PREFIXES),
            "The networks whose clients are mapped to it, longest match first.",
        ),
        Field::optional("time_zone", Shape::Zone, "Where its times are local."),
        Field::optional(
            "maintenance_windows",
            Shape::Document(&WINDOWS),
            "When devices there may be worked on, local time.",
        ),
        Field::optional(
            "fill",
            Shape::Document(&FILL),
            "When and how fast its boxes fill; at any hour without it.",
        ),
        Field::optional(
            "may_fill_sites",
            Shape::Document(&SITES),
            "Other sites of its provider's to which its boxes may give content.",
        ),
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
        Field::tags(),
    ],
    sense: site,
    scope: Scope::Of(&["provider"]),
};

/// Half of a place is none.
fn site(site: &Record) -> Vec<Complaint> {
    match (site.get("latitude").is_null(), site.get("longitude").is_null()) {
        (true, false) => vec![Complaint::new("latitude", "is missing: there is a longitude")],
        (false, true) => vec![Complaint::new("longitude", "is missing: there is a latitude")],
        _ => Vec::new(),
    }
}
