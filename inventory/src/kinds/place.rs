//! Where things stand, and whose the place is.

use super::documents::{ASNS, CONTACTS};
use crate::schema::{Field, Kind, Scope, Shape, fine};

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
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::NamedBy("site", "region"),
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
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Itself,
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
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["site"]),
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
    sense: fine,
    scope: Scope::Nobody,
};
