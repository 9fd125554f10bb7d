//! Whether what a series says of its segments is believed.
//!
//! Names may say that unlike things are of one series: pictures in a folder, say, that nobody
//! walks through. So each request that comes, and each that does not, is weighed twice: by the
//! hazard that was to be expected with the series and without it. The difference of the two
//! likelihoods (of Poisson processes) says which was nearer the truth. Each is taken at the
//! scale that suits it best, for who leaves is a question of more or less, and not of how much.

/// A series begins with what so many returns of all have told.
const BELIEF: f64 = 16.0;

/// No single return tells more, in nats.
const MOST_TOLD: f64 = 3.0;

/// What was gained by knowing of series.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gain {
    returns: f64,
    /// At these, the logarithm of how much more was expected.
    told: f64,
    /// What was expected on the whole.
    with: f64,
    without: f64,
}

impl Gain {
    /// A segment is waited for, with these hazards of its return.
    pub(super) fn looked_at(&mut self, without: f64, with: f64) {
        self.without += without;
        self.with += with;
    }

    /// It was asked for.
    pub(super) fn returned(&mut self, without: f64, with: f64) {
        self.returns += 1.0;
        self.told += (with / without).ln().clamp(-MOST_TOLD, MOST_TOLD);
    }

    pub(super) fn fade(&mut self) {
        for seen in [&mut self.returns, &mut self.told, &mut self.with, &mut self.without] {
            *seen /= 2.0;
        }
    }

    /// In nats.
    fn gained(&self) -> f64 {
        if self.with > 0.0 && self.without > 0.0 {
            self.told - self.returns * (self.with / self.without).ln()
        } else {
            0.0
        }
    }

    /// Whether it is to be believed of one series, where that much is known of all.
    pub(super) fn is_trusted(&self, all: &Self) -> bool {
        self.gained() + BELIEF * all.gained() / all.returns.max(1.0) > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two segments that are looked at as often, one is asked for again and again.
    fn gain(expected_of_it: f64, expected_of_the_other: f64) -> Gain {
        let mut gain = Gain::default();
        for _ in 0..100 {
            gain.looked_at(0.001, expected_of_it);
            gain.looked_at(0.001, expected_of_the_other);
            gain.returned(0.001, expected_of_it);
        }
        gain
    }

    #[test]
    fn who_foretold_what_came_is_believed() {
        let (right, wrong) = (gain(0.004, 0.002), gain(0.002, 0.004));
        let nobody = Gain::default();
        assert!(right.is_trusted(&nobody) && !wrong.is_trusted(&nobody));
        assert!(!nobody.is_trusted(&nobody));
        assert!(nobody.is_trusted(&right) && !nobody.is_trusted(&wrong));
        assert!(right.is_trusted(&wrong), "it has told enough of itself");
    }

    #[test]
    fn who_says_the_same_louder_has_told_nothing() {
        assert!(gain(0.01, 0.01).gained().abs() < 1e-9);
    }
}
