//! What the classes of one cluster offer to a file: budgets, copies, and its price in a class.

use super::envelope::Line;
use super::problem::{Class, Problem};

/// Hardware classes in one cluster, at most. Each doubles the residency masks; clusters have two
/// (flash, storage), sometimes three while a generation is replaced.
pub const MAX_CLASSES: usize = 4;

/// Budgets of a cluster, at most: disk, throughput and new bytes for each class.
pub(super) const ROWS: usize = 3 * MAX_CLASSES;

/// In which classes a file lies today: bit c for class c.
pub(super) type Mask = usize;

/// A number for each budget of each class: a use, or a price.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) disk: [f64; MAX_CLASSES],
    pub(super) throughput: [f64; MAX_CLASSES],
    pub(super) new: [f64; MAX_CLASSES],
}

impl Rows {
    /// All of them in a row: disks, throughputs, new bytes.
    pub(super) fn flat(&self) -> [f64; ROWS] {
        let mut flat = [0.0; ROWS];
        for class in 0..MAX_CLASSES {
            flat[class] = self.disk[class];
            flat[MAX_CLASSES + class] = self.throughput[class];
            flat[2 * MAX_CLASSES + class] = self.new[class];
        }
        flat
    }

    pub(super) fn from_flat(flat: &[f64; ROWS]) -> Self {
        let part = |kind: usize| std::array::from_fn(|class| flat[kind * MAX_CLASSES + class]);
        Self { disk: part(0), throughput: part(1), new: part(2) }
    }

    pub(super) fn dot(&self, other: &Rows) -> f64 {
        self.flat().iter().zip(other.flat()).map(|(a, b)| a * b).sum()
    }
}

/// What of the budgets is there to give.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Room {
    pub(super) disk_bytes: [u64; MAX_CLASSES],
    pub(super) throughput: [f64; MAX_CLASSES],
    pub(super) new_bytes: [u64; MAX_CLASSES],
    /// What was taken of the throughput. Beside what is left of it, since a great throughput less
    /// a small demand is that throughput once more.
    pub(super) served: [f64; MAX_CLASSES],
}

impl Room {
    /// The budgets of the classes, each the sum of its boxes'.
    pub(super) fn of(classes: &[Class]) -> Self {
        let mut room = Self::default();
        for (at, class) in classes.iter().enumerate() {
            for one in class.boxes {
                room.disk_bytes[at] = room.disk_bytes[at].saturating_add(one.room_bytes);
                room.new_bytes[at] = room.new_bytes[at].saturating_add(one.new_bytes());
                room.throughput[at] += one.throughput_bytes_per_s;
            }
        }
        room
    }

    pub(super) fn rows(&self) -> Rows {
        Rows {
            disk: self.disk_bytes.map(|bytes| bytes as f64),
            throughput: self.throughput,
            new: self.new_bytes.map(|bytes| bytes as f64),
        }
    }

    /// Whether a class still has room for that much.
    pub(super) fn fits(&self, class: usize, disk_bytes: u64, new_bytes: u64) -> bool {
        disk_bytes <= self.disk_bytes[class] && new_bytes <= self.new_bytes[class]
    }

    /// Takes what fits.
    pub(super) fn take(&mut self, class: usize, disk_bytes: u64, new_bytes: u64, served: f64) {
        self.disk_bytes[class] -= disk_bytes;
        self.new_bytes[class] -= new_bytes;
        self.throughput[class] = (self.throughput[class] - served).max(0.0);
        self.served[class] += served;
    }
}

/// What the classes offer to a file of which nothing special is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    pub(super) classes: usize,
    /// What there is to give, pins already taken from it.
    pub(super) room: Room,
    pub(super) churn_price: f64,
    /// By class: how many copies a held file has.
    pub(super) copies: [u16; MAX_CLASSES],
    /// By class: how many of them are new where the file lies already.
    resident_new: [u16; MAX_CLASSES],
    /// By class: whether it is shut to files of which nothing special is asked
    /// ([`super::copies`]).
    pub(super) shut: [Option<Shut>; MAX_CLASSES],
}

/// Why a class is shut to all files but those that are weighed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// It could serve none of them.
    ServesNone,
    /// It asks something special of too many. What it could serve of the others is in the bound
    /// all the same.
    TooSpecial,
}

impl Terms {
    pub(super) fn of(problem: &Problem) -> Self {
        let mut terms = Self {
            classes: problem.classes.len(),
            room: Room::of(problem.classes),
            churn_price: problem.churn_price,
            ..Self::default()
        };
        for (at, class) in problem.classes.iter().enumerate() {
            let boxes = u16::try_from(class.boxes.len()).unwrap_or(u16::MAX);
            let copies = problem.least_copies.min(boxes);
            let there = class.resident.map_or(0, |resident| resident.copies_each);
            terms.copies[at] = copies;
            terms.resident_new[at] = copies.saturating_sub(there);
        }
        terms
    }

    /// How many residency masks there are.
    pub(super) fn masks(&self) -> usize {
        1 << self.classes
    }

    /// How many new copies a file of that mask needs in a class.
    pub(super) fn new_copies(&self, class: usize, mask: Mask) -> u16 {
        if mask >> class & 1 == 1 { self.resident_new[class] } else { self.copies[class] }
    }

    /// Whether a file that has a number of copies of its own today is to a class what all others
    /// are, there or not.
    pub(super) fn is_as_others(&self, class: usize, there: u16) -> bool {
        there == 0 || self.copies[class].saturating_sub(there) == self.resident_new[class]
    }

    /// Whether a class can serve, and take a file of that mask at all.
    pub(super) fn is_open(&self, class: usize, mask: Mask) -> bool {
        if self.shut[class].is_some() {
            return false;
        }
        let room = &self.room;
        let can_serve = room.disk_bytes[class] > 0 && room.throughput[class] > 0.0;
        can_serve && (room.new_bytes[class] > 0 || self.new_copies(class, mask) == 0)
    }

    /// What the classes ask of a file of that mask, per byte of its size.
    pub(super) fn lines(&self, mask: Mask, prices: &Rows) -> [Option<Line>; MAX_CLASSES] {
        std::array::from_fn(|class| {
            if !self.is_open(class, mask) {
                return None;
            }
            let copies = f64::from(self.copies[class]);
            let new_copies = f64::from(self.new_copies(class, mask));
            let new_price = prices.new[class] + self.churn_price;
            let price = copies * prices.disk[class] + new_copies * new_price;
            Some(Line { slope: 1.0 - prices.throughput[class], price })
        })
    }
}
