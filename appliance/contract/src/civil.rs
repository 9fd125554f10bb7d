//! Civil time as people write it: `02:00`, `mon`, `Europe/Berlin`.
//!
//! Only the words. Which instant `02:00` is on a given day, and whether there is a zone of
//! that name, takes a time zone database, which this crate does not have.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Minutes in a civil day, whatever the clocks do on it.
pub const DAY_MINUTES: u16 = 24 * 60;

/// The longest name in the IANA time zone database has 32 characters.
const MAX_ZONE_LEN: usize = 64;

/// A text that is no civil time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCivil {
    /// No time of day.
    #[error("{0:?} is no time of day: expected 00:00 to 24:00")]
    TimeOfDay(String),
    /// No name that a time zone could have.
    #[error("{0:?} is no name of a time zone: expected one such as Europe/Berlin")]
    Zone(String),
}

/// A time of day in whole minutes, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The time `hour`:`minute`.
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        // Hours first: they bound the product.
        if hour > 24 || minute > 59 || hour * 60 + minute > DAY_MINUTES {
            return None;
        }
        Some(Self(hour * 60 + minute))
    }

    /// Minutes since midnight, up to [`DAY_MINUTES`].
    #[must_use]
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = BadCivil;

    fn from_str(text: &str) -> Result<Self, BadCivil> {
        let two = |digits: &str| {
            let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_two.then(|| digits.parse::<u16>().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(two(hour)?, two(minute)?))
            .ok_or_else(|| BadCivil::TimeOfDay(shown(text)))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = BadCivil;
    fn try_from(text: String) -> Result<Self, BadCivil> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(at: TimeOfDay) -> Self {
        at.to_string()
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All of them, as ISO 8601 orders them.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Days since Monday.
    #[must_use]
    pub fn days_since_monday(self) -> u16 {
        self as u16
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

/// What could be the name of a zone in the IANA time zone database. Whether it is one, only
/// whoever has the database can say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// Checks the shape of `name`: parts of letters, digits, `+`, `-` and `_`, joined by `/`.
    ///
    /// # Errors
    /// [`BadCivil::Zone`] for anything else.
    pub fn new(name: impl Into<String>) -> Result<Self, BadCivil> {
        let name = name.into();
        let octet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'_');
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(octet)
        };
        let is_one = name.len() <= MAX_ZONE_LEN && name.split('/').all(part);
        if is_one { Ok(Self(name)) } else { Err(BadCivil::Zone(shown(&name))) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for TimeZoneName {
    type Err = BadCivil;
    fn from_str(name: &str) -> Result<Self, BadCivil> {
        Self::new(name)
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = BadCivil;
    fn try_from(name: String) -> Result<Self, BadCivil> {
        Self::new(name)
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0
    }
}

/// A complaint repeats what it is about, and not all of a wrong file.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_written_one_way() {
        for (text, minutes) in [("00:00", 0), ("02:00", 120), ("23:59", 1439), ("24:00", 1440)] {
            let time: TimeOfDay = text.parse().expect(text);
            assert_eq!((time.minutes(), time.to_string()), (minutes, text.to_owned()));
        }
        for bad in
            ["", "2:00", "02", "02:0", "02:60", "24:01", "25:00", "+2:00", "02:00:00", "٠٢:٠٠"]
        {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn zones_have_the_shape_of_a_name() {
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+12", "EST5EDT"] {
            assert!(TimeZoneName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "Europe/", "../passwd", "Europe/Ber lin", "+02:00", &"a".repeat(65)] {
            assert!(TimeZoneName::new(bad).is_err(), "{bad}");
        }
    }
}
