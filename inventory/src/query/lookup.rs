//! What the suffix of a filter means.

use crate::schema::{Field, Need, Shape};

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// No suffix.
    Is,
    /// `__n`
    IsNot,
    /// `__ic`: holds, whatever the case.
    Holds,
    /// `__nic`
    HoldsNot,
    /// `__ie`: the same, whatever the case.
    Same,
    /// `__nie`
    NotSame,
    /// `__isw`: begins with.
    Begins,
    /// `__nisw`
    BeginsNot,
    /// `__iew`: ends with.
    Ends,
    /// `__niew`
    EndsNot,
    /// `__gt`
    Above,
    /// `__gte`
    AtLeast,
    /// `__lt`
    Below,
    /// `__lte`
    AtMost,
    /// `__empty`
    Empty,
}

use Lookup::{
    Above, AtLeast, AtMost, Begins, BeginsNot, Below, Empty, Ends, EndsNot, Holds, HoldsNot, Is,
    IsNot, NotSame, Same,
};

const SUFFIXES: [(&str, Lookup); 14] = [
    ("n", IsNot),
    ("ic", Holds),
    ("nic", HoldsNot),
    ("ie", Same),
    ("nie", NotSame),
    ("isw", Begins),
    ("nisw", BeginsNot),
    ("iew", Ends),
    ("niew", EndsNot),
    ("gt", Above),
    ("gte", AtLeast),
    ("lt", Below),
    ("lte", AtMost),
    ("empty", Empty),
];

impl Lookup {
    /// By its suffix.
    #[must_use]
    pub fn of(suffix: &str) -> Option<Self> {
        SUFFIXES.iter().find(|(name, _)| *name == suffix).map(|(_, lookup)| *lookup)
    }

    /// What is written after the field's name.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        SUFFIXES.iter().find(|(_, lookup)| *lookup == self).map_or("", |(name, _)| name)
    }

    /// The parameter that asks so of a field.
    #[must_use]
    pub fn of_field(self, field: &Field) -> String {
        match self.suffix() {
            "" => field.name.to_owned(),
            suffix => format!("{}__{suffix}", field.name),
        }
    }

    /// What passes, in words that follow those about the field.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Is => "This, or one of these.",
            IsNot => "None of these.",
            Holds => "It holds this, whatever the case.",
            HoldsNot => "It does not hold this, whatever the case.",
            Same => "This, whatever the case.",
            NotSame => "Not this, whatever the case.",
            Begins => "It begins with this, whatever the case.",
            BeginsNot => "It does not begin with this, whatever the case.",
            Ends => "It ends with this, whatever the case.",
            EndsNot => "It does not end with this, whatever the case.",
            Above => "More than this.",
            AtLeast => "This or more.",
            Below => "Less than this.",
            AtMost => "This or less.",
            Empty => "Whether nothing stands there.",
        }
    }

    /// Those that make sense for a field.
    pub fn all_of(field: &Field) -> impl Iterator<Item = Self> {
        let all = SUFFIXES.iter().map(|(_, lookup)| *lookup);
        [Is].into_iter().chain(all).filter(|lookup| lookup.fits(field))
    }

    fn fits(self, field: &Field) -> bool {
        match self {
            Is | IsNot => !matches!(field.shape, Shape::Document(_)),
            Holds | HoldsNot | Same | NotSame | Begins | BeginsNot | Ends | EndsNot => matches!(
                field.shape,
                Shape::Line
                    | Shape::Label(_)
                    | Shape::Notes
                    | Shape::Name
                    | Shape::Mac
                    | Shape::Of(_)
            ),
            Above | AtLeast | Below | AtMost => {
                matches!(
                    field.shape,
                    Shape::Integer(..) | Shape::Decimal(..) | Shape::Half(..) | Shape::Time
                )
            }
            Empty => matches!(field.need, Need::Optional | Need::Ours),
        }
    }

    /// Of which this is the opposite.
    #[must_use]
    pub fn positive(self) -> Option<Self> {
        match self {
            IsNot => Some(Is),
            HoldsNot => Some(Holds),
            NotSame => Some(Same),
            BeginsNot => Some(Begins),
            EndsNot => Some(Ends),
            _ => None,
        }
    }
}
