//! How far filling has come: what a box says of it, to the fleet and to whoever asks it.

use crate::names::{GroupName, TitleName};
use crate::sources::SourceKind;
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Titles that one report says something of; the first in the manifest's order, then those that
/// came last.
pub const MAX_TITLES: usize = 128;

/// Sources that one report says something of.
pub const MAX_SOURCES: usize = 64;

/// Sources that are named of one title.
pub const MAX_TITLE_SOURCES: usize = 8;

/// The most bytes of a source's refusal, and of the path that it was about.
pub const MAX_REFUSAL_BYTES: usize = 256;

/// How far filling has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FillProgress {
    /// Who may draw now.
    pub admission: Admission,
    /// When that, or the cap, is another: the edge of a window. Never, without windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<TimeUs>,
    /// The most that the box draws from all sources together, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_bytes_per_s: Option<u64>,
    /// What it draws, over the past ten seconds.
    pub rate_bytes_per_s: u64,
    /// What is missing, in bytes.
    pub bytes_missing: u64,
    /// When all of it will be here, as far as can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_at_us: Option<TimeUs>,
    /// What is drawn from each source.
    #[serde(default)]
    pub sources: Vec<SourceProgress>,
    /// Sources whose last word was a failure, no more than [`MAX_SOURCES`]; the last first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<SourceFailure>,
    /// Titles that are not all here, in the manifest's order; then those that came last.
    #[serde(default)]
    pub titles: Vec<TitleProgress>,
    /// How many more are not all here.
    #[serde(default)]
    pub titles_left_out: u64,
}

/// Who may draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Everybody.
    #[default]
    All,
    /// What cannot wait for the next window.
    Urgent,
    /// Nobody.
    Nobody,
}

impl Admission {
    /// A stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Urgent => "urgent",
            Self::Nobody => "nobody",
        }
    }
}

/// What comes from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceProgress {
    /// The source.
    pub source: SourceKind,
    /// Over the past ten seconds.
    pub rate_bytes_per_s: u64,
}

/// What a source said last, where that was no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFailure {
    /// The source.
    pub source: SourceKind,
    /// The content group of what it was asked for; each has an origin of its own.
    pub group: GroupName,
    /// The path of that, or what it begins with.
    pub path: String,
    /// What went wrong.
    pub reason: String,
    /// When.
    pub at_us: TimeUs,
}

/// How far one title has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleProgress {
    /// Its content group.
    pub group: GroupName,
    /// The title.
    pub title: TitleName,
    /// What happens to it.
    pub state: FillState,
    /// Where it comes from now, or came from last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceKind>,
    /// What has been drawn of it from each source in the past ten seconds, the most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceProgress>,
    /// Objects that the manifest lists.
    pub objects_wanted: u64,
    /// Of these, those that are here.
    pub objects_held: u64,
    /// Bytes of those that the manifest lists.
    pub bytes_wanted: u64,
    /// Of these, those that have come: of objects under way, too.
    pub bytes_done: u64,
    /// Over the past ten seconds.
    pub rate_bytes_per_s: u64,
    /// Why it does not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingOn>,
    /// When all of it will be here, as far as can be told; when it was, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_at_us: Option<TimeUs>,
}

/// What happens to a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillState {
    /// Bytes of it are coming.
    Arriving,
    /// Its turn has not come.
    Queued,
    /// Its turn has come, and something is in the way.
    Waiting,
    /// All of it is here.
    Held,
}

impl FillState {
    /// A stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arriving => "arriving",
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Held => "held",
        }
    }
}

/// What an object, or a source, waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum WaitingOn {
    /// The box may not fill now.
    FillWindow {
        /// When it may again.
        opens: TimeUs,
    },
    /// Sources have failed, or do not have it yet, and are asked again later.
    BackOff {
        /// Until then.
        until: TimeUs,
    },
    /// A box of the same site will have it.
    Sibling {
        /// When it is asked again.
        until: TimeUs,
    },
    /// Nearer sources are given their time.
    Widening {
        /// When this one is asked, too.
        at: TimeUs,
    },
    /// Its disks may not be written to now, within their rated endurance.
    DiskEndurance {
        /// When one may again; never, where all of its rating is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimeUs>,
    },
    /// The fleet allows no byte from its sources.
    NotAllowed,
    /// The fleet names no source.
    NoSource,
    /// Something that this software does not know.
    #[serde(other)]
    Unknown,
}

impl WaitingOn {
    /// When there is a point in looking again; none where that is when the fleet says something
    /// new.
    #[must_use]
    pub fn until(&self) -> Option<TimeUs> {
        match *self {
            Self::FillWindow { opens: at }
            | Self::BackOff { until: at }
            | Self::Sibling { until: at }
            | Self::Widening { at } => Some(at),
            Self::DiskEndurance { until } => until,
            Self::NotAllowed | Self::NoSource | Self::Unknown => None,
        }
    }

    /// A stable name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FillWindow { .. } => "fill_window",
            Self::BackOff { .. } => "back_off",
            Self::Sibling { .. } => "sibling",
            Self::Widening { .. } => "widening",
            Self::DiskEndurance { .. } => "disk_endurance",
            Self::NotAllowed => "not_allowed",
            Self::NoSource => "no_source",
            Self::Unknown => "unknown",
        }
    }
}

/// What is waited for, in words; [`WaitingOn::until`] says how long.
impl fmt::Display for WaitingOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FillWindow { .. } => "the fill window",
            Self::BackOff { .. } => "sources that failed or lack it",
            Self::Sibling { .. } => "a box of the same site that fetches it",
            Self::Widening { .. } => "nearer sources",
            Self::DiskEndurance { .. } => {
                "disks that were written to as much as their endurance allows"
            }
            Self::NotAllowed => "the fleet, which allows nothing from its sources",
            Self::NoSource => "the fleet, which names no source",
            Self::Unknown => "something that this software does not know",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_for_people_and_for_programs() {
        let opens = TimeUs(1_795_572_000_000_000);
        let waiting = WaitingOn::FillWindow { opens };
        let json = serde_json::to_string(&waiting).expect("json");
        assert_eq!(json, r#"{"on":"fill_window","opens":1795572000000000}"#);
        let of_tomorrow = r#"{"on":"full_moon","rises":7}"#;
        let unknown: WaitingOn = serde_json::from_str(of_tomorrow).expect("json");
        assert_eq!((unknown, unknown.until()), (WaitingOn::Unknown, None));
        let worn = [None, Some(opens)].map(|until| WaitingOn::DiskEndurance { until });
        let others = [waiting, WaitingOn::NotAllowed, WaitingOn::Widening { at: opens }];
        for each in others.into_iter().chain(worn) {
            let json = serde_json::to_value(each).expect("json");
            assert_eq!(json["on"], each.kind());
            assert_eq!(each, serde_json::from_value(json).expect("back"));
        }
    }
}
