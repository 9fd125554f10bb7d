//! A field of a kind.

use super::Shape;

/// A field, as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, in the API, in files and in SQL.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub about: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// Whether something has to.
    pub need: Need,
}

/// Whether something has to stand in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It makes no sense without.
    Required,
    /// It may be left out: null.
    Optional,
    /// Where it is left out it is this, as text.
    Default(&'static str),
    /// It is seen, counted or decided here, and nobody writes it.
    Ours,
}

impl Field {
    /// One that has to be there.
    #[must_use]
    pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, about, shape, need: Need::Required }
    }

    /// One that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, about, shape, need: Need::Optional }
    }

    /// One that is this where it is left out.
    #[must_use]
    pub const fn default(
        name: &'static str,
        shape: Shape,
        value: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, about, shape, need: Need::Default(value) }
    }

    /// Words that are put on it.
    #[must_use]
    pub const fn tags() -> Self {
        Self::optional("tags", Shape::Tags, "Words that are put on it, to find it by.")
    }

    /// One that nobody writes.
    #[must_use]
    pub const fn ours(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, about, shape, need: Need::Ours }
    }
}
