//! Spreads what is granted evenly over time: a bucket of tokens. Pure.
//!
//! It fills at the rate of the cap and holds a moment's worth of it. By itself it would let
//! that moment's worth too much through; that no ten seconds have more than ten seconds of the
//! cap in them, what comes late included, is for [`crate::arrivals`] to keep.
//!
//! - Nothing is granted just before a change of the cap that is foreseen, for as long as the
//!   cap needs to allow what was saved up.
//! - Nothing is saved up across a change: after it the bucket is empty, and what was granted
//!   just before it is paid for first.

use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::Instant;

/// What may be saved up while nobody asks, as time at the cap. With much less, whoever was woken
/// late would have lost its turn.
const SAVED: Duration = Duration::from_millis(50);

/// Where a cap is so low that this would be less than [`WORTH_ASKING`].
const SAVED_AT_MOST: Duration = Duration::from_millis(500);

/// A request for less spends more on its head than it should.
const WORTH_ASKING: u64 = 64 << 10;

const NANOS: u128 = 1_000_000_000;

/// One cap, and what has been drawn under it.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Option<Rate>,
    /// From here on tokens have been saved up.
    empty_at: Instant,
    /// Nothing is granted from here on: a change is foreseen.
    shuts: Option<Instant>,
    /// Before this, the last grant is not paid for.
    paid_at: Instant,
}

/// When a grant can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Now.
    Now,
    /// Not before.
    At(Instant),
    /// Only after a change of the cap.
    AfterChange,
}

impl Bucket {
    /// An empty one: what was drawn before it was made is unknown.
    pub(crate) fn new(cap_bytes_per_s: Option<NonZeroU64>, now: Instant) -> Self {
        Self { rate: cap_bytes_per_s.map(Rate::of), empty_at: now, shuts: None, paid_at: now }
    }

    pub(crate) fn cap(&self) -> Option<NonZeroU64> {
        self.rate.map(|rate| rate.cap)
    }

    /// The most that can be granted at once.
    pub(crate) fn depth(&self) -> u64 {
        self.rate.map_or(u64::MAX, |rate| rate.depth)
    }

    /// Another cap from now on, up to `until`. The same again changes nothing but the end.
    pub(crate) fn change(&mut self, cap: Option<NonZeroU64>, until: Option<Instant>, now: Instant) {
        if cap != self.cap() {
            self.rate = cap.map(Rate::of);
            self.empty_at = self.paid_at.max(now);
        }
        let guard = self.rate.map_or(Duration::ZERO, |rate| rate.guard);
        self.shuts = until.map(|until| until.checked_sub(guard).unwrap_or(until));
    }

    /// When `bytes`, which are no more than [`Bucket::depth`], can be granted.
    pub(crate) fn ready(&self, bytes: u64, now: Instant) -> Ready {
        let at = match self.rate {
            Some(rate) => self.empty_at + rate.time_for(bytes),
            None => self.empty_at,
        };
        match self.shuts {
            Some(shuts) if at.max(now) >= shuts => Ready::AfterChange,
            _ if at <= now => Ready::Now,
            _ => Ready::At(at),
        }
    }

    /// What was granted and will not be drawn.
    pub(crate) fn give_back(&mut self, bytes: u64) {
        if let Some(rate) = self.rate {
            // More than a full bucket is cut off where something is taken.
            let credit = rate.time_for(bytes.min(rate.depth));
            self.empty_at = self.empty_at.checked_sub(credit).unwrap_or(self.empty_at);
        }
    }

    /// Grants what is [`Ready::Now`].
    pub(crate) fn take(&mut self, bytes: u64, now: Instant) {
        debug_assert_eq!(self.ready(bytes, now), Ready::Now);
        if let Some(rate) = self.rate {
            let full_at = now.checked_sub(rate.time_for(rate.depth)).unwrap_or(now);
            self.empty_at = self.empty_at.max(full_at) + rate.time_for(bytes);
            self.paid_at = now + rate.guard;
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    cap: NonZeroU64,
    depth: u64,
    /// How long the cap needs to allow the depth.
    guard: Duration,
}

impl Rate {
    fn of(cap: NonZeroU64) -> Self {
        let worth = |time: Duration| {
            let bytes = u128::from(cap.get()) * time.as_nanos() / NANOS;
            u64::try_from(bytes).unwrap_or(u64::MAX)
        };
        let depth = worth(SAVED).max(worth(SAVED_AT_MOST).min(WORTH_ASKING)).max(1);
        Self { cap, depth, guard: time_for(depth, cap) }
    }

    fn time_for(&self, bytes: u64) -> Duration {
        time_for(bytes, self.cap)
    }
}

/// How long `bytes` take at that rate, rounded up to nanoseconds.
fn time_for(bytes: u64, cap_bytes_per_s: NonZeroU64) -> Duration {
    let nanos = (u128::from(bytes) * NANOS).div_ceil(u128::from(cap_bytes_per_s.get()));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes as much as ever possible for 25 s; says what went, and when.
    fn drained(cap: u64, idle: Duration) -> Vec<(Duration, u64)> {
        let start = Instant::now();
        let mut bucket = Bucket::new(NonZeroU64::new(cap), start);
        let mut now = start + idle;
        let mut grants = Vec::new();
        let bytes = bucket.depth().div_ceil(3);
        while now < start + idle + Duration::from_secs(25) {
            match bucket.ready(bytes, now) {
                Ready::Now => {
                    bucket.take(bytes, now);
                    grants.push((now - start, bytes));
                }
                Ready::At(at) => now = at,
                Ready::AfterChange => panic!("no change is foreseen"),
            }
        }
        grants
    }

    const SPAN: Duration = Duration::from_secs(10);

    #[test]
    fn ten_seconds_have_what_the_cap_allows_and_what_was_saved_up() {
        // The first fit no byte in what may be saved up, the last several in a nanosecond.
        for cap in [1, 2, 3, 19, 20, 21, 12_500, 2_000_000, 150_000_000, 12_345_678_901, 1 << 40] {
            for idle in [Duration::ZERO, Duration::from_millis(3), Duration::from_secs(30)] {
                let grants = drained(cap, idle);
                let most = grants.iter().enumerate().map(|(at, (first, _))| {
                    let inside = grants[at..].iter().take_while(|(at, _)| *at <= *first + SPAN);
                    inside.map(|(_, bytes)| bytes).sum::<u64>()
                });
                let most = most.max().expect("grants");
                // Times are rounded up to nanoseconds, which can be worth many bytes.
                let depth = Bucket::new(NonZeroU64::new(cap), Instant::now()).depth();
                let rounding = 1 + cap / 1_000_000_000;
                assert!(most <= 10 * cap + depth + rounding, "{most} in ten seconds at {cap} B/s");
                assert!(most >= 10 * cap / 1000 * 999, "only {most} in ten seconds at {cap} B/s");
            }
        }
    }

    #[test]
    fn nothing_is_granted_that_reaches_over_a_change() {
        let start = Instant::now();
        let mut bucket = Bucket::new(NonZeroU64::new(1000), start);
        let until = start + Duration::from_secs(2);
        bucket.change(NonZeroU64::new(1000), Some(until), start);
        let soon = until - Duration::from_millis(501);
        assert_eq!(bucket.ready(500, soon), Ready::Now);
        bucket.take(500, soon);
        assert_eq!(bucket.ready(1, until - Duration::from_millis(500)), Ready::AfterChange);
        assert_eq!(bucket.ready(1, until + Duration::from_secs(9)), Ready::AfterChange);
        bucket.change(NonZeroU64::new(10), None, until);
        let Ready::At(at) = bucket.ready(1, until) else { panic!("nothing was saved up") };
        assert_eq!(at, until + Duration::from_millis(100));
    }

    #[test]
    fn what_is_given_back_can_be_had_again_and_is_no_more_than_a_full_bucket() {
        let start = Instant::now();
        let mut bucket = Bucket::new(NonZeroU64::new(1 << 20), start);
        let now = start + Duration::from_secs(60);
        let all = bucket.depth();
        for _ in 0..3 {
            bucket.take(all, now);
            assert!(matches!(bucket.ready(1, now), Ready::At(_)));
            bucket.give_back(all);
        }
        bucket.give_back(all);
        bucket.take(all, now);
        assert!(matches!(bucket.ready(1, now), Ready::At(_)), "no more than it holds");
    }
}
