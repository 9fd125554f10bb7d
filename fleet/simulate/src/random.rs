//! Chance, from a seed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Chance.
#[derive(Debug)]
pub(crate) struct Random(StdRng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// One of some.
    pub(crate) fn pick<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.0.random_range(0..some.len())]
    }

    /// Between two numbers.
    pub(crate) fn between(&mut self, least: f64, most: f64) -> f64 {
        // Nobody measures where a rack stands to less than a metre.
        (self.0.random_range(least..most) * 1e5).round() / 1e5
    }

    /// So many in a hundred.
    pub(crate) fn percent(&mut self, share: u32) -> bool {
        self.0.random_range(0..100) < share
    }

    /// Ten digits and letters, as makers print them. What follows makes it the only one.
    pub(crate) fn serial(&mut self, number: usize) -> String {
        format!("{:04X}{number:06}", self.0.random_range(0..0x1_0000))
    }
}
