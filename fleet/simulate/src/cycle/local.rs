//! What a site alone would hold: the files that were played most there, lately.
//!
//! The baseline of hit ratios: counters of each file, an old day counting half after two days,
//! ties broken by chance.

use crate::audience::Plays;
use prefill::demand::faded::factor;

const HALF_LIFE_DAYS: f64 = 2.0;

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
        let kept = single(factor(HALF_LIFE_DAYS, 1.0));
        self.counts.iter_mut().for_each(|count| *count *= kept);
        for (file, plays) in &plays.by_file {
            self.counts[*file as usize] += single(f64::from(*plays));
        }
    }

    /// Files in the order in which it would hold them.
    #[must_use]
    pub fn ranked(&self) -> Vec<u32> {
        let mut files: Vec<(u32, u32)> =
            (0..).zip(&self.counts).map(|(file, count)| (count.to_bits(), file)).collect();
        // Positive numbers are in the order of their bits. Files that are numbered alike are alike popular: of equal
        // counts chance decides (Knuth's multiplicative hashing), the same each day.
        files.sort_unstable_by_key(|(count, file)| (!count, file.wrapping_mul(0x9E37_79B1)));
        files.into_iter().map(|(_, file)| file).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a count or a share")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_decides_between_equals_and_nothing_else() {
        let mut local = Local::new(1000);
        let by_file = (0..1000).map(|file| (file, 1 + u32::from(file == 700))).collect();
        local.learn(&Plays { by_file, ..Plays::default() });
        let ranked = local.ranked();
        assert_eq!(ranked[0], 700);
        // Of the first half of the equals as many are of the first files as of the last.
        let low = ranked[1..500].iter().filter(|file| **file < 500).count();
        assert!((220..280).contains(&low), "{low}");
    }
}
