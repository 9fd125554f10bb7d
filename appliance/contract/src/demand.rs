//! What viewers asked a box for on a day, title by title: what tomorrow's demand is forecast from.
//!
//! Figures are absolute for a boot and a day, so that a report that comes twice or late adds
//! nothing. A title is named only once [`FEWEST_SESSIONS`] sessions asked for it on that day; until
//! then the box keeps what it counted of it back.

use crate::names::{GroupName, TitleName};
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// The most rows one report carries: 400 KB of names of the greatest length, a tenth of what a
/// report may have. The others follow in the next reports.
pub const MAX_DEMAND_ROWS: usize = 2048;

/// So many sessions have to ask for a title on a day before anybody is told of it: what fewer do
/// says something of each of them.
pub const FEWEST_SESSIONS: usize = 20;

/// What one row may say: 0.8 Tb/s of one title, from one box, for a day. More is a mistake of whoever
/// counted, and would be wanted tomorrow.
pub const MAX_DEMAND_BYTES: u64 = 1 << 53;

/// A day further than this from the clock of whoever is told is no day that a box could speak of:
/// yesterday's last figures, and a clock that is hours off, are within.
pub const MOST_DAYS_AWAY: i64 = 2;

const DAY_S: i64 = 86_400;

/// What viewers asked a box for on one day, as far as it has changed since a report was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandReport {
    /// Days since 1970-01-01, in UTC, by the box's clock.
    pub day: i32,
    /// No more than [`MAX_DEMAND_ROWS`].
    pub rows: Vec<TitleDemand>,
}

/// What viewers asked for of one title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleDemand {
    /// Its content group.
    pub group: GroupName,
    /// The title; `None` for all titles of the group that too few sessions asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<TitleName>,
    /// Bytes of content that viewers were sent.
    pub bytes_sent: u64,
    /// Bytes that they asked for and that this box was to hold and did not, where it neither sent
    /// them elsewhere nor brought it for them.
    #[serde(default)]
    pub bytes_missed: u64,
}

/// Why what a box says of demand is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDemand {
    /// More rows than a report carries.
    #[error("demand has {0} rows, {MAX_DEMAND_ROWS} are the most")]
    TooManyRows(usize),
    /// More than a box can send.
    #[error("{0} bytes of one title in a day, {MAX_DEMAND_BYTES} are the most")]
    TooManyBytes(u64),
    /// A clock is wrong, here or there.
    #[error("demand is of day {day}, and today is {today}")]
    FarAway {
        /// What the box says.
        day: i32,
        /// What our clock says.
        today: i32,
    },
}

impl TitleDemand {
    /// Whether so much can have been asked for.
    ///
    /// # Errors
    /// [`BadDemand::TooManyBytes`].
    pub fn check(&self) -> Result<(), BadDemand> {
        let bytes = self.bytes_sent.saturating_add(self.bytes_missed);
        if bytes > MAX_DEMAND_BYTES { Err(BadDemand::TooManyBytes(bytes)) } else { Ok(()) }
    }
}

impl DemandReport {
    /// Whether it may be taken at `now`.
    ///
    /// # Errors
    /// [`BadDemand`].
    pub fn check(&self, now: TimeUs) -> Result<(), BadDemand> {
        if self.rows.len() > MAX_DEMAND_ROWS {
            return Err(BadDemand::TooManyRows(self.rows.len()));
        }
        self.rows.iter().try_for_each(TitleDemand::check)?;
        let (day, today) = (self.day, day_of(now));
        if (i64::from(day) - i64::from(today)).abs() > MOST_DAYS_AWAY {
            return Err(BadDemand::FarAway { day, today });
        }
        Ok(())
    }
}

/// The day of an instant: days since 1970-01-01, in UTC.
#[must_use]
pub fn day_of(at: TimeUs) -> i32 {
    let day = at.unix_s().div_euclid(DAY_S);
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}

/// The instant at which a day begins.
#[must_use]
pub fn day_begins(day: i32) -> TimeUs {
    TimeUs(0).plus_s(i64::from(day) * DAY_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        for (s, day) in [(0, 0), (86_399, 0), (86_400, 1), (-1, -1), (1_700_000_000, 19_675)] {
            assert_eq!(day_of(TimeUs(0).plus_s(s)), day, "{s}");
        }
        assert_eq!(day_of(TimeUs(i64::MAX)), 106_751_991);
        for day in [-1, 0, 19_675, 106_751_991] {
            let begins = day_begins(day);
            assert_eq!((day_of(begins), day_of(begins.plus_s(-1))), (day, day - 1));
        }
    }

    #[test]
    fn a_day_far_away_and_too_many_rows_are_not_taken() {
        let now = TimeUs(1_700_000_000_000_000);
        let of = |day| DemandReport { day, rows: vec![] }.check(now);
        for day in 19_673..=19_677 {
            assert_eq!(of(day), Ok(()));
        }
        for day in [19_672, 19_678, i32::MIN, i32::MAX] {
            assert_eq!(of(day), Err(BadDemand::FarAway { day, today: 19_675 }));
        }
        let group = GroupName::new("g").expect("name");
        let row = TitleDemand { group, title: None, bytes_sent: 1, bytes_missed: 0 };
        let many = DemandReport { day: 19_675, rows: vec![row; MAX_DEMAND_ROWS + 1] };
        assert_eq!(many.check(now), Err(BadDemand::TooManyRows(MAX_DEMAND_ROWS + 1)));
        let row = TitleDemand { bytes_missed: MAX_DEMAND_BYTES, ..many.rows[0].clone() };
        let much = DemandReport { day: 19_675, rows: vec![row] };
        assert_eq!(much.check(now), Err(BadDemand::TooManyBytes(MAX_DEMAND_BYTES + 1)));
    }
}
