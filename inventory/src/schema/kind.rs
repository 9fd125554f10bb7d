//! A kind of record.

use super::{Field, Need, Record};
use crate::Complaint;
use serde::{Serialize, Serializer};

/// A kind, as it is declared.
#[derive(Debug)]
pub struct Kind {
    /// What one is called: `rack`.
    pub name: &'static str,
    /// What several are called, in paths: `racks`.
    pub plural: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// By which fields one is told from another: the key is their values, with `:` between.
    pub key: &'static [&'static str],
    /// Its fields, in the order in which people read them.
    pub fields: &'static [Field],
    /// What does not go together in one whose fields are right each by itself.
    pub sense: fn(&Record) -> Vec<Complaint>,
    /// Which of them a provider sees.
    pub scope: Scope,
}

/// What of a kind those see who see one provider's alone.
#[derive(Debug, Clone, Copy)]
pub enum Scope {
    /// Nothing.
    Nobody,
    /// The provider itself.
    Itself,
    /// Those that name, in each of these fields, something that is seen.
    Of(&'static [&'static str]),
    /// Those that something that is seen names: of which kind, in which field.
    NamedBy(&'static str, &'static str),
}

/// Of kinds whose fields go together however they are.
#[must_use]
pub fn fine(_: &Record) -> Vec<Complaint> {
    Vec::new()
}

/// By its name.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// A kind by its name, with the article that is said before it: an interface, a device.
#[must_use]
pub fn one(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {name}")
}

impl Kind {
    /// In which table its records are.
    #[must_use]
    pub fn table(&self) -> String {
        self.plural.replace('-', "_")
    }

    /// The column in which a field stands: what is a key by itself stands in that of the key.
    #[must_use]
    pub fn column(&self, field: &Field) -> &'static str {
        if self.key == [field.name] { "key" } else { field.name }
    }

    /// Whether its records may name some of another kind.
    #[must_use]
    pub fn names(&self, other: &Kind) -> bool {
        self.fields.iter().any(|field| field.shape.names() == Some(other.name))
    }

    /// The fields that people write.
    pub fn written_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| field.need != Need::Ours)
    }

    /// A field by its name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
