//! What a NetBox instance tells over REST, as records of ours.
//!
//! ```text
//! files ─ pages ─> objects by endpoint ─ places, devices, network ─> records, and notes of what was
//!                                                                    left out or is called otherwise
//! ```
//!
//! Objects name each other by id, so ids lead through; what they are called here is made once of each
//! (`names`). What NetBox allows and this inventory does not (two devices of one name, a network that
//! holds both networks and addresses) becomes what it allows, and a note says so.

mod devices;
mod library;
mod names;
mod network;
mod pages;
mod places;
mod value;

pub use library::device_type;
pub use pages::Export;

use crate::kinds::TAG;
use crate::schema::Kind;
use names::Names;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Of these NetBox has told, so far, what is read here.
pub const VERSIONS: &str = "3.7 to 4.7";

/// Of notes that say the same so many are kept.
const NOTES_OF_A_KIND: usize = 20;

/// What came of an export.
#[derive(Debug, Default)]
pub struct Imported {
    /// In no particular order.
    pub records: Vec<(&'static Kind, Map<String, Value>)>,
    /// What whoever imports it should know.
    pub notes: Vec<String>,
}

/// Which of our roles one of NetBox's is, by its slug.
pub type Roles = BTreeMap<String, String>;

/// Reads an export. `roles` say what NetBox leaves open; what they do not name is guessed by its name.
#[must_use]
pub fn read(export: &Export, roles: &Roles) -> Imported {
    let mut made = Making::new(export);
    made.places();
    made.device_types();
    made.devices(roles);
    made.interfaces();
    made.cables();
    made.networks();
    made.rest();
    made.imported
}

/// By which key somebody of NetBox's is known here.
type Keys = HashMap<i64, String>;

/// Records in the making.
struct Making<'a> {
    export: &'a Export,
    imported: Imported,
    counts: HashMap<&'static str, usize>,
    tags: Names,
    regions: Names,
    sites: Names,
    clusters: Names,
    types: Names,
    device_names: Names,
    racks: Keys,
    interfaces: Keys,
    /// Where units are counted from elsewhere than 1: by so much less.
    rack_offsets: HashMap<i64, f64>,
}

impl<'a> Making<'a> {
    fn new(export: &'a Export) -> Self {
        Self {
            export,
            imported: Imported::default(),
            counts: HashMap::new(),
            tags: Names::default(),
            regions: Names::default(),
            sites: Names::default(),
            clusters: Names::default(),
            types: Names::default(),
            device_names: Names::default(),
            racks: Keys::new(),
            interfaces: Keys::new(),
            rack_offsets: HashMap::new(),
        }
    }

    /// Adds a record, without what says nothing; with the tags of what it comes from.
    fn add(&mut self, kind: &'static Kind, from: &Value, fields: Value) {
        let Value::Object(mut fields) = fields else { return };
        fields.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        let tags = from["tags"].as_array().into_iter().flatten();
        let tags: Vec<String> = tags.filter_map(|tag| self.tag(tag)).collect();
        if !tags.is_empty() && kind.field("tags").is_some() {
            fields.insert("tags".to_owned(), Value::from(tags));
        }
        self.imported.records.push((kind, fields));
    }

    /// What a tag is called, which is a record the first time.
    fn tag(&mut self, tag: &Value) -> Option<String> {
        let wanted = value::text(&tag["slug"]).or_else(|| value::text(&tag["name"]))?;
        let (name, is_new) = self.tags.of(tag["id"].as_i64()?, &wanted);
        if is_new {
            let description = value::line(&tag["name"]).filter(|told| *told != name);
            let mut fields = Map::new();
            fields.insert("name".to_owned(), Value::from(name.as_str()));
            fields.extend(description.map(|it| ("description".to_owned(), Value::from(it))));
            self.imported.records.push((&TAG, fields));
        }
        Some(name)
    }

    /// Notes something; of what is noted often, the first.
    fn note(&mut self, kind: &'static str, what: String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= NOTES_OF_A_KIND {
            self.imported.notes.push(what);
        } else if *count == NOTES_OF_A_KIND + 1 {
            self.imported.notes.push(format!("… and more: {kind}"));
        }
    }

    /// What is not read.
    fn rest(&mut self) {
        for (endpoint, count) in self.export.others() {
            self.note("left out", format!("{endpoint}: {count} left out: not kept here"));
        }
    }
}
