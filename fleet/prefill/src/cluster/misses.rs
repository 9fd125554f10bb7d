//! What a cluster leaves over is what its parent is asked for.

use super::bitmap::{bits, low_bits};
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

/// Files that are wanted otherwise than in the region, and those that are served in part.
fn add_apart(problem: &Problem, solution: &Solution, parent: &mut [f32]) {
    let mut add = |ordinal: u32| {
        let demand = problem.demand(ordinal);
        let missed = (demand - solution.served(ordinal, demand)).max(0.0);
        parent[ordinal as usize] += narrow(missed);
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
