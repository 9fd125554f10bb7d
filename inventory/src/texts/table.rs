//! The texts of a kind: a slot for each record, which is left when the record is changed.

use super::column::{Column, Where};
use crate::query::{Filter, Lookup};
use std::collections::{HashMap, HashSet};

/// The texts of a kind.
#[derive(Debug)]
pub(super) struct Table {
    /// Of the inventory, up to which they are all here.
    pub(super) version: Option<i64>,
    names: Vec<&'static str>,
    columns: Vec<Column>,
    /// Whose each slot is; nobody's any more where it was left.
    keys: Vec<Option<String>>,
    slots: HashMap<String, u32>,
}

impl Table {
    pub(super) fn new(names: Vec<&'static str>) -> Self {
        let columns = names.iter().map(|_| Column::new()).collect();
        Self { version: None, names, columns, keys: Vec::new(), slots: HashMap::new() }
    }

    /// Adds a record: its texts in the order of the fields.
    pub(super) fn add(&mut self, key: String, texts: &[Option<String>]) {
        let Ok(slot) = u32::try_from(self.keys.len()) else { return };
        for (column, text) in self.columns.iter_mut().zip(texts) {
            column.add(text.as_deref());
        }
        self.keys.push(Some(key.clone()));
        if let Some(before) = self.slots.insert(key, slot) {
            self.leave(before);
        }
    }

    fn leave(&mut self, slot: u32) {
        if let Some(key) = self.keys.get_mut(slot as usize) {
            *key = None;
        }
    }

    /// Forgets records, as far as they are here.
    pub(super) fn forget(&mut self, keys: &[String]) {
        for key in keys {
            if let Some(slot) = self.slots.remove(key) {
                self.leave(slot);
            }
        }
    }

    /// Whether it is time to begin anew.
    pub(super) fn is_mostly_gone(&self) -> bool {
        self.keys.len() > 2 * self.slots.len() + 1000
    }

    /// Whether a filter asks for nothing that is not here.
    pub(super) fn decides(&self, filter: &Filter) -> bool {
        super::is_part(filter) && self.names.contains(&filter.field.name)
    }

    /// The slots that pass a filter; nothing where its field is not kept here.
    pub(super) fn find(&self, filter: &Filter) -> Option<HashSet<u32>> {
        let at = self.names.iter().position(|name| *name == filter.field.name)?;
        let (is_at_beginning, is_at_end) = match filter.lookup {
            Lookup::Holds => (false, false),
            Lookup::Begins => (true, false),
            Lookup::Ends => (false, true),
            Lookup::Same => (true, true),
            _ => return None,
        };
        let mut found = HashSet::new();
        for value in &filter.values {
            // Of what is empty every text has one.
            let part = value.as_str().filter(|part| !part.is_empty())?;
            self.columns[at].find(part, Where { is_at_beginning, is_at_end }, &mut found);
        }
        found.retain(|slot| self.keys[*slot as usize].is_some());
        Some(found)
    }

    /// Whose slots these are.
    pub(super) fn keys(&self, slots: &HashSet<u32>) -> Vec<&str> {
        slots.iter().filter_map(|slot| self.keys[*slot as usize].as_deref()).collect()
    }
}
