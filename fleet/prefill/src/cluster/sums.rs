//! How much lies above a density, for each residency mask: what makes the dual function cheap.
//!
//! Sets of files are bits by rank here: a word is a block of the run, and «the files of the
//! block that lie in flash and not on storage» is one `and`. Before each block stand the sums of
//! all files above it, mask by mask; inside a block the bits are counted out. That keeps the
//! table small enough for the nearest caches, at a million files too.

use super::bitmap::{bits, low_bits, reset};
use super::copies::Exceptions;
use super::order::{BLOCK, Run, Sum};
use super::problem::Problem;
use super::terms::{MAX_CLASSES, Mask, Terms};
use contract::catalogue::Ordinal;

/// One run of files as one cluster holds them today.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    classes: usize,
    /// By class, by block: which files lie there.
    resident: [Vec<u64>; MAX_CLASSES],
    /// By block: files that are not to be placed from this run.
    excluded: Vec<u64>,
    /// By block and one more, by mask: all files of the blocks before it.
    before: Vec<Sum>,
}

/// A run, its sums, and what its demand is multiplied with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) run: &'a Run,
    pub(super) sums: &'a Sums,
    pub(super) scale: f64,
}

impl Sums {
    /// Takes the region's files: without those that `excluded` names.
    pub(super) fn of_region(
        &mut self,
        problem: &Problem,
        terms: &Terms,
        excluded: impl Iterator<Item = Ordinal>,
    ) {
        let (run, ranks) = (&problem.region.run, &problem.region.ranks);
        self.empty(run, problem.classes.len());
        let mark = |words: &mut [u64], ordinal: Ordinal| {
            let rank = ranks[ordinal as usize];
            words[rank as usize / BLOCK] |= 1 << (rank % 64);
        };
        for (at, class) in problem.classes.iter().enumerate() {
            let Some(resident) = class.resident else { continue };
            let words = &mut self.resident[at];
            resident.held.ordinals().for_each(|ordinal| mark(words, ordinal));
            let short = resident.more.iter().map(|more| more.0);
            for ordinal in short.filter(|ordinal| class.there(*ordinal, terms.copies[at]) == 0) {
                let rank = ranks[ordinal as usize];
                words[rank as usize / BLOCK] &= !(1 << (rank % 64));
            }
        }
        excluded.for_each(|ordinal| mark(&mut self.excluded, ordinal));
        self.add_up(run);
    }

    /// Takes files that are few.
    pub(super) fn of_deviated(&mut self, problem: &Problem, terms: &Terms, run: &Run) {
        self.empty(run, problem.classes.len());
        for (at, class) in problem.classes.iter().enumerate() {
            for (rank, ordinal) in run.ordinals.iter().enumerate() {
                let is_there = class.there(*ordinal, terms.copies[at]) > 0;
                self.resident[at][rank / BLOCK] |= u64::from(is_there) << (rank % 64);
            }
        }
        self.add_up(run);
    }

    fn empty(&mut self, run: &Run, classes: usize) {
        self.classes = classes;
        for words in &mut self.resident[..classes] {
            reset(words, run.blocks(), 0);
        }
        reset(&mut self.excluded, run.blocks(), 0);
        if let Some(last) = self.excluded.last_mut() {
            *last = !low_bits(run.files() - (run.blocks() - 1) * BLOCK);
        }
    }

    fn add_up(&mut self, run: &Run) {
        let masks = 1 << self.classes;
        self.before.clear();
        let mut sums = [Sum::default(); 1 << MAX_CLASSES];
        self.before.extend_from_slice(&sums[..masks]);
        for block in 0..run.blocks() {
            for (mask, sum) in sums[..masks].iter_mut().enumerate() {
                sum.add(sum_of_block(run, block, self.word(block, mask)));
            }
            self.before.extend_from_slice(&sums[..masks]);
        }
    }

    /// The files of a block that have that mask.
    pub(super) fn word(&self, block: usize, mask: Mask) -> u64 {
        let mut word = !self.excluded[block];
        for (class, resident) in self.resident[..self.classes].iter().enumerate() {
            let lies_there = resident[block];
            word &= if mask >> class & 1 == 1 { lies_there } else { !lies_there };
        }
        word
    }

    /// The mask of the file at a rank.
    pub(super) fn mask(&self, rank: usize) -> Mask {
        let bit = |words: &Vec<u64>| (words[rank / BLOCK] >> (rank % BLOCK) & 1) as usize;
        let residents = self.resident[..self.classes].iter().enumerate();
        residents.map(|(class, words)| bit(words) << class).sum()
    }
}

impl Files<'_> {
    /// How many files of this run, whatever their mask, are denser than that.
    pub(super) fn rank_below(&self, density: f64) -> usize {
        self.run.rank_below(density / self.scale)
    }

    /// Whether there are files of that mask.
    pub(super) fn has(&self, mask: Mask) -> bool {
        let last = self.run.blocks() << self.sums.classes;
        self.sums.before[last + mask].bytes > 0
    }

    /// All files of this run that can be placed.
    pub(super) fn all(&self) -> Sum {
        let last = self.run.blocks() << self.sums.classes;
        let mut all = Sum::default();
        self.sums.before[last..].iter().for_each(|sum| all.add(*sum));
        Sum { demand: all.demand * self.scale, ..all }
    }

    pub(super) fn density(&self, rank: usize) -> f64 {
        self.scale * self.run.density(rank)
    }

    pub(super) fn demand(&self, rank: usize) -> f64 {
        self.scale * f64::from(self.run.demand[rank])
    }

    /// All files of that mask above a rank.
    pub(super) fn above(&self, mask: Mask, rank: usize) -> Sum {
        let block = rank / BLOCK;
        let mut sum = self.sums.before[(block << self.sums.classes) + mask];
        let rest = rank % BLOCK;
        if rest > 0 {
            let word = self.sums.word(block, mask) & low_bits(rest);
            sum.add(sum_of_bits(self.run, block, word));
        }
        Sum { demand: sum.demand * self.scale, ..sum }
    }
}

/// The files of a block that a word names: counted out, or the whole block less the others, if
/// these are fewer and not wanted more. What is left beside one great demand loses its digits.
fn sum_of_block(run: &Run, block: usize, word: u64) -> Sum {
    let of_block = low_bits(run.files() - block * BLOCK);
    let total = run.totals[block];
    if word.count_ones() * 2 > of_block.count_ones() {
        let others = sum_of_bits(run, block, of_block & !word);
        if others.demand * 2.0 <= total.demand {
            return total.without(others);
        }
    }
    sum_of_bits(run, block, word)
}

fn sum_of_bits(run: &Run, block: usize, word: u64) -> Sum {
    let mut sum = Sum::default();
    for bit in bits(word) {
        let rank = block * BLOCK + bit as usize;
        sum.bytes += run.sizes_bytes[rank];
        sum.demand += f64::from(run.demand[rank]);
    }
    sum
}

/// The files that the region's run leaves out: banned, wanted otherwise, or weighed one by one.
pub(super) fn excluded<'a>(
    problem: &'a Problem,
    exceptions: &'a Exceptions,
) -> impl Iterator<Item = Ordinal> + 'a {
    let deviated = problem.deviations.iter().map(|deviation| deviation.ordinal);
    let singles = exceptions.files.iter().map(|file| file.ordinal);
    problem.bans.ordinals().chain(deviated).chain(singles)
}
