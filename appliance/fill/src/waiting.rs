//! Why an object is not arriving: reasons, and until when.
//!
//! ```text
//! WaitingOn::until(&self) -> Option<TimeUs>     when to look again
//! WaitingOn::kind(&self)  -> &'static str       a stable name, for status, metrics and events
//! ```
//!
//! Each is said by whoever refuses: [`crate::gate`] and [`crate::caps`] for the windows. They are shown to people as they are.

use contract::time::TimeUs;
use serde::Serialize;
use std::fmt;

/// What an object waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum WaitingOn {
    /// The box may not fill now.
    FillWindow {
        /// When it may again.
        opens: TimeUs,
    },
    /// The source has failed, several times perhaps, and is left alone.
    BackOff {
        /// Until then.
        until: TimeUs,
    },
    /// The source gave wrong bytes, and is left alone for longer.
    Distrust {
        /// Until then.
        until: TimeUs,
    },
    /// The source has been left alone for long enough, and another transfer tries it.
    Probe {
        /// When the next one may, if nothing is heard of that one.
        until: TimeUs,
    },
    /// Nearer sources are given their time.
    Widening {
        /// When this one is asked, too.
        at: TimeUs,
    },
    /// The fleet allows no byte from this source.
    NotAllowed,
    /// The fleet names no source.
    NoSource,
}

impl WaitingOn {
    /// When there is a point in looking again; never, unless the fleet says something new,
    /// where there is none.
    #[must_use]
    pub fn until(&self) -> Option<TimeUs> {
        match *self {
            Self::FillWindow { opens: at }
            | Self::BackOff { until: at }
            | Self::Distrust { until: at }
            | Self::Probe { until: at }
            | Self::Widening { at } => Some(at),
            Self::NotAllowed | Self::NoSource => None,
        }
    }

    /// A stable name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FillWindow { .. } => "fill_window",
            Self::BackOff { .. } => "back_off",
            Self::Distrust { .. } => "distrust",
            Self::Probe { .. } => "probe",
            Self::Widening { .. } => "widening",
            Self::NotAllowed => "not_allowed",
            Self::NoSource => "no_source",
        }
    }
}

impl fmt::Display for WaitingOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |at: &TimeUs| match jiff::Timestamp::from_second(at.unix_s()) {
            Ok(at) => at.to_string(),
            Err(_) => "never".to_owned(),
        };
        match self {
            Self::FillWindow { opens } => write!(f, "the fill window, which opens {}", at(opens)),
            Self::BackOff { until } => write!(f, "a source that failed, until {}", at(until)),
            Self::Distrust { until } => {
                write!(f, "a source that gave wrong bytes, until {}", at(until))
            }
            Self::Probe { until } => {
                write!(f, "another transfer that tries the source, until {}", at(until))
            }
            Self::Widening { at: until } => write!(f, "nearer sources, until {}", at(until)),
            Self::NotAllowed => f.write_str("the fleet, which allows nothing from its sources"),
            Self::NoSource => f.write_str("the fleet, which names no source"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_for_people_and_for_programs() {
        let opens = TimeUs(1_795_572_000_000_000);
        let waiting = WaitingOn::FillWindow { opens };
        assert_eq!(waiting.to_string(), "the fill window, which opens 2026-11-25T02:00:00Z");
        let json = serde_json::to_string(&waiting).expect("json");
        assert_eq!(json, r#"{"on":"fill_window","opens":1795572000000000}"#);
        assert_eq!(WaitingOn::NoSource.until(), None);
        let never = WaitingOn::FillWindow { opens: TimeUs(i64::MAX) };
        assert!(never.to_string().ends_with("never"));
        for each in [waiting, WaitingOn::NotAllowed, WaitingOn::Widening { at: opens }] {
            let json = serde_json::to_value(each).expect("json");
            assert_eq!(json["on"], each.kind());
        }
    }
}
