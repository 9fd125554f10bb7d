//! Many files at once: a block of the region's order, when every box has room for what it draws.
//!
//! Whether a box has room is asked once for what it draws of a whole block. If all have, then no
//! file of the block would have been passed on, and the block is placed; else its files are placed
//! one by one. So the answer is the same, and nearly all blocks cost a draw and a bit for each file.

use super::Spread;
use crate::cluster::bitmap::{bits, low_bits};
use crate::cluster::lottery::hash_of_file;
use crate::cluster::order::{BLOCK, Run};
use crate::cluster::problem::Class;

/// What one box draws of a block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Drawn {
    word: u64,
    bytes: u64,
    new_bytes: u64,
    /// The files that it may have: all, those that it has already, or none.
    open: u64,
}

impl Spread {
    /// Places files of a block, one copy each; false, and nothing is placed, where some box has
    /// not the room for all that it draws.
    pub(super) fn place_block(
        &mut self,
        run: &Run,
        given: &Class,
        block: usize,
        word: u64,
    ) -> bool {
        let least_bytes = run.least_bytes[block];
        let mut are_open = true;
        for at in 0..given.boxes.len() {
            let open = self.open(given, at, block, least_bytes);
            are_open &= open == u64::MAX;
            self.drawn[at] = Drawn { open, ..Drawn::default() };
        }
        let is_drawn = if are_open {
            self.draw_freely(run, block, word);
            true
        } else {
            self.draw_of_open(run, block, word)
        };
        if !is_drawn {
            return false;
        }
        self.count_new(run, block);
        let have_room = self.have_room(given);
        if have_room {
            self.commit(block);
        }
        have_room
    }

    /// The files of a block that a box may have, as far as that is the same for all of them.
    fn open(&self, given: &Class, at: usize, block: usize, least_bytes: u64) -> u64 {
        if self.left_bytes[at] < least_bytes {
            return 0;
        }
        match self.there.get(at) {
            Some(there) if self.may_take(given, at) < least_bytes => there[block],
            _ => u64::MAX,
        }
    }

    fn draw_freely(&mut self, run: &Run, block: usize, word: u64) {
        if let [only] = &mut self.drawn[..] {
            let is_all = word == low_bits(run.files() - block * BLOCK);
            let sizes = || run.files_of(block, word).map(|file| file.2).sum();
            only.bytes = if is_all { run.totals[block].bytes } else { sizes() };
            only.word = word;
            return;
        }
        for (bit, ordinal, size_bytes) in run.files_of(block, word) {
            let drawn = &mut self.drawn[self.lottery.best(hash_of_file(ordinal))];
            drawn.word |= 1 << bit;
            drawn.bytes += size_bytes;
        }
    }

    /// False where a file may go to no box.
    fn draw_of_open(&mut self, run: &Run, block: usize, word: u64) -> bool {
        for (bit, ordinal, size_bytes) in run.files_of(block, word) {
            let drawn = &self.drawn;
            let open = |at: usize| (drawn[at].open >> bit & 1).wrapping_neg();
            let best = self.lottery.best_open(hash_of_file(ordinal), open);
            let Some(at) = best else { return false };
            self.drawn[at].word |= 1 << bit;
            self.drawn[at].bytes += size_bytes;
        }
        true
    }

    fn count_new(&mut self, run: &Run, block: usize) {
        for (drawn, there) in self.drawn.iter_mut().zip(&self.there) {
            let new = drawn.word & !there[block];
            drawn.new_bytes = run.files_of(block, new).map(|file| file.2).sum();
        }
    }

    fn have_room(&self, given: &Class) -> bool {
        self.drawn.iter().enumerate().all(|(at, drawn)| {
            drawn.bytes <= self.left_bytes[at] && drawn.new_bytes <= self.may_take(given, at)
        })
    }

    fn commit(&mut self, block: usize) {
        for (at, drawn) in self.drawn.iter().enumerate() {
            self.by_rank[at][block] = drawn.word;
            self.left_bytes[at] -= drawn.bytes;
            if !self.there.is_empty() {
                self.new_bytes[at] += drawn.new_bytes;
            }
        }
    }

    /// Writes down what was placed by blocks. One box after the other: a set at a time stays in the
    /// nearest caches.
    pub(super) fn write_blocks(&mut self, run: &Run) {
        for (held, words) in self.held.iter_mut().zip(&self.by_rank) {
            let held = held.words_mut();
            for (word, ordinals) in words.iter().zip(run.ordinals.chunks(BLOCK)) {
                for bit in bits(*word) {
                    let ordinal = ordinals[bit as usize];
                    held[ordinal as usize / 64] |= 1 << (ordinal % 64);
                }
            }
        }
    }
}
