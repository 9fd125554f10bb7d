//! When a box may fill: windows of local time become instants. Pure.
//!
//! ```text
//! zone(&TimeZoneName) -> Result<TimeZone, UnknownZone>
//! Schedule::new(Option<&TimeZoneName>, &[FillWindow]) -> Result<Schedule, UnknownZone>
//! Schedule::at(&self, TimeUs) -> WindowState     Open { until, cap } or Closed { opens }
//! ```
//!
//! A local time stands for the first instant at which clocks show it, or more. So a window
//! opens once on every day that it names, and all boxes of a site at the same instant:
//!
//! - Where clocks are set forward over 02:00, a window from 02:00 on opens as they are set,
//!   and is an hour shorter than it says when it closes after that.
//! - Where clocks show 02:00 twice, it opens the first time, and is an hour longer.
//! - A window that lies wholly in a skipped hour, or day, does not open.
//!
//! The time zone database is compiled in, and the system's is not looked at: a box needs no
//! tzdata installed, boxes with the same software agree, and a simulation gives the same on
//! every machine. A country that changes its mind is learned with the next software; until
//! then a box fills an hour off, which costs no byte.

use contract::civil::{TimeZoneName, Weekday};
use contract::config::FillWindow;
use contract::time::TimeUs;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// How many days back a window that is open now may have opened: it lasts a day at most, and
/// a country that moved across the date line skipped another.
const DAYS_BACK: i64 = 2;

/// How many days ahead the next opening is at most, where a window opens once a week: a week,
/// another one if clocks skipped it, and a day on either side.
const DAYS_AHEAD: i64 = 16;

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no time zone that this software knows (IANA time zone database)")]
pub struct UnknownZone(pub TimeZoneName);

/// Looks a time zone up in the database that is compiled in.
///
/// # Errors
/// [`UnknownZone`].
pub fn zone(name: &TimeZoneName) -> Result<TimeZone, UnknownZone> {
    TimeZoneDatabase::bundled().get(name.as_str()).map_err(|_| UnknownZone(name.clone()))
}

/// Whether a box may fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// It may.
    Open {
        /// The end of the window, where another may begin; never, without windows.
        until: Option<TimeUs>,
        /// The window's own cap on all sources together.
        cap_bytes_per_s: Option<u64>,
    },
    /// It may not.
    Closed {
        /// When the next window opens.
        opens: TimeUs,
    },
}

/// The windows of a box, with the clocks of its site.
#[derive(Debug, Clone)]
pub struct Schedule {
    zone: TimeZone,
    windows: Box<[FillWindow]>,
}

impl Schedule {
    /// No windows: always open. Without a zone, times are those of UTC.
    ///
    /// # Errors
    /// [`UnknownZone`].
    pub fn new(
        time_zone: Option<&TimeZoneName>,
        windows: &[FillWindow],
    ) -> Result<Self, UnknownZone> {
        let zone = time_zone.map_or(Ok(TimeZone::UTC), zone)?;
        Ok(Self { zone, windows: windows.into() })
    }

    /// Without windows.
    #[must_use]
    pub fn always() -> Self {
        Self { zone: TimeZone::UTC, windows: Box::default() }
    }

    /// Whether the box may fill at `now`.
    #[must_use]
    pub fn at(&self, now: TimeUs) -> WindowState {
        if self.windows.is_empty() {
            return WindowState::Open { until: None, cap_bytes_per_s: None };
        }
        // What no calendar reaches is no time to fill.
        self.state(now).unwrap_or(WindowState::Closed { opens: TimeUs(i64::MAX) })
    }

    fn state(&self, now: TimeUs) -> Option<WindowState> {
        let today = self.zone.to_datetime(Timestamp::from_microsecond(now.0).ok()?).date();
        let mut next = None;
        for day in -DAYS_BACK..=DAYS_AHEAD {
            let day = today.checked_add(jiff::Span::new().days(day)).ok()?;
            for (window, span) in self.openings(day).filter(|(_, span)| span.closes > now) {
                if span.opens <= now {
                    let cap_bytes_per_s = window.cap_bits_per_s.map(|cap| cap.bytes_per_s());
                    return Some(WindowState::Open { until: Some(span.closes), cap_bytes_per_s });
                }
                next = Some(next.map_or(span.opens, |next: TimeUs| next.min(span.opens)));
            }
            // Windows do not overlap, and days follow one another: what opens on a later day
            // opens later.
            if let Some(opens) = next {
                return Some(WindowState::Closed { opens });
            }
        }
        None
    }

    /// The windows that open on a day, as instants.
    fn openings(&self, day: Date) -> impl Iterator<Item = (&FillWindow, Span)> {
        let windows = self.windows.iter().filter(move |window| window.opens_on(weekday(day)));
        windows.filter_map(move |window| {
            let from = midnight_plus(day, window.opens.minutes())?;
            let to = midnight_plus(day, window.opens.minutes() + window.length_minutes())?;
            let span = Span { opens: self.first_at(from)?, closes: self.first_at(to)? };
            // Clocks may have skipped all of it.
            (span.opens < span.closes).then_some((window, span))
        })
    }

    /// The first instant at which clocks show `local`, or more.
    fn first_at(&self, local: DateTime) -> Option<TimeUs> {
        let at = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(local).ok()?,
            AmbiguousOffset::Gap { after, .. } => {
                // With the offset that comes, this lies before the clocks are set.
                let before = after.to_timestamp(local).ok()?;
                let mut changes = self.zone.following(before).map(|change| change.timestamp());
                changes.find(|change| self.zone.to_datetime(*change) >= local)?
            }
        };
        Some(TimeUs(at.as_microsecond()))
    }
}

/// When a window is open: from `opens` up to, and without, `closes`.
struct Span {
    opens: TimeUs,
    closes: TimeUs,
}

fn midnight_plus(day: Date, minutes: u16) -> Option<DateTime> {
    day.to_datetime(Time::midnight()).checked_add(jiff::Span::new().minutes(minutes)).ok()
}

fn weekday(day: Date) -> Weekday {
    let from_monday = day.weekday().to_monday_zero_offset();
    Weekday::ALL[usize::from(from_monday.unsigned_abs()) % Weekday::ALL.len()]
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
