//! Inside a class: which box holds which file.
//!
//! A file's copies go to the boxes with its best draws ([`super::lottery`]), each weighted by its
//! room, passing over those that have none left. Files come in the order of what would be missed
//! most, so that what moves between full boxes, or finds no room between what others left, is
//! what was worth the least.

use super::bitmap::{Bitmap, reset};
use super::lottery::{Draw, hash_of_file};
use super::problem::{ClusterBox, Problem};
use super::solution::Holding;
use contract::catalogue::Ordinal;

/// What the boxes of one class are to hold. Its memory is used again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// By box, in the order of the class.
    pub held: Vec<Bitmap>,
    /// By box: what of its room is left.
    pub left_bytes: Vec<u64>,
    /// Files that have fewer copies than they should, since no box had room for another: which,
    /// and how many they have. Bytes that are left over in pieces smaller than a file.
    pub short: Vec<(Ordinal, u16)>,
    is_done: Bitmap,
    chosen: Vec<bool>,
}

impl Spread {
    /// The boxes of a class that hold a file, by their places in it.
    pub fn boxes(&self, ordinal: Ordinal) -> impl Iterator<Item = usize> + '_ {
        let holders = self.held.iter().enumerate();
        holders.filter(move |(_, held)| held.contains(ordinal)).map(|(at, _)| at)
    }

    /// Spreads what a class is to hold over its boxes. First what has more copies or is wanted
    /// more here than elsewhere, then the region's files from the densest.
    pub fn fill(&mut self, problem: &Problem, class: usize, holding: &Holding) {
        let Some(given) = problem.classes.get(class) else { return };
        self.begin(problem, given.boxes);
        let first = holding.more.iter().map(|more| more.0);
        let pins = problem.pins.iter().filter(|pin| pin.class == class).map(|pin| pin.ordinal);
        let deviated = problem.deviations.iter().map(|deviation| deviation.ordinal);
        for ordinal in pins.chain(first).chain(deviated) {
            if holding.held.contains(ordinal) && !self.is_done.contains(ordinal) {
                self.is_done.insert(ordinal);
                let size_bytes = problem.region.sizes_bytes[ordinal as usize];
                self.place(given.boxes, ordinal, size_bytes, holding.copies(ordinal));
            }
        }
        let run = &problem.region.run;
        for (ordinal, size_bytes) in run.ordinals.iter().zip(&run.sizes_bytes) {
            if holding.held.contains(*ordinal) && !self.is_done.contains(*ordinal) {
                self.place(given.boxes, *ordinal, *size_bytes, holding.copies_each);
            }
        }
        self.short.sort_unstable();
    }

    fn begin(&mut self, problem: &Problem, boxes: &[ClusterBox]) {
        let files = problem.region.files();
        self.held.resize_with(boxes.len(), Bitmap::default);
        self.held.iter_mut().for_each(|held| held.reset(files));
        self.left_bytes.clear();
        self.left_bytes.extend(boxes.iter().map(|one| one.room_bytes));
        self.short.clear();
        self.is_done.reset(files);
        reset(&mut self.chosen, boxes.len(), false);
    }

    fn place(&mut self, boxes: &[ClusterBox], ordinal: Ordinal, size_bytes: u64, copies: u16) {
        let hash = hash_of_file(ordinal);
        for placed in 0..copies {
            let Some(at) = self.best(boxes, hash, size_bytes) else {
                self.short.push((ordinal, placed));
                break;
            };
            self.held[at].insert(ordinal);
            self.left_bytes[at] -= size_bytes;
            self.chosen[at] = true;
        }
        self.chosen.fill(false);
    }

    /// The box with the best draw of those that have room and do not hold the file yet.
    fn best(&self, boxes: &[ClusterBox], hash: u64, size_bytes: u64) -> Option<usize> {
        let mut best: Option<(usize, Draw)> = None;
        for (at, one) in boxes.iter().enumerate() {
            if self.left_bytes[at] < size_bytes || self.chosen[at] {
                continue;
            }
            let draw = Draw::new(hash, one.seed, one.room_bytes);
            if best.is_none_or(|(_, least)| draw.against(&least).is_lt()) {
                best = Some((at, draw));
            }
        }
        best.map(|(at, _)| at)
    }
}
