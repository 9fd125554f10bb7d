//! Which box a file belongs to: weighted rendezvous hashing, in whole numbers.
//!
//! Each box draws a number from the file's ordinal and its own seed, and the best draw has the
//! file (highest random weight: Thaler and Ravishankar 1998). With a draw `h` between 0 and 1, a
//! box of weight `w` draws `−ln(h) / w`, and the least wins: that is in proportion to the weights
//! whatever they are (the logarithmic method of Schindelhauer and Schomaker 2005). A box that is
//! added takes its part from all others, and nothing moves between those.
//!
//! Logarithms of the machine differ in their last digit from one to the next, and a draw that is
//! decided by it would move a file. So the logarithm is a table with straight lines between, and
//! draws are compared by multiplying crosswise, which is exact.

use contract::catalogue::Ordinal;
use std::cmp::Ordering;

/// Steps of the table between one power of two and the next. Between them the line is off by less
/// than 2^-20, the same for every box.
const STEPS: usize = 1 << STEP_BITS;
const STEP_BITS: u32 = 9;

/// Binary digits after the point.
const FRACTION_BITS: u32 = 32;

/// `log2(1 + i / STEPS)`, in units of 2^-32.
static LOGARITHMS: [u64; STEPS + 1] = logarithms();

/// One box's draw for one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    weight: u64,
    hash: u64,
}

impl Draw {
    /// Draws for a file, hashed by [`hash_of_file`].
    pub(super) fn new(file_hash: u64, seed: u64, weight: u64) -> Self {
        Self { weight, hash: mixed(file_hash ^ seed) }
    }

    /// The better draw is the lesser. Equal ones, which only the table's steps bring about, are
    /// told apart by what was drawn; so that boxes of one weight, which most are, need no logarithm
    /// to come to the same.
    pub(super) fn against(&self, other: &Draw) -> Ordering {
        let by_hash = other.hash.cmp(&self.hash);
        if self.weight == other.weight {
            return by_hash;
        }
        let mine = u128::from(cost(self.hash)) * u128::from(other.weight);
        let others = u128::from(cost(other.hash)) * u128::from(self.weight);
        mine.cmp(&others).then(by_hash)
    }
}

/// The part of a draw that is the same for all boxes.
pub(super) fn hash_of_file(ordinal: Ordinal) -> u64 {
    // The golden ratio, so that neighbours differ in all bits before they are mixed.
    mixed(u64::from(ordinal).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Every bit of the one depends on every bit of the other (the finaliser of SplitMix64: Steele,
/// Lea and Flood 2014).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

/// `−log2(hash / 2^64)` in units of 2^-32: never rising with the hash.
fn cost(hash: u64) -> u64 {
    let hash = hash | 1;
    let zeros = hash.leading_zeros();
    // What follows the first one, to the left.
    let rest = hash << zeros << 1;
    let step = (rest >> (64 - STEP_BITS)) as usize;
    let along = rest << STEP_BITS >> 32;
    let (from, to) = (LOGARITHMS[step], LOGARITHMS[step + 1]);
    let logarithm = from + (((to - from) * along) >> 32);
    (u64::from(zeros + 1) << FRACTION_BITS) - logarithm
}

const fn logarithms() -> [u64; STEPS + 1] {
    let mut table = [0; STEPS + 1];
    let mut at = 0;
    while at < STEPS {
        table[at] = logarithm(((STEPS + at) as u64) << (63 - STEP_BITS));
        at += 1;
    }
    table[STEPS] = 1 << FRACTION_BITS;
    table
}

/// `log2(x / 2^63)` for an x from 2^63: squaring doubles a logarithm, and each time that it
/// passes 1 a binary digit is known.
const fn logarithm(mut x: u64) -> u64 {
    let mut logarithm = 0;
    let mut digit = FRACTION_BITS;
    while digit > 0 {
        digit -= 1;
        let square = (x as u128 * x as u128) >> 63;
        let is_past = square >> 64 != 0;
        logarithm |= (is_past as u64) << digit;
        x = shortened(square, is_past);
    }
    logarithm
}

#[expect(clippy::cast_possible_truncation, reason = "what is past 64 bits is halved first")]
const fn shortened(square: u128, is_past: bool) -> u64 {
    (if is_past { square >> 1 } else { square }) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_a_logarithm() {
        let halfway = (1 << 63) | (1 << 53);
        let hashes = [u64::MAX, 1 << 63, halfway, (1 << 63) - 1, 0x1234_5678_9ABC_DEF0, 12345, 1];
        for hash in hashes {
            let exact = 64.0 - (hash as f64).log2();
            let ours = cost(hash) as f64 / 2f64.powi(32);
            assert!((exact - ours).abs() < 2f64.powi(-20), "{hash:x}: {exact} {ours}");
        }
        let falling: Vec<u64> = (1..10_000u64).map(|at| cost(at << 50 | 77)).collect();
        assert!(falling.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn wins_are_in_proportion_to_weights() {
        let weights = [1_000_000_000_000u64, 3_000_000_000_000, 500_000_000_000];
        let mut wins = [0u32; 3];
        for ordinal in 0..90_000 {
            let draws: Vec<Draw> = (11u64..)
                .zip(weights)
                .map(|(seed, weight)| Draw::new(hash_of_file(ordinal), mixed(seed), weight))
                .collect();
            let best = (0..3).min_by(|a, b| draws[*a].against(&draws[*b])).expect("three");
            wins[best] += 1;
        }
        for (wins, expected) in wins.iter().zip([20_000.0, 60_000.0, 10_000.0]) {
            assert!((f64::from(*wins) / expected - 1.0).abs() < 0.03, "{wins} {expected}");
        }
    }

    #[test]
    fn draws_never_change() {
        // A change here moves files on every box there is.
        let costs =
            [0, 1, 4_000_000_000].map(|ordinal| cost(Draw::new(hash_of_file(ordinal), 7, 1).hash));
        assert_eq!(costs, [26_983_289_839, 14_513_301_079, 3_934_119_535]);
    }
}
