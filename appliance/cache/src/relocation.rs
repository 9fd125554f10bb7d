//! Which objects move between classes of disks, and where to. Pure: a picture of the disks and
//! of the manifest's order goes in, an order of moves comes out.
//!
//! Nothing moves unless it gets nearer to where its rank belongs, and everything goes straight
//! there: whatever the order, an object that does not change its rank moves once. Up goes what
//! belongs in a faster class by more than a margin, the hottest first; down goes what is
//! coldest, and only as far as its class is too full, or something hotter needs the room.

use crate::tiers::Tiers;
use contract::config::DiskClass;
use std::collections::BTreeMap;

/// A disk, as far as moves are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) class: DiskClass,
    /// What objects may take of it, the reserve left alone.
    pub(crate) usable_bytes: u64,
    /// What they take, those on their way included.
    pub(crate) used_bytes: u64,
    /// Whether anything may be moved to it.
    pub(crate) is_open: bool,
}

/// An object of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// What it takes on a disk.
    pub(crate) bytes: u64,
    /// The number of the disk that holds all of it; `None` where it is not here, or stays where
    /// it is.
    pub(crate) disk: Option<usize>,
}

/// One object from one disk to another: their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relocation {
    pub(crate) object: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// What is to be moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relocations {
    /// The first of them, in the order in which they find room.
    pub(crate) first: Vec<Relocation>,
    /// How many there are in all.
    pub(crate) objects: u64,
    /// What they take.
    pub(crate) bytes: u64,
    /// What belongs elsewhere and finds no room there.
    pub(crate) blocked_bytes: u64,
}

/// Plans moves for objects in rank order, and lists `most` of them.
pub(crate) fn plan(places: &[Place], ranked: &[Placed], most: usize) -> Relocations {
    let tiers = Tiers::of(places.iter().map(|place| (place.class, place.usable_bytes)));
    if tiers.is_one() {
        return Relocations::default();
    }
    let mut planner = Planner::new(places, ranked, tiers, most);
    let rising = planner.sort();
    planner.relieve();
    rising.into_iter().for_each(|object| planner.raise(object));
    planner.done
}

struct Planner<'a> {
    ranked: &'a [Placed],
    tiers: Tiers,
    places: Vec<Place>,
    homes: Vec<Option<DiskClass>>,
    /// What may go down from a class, the coldest last.
    falling: BTreeMap<DiskClass, Vec<usize>>,
    most: usize,
    done: Relocations,
}

impl<'a> Planner<'a> {
    fn new(places: &[Place], ranked: &'a [Placed], tiers: Tiers, most: usize) -> Self {
        let places = places.to_vec();
        let (homes, falling) = (vec![None; ranked.len()], BTreeMap::new());
        Self { ranked, tiers, places, homes, falling, most, done: Relocations::default() }
    }

    /// Finds out what is not where it belongs; gives what is to go up, the hottest first.
    fn sort(&mut self) -> Vec<usize> {
        let (mut end_bytes, mut rising) = (0_u64, Vec::new());
        for (object, placed) in self.ranked.iter().enumerate() {
            end_bytes = end_bytes.saturating_add(placed.bytes);
            let Some(place) = placed.disk.and_then(|disk| self.places.get(disk)) else { continue };
            let Some(home) = self.tiers.home(end_bytes) else { continue };
            self.homes[object] = Some(home);
            if home < place.class && self.tiers.is_firm(end_bytes) {
                rising.push(object);
            } else if home > place.class {
                self.falling.entry(place.class).or_default().push(object);
            }
        }
        rising
    }

    /// Classes that hold more than they are to hold give up what is coldest. The slowest first:
    /// those above it need its room.
    fn relieve(&mut self) {
        let classes: Vec<DiskClass> = self.falling.keys().rev().copied().collect();
        for class in classes {
            let bound_bytes = self.tiers.bound_bytes(class);
            while self.used_bytes(class) > bound_bytes {
                let Some(object) = self.falling.get_mut(&class).and_then(Vec::pop) else { break };
                if !self.send_home(object) {
                    self.done.blocked_bytes += self.ranked[object].bytes;
                }
            }
        }
    }

    /// Sends one object up, and what is in its way down.
    fn raise(&mut self, object: usize) {
        let Some(home) = self.homes[object] else { return };
        while !self.send_home(object) {
            let coldest = self.falling.get_mut(&home).and_then(Vec::pop);
            if !coldest.is_some_and(|coldest| self.send_home(coldest)) {
                self.done.blocked_bytes += self.ranked[object].bytes;
                return;
            }
        }
    }

    fn used_bytes(&self, class: DiskClass) -> u64 {
        let of_it = self.places.iter().filter(|place| place.class == class);
        of_it.map(|place| place.used_bytes).sum()
    }

    /// Onto the disk of its class with the most room; `false` where none has enough.
    fn send_home(&mut self, object: usize) -> bool {
        let (Some(home), placed) = (self.homes[object], self.ranked[object]) else { return false };
        let Some(from) = placed.disk else { return false };
        let fits = |place: &Place| {
            let room = place.usable_bytes.saturating_sub(place.used_bytes);
            (place.is_open && place.class == home && room >= placed.bytes).then_some(room)
        };
        let rooms = self.places.iter().enumerate().filter_map(|(to, it)| Some((fits(it)?, to)));
        // Of disks with the same room the first.
        let best = rooms.max_by_key(|(room, to)| (*room, std::cmp::Reverse(*to)));
        let Some((_, to)) = best else { return false };
        self.places[to].used_bytes += placed.bytes;
        self.places[from].used_bytes = self.places[from].used_bytes.saturating_sub(placed.bytes);
        self.done.objects += 1;
        self.done.bytes += placed.bytes;
        if self.done.first.len() < self.most {
            self.done.first.push(Relocation { object, from, to });
        }
        true
    }
}

#[cfg(test)]
mod tests;
