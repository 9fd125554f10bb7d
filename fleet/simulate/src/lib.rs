//! Fleets that a seed decides: as large as one likes, and the same each time.
//!
//! Pure. What comes out is what `fleet import` takes: a kind and its fields, each after those that it names.
//!
//! Read in this order: [`Size`], [`Fleet`] (all of it, bit by bit), then `machine` (what is in one box);
//! apart from these, [`audience`] (viewers), [`cycle`] (what their plays lead to, day after day), [`run`]
//! (that for some weeks, to look at), [`trial`] (two ways of planning beside each other) and [`rows`]
//! (how good it is, beside what it has to be).

pub mod audience;
pub mod cycle;
mod machine;
mod places;
mod random;
pub mod rows;
pub mod run;
pub mod trial;

pub use places::Size;

use random::Random;
use serde_json::{Map, Value};

/// A record: of which kind, and what it says.
pub type Record = (&'static str, Map<String, Value>);

/// A fleet in the making.
#[derive(Debug)]
pub struct Fleet {
    size: Size,
    random: Random,
    /// The next site; before the first, what all of them share.
    next_site: Option<usize>,
    /// Boxes so far.
    boxes: usize,
}

impl Fleet {
    /// The fleet of a seed.
    #[must_use]
    pub fn new(size: Size, seed: u64) -> Self {
        Self { size, random: Random::new(seed), next_site: None, boxes: 0 }
    }
}

/// First what all sites share, then site by site.
impl Iterator for Fleet {
    type Item = Vec<Record>;

    fn next(&mut self) -> Option<Vec<Record>> {
        let Some(site) = self.next_site else {
            self.next_site = Some(0);
            return Some(places::shared(self.size));
        };
        if site == self.size.sites() {
            return None;
        }
        self.next_site = Some(site + 1);
        let (mut records, place) = places::site(self.size, site, &mut self.random);
        // Spread evenly: what is left over comes first.
        let count = self.size.boxes_of(site);
        for at in 0..count {
            machine::rack_up(&mut records, &place, (at, self.boxes), &mut self.random);
            self.boxes += 1;
        }
        Some(records)
    }
}

/// The fields of a record.
fn record(kind: &'static str, value: Value) -> Record {
    match value {
        Value::Object(fields) => (kind, fields),
        _ => (kind, Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn whole(size: Size, seed: u64) -> Vec<Record> {
        Fleet::new(size, seed).flatten().collect()
    }

    #[test]
    fn a_seed_decides() {
        let size = Size::of_boxes(50);
        assert_eq!(whole(size, 7), whole(size, 7));
        assert_ne!(whole(size, 7), whole(size, 8));
    }

    #[test]
    fn all_of_it_makes_sense_and_comes_after_what_it_names() {
        let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (name, fields) in whole(Size::of_boxes(200), 1) {
            let kind = inventory::kinds::kind(name).expect(name);
            let record = kind.read(&fields).unwrap_or_else(|wrong| panic!("{fields:?}: {wrong:?}"));
            for (field, other, key) in record.references(kind) {
                let is_there = known.get(other).is_some_and(|keys| keys.contains(key));
                assert!(is_there, "{name}.{field}: {other} {key}");
            }
            assert!(known.entry(name).or_default().insert(kind.key(&record)), "{name} twice");
        }
        assert_eq!(known["device"].len(), 200);
        assert_eq!(known["component"].len(), 200 * 30);
        assert_eq!(known["site"].len(), 60);
    }

    #[test]
    fn boxes_are_spread_over_all_sites() {
        for boxes in [1, 2, 3, 10, 20_000] {
            let size = Size::of_boxes(boxes);
            let of_all: usize = (0..size.sites()).map(|site| size.boxes_of(site)).sum();
            assert_eq!(of_all, boxes);
        }
    }
}
