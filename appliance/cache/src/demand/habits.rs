//! In which habits a key is: how often it was asked for, and at what pace. Keys in the same
//! habit are expected to behave alike, and [`super::returns`] learns how.
//!
//! There are two ways to see a key, and each misleads somewhere. By *frequency* (requests,
//! of which old ones fade) there are few habits, and each is learnt soon. By *pace* (the mean
//! of the last intervals, and how many there were) there are many; they tell what was of
//! interest from what is, where titles come and go. A victim is chosen by both.

/// Uses count half after so many times the capacity was asked for: long enough to know the
/// catalogue by, short enough to lose last week's release.
const FADING_CAPACITIES: f32 = 32.0;

/// Intervals are averaged over so many: more would hold on to a pace that has changed.
const MOST_AVERAGED: f32 = 8.0;

/// The most uses of each frequency but the last.
const FREQUENCIES: [f32; 11] = [1.5, 2.5, 3.5, 5.5, 8.5, 13.5, 21.5, 36.0, 64.0, 128.0, 300.0];

/// The most uses for each confidence in a pace but the last, from the second use on.
const CONFIDENCES: [f32; 4] = [2.5, 4.5, 8.5, 20.0];

/// Paces for each confidence: doublings of the interval around the capacity.
pub(super) const PACES: usize = LAST_PACE as usize + 1;

/// The longest of them, and all that are longer.
const LAST_PACE: u8 = 15;

/// The shortest pace, in doublings of the capacity.
const SHORTEST: f32 = -8.0;

/// How many habits there are by frequency.
pub(super) const BY_FREQUENCY: usize = FREQUENCIES.len() + 1;

/// How many by pace: one for who has none yet.
pub(super) const BY_PACE: usize = 1 + (CONFIDENCES.len() + 1) * PACES;

/// What is known of a key's past.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habit {
    uses: f32,
    faded_uses: f32,
    interval_bytes: f32,
    by_frequency: u8,
    by_pace: u8,
}

impl Habit {
    /// Of a key that is asked for the first time.
    pub(super) fn new() -> Self {
        Self { uses: 1.0, faded_uses: 1.0, interval_bytes: 0.0, by_frequency: 0, by_pace: 0 }
    }

    /// Its number among those by frequency.
    pub(super) fn by_frequency(&self) -> usize {
        usize::from(self.by_frequency)
    }

    /// Its number among those by pace.
    pub(super) fn by_pace(&self) -> usize {
        usize::from(self.by_pace)
    }

    /// The key is asked for again, so much later.
    #[expect(clippy::cast_precision_loss, reason = "a pace needs no seventh digit")]
    pub(super) fn used(&mut self, interval_bytes: u64, capacity_bytes: u64) {
        let (interval, capacity) = (interval_bytes as f32, capacity_bytes.max(1) as f32);
        self.uses += 1.0;
        self.faded_uses =
            1.0 + self.faded_uses * (-interval / (FADING_CAPACITIES * capacity)).exp2();
        let averaged = (self.uses - 1.0).clamp(1.0, MOST_AVERAGED);
        self.interval_bytes += (interval - self.interval_bytes) / averaged;
        self.by_frequency = place(&FREQUENCIES, self.faded_uses);
        let doublings = (self.interval_bytes / capacity).max(f32::MIN_POSITIVE).log2();
        self.by_pace = 1 + place(&CONFIDENCES, self.uses) * (LAST_PACE + 1) + pace(doublings);
    }
}

/// The first whose bound is not passed.
#[expect(clippy::cast_possible_truncation, reason = "a short list")]
fn place(bounds: &[f32], value: f32) -> u8 {
    bounds.partition_point(|bound| *bound <= value) as u8
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn pace(doublings: f32) -> u8 {
    (doublings - SHORTEST).clamp(0.0, f32::from(LAST_PACE)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_has_a_number_of_its_own_list() {
        for interval_bytes in [0, 1, 1 << 20, 1 << 40, u64::MAX] {
            for capacity_bytes in [0, 1, 1 << 30, u64::MAX] {
                let mut habit = Habit::new();
                for _ in 0..500 {
                    habit.used(interval_bytes, capacity_bytes);
                    assert!(habit.by_pace() < BY_PACE && habit.by_frequency() < BY_FREQUENCY);
                }
            }
        }
    }

    #[test]
    fn what_was_asked_for_long_ago_counts_little() {
        let mut habit = Habit::new();
        (0..20).for_each(|_| habit.used(1, 1000));
        let busy = habit.by_frequency();
        habit.used(1000 * 320, 1000);
        assert!(habit.by_frequency() < busy);
    }
}
