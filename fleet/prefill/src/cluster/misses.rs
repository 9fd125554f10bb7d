//! What a cluster leaves over is what its parent is asked for.

use super::bitmap::{bits, low_bits, reset};
use super::order::BLOCK;
use super::problem::Problem;
use super::solution::Solution;
use contract::catalogue::Ordinal;

/// Adds what the cluster does not serve to the demand of its parent, which is dense: by ordinal,
/// in bytes per second, one number for each file of the region.
///
/// Allocates nothing. Sixty-four files at a time: of those that are held wholly and wanted as in
/// the region, nothing is read but a word of bits.
///
/// # Panics
/// When the parent's demand is shorter than the region's list of files.
pub fn add_misses(problem: &Problem, solution: &Solution, parent: &mut [f32]) {
    let files = problem.region.files();
    let (parent, demand) = (&mut parent[..files], problem.region.demand);
    let scale = narrow(problem.region_share);
    let mut deviations = problem.deviations;
    let mut shares = &solution.shares[..];
    let chunks = parent.chunks_mut(64).zip(demand.chunks(64)).enumerate();
    for (at, (parent, demand)) in chunks {
        let mut apart = take_word(&mut deviations, at, |deviation| deviation.ordinal);
        apart |= take_word(&mut shares, at, |share| share.ordinal);
        let held = held_word(solution, at);
        let missed = !(held | apart) & low_bits(parent.len());
        if missed == u64::MAX {
            for (parent, demand) in parent.iter_mut().zip(demand) {
                *parent += scale * demand;
            }
        } else {
            for bit in bits(missed) {
                parent[bit as usize] += scale * demand[bit as usize];
            }
        }
    }
    add_apart(problem, solution, parent);
}

fn add_apart(problem: &Problem, solution: &Solution, parent: &mut [f32]) {
    each_apart(problem, solution, |ordinal, missed| parent[ordinal as usize] += narrow(missed));
}

/// Files that are wanted otherwise than in the region, and those that are served in part; with
/// what of each is missed.
fn each_apart(problem: &Problem, solution: &Solution, mut tell: impl FnMut(Ordinal, f64)) {
    let mut add = |ordinal: u32| {
        let demand = problem.demand(ordinal);
        tell(ordinal, (demand - solution.served(ordinal, demand)).max(0.0));
    };
    let deviated = |ordinal: u32| {
        problem.deviations.binary_search_by_key(&ordinal, |deviation| deviation.ordinal).is_ok()
    };
    problem.deviations.iter().for_each(|deviation| add(deviation.ordinal));
    for shares in solution.shares.chunk_by(|a, b| a.ordinal == b.ordinal) {
        if !deviated(shares[0].ordinal) {
            add(shares[0].ordinal);
        }
    }
}

/// What a cluster leaves over, in its region's order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missed {
    /// By block: the files that are wanted as in the region, and served not at all.
    pub(crate) words: Vec<u64>,
    /// What is missed of all others, in bytes per second.
    pub(crate) apart: Vec<(Ordinal, f64)>,
}

/// All that is wanted: of a cluster that serves nothing.
pub(crate) fn missed_at_all(problem: &Problem, into: &mut Missed) {
    into.all(problem.region.run.files());
    into.set_apart(problem, &Solution::default());
}

impl Missed {
    pub(super) fn all(&mut self, files: usize) {
        reset(&mut self.words, files.div_ceil(BLOCK), u64::MAX);
        if let Some(last) = self.words.last_mut() {
            *last = low_bits(files - (files - 1) / BLOCK * BLOCK);
        }
    }

    pub(super) fn set(&mut self, problem: &Problem, ordinal: Ordinal, is_missed: bool) {
        let rank = problem.region.ranks[ordinal as usize] as usize;
        let (word, bit) = (&mut self.words[rank / BLOCK], 1 << (rank % BLOCK));
        *word = if is_missed { *word | bit } else { *word & !bit };
    }

    pub(super) fn set_apart(&mut self, problem: &Problem, solution: &Solution) {
        self.apart.clear();
        each_apart(problem, solution, |ordinal, missed| self.apart.push((ordinal, missed)));
        for at in 0..self.apart.len() {
            self.set(problem, self.apart[at].0, false);
        }
    }
}

fn held_word(solution: &Solution, at: usize) -> u64 {
    let words = solution.classes.iter().map(|class| class.holding.held.words()[at]);
    words.fold(0, |held, word| held | word)
}

/// Takes from a list, rising by ordinal, what falls into one word: the bits of it.
fn take_word<T>(list: &mut &[T], at: usize, ordinal: impl Fn(&T) -> Ordinal) -> u64 {
    let mut word = 0;
    while let [first, rest @ ..] = *list
        && ordinal(first) as usize / 64 == at
    {
        word |= 1 << (ordinal(first) % 64);
        *list = rest;
    }
    word
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
fn narrow(demand: f64) -> f32 {
    demand as f32
}
