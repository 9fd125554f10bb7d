//! Which share of a ladder's plays each of its renditions has.

use super::catalogue::{Catalogue, LADDERS, RENDITIONS};
use super::counters::RenditionCount;
use super::faded;

/// People's screens and lines change slowly.
const HALF_LIFE_DAYS: f64 = 23.0;

/// Shares, by ladder and rendition.
pub(super) type Shares = [[f64; RENDITIONS]; LADDERS];

/// Faded counts, by ladder and rendition.
#[derive(Debug, Clone, Default)]
pub(super) struct Renditions {
    counts: Shares,
}

impl Renditions {
    pub(super) fn learn(&mut self, days: f64, counts: &[RenditionCount]) {
        let kept = faded::factor(HALF_LIFE_DAYS, days);
        self.counts.iter_mut().flatten().for_each(|count| *count *= kept);
        for count in counts {
            self.counts[usize::from(count.ladder)][usize::from(count.rendition)] += count.plays;
        }
    }

    /// Drawn towards other shares as if so many plays had been counted by these.
    pub(super) fn shares(&self, towards: &Shares, weight: f64) -> Shares {
        std::array::from_fn(|ladder| {
            let counts = &self.counts[ladder];
            let all = counts.iter().sum::<f64>() + weight;
            std::array::from_fn(|at| (counts[at] + weight * towards[ladder][at]) / all)
        })
    }
}

/// Before anything was counted: evenly among the renditions that a ladder has.
pub(super) fn evenly(catalogue: &Catalogue) -> Shares {
    let mut shares = Shares::default();
    for file in catalogue.files() {
        let ladder = catalogue.titles()[file.title as usize].ladder;
        shares[usize::from(ladder)][usize::from(file.rendition)] = 1.0;
    }
    for ladder in &mut shares {
        let all: f64 = ladder.iter().sum::<f64>().max(1.0);
        ladder.iter_mut().for_each(|share| *share /= all);
    }
    shares
}
