//! Chance, from a seed: the same draws on every machine and in every version.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma, Poisson, StandardNormal};

/// A stream of draws. Streams of one seed know nothing of each other.
#[derive(Debug, Clone)]
pub(crate) struct Chance(ChaCha8Rng);

/// What is drawn from which stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// Titles and files.
    World,
    /// How titles drift.
    Drift,
    /// What regions like.
    Region(usize),
    /// What a site likes.
    Site(usize),
    /// What is played at a site.
    Plays(usize),
    /// What is played elsewhere.
    Elsewhere,
    /// Boxes that fail.
    Failures,
    /// In which order the plays of a day come, at a site.
    Order(usize),
    /// Hours that nobody has published.
    Hours,
}

impl Chance {
    pub(crate) fn new(seed: u64, stream: Stream) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let (kind, number) = match stream {
            Stream::World => (0, 0),
            Stream::Drift => (1, 0),
            Stream::Region(region) => (2, region),
            Stream::Site(site) => (3, site),
            Stream::Plays(site) => (4, site),
            Stream::Elsewhere => (5, 0),
            Stream::Failures => (6, 0),
            Stream::Order(site) => (7, site),
            Stream::Hours => (8, 0),
        };
        generator.set_stream(kind << 32 | number as u64);
        Self(generator)
    }

    /// Evenly from 0 to 1, 1 left out.
    pub(crate) fn part(&mut self) -> f64 {
        self.0.random()
    }

    /// Evenly below a bound above 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0.random_range(0..bound.max(1))
    }

    /// Whether something happens that happens with this probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.part() < probability
    }

    /// Of the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Log-normal, by its median and the standard deviation of its logarithm.
    pub(crate) fn around(&mut self, median: f64, deviation: f64) -> f64 {
        median * (deviation * self.normal()).exp()
    }

    /// Log-normal with a mean of 1.
    pub(crate) fn taste(&mut self, deviation: f64) -> f64 {
        (deviation * self.normal() - deviation * deviation / 2.0).exp()
    }

    /// Exponential, with a mean of 1.
    pub(crate) fn gap(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// A Poisson count; 0 of a mean that is none.
    pub(crate) fn count(&mut self, mean: f64) -> f64 {
        Poisson::new(mean).map_or(0.0, |counts| counts.sample(&mut self.0))
    }

    /// Shares around others, by Dirichlet's law: the larger the weight, the nearer.
    pub(crate) fn shares<const N: usize>(&mut self, around: [f64; N], weight: f64) -> [f64; N] {
        let drawn = around.map(|share| {
            Gamma::new(weight * share, 1.0).map_or(share, |gamma| gamma.sample(&mut self.0))
        });
        let all: f64 = drawn.iter().sum();
        drawn.map(|share| share / all)
    }
}
