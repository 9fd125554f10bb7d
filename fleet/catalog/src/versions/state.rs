//! Which record each title has, and what changes between two of these.

use super::Record;
use super::record::write;
use crate::store::Snapshot;
use crate::{CatalogObject, Title};
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use std::collections::{BTreeMap, HashMap};

/// A title, by its group and its name.
pub type Key = (GroupName, TitleName);

/// Which record each title has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// By title.
    pub records: BTreeMap<Key, Digest>,
}

/// How much there is in a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Titles.
    pub titles: u64,
    /// Objects of them.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What became of one title: read from the end it is the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub key: Key,
    /// What it was; nothing if it is new.
    pub before: Option<Digest>,
    /// What it is; nothing if it is gone.
    pub after: Option<Digest>,
}

impl State {
    /// The state of a catalogue, with its records by their digests.
    ///
    /// # Errors
    /// When a record cannot be written as JSON, which none of ours is.
    pub fn of(snapshot: &Snapshot) -> Result<(Self, HashMap<Digest, Vec<u8>>), serde_json::Error> {
        let mut objects: HashMap<(&GroupName, &TitleName), Vec<&CatalogObject>> = HashMap::new();
        for object in &snapshot.objects {
            objects.entry((&object.group, &object.title)).or_default().push(object);
        }
        let (mut state, mut texts) = (Self::default(), HashMap::new());
        for title in &snapshot.titles {
            let key = (&title.spec.group, &title.spec.title);
            let objects = objects.remove(&key).unwrap_or_default();
            let (digest, bytes) = write(title, objects.into_iter())?;
            state.records.insert((key.0.clone(), key.1.clone()), digest);
            texts.insert(digest, bytes);
        }
        Ok((state, texts))
    }

    /// Of all of it: titles by their names, each with its record's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let line =
            |((group, title), record): (&Key, &Digest)| format!("{group}/{title} {record}\n");
        Digest::of(self.records.iter().map(line).collect::<String>().as_bytes())
    }

    /// What leads from another state to this one.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<Change> {
        let gone = before.records.iter().filter(|(key, _)| !self.records.contains_key(key));
        let gone = gone.map(|(key, record)| (key, Some(*record), None));
        let now =
            self.records.iter().map(|(key, it)| (key, before.records.get(key).copied(), Some(*it)));
        let mut changes: Vec<Change> = gone
            .chain(now)
            .filter(|(_, before, after)| before != after)
            .map(|(key, before, after)| Change { key: key.clone(), before, after })
            .collect();
        changes.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        changes
    }

    /// Takes one step.
    pub fn apply(&mut self, change: &Change) {
        self.set(&change.key, change.after);
    }

    /// Takes one step back.
    pub fn undo(&mut self, change: &Change) {
        self.set(&change.key, change.before);
    }

    fn set(&mut self, key: &Key, record: Option<Digest>) {
        match record {
            Some(record) => self.records.insert(key.clone(), record),
            None => self.records.remove(key),
        };
    }
}

impl Size {
    /// Of a catalogue.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            titles: snapshot.titles.len() as u64,
            objects: snapshot.objects.len() as u64,
            bytes: snapshot.objects.iter().map(|object| object.file.size_bytes).sum(),
        }
    }
}

impl Snapshot {
    /// A catalogue of records.
    #[must_use]
    pub fn of_records(version: u64, records: Vec<Record>) -> Self {
        let (mut titles, mut objects): (Vec<Title>, Vec<CatalogObject>) = (vec![], vec![]);
        for record in records {
            titles.push(record.title);
            objects.extend(record.objects);
        }
        titles.sort_by(|a, b| order(a).cmp(&order(b)));
        objects.sort_unstable_by_key(|object| object.ordinal);
        Self { version, titles, objects }
    }
}

/// As the store reads them: by the time they came.
fn order(title: &Title) -> (contract::time::TimeUs, &GroupName, &TitleName) {
    (title.added_at, &title.spec.group, &title.spec.title)
}
