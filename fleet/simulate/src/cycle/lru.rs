//! A cache that takes in every file that it misses, and lets go of the one that was asked for
//! longest ago.

use crate::audience::Plays;
use crate::audience::chance::{Chance, Stream};

/// No file.
const NONE: u32 = u32::MAX;

/// Files, in a ring from the last that was asked for to the first. One place more is where the
/// ring begins and ends.
#[derive(Debug, Clone)]
pub struct Lru {
    room_bytes: u64,
    used_bytes: u64,
    newer: Vec<u32>,
    older: Vec<u32>,
    order: Chance,
}

/// Bytes of plays, with whole files counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Asked {
    /// Of all.
    pub bytes: f64,
    /// Of those that were not there.
    pub missed_bytes: f64,
}

impl Lru {
    /// An empty one, and the chance by which plays of a day come one after the other.
    #[must_use]
    pub fn new(files: usize, room_bytes: u64, (seed, site): (u64, usize)) -> Self {
        let mut lru = Self {
            room_bytes,
            used_bytes: 0,
            newer: vec![NONE; files + 1],
            older: vec![NONE; files + 1],
            order: Chance::new(seed, Stream::Order(site)),
        };
        (lru.newer[files], lru.older[files]) = (lru.end(), lru.end());
        lru
    }

    /// A day's plays, in an order of chance.
    pub fn play(&mut self, plays: &Plays, sizes_bytes: &[u64]) -> Asked {
        let each = plays.by_file.iter();
        let mut files: Vec<u32> =
            each.flat_map(|(file, plays)| std::iter::repeat_n(*file, *plays as usize)).collect();
        let mut asked = Asked::default();
        for at in (0..files.len()).rev() {
            let bound = u32::try_from(at + 1).unwrap_or(u32::MAX);
            files.swap(at, self.order.below(bound) as usize);
            let file = files[at];
            let size = sizes_bytes[file as usize] as f64;
            asked.bytes += size;
            if !self.ask(file, sizes_bytes) {
                asked.missed_bytes += size;
            }
        }
        asked
    }

    /// Whether a file was there. It is now.
    fn ask(&mut self, file: u32, sizes_bytes: &[u64]) -> bool {
        let is_there = self.newer[file as usize] != NONE;
        if is_there {
            self.take_out(file);
        } else {
            self.used_bytes += sizes_bytes[file as usize];
        }
        let (end, newest) = (self.end(), self.older[self.end() as usize]);
        self.link(end, file);
        self.link(file, newest);
        while self.used_bytes > self.room_bytes {
            let oldest = self.newer[self.end() as usize];
            self.take_out(oldest);
            self.newer[oldest as usize] = NONE;
            self.used_bytes -= sizes_bytes[oldest as usize];
        }
        is_there
    }

    fn end(&self) -> u32 {
        u32::try_from(self.newer.len() - 1).unwrap_or(NONE)
    }

    fn link(&mut self, newer: u32, older: u32) {
        self.older[newer as usize] = older;
        self.newer[older as usize] = newer;
    }

    fn take_out(&mut self, file: u32) {
        let (newer, older) = (self.newer[file as usize], self.older[file as usize]);
        self.link(newer, older);
    }
}
