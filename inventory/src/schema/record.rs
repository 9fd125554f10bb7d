//! A record: what a person or a program has said of something, once it makes sense by itself.

use super::{Field, Kind, Need, Wrong, one};
use crate::Complaint;
use serde_json::{Map, Value};

/// Something of a kind: every field of it, in canonical form; null where nothing stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    fields: Map<String, Value>,
}

impl Kind {
    /// Reads what somebody wants to be so.
    ///
    /// # Errors
    /// Everything that is wrong with it by itself.
    pub fn read(&self, wanted: &Map<String, Value>) -> Result<Record, Vec<Complaint>> {
        let mut complaints: Vec<Complaint> = wanted
            .keys()
            .filter(|name| self.field(name).is_none())
            .map(|name| self.unknown(name))
            .collect();
        let mut fields = Map::new();
        for field in self.fields {
            match field.read(wanted.get(field.name)) {
                Ok(value) => drop(fields.insert(field.name.to_owned(), value)),
                Err(wrong) => complaints.extend(wrong),
            }
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let record = Record { fields };
        let complaints = (self.sense)(&record);
        if complaints.is_empty() { Ok(record) } else { Err(complaints) }
    }

    fn unknown(&self, name: &str) -> Complaint {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        let message = format!("{} has no such field; it has {}", one(self.name), names.join(", "));
        Complaint { field: name.chars().take(80).collect(), message }
    }

    /// What people have written of a record, as they would write it again.
    #[must_use]
    pub fn written(&self, record: &Record) -> Map<String, Value> {
        self.written_fields()
            .map(|field| (field.name.to_owned(), record.get(field.name).clone()))
            .collect()
    }

    /// A record with what nobody writes as it was before.
    pub(crate) fn with_ours_of(&self, mut record: Record, before: &Record) -> Record {
        for field in self.fields.iter().filter(|field| field.need == Need::Ours) {
            record.fields.insert(field.name.to_owned(), before.get(field.name).clone());
        }
        record
    }

    /// Where a kind remembers why it is what it is: the reason that was given when that changed.
    pub(crate) fn with_reason(
        &self,
        mut record: Record,
        before: &Record,
        reason: Option<&str>,
    ) -> Record {
        const REASON: &str = "status_reason";
        if self.field(REASON).is_some() && record.get("status") != before.get("status") {
            let reason = reason.map_or(Value::Null, Value::from);
            record.fields.insert(REASON.to_owned(), reason);
        }
        record
    }

    /// Which one somebody means who has written of it what makes no sense; nothing where not even that
    /// is there.
    pub(crate) fn told_key(&self, wanted: &Map<String, Value>) -> Option<String> {
        let part = |name: &&str| {
            let told = wanted.get(*name).filter(|it| !it.is_null())?;
            let read = self.field(name).and_then(|field| field.shape.read(told).ok());
            Some(shown(read.as_ref().unwrap_or(told)))
        };
        let parts: Option<Vec<String>> = self.key.iter().map(part).collect();
        parts.map(|parts| parts.join(":"))
    }

    /// What was read before, and kept.
    pub(crate) fn kept(&self, fields: Map<String, Value>) -> Record {
        Record { fields }
    }

    /// The key of a record of this kind.
    #[must_use]
    pub fn key(&self, record: &Record) -> String {
        let parts: Vec<String> = self.key.iter().map(|name| shown(&record.fields[*name])).collect();
        parts.join(":")
    }
}

impl Field {
    fn read(&self, wanted: Option<&Value>) -> Result<Value, Vec<Complaint>> {
        match (wanted.filter(|it| !it.is_null()), self.need) {
            (Some(_), Need::Ours) => Err(self.complain("", "is not written, but seen")),
            (None, Need::Ours | Need::Optional) => Ok(Value::Null),
            (None, Need::Required) => {
                Err(self.complain("", &format!("is missing: {}", self.shape.words())))
            }
            (None, Need::Default(text)) => self.told(self.shape.parse(text)),
            (Some(value), _) => self.told(self.shape.read(value)),
        }
    }

    fn told(&self, read: Result<Value, Wrong>) -> Result<Value, Vec<Complaint>> {
        read.map_err(|wrong| wrong.iter().flat_map(|(at, what)| self.complain(at, what)).collect())
    }

    fn complain(&self, at: &str, message: &str) -> Vec<Complaint> {
        let dot = if at.is_empty() || at.starts_with('[') { "" } else { "." };
        let field = format!("{}{dot}{at}", self.name);
        vec![Complaint { field, message: message.to_owned() }]
    }
}

impl Record {
    /// What stands in a field; null for nothing.
    #[must_use]
    pub fn get(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// All of it.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// All that stands there, without the fields in which nothing does.
    #[must_use]
    pub fn set(&self) -> Map<String, Value> {
        let set = self.fields.iter().filter(|(_, value)| !value.is_null());
        set.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Which records of other kinds it names: field, kind and key.
    pub fn references<'a>(
        &'a self,
        kind: &'a Kind,
    ) -> impl Iterator<Item = (&'static str, &'static str, &'a str)> {
        let naming = kind.fields.iter().filter_map(|field| Some((field, field.shape.names()?)));
        naming.flat_map(|(field, other)| {
            let keys = match self.get(field.name) {
                Value::Array(keys) => keys.iter().filter_map(Value::as_str).collect(),
                key => Vec::from_iter(key.as_str()),
            };
            keys.into_iter().map(move |key| (field.name, other, key))
        })
    }
}

/// As a part of a key.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Shape;
    use serde_json::json;

    static RACK: Kind = Kind {
        name: "rack",
        plural: "racks",
        about: "A rack.",
        key: &["site", "name"],
        fields: &[
            Field::required("site", Shape::Of("site"), "Where it stands."),
            Field::required("name", Shape::Label(50), "What is written on it."),
            Field::default("u_height", Shape::Integer(1, 100), "42", "Its rack units."),
            Field::optional("description", Shape::Line, "A word about it."),
            Field::ours("used_units", Shape::Integer(0, 100), "What devices take of it."),
        ],
        sense: super::super::fine,
        scope: crate::schema::Scope::Nobody,
    };

    fn read(value: &Value) -> Result<Record, Vec<Complaint>> {
        RACK.read(value.as_object().expect("an object"))
    }

    #[test]
    fn what_is_left_out_is_null_or_what_it_usually_is() {
        let rack = read(&json!({"site": "site-a", "name": "r1"})).expect("a rack");
        assert_eq!(RACK.key(&rack), "site-a:r1");
        assert_eq!(rack.get("u_height"), &json!(42));
        assert_eq!(rack.get("description"), &Value::Null);
        let references: Vec<_> = rack.references(&RACK).collect();
        assert_eq!(references, [("site", "site", "site-a")]);
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = json!({"name": "r1", "u_height": 0, "colour": "red", "used_units": 3});
        let complaints = read(&wrong).expect_err("four complaints");
        let fields: Vec<&str> = complaints.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["colour", "site", "u_height", "used_units"]);
        assert!(complaints[0].message.contains("it has site, name, u_height"));
    }
}
