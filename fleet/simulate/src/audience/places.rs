//! What regions and sites like.

use super::chance::{Chance, Stream};
use super::files::{RENDITIONS, SHARES};

/// Regions differ about as much as the published lists of countries do.
const REGION_DEVIATION: f64 = 0.8;

/// Sites of a region differ less.
const SITE_DEVIATION: f64 = 0.3;

/// A site's shares of renditions, as if it had been asked of so many of its viewers.
const SITE_SHARES: f64 = 60.0;

/// By title, what a region makes of it.
pub(super) fn region(seed: u64, region: usize, titles: usize) -> Vec<f64> {
    let mut chance = Chance::new(seed, Stream::Region(region));
    (0..titles).map(|_| chance.taste(REGION_DEVIATION)).collect()
}

/// A site that is played file by file.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) region: usize,
    /// By title, what it makes of what its region does.
    pub(super) taste: Vec<f64>,
    /// By ladder (without the highest rendition, and with it) and rendition.
    pub(super) shares: [[f64; RENDITIONS]; 2],
    pub(super) chance: Chance,
}

impl Site {
    pub(super) fn draw(seed: u64, (region, number): (usize, usize), titles: usize) -> Self {
        let mut chance = Chance::new(seed, Stream::Site(number));
        let taste = (0..titles).map(|_| chance.taste(SITE_DEVIATION)).collect();
        let whole = chance.shares(SHARES, SITE_SHARES);
        let mut without = whole;
        without[RENDITIONS - 1] = 0.0;
        let all: f64 = without.iter().sum();
        let shares = [without.map(|share| share / all), whole];
        Self { region, taste, shares, chance: Chance::new(seed, Stream::Plays(number)) }
    }
}
