//! Boxes that are out for days.

use crate::audience::chance::{Chance, Stream};

/// A box fails once in a hundred days: more often than real ones, to be seen in a month.
const PROBABILITY: f64 = 0.01;

/// And is out for three days on average: a part is sent, and somebody goes there.
const MEAN_DAYS: f64 = 3.0;

/// What of a fleet's boxes is out.
#[derive(Debug)]
pub struct Failures {
    /// That a box fails on a day.
    probability: f64,
    chance: Chance,
    /// By site and box: days until it is back; 0 when it is there.
    out_days: Vec<Vec<u32>>,
}

impl Failures {
    /// All are there.
    #[must_use]
    pub fn new(seed: u64, sites: usize, boxes: usize) -> Self {
        Self::as_often_as(PROBABILITY, seed, sites, boxes)
    }

    /// The same, of boxes that fail on a day with another probability.
    #[must_use]
    pub fn as_often_as(probability: f64, seed: u64, sites: usize, boxes: usize) -> Self {
        let chance = Chance::new(seed, Stream::Failures);
        Self { probability, chance, out_days: vec![vec![0; boxes]; sites] }
    }

    /// The next day begins.
    pub fn next_day(&mut self) {
        for days in self.out_days.iter_mut().flatten() {
            *days = days.saturating_sub(1);
            if *days == 0 && self.chance.happens(self.probability) {
                *days = whole(1.0 + (MEAN_DAYS - 1.0) * self.chance.gap());
            }
        }
    }

    /// By box of a site, whether it is there.
    #[must_use]
    pub fn is_up(&self, site: usize) -> Vec<bool> {
        self.out_days[site].iter().map(|days| *days == 0).collect()
    }

    /// How many boxes are out.
    #[must_use]
    pub fn out(&self) -> usize {
        self.out_days.iter().flatten().filter(|days| **days > 0).count()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some days")]
fn whole(days: f64) -> u32 {
    days.round().clamp(1.0, 60.0) as u32
}
