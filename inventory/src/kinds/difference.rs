//! Where a machine is not what the inventory says: seen, and not written by anybody. Whoever knows of it says
//! so; it goes when one of the two becomes as the other.

use crate::schema::{Field, Kind, Scope, Shape, fine};

/// What may differ.
pub(crate) const REASONS: [&str; 5] =
    ["missing", "unexpected", "moved", "old-firmware", "other-serial"];

/// Something that differs.
pub static DIFFERENCE: Kind = Kind {
    name: "difference",
    plural: "differences",
    about: "Where a machine is not what the inventory says.",
    key: &["device", "reason", "part"],
    fields: &[
        Field::required("device", Shape::Of("device"), "In which device it is seen."),
        Field::required("reason", Shape::Choice(&REASONS), "What differs."),
        Field::required(
            "part",
            Shape::Label(80),
            "Which part, or `device` for the machine itself.",
        ),
        Field::ours("detail", Shape::Line, "The same in words."),
        Field::ours("intended", Shape::Line, "What the inventory says."),
        Field::ours("observed", Shape::Line, "What the machine says."),
        Field::default("acknowledged", Shape::Flag, "false", "Somebody knows, and leaves it so."),
        Field::optional("description", Shape::Line, "What there is to say of it."),
    ],
    sense: fine,
    // It may name what is another provider's.
    scope: Scope::Nobody,
};
