//! Who may fill now, and how fast: windows, the box's cap and emergency fill in one answer.
//!
//! ```text
//! Gate::new(&Fill) -> Result<Gate, UnknownZone>
//! Gate::at(&self, now) -> Allowance                          pure
//! Gate::urgency(&self, deadline, now) -> Urgency             what cannot wait; pure
//! Gate::finish_at(&self, bytes, rate, now) -> Option<TimeUs> when all of it will be here; pure
//! Gate::keep(&self, &Caps, clock)                            tells the caps, for ever
//! ```
//!
//! The answers are pure; [`Gate::keep`] alone waits for the edges of windows and tells
//! [`Caps`] what holds until the next. Where it is late, or not run, nothing is granted
//! after an edge: who was not told that it may, may not.

use crate::admission::{Admission, Urgency};
use crate::caps::Caps;
use crate::window::{Schedule, UnknownZone, WindowState};
use contract::config::Fill;
use contract::quantity::BitRate;
use contract::time::TimeUs;
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::Instant;

/// The clock on the wall may be set: what it says of the next edge holds for so long.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// `Instant` adds no more than it can hold.
const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);

/// How many edges of windows a forecast looks over: a year of nights with two windows each.
const FORECAST_EDGES: usize = 4 * 366;

/// What holds from one instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Who may draw.
    pub admission: Admission,
    /// All sources together.
    pub cap_bytes_per_s: Option<NonZeroU64>,
    /// Until the edge of a window; for ever, without windows.
    pub until: Option<TimeUs>,
}

impl Allowance {
    /// How long it holds, a century at most.
    #[must_use]
    pub fn time_left(&self, now: TimeUs) -> Duration {
        self.until.map_or(Duration::MAX, |until| span(now, until)).min(CENTURY)
    }
}

/// A box's windows and caps.
#[derive(Debug, Clone)]
pub struct Gate {
    schedule: Schedule,
    /// At any hour.
    cap_bytes_per_s: Option<u64>,
    /// Outside the windows; none: nothing comes then.
    emergency_bytes_per_s: Option<u64>,
}

impl Gate {
    /// The gate that a configuration describes.
    ///
    /// # Errors
    /// [`UnknownZone`].
    pub fn new(fill: &Fill) -> Result<Self, UnknownZone> {
        let emergency_cap = fill.emergency_fill.cap_bits_per_s();
        Ok(Self {
            schedule: Schedule::new(fill.time_zone.as_ref(), &fill.windows)?,
            cap_bytes_per_s: fill.cap_bits_per_s.map(BitRate::bytes_per_s),
            emergency_bytes_per_s: emergency_cap.map(BitRate::bytes_per_s),
        })
    }

    /// No caps.
    #[must_use]
    pub fn open(schedule: Schedule) -> Self {
        Self { schedule, cap_bytes_per_s: None, emergency_bytes_per_s: None }
    }

    /// What holds at `now`.
    #[must_use]
    pub fn at(&self, now: TimeUs) -> Allowance {
        let lesser = |cap: Option<u64>| {
            let cap = [cap, self.cap_bytes_per_s].into_iter().flatten().min();
            // The checks of a configuration leave no cap that is less than a byte.
            cap.map(|cap| NonZeroU64::new(cap).unwrap_or(NonZeroU64::MIN))
        };
        match self.schedule.at(now) {
            WindowState::Open { until, cap_bytes_per_s } => Allowance {
                admission: Admission::All,
                cap_bytes_per_s: lesser(cap_bytes_per_s),
                until,
            },
            WindowState::Closed { opens } => Allowance {
                admission: match self.emergency_bytes_per_s {
                    Some(_) => Admission::Urgent { opens },
                    None => Admission::Nobody { opens },
                },
                cap_bytes_per_s: lesser(self.emergency_bytes_per_s),
                until: Some(opens),
            },
        }
    }

    /// Whether an object that must be there by `deadline` can wait for the next window.
    #[must_use]
    pub fn urgency(&self, deadline: TimeUs, now: TimeUs) -> Urgency {
        match self.schedule.at(now) {
            WindowState::Closed { opens } if deadline < opens => Urgency::Urgent,
            _ => Urgency::Ordinary,
        }
    }

    /// When `bytes` more will be here, if sources give `rate_bytes_per_s` all the time that
    /// the windows are open and their caps allow it. `None`: not within a year.
    #[must_use]
    pub fn finish_at(&self, bytes: u64, rate_bytes_per_s: u64, now: TimeUs) -> Option<TimeUs> {
        let (mut at, mut left) = (now, u128::from(bytes) * 1_000_000);
        for _ in 0..FORECAST_EDGES {
            let allowance = self.at(at);
            if allowance.admission == Admission::All {
                let cap = allowance.cap_bytes_per_s.map_or(u64::MAX, NonZeroU64::get);
                let rate = u128::from(rate_bytes_per_s.min(cap));
                let needed_us = left.checked_div(rate).and_then(|span| i64::try_from(span).ok());
                let ends = needed_us.and_then(|span| at.0.checked_add(span)).map(TimeUs);
                match (ends, allowance.until) {
                    (Some(ends), until) if until.is_none_or(|until| ends <= until) => {
                        return Some(ends);
                    }
                    (_, Some(until)) => {
                        let open_us = u64::try_from(until.0 - at.0).ok()?;
                        left = left.saturating_sub(rate * u128::from(open_us));
                    }
                    (_, None) => return None,
                }
            }
            at = allowance.until.filter(|until| *until > at)?;
        }
        None
    }

    /// [`Gate::finish_at`], where at the moment nothing comes as well: with what the caps allow,
    /// if there are any.
    #[must_use]
    pub fn forecast(&self, bytes: u64, rate_bytes_per_s: u64, now: TimeUs) -> Option<TimeUs> {
        if rate_bytes_per_s > 0 {
            return self.finish_at(bytes, rate_bytes_per_s, now);
        }
        let next = match self.at(now) {
            Allowance { admission: Admission::All, .. } => now,
            Allowance { until, .. } => until?,
        };
        let cap = self.at(next).cap_bytes_per_s?;
        self.finish_at(bytes, cap.get(), now)
    }

    /// Tells `caps` what holds, at once and then at every edge. `clock` is the one on the
    /// wall. Never ends: drop it to stop.
    pub async fn keep(&self, caps: &Caps, clock: impl Fn() -> TimeUs) {
        loop {
            // The steady clock first: what passes between the two looks makes edges early.
            let (here, now) = (Instant::now(), clock());
            let allowance = self.at(now);
            let next = allowance.until.map(|until| here + span(now, until));
            caps.allow(allowance.admission, allowance.cap_bytes_per_s, next);
            let soon = here + LOOK_AGAIN;
            tokio::time::sleep_until(next.map_or(soon, |next| next.min(soon))).await;
        }
    }
}

/// From `now` to `later`, a century at most.
pub(crate) fn span(now: TimeUs, later: TimeUs) -> Duration {
    let micros = later.0.saturating_sub(now.0).max(0);
    Duration::from_micros(micros.unsigned_abs()).min(CENTURY)
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
