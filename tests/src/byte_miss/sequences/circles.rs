//! The same round of objects again and again, beside a catalogue: what a channel made of
//! recorded programmes does, or a screen in a shop. A round that is slightly larger than the
//! cache leaves LRU with nothing.

use super::chance::{Chance, Weighted};
use crate::byte_miss::sequence::{Builder, Sequence};

/// What the sequence is like.
#[derive(Debug, Clone, Copy)]
pub struct Circles {
    /// How many rounds there are; requests choose one at random.
    pub rounds: usize,
    /// The objects of a round, from first to last; others lie between.
    pub objects: (usize, usize),
    /// How many requests.
    pub requests: usize,
    /// The share of requests that goes to the catalogue instead.
    pub catalogue: f64,
}

/// What an object of a round weighs.
const OBJECT_BYTES: u64 = 3_000_000;

impl Circles {
    /// The sequence.
    #[must_use]
    pub fn sequence(&self, name: &str, seed: u64) -> Sequence {
        let mut chance = Chance::new(seed);
        let (fewest, most) = self.objects;
        let mut rounds: Vec<(usize, usize)> =
            (0..self.rounds).map(|_| (0, fewest + chance.below(most - fewest + 1))).collect();
        let ranks = Weighted::zipf(10_000, 0.8);
        let mut builder = Builder::default();
        for _ in 0..self.requests {
            if chance.happens(self.catalogue) {
                builder.push(&format!("o{}", ranks.draw(&mut chance)), OBJECT_BYTES);
                continue;
            }
            let round = chance.below(self.rounds);
            let (at, objects) = &mut rounds[round];
            builder.push(&format!("r{round}-{at}"), OBJECT_BYTES);
            *at = (*at + 1) % *objects;
        }
        builder.finish(name)
    }
}
