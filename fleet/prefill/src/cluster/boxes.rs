//! Inside a class: which box holds which file.
//!
//! A file's copies go to the boxes with its best draws ([`super::lottery`]), each weighted by its
//! room, passing over those that have none left. Pins come first, the largest before the others;
//! then all files by the density that they have in this cluster. So what moves between full boxes,
//! or finds no room between what others left, is what was worth the least; and how many copies a
//! file has changes nothing for those before it.

use super::bitmap::{Bitmap, reset};
use super::deviations::sort_into;
use super::lottery::{Draw, hash_of_file};
use super::order::density;
use super::problem::{Class, ClusterBox, Problem};
use super::solution::Holding;
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
    /// Files that are not placed where their rank in the region is.
    is_apart: Bitmap,
    /// Files that have another number of copies than most.
    has_more: Bitmap,
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
        let none = Class { boxes: &[], resident: None, on_boxes: None };
        let given = problem.classes.get(class).unwrap_or(&none);
        self.set_apart(problem, class, holding);
        self.place_pins(problem, given, holding, By::Draw);
        if !self.short.is_empty() {
            // What the draws leave over in pieces must not be what a pin needed.
            self.place_pins(problem, given, holding, By::Fit);
        }
        self.pins_short.clone_from(&self.short);
        self.place_rest(problem, given, holding);
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
        let files = problem.region.files();
        let sizes_bytes = problem.region.sizes_bytes;
        self.is_apart.reset(files);
        self.has_more.reset(files);
        holding.more.iter().for_each(|more| self.has_more.insert(more.0));
        self.pins.clear();
        for pin in problem.pins.iter().filter(|pin| pin.class == class) {
            if holding.held.contains(pin.ordinal) {
                self.is_apart.insert(pin.ordinal);
                self.pins.push((pin.ordinal, sizes_bytes[pin.ordinal as usize]));
            }
        }
        self.pins.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let is_apart = &self.is_apart;
        let is_rest = |ordinal| holding.held.contains(ordinal) && !is_apart.contains(ordinal);
        sort_into(&mut self.deviated, problem, is_rest);
        self.deviated.iter().for_each(|file| self.is_apart.insert(file.0));
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
        reset(&mut self.passed, boxes.len(), false);
        for at in 0..self.pins.len() {
            let (ordinal, size_bytes) = self.pins[at];
            self.place(given, ordinal, size_bytes, holding.copies(ordinal), by);
        }
    }

    fn place_rest(&mut self, problem: &Problem, given: &Class, holding: &Holding) {
        let run = &problem.region.run;
        let mut next = 0;
        for (rank, (ordinal, size_bytes)) in run.ordinals.iter().zip(&run.sizes_bytes).enumerate() {
            if !holding.held.contains(*ordinal) || self.is_apart.contains(*ordinal) {
                continue;
            }
            if next < self.deviated.len() {
                let least = problem.region_share * run.density(rank);
                next = self.place_deviated(given, holding, next, least);
            }
            let copies = self.copies(holding, *ordinal);
            self.place(given, *ordinal, *size_bytes, copies, By::Draw);
        }
        self.place_deviated(given, holding, next, f64::NEG_INFINITY);
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
            self.place(given, ordinal, size_bytes, self.copies(holding, ordinal), By::Draw);
            next += 1;
        }
        next
    }

    fn copies(&self, holding: &Holding, ordinal: Ordinal) -> u16 {
        if self.has_more.contains(ordinal) { holding.copies(ordinal) } else { holding.copies_each }
    }

    fn place(&mut self, given: &Class, ordinal: Ordinal, size_bytes: u64, copies: u16, by: By) {
        let hash = hash_of_file(ordinal);
        self.pass_over(given, ordinal, size_bytes);
        for placed in 0..copies {
            let best = match by {
                By::Draw => self.best(given.boxes, hash, size_bytes),
                By::Fit => self.tightest(size_bytes),
            };
            let Some(at) = best else {
                self.short.push((ordinal, placed));
                break;
            };
            self.held[at].insert(ordinal);
            self.left_bytes[at] -= size_bytes;
            self.passed[at] = true;
            if let Some(on_boxes) = given.on_boxes
                && !on_boxes[at].contains(ordinal)
            {
                self.new_bytes[at] += size_bytes;
            }
        }
        self.passed.fill(false);
    }

    /// Passes over the boxes to which a file would be more new bytes than they may take.
    fn pass_over(&mut self, given: &Class, ordinal: Ordinal, size_bytes: u64) {
        let Some(on_boxes) = given.on_boxes else { return };
        for (at, (one, on_box)) in given.boxes.iter().zip(on_boxes).enumerate() {
            let may_take = one.new_bytes() - self.new_bytes[at];
            self.passed[at] = may_take < size_bytes && !on_box.contains(ordinal);
        }
    }

    fn tightest(&self, size_bytes: u64) -> Option<usize> {
        let fits = |at: &usize| self.left_bytes[*at] >= size_bytes && !self.passed[*at];
        (0..self.left_bytes.len()).filter(fits).min_by_key(|at| self.left_bytes[*at])
    }

    /// The box with the best draw of those that have room and do not hold the file yet.
    fn best(&self, boxes: &[ClusterBox], hash: u64, size_bytes: u64) -> Option<usize> {
        let mut best: Option<(usize, Draw)> = None;
        for (at, one) in boxes.iter().enumerate() {
            if self.left_bytes[at] < size_bytes || self.passed[at] {
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
