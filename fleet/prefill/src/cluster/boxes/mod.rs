//! Inside a class: which box holds which file.
//!
//! A file's copies go to the boxes with its best draws ([`super::lottery`]), each weighted by its
//! room, passing over those that have none left. Pins come first, the largest before the others;
//! then all files by the density that they have in this cluster. So what moves between full boxes,
//! or finds no room between what others left, is what was worth the least; and how many copies a
//! file has changes nothing for those before it.

mod blocks;

use super::bitmap::{Bitmap, bits, reset};
use super::deviations::sort_into;
use super::lottery::{Lottery, hash_of_file};
use super::order::{BLOCK, density};
use super::problem::{Class, Problem};
use super::solution::Holding;
use blocks::Drawn;
use contract::catalogue::Ordinal;

/// What the boxes of one class are to hold. Its memory is used again.
///
/// Rooms are kept box by box; new bytes too, where it is known what each box holds
/// ([`super::Class::on_boxes`]): a box that may take no more of them today is passed over like a
/// full one. The solver knows nothing of that. [`super::ClassSolution::new_bytes`] is what is new
/// to the class, and a file that moves from one box to another is new only in
/// [`Spread::new_bytes`].
#[derive(Debug, Clone, Default)]
pub struct Spread {
    /// By box, in the order of the class.
    pub held: Vec<Bitmap>,
    /// By box: what of its room is left.
    pub left_bytes: Vec<u64>,
    /// By box: what it holds that it does not hold today. Empty when that is not known.
    pub new_bytes: Vec<u64>,
    /// Files that have fewer copies than they should, since no box had room for another, or could
    /// take it today: which, and how many they have, rising. Bytes that are left over in pieces
    /// smaller than a file.
    pub short: Vec<(Ordinal, u16)>,
    /// Those of them that are pinned to this class. Operators must hear of these.
    pub pins_short: Vec<(Ordinal, u16)>,
    /// By block of the region: what the class holds; then the files that are placed where their
    /// rank is.
    plain: Vec<u64>,
    /// By block of the region: files that have another number of copies than most.
    has_more: Vec<u64>,
    /// By box, by block of the region: what it holds today. Empty where it may take all that it has
    /// room for.
    there: Vec<Vec<u64>>,
    /// By box, by block of the region: what was placed as a block.
    by_rank: Vec<Vec<u64>>,
    lottery: Lottery,
    /// By box: what it draws of the block at hand.
    drawn: Vec<Drawn>,
    /// By box: whether it is none of those that the file at hand may go to.
    passed: Vec<bool>,
    pins: Vec<(Ordinal, u64)>,
    deviated: Vec<(Ordinal, u64, f32)>,
}

/// How a box is chosen among those that have room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Draw,
    /// The one with the least room left.
    Fit,
}

impl Spread {
    /// The boxes of a class that hold a file, by their places in it.
    pub fn boxes(&self, ordinal: Ordinal) -> impl Iterator<Item = usize> + '_ {
        let holders = self.held.iter().enumerate();
        holders.filter(move |(_, held)| held.contains(ordinal)).map(|(at, _)| at)
    }

    /// Spreads what a class is to hold over its boxes. One that the problem does not have has
    /// none. The holding stays as it is, what found no box included: for a solution that says no
    /// more than its boxes hold, ask [`super::Workspace::spread`].
    ///
    /// # Panics
    /// When the holding speaks of more files than the region has.
    pub fn fill(&mut self, problem: &Problem, class: usize, holding: &Holding) {
        problem.region.by_rank(&holding.held, &mut self.plain);
        self.fill_plain(problem, class, holding);
    }

    /// As [`Spread::fill`], where it is known already which files stand at which ranks.
    pub(super) fn fill_by_rank(
        &mut self,
        problem: &Problem,
        class: usize,
        holding: &Holding,
        words: &[u64],
        beside: impl Iterator<Item = Ordinal>,
    ) {
        self.plain.clear();
        self.plain.extend_from_slice(words);
        for ordinal in beside.filter(|ordinal| holding.held.contains(*ordinal)) {
            let rank = problem.region.ranks[ordinal as usize] as usize;
            self.plain[rank / BLOCK] |= 1 << (rank % BLOCK);
        }
        self.fill_plain(problem, class, holding);
    }

    fn fill_plain(&mut self, problem: &Problem, class: usize, holding: &Holding) {
        let none = Class { boxes: &[], resident: None, on_boxes: None };
        let given = problem.classes.get(class).unwrap_or(&none);
        self.set_apart(problem, class, holding);
        self.set_there(problem, given);
        self.place_pins(problem, given, holding, By::Draw);
        if !self.short.is_empty() {
            // What the draws leave over in pieces must not be what a pin needed.
            self.place_pins(problem, given, holding, By::Fit);
        }
        self.pins_short.clone_from(&self.short);
        self.place_rest(problem, given, holding);
        self.count_new_bytes(problem, given);
        self.short.sort_unstable();
        self.pins_short.sort_unstable();
    }

    /// Empties it.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.left_bytes.clear();
        self.new_bytes.clear();
        self.short.clear();
        self.pins_short.clear();
    }

    /// Finds the files that are not simply placed by their rank: pins, and what is wanted
    /// otherwise here.
    fn set_apart(&mut self, problem: &Problem, class: usize, holding: &Holding) {
        let region = problem.region;
        reset(&mut self.has_more, self.plain.len(), 0);
        for (ordinal, _) in &holding.more {
            let rank = region.ranks[*ordinal as usize] as usize;
            self.has_more[rank / BLOCK] |= 1 << (rank % BLOCK);
        }
        let plain = &mut self.plain;
        let mut take = |ordinal: Ordinal| {
            let rank = region.ranks[ordinal as usize] as usize;
            let (word, bit) = (&mut plain[rank / BLOCK], 1 << (rank % BLOCK));
            let is_held = *word & bit != 0;
            *word &= !bit;
            is_held
        };
        self.pins.clear();
        for pin in problem.pins.iter().filter(|pin| pin.class == class) {
            if take(pin.ordinal) {
                self.pins.push((pin.ordinal, region.sizes_bytes[pin.ordinal as usize]));
            }
        }
        self.pins.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        sort_into(&mut self.deviated, problem, take);
    }

    /// Finds what the boxes hold today, where that says what they may take.
    fn set_there(&mut self, problem: &Problem, given: &Class) {
        let is_bound = given.boxes.iter().any(|one| one.new_bytes() < one.room_bytes);
        let on_boxes = given.on_boxes.filter(|_| is_bound).unwrap_or(&[]);
        self.there.resize_with(on_boxes.len(), Vec::new);
        for (there, on_box) in self.there.iter_mut().zip(on_boxes) {
            problem.region.by_rank(on_box, there);
        }
    }

    /// Empties the boxes, and places the pins.
    fn place_pins(&mut self, problem: &Problem, given: &Class, holding: &Holding, by: By) {
        let boxes = given.boxes;
        self.clear();
        self.held.resize_with(boxes.len(), Bitmap::default);
        self.held.iter_mut().for_each(|held| held.reset(problem.region.files()));
        self.left_bytes.extend(boxes.iter().map(|one| one.room_bytes));
        if given.on_boxes.is_some() {
            self.new_bytes.resize(boxes.len(), 0);
        }
        self.lottery.reset(boxes.iter().map(|one| (one.seed, one.room_bytes)));
        reset(&mut self.drawn, boxes.len(), Drawn::default());
        self.by_rank.resize_with(boxes.len(), Vec::new);
        self.by_rank.iter_mut().for_each(|words| reset(words, self.plain.len(), 0));
        reset(&mut self.passed, boxes.len(), false);
        for at in 0..self.pins.len() {
            let (ordinal, size_bytes) = self.pins[at];
            self.place(given, ordinal, size_bytes, holding.copies(ordinal), by);
        }
    }

    fn place_rest(&mut self, problem: &Problem, given: &Class, holding: &Holding) {
        let run = &problem.region.run;
        let is_single = holding.copies_each == 1 && !given.boxes.is_empty();
        let mut next = 0;
        for block in 0..run.blocks() {
            let word = self.plain[block];
            if word == 0 {
                continue;
            }
            let is_deviated_before = self.deviated.get(next).is_some_and(|file| {
                let last = block * BLOCK + (63 - word.leading_zeros()) as usize;
                density(file.2, file.1) >= problem.region_share * run.density(last)
            });
            let is_alike = is_single && self.has_more[block] & word == 0 && !is_deviated_before;
            if !is_alike || !self.place_block(run, given, block, word) {
                next = self.place_one_by_one(problem, given, holding, block, next);
            }
        }
        self.place_deviated(given, holding, next, f64::NEG_INFINITY);
        self.write_blocks(run);
    }

    /// Places a block, and of what is wanted otherwise the files that are as dense as it; from
    /// where to go on with these.
    fn place_one_by_one(
        &mut self,
        problem: &Problem,
        given: &Class,
        holding: &Holding,
        block: usize,
        mut next: usize,
    ) -> usize {
        let run = &problem.region.run;
        for bit in bits(self.plain[block]) {
            let rank = block * BLOCK + bit as usize;
            if next < self.deviated.len() {
                let least = problem.region_share * run.density(rank);
                next = self.place_deviated(given, holding, next, least);
            }
            let ordinal = run.ordinals[rank];
            let has_more = self.has_more[block] >> bit & 1 == 1;
            let copies = if has_more { holding.copies(ordinal) } else { holding.copies_each };
            self.place(given, ordinal, run.sizes_bytes[rank], copies, By::Draw);
        }
        next
    }

    /// Places what is wanted otherwise, down to a density; from where to go on.
    fn place_deviated(
        &mut self,
        given: &Class,
        holding: &Holding,
        mut next: usize,
        least: f64,
    ) -> usize {
        while let Some((ordinal, size_bytes, demand)) = self.deviated.get(next).copied()
            && density(demand, size_bytes) >= least
        {
            self.place(given, ordinal, size_bytes, holding.copies(ordinal), By::Draw);
            next += 1;
        }
        next
    }

    fn place(&mut self, given: &Class, ordinal: Ordinal, size_bytes: u64, copies: u16, by: By) {
        let hash = hash_of_file(ordinal);
        self.pass_over(given, ordinal, size_bytes);
        for placed in 0..copies {
            let fits = |at: usize| self.left_bytes[at] >= size_bytes && !self.passed[at];
            let best = match by {
                By::Draw => self.lottery.best_of(hash, fits),
                By::Fit => self.tightest(size_bytes),
            };
            let Some(at) = best else {
                self.short.push((ordinal, placed));
                break;
            };
            self.held[at].insert(ordinal);
            self.left_bytes[at] -= size_bytes;
            self.passed[at] = true;
            if !self.there.is_empty()
                && let Some(on_boxes) = given.on_boxes
                && !on_boxes[at].contains(ordinal)
            {
                self.new_bytes[at] += size_bytes;
            }
        }
        self.passed.fill(false);
    }

    /// Passes over the boxes to which a file would be more new bytes than they may take.
    fn pass_over(&mut self, given: &Class, ordinal: Ordinal, size_bytes: u64) {
        if self.there.is_empty() {
            return;
        }
        let Some(on_boxes) = given.on_boxes else { return };
        for (at, on_box) in on_boxes.iter().enumerate() {
            let is_over = self.may_take(given, at) < size_bytes;
            self.passed[at] = is_over && !on_box.contains(ordinal);
        }
    }

    /// How many new bytes a box may still take.
    fn may_take(&self, given: &Class, at: usize) -> u64 {
        let taken = self.new_bytes.get(at).copied().unwrap_or(0);
        given.boxes[at].new_bytes() - taken
    }

    /// Counts new bytes where nothing hung on them.
    fn count_new_bytes(&mut self, problem: &Problem, given: &Class) {
        let Some(on_boxes) = given.on_boxes.filter(|_| self.there.is_empty()) else { return };
        let sizes_bytes = problem.region.sizes_bytes;
        for ((held, on_box), new) in self.held.iter().zip(on_boxes).zip(&mut self.new_bytes) {
            *new = held.without(on_box).map(|ordinal| sizes_bytes[ordinal as usize]).sum();
        }
    }

    fn tightest(&self, size_bytes: u64) -> Option<usize> {
        let fits = |at: &usize| self.left_bytes[*at] >= size_bytes && !self.passed[*at];
        (0..self.left_bytes.len()).filter(fits).min_by_key(|at| self.left_bytes[*at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{ClusterBox, RegionOrder};

    #[test]
    fn a_class_without_boxes_has_no_file() {
        let (sizes_bytes, demand) = ([5; 100], [1.0; 100]);
        let region = RegionOrder::new(&sizes_bytes, &demand).expect("good files");
        let boxes = [ClusterBox::unbound(1, 1000, 1e6)];
        let classes = [Class { boxes: &boxes, resident: None, on_boxes: None }];
        let bans = Bitmap::none();
        let problem = Problem::plain(&region, &classes, &bans);
        let mut held = Bitmap::new(100);
        (0..70).for_each(|ordinal| held.insert(ordinal));
        let holding = Holding { held, copies_each: 1, more: vec![] };
        let mut spread = Spread::default();
        // The problem has no such class.
        spread.fill(&problem, 9, &holding);
        assert_eq!((spread.held.len(), spread.short.len()), (0, 70));
        spread.fill(&problem, 0, &holding);
        assert_eq!((spread.held[0].count(), spread.short.len()), (70, 0));
    }
}
