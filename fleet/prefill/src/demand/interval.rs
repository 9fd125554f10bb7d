//! What is expected of a count, and the interval that holds it in four of five cases.
//!
//! Of a rate that is gamma distributed with mean `m` and shape `k`, the count is negative
//! binomial: mean `m`, variance `m + m²/k`.

/// Standard deviations of the normal distribution to each side, for 80 %.
const Z_80: f64 = 1.281_551_565_544_6;

/// Up to this mean the distribution is summed, term by term; above, a count is as good as a
/// continuous number, and the gamma distribution of the same mean and variance is taken.
const SUMMED_MEAN: f64 = 50.0;

/// What is expected of a count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The mean.
    pub plays: f64,
    /// One in ten is below.
    pub plays_low: f64,
    /// One in ten is above.
    pub plays_high: f64,
}

impl Expected {
    /// Of a mean and the shape of its rate, above 0.
    #[must_use]
    pub fn of(plays: f64, shape: f64) -> Self {
        let [plays_low, plays_high] = match plays {
            ..=0.0 => [0.0, 0.0],
            ..=SUMMED_MEAN => summed(plays, shape),
            _ => [-Z_80, Z_80].map(|z| gamma_like(plays, plays + plays * plays / shape, z)),
        };
        Self { plays, plays_low, plays_high }
    }

    /// Whether a count lies within.
    #[must_use]
    pub fn holds(&self, plays: f64) -> bool {
        (self.plays_low..=self.plays_high).contains(&plays)
    }
}

/// The least counts at which the distribution has reached a tenth, and nine tenths.
fn summed(mean: f64, shape: f64) -> [f64; 2] {
    let ratio = mean / (shape + mean);
    // (k / (k + m))^k, which a large shape would round to 1.
    let mut term = (-shape * (mean / shape).ln_1p()).exp();
    let (mut sum, mut count, mut low) = (term, 0.0, None);
    // The tail falls by `ratio` and more a step; a thousandth of a percent is left at the end.
    let most = 100.0 + 40.0 * (mean + mean * mean / shape);
    while sum < 0.9 && count < most {
        if low.is_none() && sum >= 0.1 {
            low = Some(count);
        }
        term *= ratio * (shape + count) / (count + 1.0);
        count += 1.0;
        sum += term;
    }
    [low.unwrap_or(count), count]
}

/// A quantile of a gamma distribution (Wilson and Hilferty 1931).
fn gamma_like(mean: f64, variance: f64, z: f64) -> f64 {
    let shape = mean * mean / variance;
    let root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt());
    mean * root.max(0.0).powi(3)
}
