//! Which box a file belongs to: weighted rendezvous hashing.
//!
//! Each box draws a number from the file's ordinal and its own seed, and the best draw has the
//! file (highest random weight: Thaler and Ravishankar 1998). With a draw `h` between 0 and 1, a
//! box of weight `w` draws `−ln(h) / w`, and the least wins: that is in proportion to the weights
//! whatever they are (the logarithmic method of Schindelhauer and Schomaker 2005). A box that is
//! added takes its part from all others, and nothing moves between those.
//!
//! Logarithms of the machine differ in their last digit from one to the next, and a draw that is
//! decided by it would move a file. So the logarithm is a table with straight lines between; what
//! is left is one product of two numbers in floating point, which is the same everywhere.

use contract::catalogue::Ordinal;

/// Steps of the table between one power of two and the next. Between them the line is off by less
/// than 2^-20, the same for every box.
const STEPS: usize = 1 << STEP_BITS;
const STEP_BITS: u32 = 9;

/// Binary digits after the point.
const FRACTION_BITS: u32 = 32;

/// The bits of a draw that say whose it is.
const PLACES: u64 = 0xFFFF;

/// `log2(1 + i / STEPS)`, in units of 2^-32.
static LOGARITHMS: [u64; STEPS + 1] = logarithms();

/// What the boxes of one class draw with.
#[derive(Debug, Clone, Default)]
pub(super) struct Lottery {
    /// By box: its seed, mixed, so that seeds that are small numbers draw as well as others.
    seeds: Vec<u64>,
    /// By box: one by its weight. Empty where all have the same, which most classes do: these need
    /// no logarithm to come to the same.
    per_weight: Vec<f64>,
}

/// What a box drew for a file: the greater is the better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Draw {
    /// Falls as cost by weight rises: positive numbers are in the order of their bits.
    by_weight: u64,
    /// Equal ones, which only the table's steps bring about, are told apart by what was drawn.
    hash: u64,
}

impl Lottery {
    /// Takes the boxes of a class, each with its seed and its weight.
    pub(super) fn reset(&mut self, boxes: impl Iterator<Item = (u64, u64)> + Clone) {
        self.seeds.clear();
        self.seeds.extend(boxes.clone().map(|(seed, _)| mixed(seed)));
        self.per_weight.clear();
        self.per_weight.extend(boxes.map(|(_, weight)| 1.0 / weight.max(1) as f64));
        if self.per_weight.windows(2).all(|pair| pair[0] == pair[1]) {
            self.per_weight.clear();
        }
    }

    /// What the box at a place draws for a file, hashed by [`hash_of_file`].
    pub(super) fn draw(&self, file_hash: u64, at: usize) -> Draw {
        let hash = marked(drawn(file_hash, self.seeds[at]), at);
        let by_weight = match self.per_weight.get(at) {
            None => 0,
            Some(per_weight) => !(cost(hash) as f64 * per_weight).to_bits(),
        };
        Draw { by_weight, hash }
    }

    /// The box with the best draw for a file.
    #[inline]
    pub(super) fn best(&self, file_hash: u64) -> usize {
        if !self.per_weight.is_empty() {
            return self.best_of(file_hash, |_| true).unwrap_or(0);
        }
        // As many lines as there are boxes: loops over so few, and in vectors, cost several times
        // as much.
        match &self.seeds[..] {
            [_] => 0,
            [a, b] => best_in(&[*a, *b], file_hash),
            [a, b, c] => best_in(&[*a, *b, *c], file_hash),
            [a, b, c, d] => best_in(&[*a, *b, *c, *d], file_hash),
            [a, b, c, d, rest @ ..] => {
                let first = best_in(&[*a, *b, *c, *d], file_hash);
                let mut most = marked(drawn(file_hash, self.seeds[first]), first);
                for (at, seed) in (4..).zip(rest) {
                    most = most.max(marked(drawn(file_hash, *seed), at));
                }
                place_of(most)
            }
            [] => 0,
        }
    }

    /// The box with the best draw of those that are open, given as all ones; of the others none.
    #[inline]
    pub(super) fn best_open(&self, file_hash: u64, open: impl Fn(usize) -> u64) -> Option<usize> {
        if !self.per_weight.is_empty() {
            return self.best_of(file_hash, |at| open(at) != 0);
        }
        let mut most = 0;
        for (at, seed) in self.seeds.iter().enumerate() {
            most = most.max(marked(drawn(file_hash, *seed), at) & open(at));
        }
        (most != 0).then(|| place_of(most))
    }

    /// The box with the best draw of those that may have the file.
    pub(super) fn best_of(&self, file_hash: u64, may: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best: Option<(usize, Draw)> = None;
        for at in (0..self.seeds.len()).filter(|at| may(*at)) {
            let draw = self.draw(file_hash, at);
            if best.is_none_or(|(_, most)| draw > most) {
                best = Some((at, draw));
            }
        }
        best.map(|best| best.0)
    }
}

/// No branch: which of them is the best is as unforeseeable as can be.
#[inline(always)]
fn best_in<const N: usize>(seeds: &[u64; N], file_hash: u64) -> usize {
    let mut most = marked(drawn(file_hash, seeds[0]), 0);
    for (at, seed) in seeds.iter().enumerate().skip(1) {
        most = most.max(marked(drawn(file_hash, *seed), at));
    }
    place_of(most)
}

/// A draw, with the place of its box in the last bits: a class has fewer than 2^16.
fn marked(hash: u64, at: usize) -> u64 {
    hash & !PLACES | at as u64
}

/// The place of the box that drew.
fn place_of(marked: u64) -> usize {
    (marked & PLACES) as usize
}

/// One multiplication for each box and file, both halves of its product folded (as in wyhash): both
/// hashes are mixed already, and two boxes differ in half of all bits.
#[expect(clippy::cast_possible_truncation, reason = "two halves")]
fn drawn(file_hash: u64, mixed_seed: u64) -> u64 {
    let product = u128::from(file_hash ^ mixed_seed) * 0x9E37_79B9_7F4A_7C15;
    (product >> 64) as u64 ^ product as u64
}

/// The part of a draw that is the same for all boxes.
pub(super) fn hash_of_file(ordinal: Ordinal) -> u64 {
    // The golden ratio, so that neighbours differ in all bits before they are mixed.
    mixed(u64::from(ordinal).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Every bit of the one depends on every bit of the other (the finaliser of SplitMix64: Steele,
/// Lea and Flood 2014).
pub(crate) fn mixed(bits: u64) -> u64 {
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
        let mut lottery = Lottery::default();
        lottery.reset((11u64..).zip(weights));
        let mut wins = [0u32; 3];
        for ordinal in 0..90_000 {
            let best = lottery.best(hash_of_file(ordinal));
            wins[best] += 1;
        }
        for (wins, expected) in wins.iter().zip([20_000.0, 60_000.0, 10_000.0]) {
            assert!((f64::from(*wins) / expected - 1.0).abs() < 0.03, "{wins} {expected}");
        }
    }

    #[test]
    fn equal_boxes_win_equally_often_whatever_their_seeds() {
        for (boxes, count) in [(2u64, 2), (3, 3), (8, 8)] {
            let mut lottery = Lottery::default();
            lottery.reset((0..boxes).map(|seed| (seed, 5)));
            // Who is best, and who would be if that one had no room.
            let mut wins = vec![vec![0u32; count]; count];
            for ordinal in 0..200_000 {
                let hash = hash_of_file(ordinal);
                let best = lottery.best(hash);
                assert_eq!(lottery.best_of(hash, |_| true), Some(best));
                let next = lottery.best_of(hash, |at| at != best).expect("another");
                wins[best][next] += 1;
            }
            let expected = 200_000.0 / (count * (count - 1)) as f64;
            for (best, next) in (0..count).flat_map(|best| (0..count).map(move |at| (best, at))) {
                let part = f64::from(wins[best][next]) / expected;
                assert!(best == next || (part - 1.0).abs() < 0.07, "{boxes}: {best} {next} {part}");
            }
        }
    }

    #[test]
    fn draws_never_change() {
        // A change here moves files on every box there is.
        let costs =
            [0, 1, 4_000_000_000].map(|ordinal| cost(drawn(hash_of_file(ordinal), mixed(7))));
        assert_eq!(costs, [5_034_152_353, 17_707_869_286, 736_323_684]);
        let winners = |weights: [u64; 3]| {
            let mut lottery = Lottery::default();
            lottery.reset((11u64..).zip(weights));
            (0..20)
                .map(|ordinal| lottery.best(hash_of_file(ordinal)).to_string())
                .collect::<String>()
        };
        assert_eq!(winners([5, 5, 5]), "02101111111121020001");
        assert_eq!(winners([1000, 3000, 500]), "11111111111111020001");
    }
}
