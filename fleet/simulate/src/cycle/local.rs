//! What a site alone would hold: the files that were played most there, lately.
//!
//! The baseline of hit ratios: counters of each file, an old day counting half after two days,
//! ties broken by chance.

use super::oracle::ranked;
use crate::audience::Plays;

const HALF_LIFE_DAYS: f64 = 2.0;

/// Below every count that could matter: a play of two months ago.
const TIES: f32 = 1e-9;

/// Counters of files.
#[derive(Debug, Clone)]
pub struct Local {
    counts: Vec<f32>,
}

impl Local {
    /// Before anything was played.
    #[must_use]
    pub fn new(files: usize) -> Self {
        Self { counts: vec![0.0; files] }
    }

    /// Takes in a day.
    pub fn learn(&mut self, plays: &Plays) {
        let kept = single(0.5_f64.powf(1.0 / HALF_LIFE_DAYS));
        self.counts.iter_mut().for_each(|count| *count *= kept);
        for (file, plays) in &plays.by_file {
            self.counts[*file as usize] += single(f64::from(*plays));
        }
    }

    /// Files in the order in which it would hold them.
    #[must_use]
    pub fn ranked(&self) -> Vec<u32> {
        let with_ties = (0..).zip(&self.counts).map(|(file, count)| count + TIES * tie(file));
        ranked(&with_ties.collect::<Vec<f32>>())
    }
}

/// As good as chance, and the same each day (Knuth's multiplicative hashing); above 0, up to 1.
fn tie(file: u32) -> f32 {
    single(f64::from((file.wrapping_mul(0x9E37_79B1) >> 8) + 1) / f64::from(1_u32 << 24))
}

#[expect(clippy::cast_possible_truncation, reason = "a count or a share")]
fn single(value: f64) -> f32 {
    value as f32
}
