//! Parts that have a number of their own: they move between devices, and what was with them goes along.

use crate::schema::{Field, Kind, Scope, Shape, fine};

/// What parts there are, by what [`contract::parts::PartType`] calls them.
const TYPES: [&str; 9] = ["cpu", "dimm", "nic", "optic", "disk", "psu", "fan", "board", "bmc"];

/// A part.
pub static COMPONENT: Kind = Kind {
    name: "component",
    plural: "components",
    about: "A part with a serial number, in a device or on a shelf.",
    key: &["type", "serial"],
    fields: &[
        Field::required("type", Shape::Choice(&TYPES), "What it is."),
        Field::required("serial", Shape::Label(64), "The number that its maker gave it."),
        Field::optional("manufacturer", Shape::Label(100), "Who makes it."),
        Field::optional("part_id", Shape::Label(100), "What its maker calls it."),
        Field::optional("asset_tag", Shape::Label(50), "The number that we gave it."),
        Field::default(
            "status",
            Shape::Choice(&["active", "spare", "failed", "rma", "retired"]),
            "active",
            "What is with it.",
        ),
        Field::optional("device", Shape::Of("device"), "In which device it is."),
        Field::optional("bay", Shape::Label(64), "Where in it."),
        Field::optional("firmware", Shape::Label(64), "The version of its firmware."),
        Field::optional(
            "disk_class",
            Shape::Choice(&["nvme", "ssd", "hdd"]),
            "How fast it is, where it is a disk.",
        ),
        Field::optional(
            "capacity_bytes",
            Shape::Integer(0, i64::MAX),
            "What a disk or a DIMM holds.",
        ),
        Field::optional(
            "rated_write_bytes",
            Shape::Integer(0, i64::MAX),
            "What its maker lets be written to it in its life.",
        ),
        Field::ours(
            "wear_percent",
            Shape::Integer(0, 255),
            "How much of its life is used up, by its own word.",
        ),
        Field::optional(
            "erased_at",
            Shape::Time,
            "When it was seen that nothing is on it any more.",
        ),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["device"]),
};

/// What is to run in parts of a model.
pub static FIRMWARE_POLICY: Kind = Kind {
    name: "firmware-policy",
    plural: "firmware-policies",
    about: "The oldest firmware that is to run in parts of a model.",
    key: &["type", "part_id"],
    fields: &[
        Field::required("type", Shape::Choice(&TYPES), "What the parts are."),
        Field::required("part_id", Shape::Label(100), "What their maker calls them."),
        Field::required("oldest", Shape::Label(64), "The oldest version that is to run in them."),
        Field::optional("description", Shape::Line, "A line about it, such as why."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Nobody,
};
