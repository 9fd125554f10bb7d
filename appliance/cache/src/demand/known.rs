//! The keys that are known: those that are kept, and others that may come back.
//!
//! Each stands in a list, in the order of its last use: one that is kept in that of its
//! habit, one that is not in that of the absent. Links are numbers: nothing points anywhere,
//! and what is forgotten leaves its number to the next.

use super::habits::{BY_PACE, Habit};
use super::series;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::{BuildHasher, RandomState};

/// No neighbour.
const NONE: u32 = u32::MAX;

/// The list of those that are not kept.
const ABSENT: usize = BY_PACE;

/// A key, and all that is known of it. Times are those of the clock of bytes.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) key: u64,
    pub(super) size_bytes: u64,
    pub(super) used_at: u64,
    /// Until when its waiting stands in the books.
    pub(super) booked_until: u64,
    pub(super) habit: Habit,
    /// Of which of [all series](super::series::AllSeries) it is a segment, if of any, and which.
    series: u32,
    index: u64,
    is_kept: bool,
    is_free: bool,
    /// Where it stands among those that are kept.
    place: u32,
    newer: u32,
    older: u32,
}

impl Known {
    /// A key that is asked for the first time.
    pub(super) fn new(key: u64, size_bytes: u64, now: u64) -> Self {
        Self {
            key,
            size_bytes,
            used_at: now,
            booked_until: now,
            habit: Habit::new(),
            series: NONE,
            index: 0,
            is_kept: false,
            is_free: false,
            place: NONE,
            newer: NONE,
            older: NONE,
        }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    pub(super) fn set_segment(&mut self, series: u32, index: u64) {
        (self.series, self.index) = (series, index);
    }

    pub(super) fn segment(&self) -> Option<series::Place> {
        (self.series != NONE).then_some((self.series, self.index))
    }

    fn list(&self) -> usize {
        if self.is_kept { self.habit.by_pace() } else { ABSENT }
    }
}

#[derive(Debug, Clone, Copy)]
struct List {
    newest: u32,
    oldest: u32,
}

/// All of them, by number.
#[derive(Debug)]
pub(super) struct Shelf {
    all: Vec<Known>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
    hashing: RandomState,
    lists: Vec<List>,
    kept: Vec<u32>,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
            numbers: HashTable::new(),
            hashing: RandomState::new(),
            lists: vec![List { newest: NONE, oldest: NONE }; ABSENT + 1],
            kept: Vec::new(),
        }
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Those that are kept, in no order.
    pub(super) fn kept(&self) -> &[u32] {
        &self.kept
    }

    /// Those of each habit that have waited longest of all that are kept.
    pub(super) fn oldest_kept(&self) -> impl Iterator<Item = u32> {
        self.lists[..ABSENT].iter().map(|list| list.oldest).filter(|oldest| *oldest != NONE)
    }

    /// Who left first of those that are not kept.
    pub(super) fn oldest_absent(&self) -> Option<u32> {
        Some(self.lists[ABSENT].oldest).filter(|oldest| *oldest != NONE)
    }

    pub(super) fn get(&self, number: u32) -> &Known {
        &self.all[number as usize]
    }

    pub(super) fn get_mut(&mut self, number: u32) -> &mut Known {
        &mut self.all[number as usize]
    }

    pub(super) fn find(&self, key: u64) -> Option<u32> {
        let hash = self.hashing.hash_one(key);
        self.numbers.find(hash, |number| self.get(*number).key == key).copied()
    }

    /// The number after this one, around all, and the one that has it, if any.
    pub(super) fn after(&self, number: u32) -> (u32, Option<u32>) {
        let next = number.wrapping_add(1);
        let next = if (next as usize) < self.all.len() { next } else { 0 };
        let known = self.all.get(next as usize).filter(|known| !known.is_free);
        (next, known.map(|_| next))
    }

    /// Adds one that stands in no list yet. None when there are no numbers left.
    pub(super) fn add(&mut self, known: Known) -> Option<u32> {
        let number = match self.free.pop() {
            Some(number) => number,
            None => u32::try_from(self.all.len()).ok().filter(|number| *number != NONE)?,
        };
        let hash = self.hashing.hash_one(known.key);
        if (number as usize) < self.all.len() {
            self.all[number as usize] = known;
        } else {
            self.all.push(known);
        }
        let (all, hashing) = (&self.all, &self.hashing);
        let key = all[number as usize].key;
        let is_same = |other: &u32| all[*other as usize].key == key;
        let hash_of = |other: &u32| hashing.hash_one(all[*other as usize].key);
        if let Entry::Vacant(vacant) = self.numbers.entry(hash, is_same, hash_of) {
            vacant.insert(number);
        }
        Some(number)
    }

    /// Takes one out of its list; it must be put into one, or forgotten.
    pub(super) fn take_out(&mut self, number: u32) {
        let known = self.get(number);
        let (list, newer, older) = (known.list(), known.newer, known.older);
        match newer {
            NONE => self.lists[list].newest = older,
            newer => self.get_mut(newer).older = older,
        }
        match older {
            NONE => self.lists[list].oldest = newer,
            older => self.get_mut(older).newer = newer,
        }
    }

    /// Puts one that stands in no list into its own, as the newest.
    pub(super) fn put_in(&mut self, number: u32) {
        let list = self.get(number).list();
        let before = std::mem::replace(&mut self.lists[list].newest, number);
        match before {
            NONE => self.lists[list].oldest = number,
            before => self.get_mut(before).newer = number,
        }
        let known = self.get_mut(number);
        (known.newer, known.older) = (NONE, before);
    }

    /// One that stands in no list is kept from now on.
    pub(super) fn keep(&mut self, number: u32) {
        let place = u32::try_from(self.kept.len()).unwrap_or(NONE);
        self.kept.push(number);
        let known = self.get_mut(number);
        (known.is_kept, known.place) = (true, place);
    }

    /// One that stands in no list is kept no longer.
    pub(super) fn give_up(&mut self, number: u32) {
        let known = self.get_mut(number);
        known.is_kept = false;
        let place = std::mem::replace(&mut known.place, NONE);
        self.kept.swap_remove(place as usize);
        if let Some(moved) = self.kept.get(place as usize).copied() {
            self.get_mut(moved).place = place;
        }
    }

    /// Forgets one that stands in no list and is not kept.
    pub(super) fn forget(&mut self, number: u32) {
        let hash = self.hashing.hash_one(self.get(number).key);
        if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
        self.get_mut(number).is_free = true;
        self.free.push(number);
    }
}

#[cfg(test)]
impl Shelf {
    /// The books agree with each other; gives the bytes that are kept.
    pub(super) fn audit(&self) -> u64 {
        let mut listed = vec![false; self.all.len()];
        for (list, ends) in self.lists.iter().enumerate() {
            let (mut at, mut newer) = (ends.newest, NONE);
            while at != NONE {
                let known = self.get(at);
                assert_eq!((known.list(), known.newer), (list, newer), "{known:?}");
                assert!(!std::mem::replace(&mut listed[at as usize], true), "twice: {known:?}");
                (newer, at) = (at, known.older);
            }
            assert_eq!(ends.oldest, newer);
        }
        for (number, known) in (0..).zip(&self.all) {
            assert_eq!(listed[number as usize], !known.is_free, "{known:?}");
            assert!(known.is_free || self.find(known.key) == Some(number), "{known:?}");
        }
        assert_eq!(self.len() + self.free.len(), self.all.len());
        for (place, number) in (0..).zip(&self.kept) {
            assert_eq!(self.get(*number).place, place);
        }
        self.kept.iter().map(|number| self.get(*number).size_bytes).sum()
    }
}
