//! What arrived in the past ten seconds, and what is still on its way. Pure.
//!
//! A cap on what is granted does not suffice: a source that was slow gives in one second what
//! was granted in ten. So something is granted only where all that has arrived in the past ten
//! seconds, and all that is on its way, would still fit under ten seconds of the cap. As time
//! passes, what is on its way only becomes what has arrived, and what has arrived only grows
//! old: ten seconds in which more comes than the cap allows do not exist, whatever sources do.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// What a cap is kept over.
pub(crate) const SPAN: Duration = Duration::from_secs(10);

/// How exactly it is known when something arrived. It counts for that much longer, which
/// costs a five-hundredth of the cap.
const TICK_MS: u64 = 20;

/// Counts bytes by when they arrived. No more than a place for each tick.
#[derive(Debug)]
pub(crate) struct Arrivals {
    began: Instant,
    /// By rising number of the tick.
    ticks: VecDeque<(u64, u64)>,
    /// The sum of these.
    recent: u64,
    on_its_way: u64,
}

impl Arrivals {
    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, ticks: VecDeque::new(), recent: 0, on_its_way: 0 }
    }

    /// When `bytes` more fit under the cap; `now`, where they do now.
    pub(crate) fn room_at(&mut self, bytes: u64, cap_bytes_per_s: u64, now: Instant) -> Instant {
        self.forget(now);
        let most = cap_bytes_per_s.saturating_mul(SPAN.as_secs());
        let all = self.recent.saturating_add(self.on_its_way).saturating_add(bytes);
        let mut over = all.saturating_sub(most);
        if over == 0 {
            return now;
        }
        for (tick, bytes) in &self.ticks {
            over = over.saturating_sub(*bytes);
            if over == 0 {
                return self.forgotten_at(*tick);
            }
        }
        // What is on its way counts for ten seconds at least, if it comes.
        now + SPAN
    }

    /// May arrive from now on.
    pub(crate) fn granted(&mut self, bytes: u64) {
        self.on_its_way = self.on_its_way.saturating_add(bytes);
    }

    /// Will not arrive.
    pub(crate) fn given_back(&mut self, bytes: u64) {
        self.on_its_way = self.on_its_way.saturating_sub(bytes);
    }

    /// Has arrived, `expected` of it after having been granted.
    pub(crate) fn arrived(&mut self, bytes: u64, expected: u64, now: Instant) {
        self.given_back(expected);
        self.forget(now);
        let tick = self.tick_of(now);
        match self.ticks.back_mut().filter(|(last, _)| *last >= tick) {
            Some((_, sum)) => *sum = sum.saturating_add(bytes),
            None => self.ticks.push_back((tick, bytes)),
        }
        self.recent = self.recent.saturating_add(bytes);
    }

    /// Whether more has come, or will, than the cap allows: it was lowered meanwhile. What has
    /// come alone does not count, since nothing can be done about it.
    pub(crate) fn is_over(&mut self, cap_bytes_per_s: u64, now: Instant) -> bool {
        self.forget(now);
        let most = cap_bytes_per_s.saturating_mul(SPAN.as_secs());
        self.on_its_way > 0 && self.recent.saturating_add(self.on_its_way) > most
    }

    /// Whether anything counts that has come, or will.
    pub(crate) fn is_recent(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.on_its_way > 0 || !self.ticks.is_empty()
    }

    /// Bytes a second over the past ten seconds.
    pub(crate) fn rate_bytes_per_s(&mut self, now: Instant) -> u64 {
        self.forget(now);
        self.recent / SPAN.as_secs()
    }

    fn tick_of(&self, now: Instant) -> u64 {
        let ticks = now.saturating_duration_since(self.began).as_millis() / u128::from(TICK_MS);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    fn forgotten_at(&self, tick: u64) -> Instant {
        let passed_ms = (tick + 1).saturating_mul(TICK_MS);
        self.began + Duration::from_millis(passed_ms) + SPAN
    }

    fn forget(&mut self, now: Instant) {
        while let Some((tick, bytes)) = self.ticks.front().copied()
            && self.forgotten_at(tick) <= now
        {
            self.recent -= bytes.min(self.recent);
            self.ticks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Wait(u64),
        Ask(u64),
        Arrive(u64),
        GiveBack(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..3000_u64).prop_map(Step::Wait),
            (1..4000_u64).prop_map(Step::Ask),
            (1..6000_u64).prop_map(Step::Arrive),
            (1..500_u64).prop_map(Step::GiveBack),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// Whenever it comes, and in whatever parts.
        #[test]
        fn no_ten_seconds_have_more_than_ten_seconds_of_the_cap(
            cap in 100..2000_u64,
            steps in prop::collection::vec(step(), 1..300),
        ) {
            let (mut now, mut pending, mut seen) = (Instant::now(), 0, Vec::new());
            let mut arrivals = Arrivals::new(now);
            for step in steps {
                match step {
                    Step::Wait(ms) => now += Duration::from_millis(ms),
                    Step::Ask(bytes) => {
                        let at = arrivals.room_at(bytes, cap, now);
                        if at > now && bytes <= 10 * cap && pending == 0 {
                            prop_assert!(at <= now + SPAN + Duration::from_millis(TICK_MS));
                            prop_assert_eq!(arrivals.room_at(bytes, cap, at), at);
                            now = at;
                        }
                        if arrivals.room_at(bytes, cap, now) == now {
                            arrivals.granted(bytes);
                            pending += bytes;
                        }
                    }
                    Step::Arrive(most) => {
                        let bytes = most.min(pending);
                        arrivals.arrived(bytes, bytes, now);
                        seen.push((now, bytes));
                        pending -= bytes;
                    }
                    Step::GiveBack(most) => {
                        let bytes = most.min(pending);
                        arrivals.given_back(bytes);
                        pending -= bytes;
                    }
                }
                prop_assert!(arrivals.ticks.len() <= 502);
            }
            for (at, (first, _)) in seen.iter().enumerate() {
                let inside = seen[at..].iter().take_while(|(when, _)| *when <= *first + SPAN);
                let sum: u64 = inside.map(|(_, bytes)| bytes).sum();
                prop_assert!(sum <= 10 * cap, "{sum} in ten seconds at {cap} B/s");
            }
        }
    }
}
