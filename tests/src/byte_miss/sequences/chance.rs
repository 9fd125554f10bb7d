//! Chance from a seed: the same with every version of every library, so that a printed seed
//! brings the same sequence back for as long as this file stands.

/// SplitMix64: Steele, Lea, Flood, «Fast Splittable Pseudorandom Number Generators» (2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double has")]
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        let wide = u128::from(self.bits()) * count as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// How long until the next, where they come at random with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }
}

/// Draws places by weight.
#[derive(Debug, Clone, Default)]
pub struct Weighted {
    sums: Vec<f64>,
}

impl Weighted {
    /// One place for each weight.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let add = |sum: &mut f64, weight: f64| {
            *sum += weight;
            Some(*sum)
        };
        Self { sums: weights.into_iter().scan(0.0, add).collect() }
    }

    /// Popularity of ranks: the n-th is asked for n^-exponent as often as the first.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub fn zipf(count: usize, exponent: f64) -> Self {
        Self::new((1..=count).map(|rank| (rank as f64).powf(-exponent)))
    }

    /// A place.
    pub fn draw(&self, chance: &mut Chance) -> usize {
        let at = chance.share() * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|sum| *sum <= at).min(self.sums.len().saturating_sub(1))
    }
}
