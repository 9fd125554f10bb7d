//! Whole objects of a catalogue whose popularity follows Zipf's law and moves.

use super::chance::{Chance, Weighted};
use crate::byte_miss::sequence::{Builder, Sequence};

/// What the sequence is like.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// How many objects there are at a time.
    pub objects: usize,
    /// How many requests.
    pub requests: usize,
    /// Zipf's exponent.
    pub exponent: f64,
    /// The share of requests after which one object has made place for a new one.
    pub churn: f64,
    /// The spread of sizes: the largest are this many times the smallest.
    pub size_spread: u64,
    /// The share of requests for objects that nobody asks for again.
    pub once: f64,
}

/// The smallest object.
const SMALLEST_BYTES: u64 = 256 << 10;

impl Catalogue {
    /// The sequence.
    #[must_use]
    pub fn sequence(&self, name: &str, seed: u64) -> Sequence {
        let mut chance = Chance::new(seed);
        let ranks = Weighted::zipf(self.objects, self.exponent);
        let mut new = 0;
        let mut release = |chance: &mut Chance| {
            new += 1;
            let doublings = chance.share() * f64::from(self.size_spread.ilog2());
            (format!("{new}"), size(doublings))
        };
        let mut shelf: Vec<(String, u64)> =
            (0..self.objects).map(|_| release(&mut chance)).collect();
        let mut builder = Builder::default();
        for _ in 0..self.requests {
            if chance.happens(self.churn) {
                let at = ranks.draw(&mut chance);
                shelf[at] = release(&mut chance);
            }
            if chance.happens(self.once) {
                let (key, size_bytes) = release(&mut chance);
                builder.push(&key, size_bytes);
            } else {
                let (key, size_bytes) = &shelf[ranks.draw(&mut chance)];
                builder.push(key, *size_bytes);
            }
        }
        builder.finish(name)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "some gigabytes"
)]
fn size(doublings: f64) -> u64 {
    (SMALLEST_BYTES as f64 * doublings.exp2()) as u64
}
