//! Rests that grow with every time, and are spread: who failed together does not come back
//! together.

use std::time::Duration;

/// How rests grow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BackOff {
    pub(crate) first: Duration,
    /// Each is so many times as long as the one before.
    pub(crate) growth: u32,
    pub(crate) longest: Duration,
}

impl BackOff {
    /// The rest after the first time, the second, and so on; `spread`, from 0 to 1, takes up to
    /// half of it.
    pub(crate) fn after(self, times: u32, spread: f64) -> Duration {
        let factor = self.growth.saturating_pow(times.saturating_sub(1));
        let full = self.first.saturating_mul(factor).min(self.longest);
        full.mul_f64(1.0 - spread.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_up_to_the_longest() {
        let second = Duration::from_secs(1);
        let rests = BackOff { first: second, growth: 4, longest: second * 30 };
        let full: Vec<u64> = (0..5).map(|times| rests.after(times, 0.0).as_secs()).collect();
        assert_eq!(full, [1, 1, 4, 16, 30]);
        assert_eq!(rests.after(u32::MAX, 1.0), second * 15);
    }
}
