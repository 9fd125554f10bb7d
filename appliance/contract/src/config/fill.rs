//! Bringing objects in: how many at once, how fast, and when.
//!
//! Local times are those of `time_zone`. Which instants they are, `fill::window` says, which
//! has a time zone database; here only what can be told from the text alone is checked.

use super::check::{Complaint, Found};
use crate::civil::{DAY_MINUTES, TimeOfDay, TimeZoneName, Weekday};
use crate::quantity::{BitRate, Seconds};
use crate::sources::SourceKind;
use serde::{Deserialize, Serialize};

/// A week of windows that change by the hour has 168; nobody means more.
pub const MAX_FILL_WINDOWS: usize = 168;

/// The least cap in bit/s. With less, an object of some MB would outlast the night.
pub const MIN_FILL_CAP: u64 = 100_000;

/// The longest that a wider choice of sources may be put off.
pub const MAX_WIDEN_AFTER_S: u64 = 7 * 86_400;

const WEEK_MINUTES: u16 = 7 * DAY_MINUTES;

/// Bringing objects in. Without windows a box fills at any hour, without caps as fast as
/// sources give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fill {
    /// Transfers at once.
    pub parallel: u16,
    /// To connect and shake hands.
    pub connect_timeout_s: Seconds,
    /// Between two pieces of an answer.
    pub stall_timeout_s: Seconds,
    /// Where the times of the windows are local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZoneName>,
    /// When the box may fill; they do not overlap. None: at any hour.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<FillWindow>,
    /// The most that the box draws from all sources together, at any hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap_bits_per_s: Option<BitRate>,
    /// The most that the box draws from one source, at any hour.
    #[serde(skip_serializing_if = "SourceCaps::are_none")]
    pub source_caps_bits_per_s: SourceCaps,
    /// What happens outside the windows to what cannot wait.
    pub emergency_fill: EmergencyFill,
    /// When sources further away are asked, too.
    pub widen_after_s: WidenAfter,
}

impl Default for Fill {
    fn default() -> Self {
        Self {
            parallel: 4,
            connect_timeout_s: Seconds(5),
            stall_timeout_s: Seconds(10),
            time_zone: None,
            windows: Vec::new(),
            cap_bits_per_s: None,
            source_caps_bits_per_s: SourceCaps::default(),
            emergency_fill: EmergencyFill::Never,
            widen_after_s: WidenAfter::default(),
        }
    }
}

/// A time of the day in which a box may fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FillWindow {
    /// Local time, before `24:00`.
    pub opens: TimeOfDay,
    /// Local time; on the next day where it is not after `opens`.
    pub closes: TimeOfDay,
    /// The days on which it opens; every day when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The most that the box draws from all sources together while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_bits_per_s: Option<BitRate>,
}

impl FillWindow {
    /// Whether it opens on that day.
    #[must_use]
    pub fn opens_on(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.contains(&day)
    }

    /// How long it is by the clock on the wall, in minutes. The real length differs where
    /// clocks are changed meanwhile.
    #[must_use]
    pub fn length_minutes(&self) -> u16 {
        let (opens, closes) = (self.opens.minutes(), self.closes.minutes());
        if closes > opens { closes - opens } else { closes + DAY_MINUTES - opens }
    }

    /// Whether it begins on the day that it opens on, and ends at another time.
    fn is_span(&self) -> bool {
        self.opens.minutes() < DAY_MINUTES && self.opens != self.closes
    }

    /// Its openings in a week, in minutes since Monday's midnight.
    fn openings(&self) -> impl Iterator<Item = u16> {
        let days = Weekday::ALL.into_iter().filter(|day| self.opens_on(*day));
        days.map(|day| day.days_since_monday() * DAY_MINUTES + self.opens.minutes())
    }

    fn overlaps(&self, other: &Self) -> bool {
        let other_opens: Vec<u16> = other.openings().collect();
        self.openings().any(|ours| {
            other_opens.iter().any(|theirs| {
                // On the circle of a week: how long after the one the other opens.
                let after = (theirs + WEEK_MINUTES - ours) % WEEK_MINUTES;
                let before = (ours + WEEK_MINUTES - theirs) % WEEK_MINUTES;
                after < self.length_minutes() || before < other.length_minutes()
            })
        })
    }
}

/// The most that a box draws from each of its sources. Where the fleet has named a cap with a source,
/// the lower of the two holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceCaps {
    /// From each other box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<BitRate>,
    /// From each owner's own server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<BitRate>,
}

impl SourceCaps {
    /// Whether nothing is capped.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Those that there are, by the kind of the source.
    pub fn each(self) -> impl Iterator<Item = (&'static str, BitRate)> {
        let caps = [("peer", self.peer), ("origin", self.origin)];
        caps.into_iter().filter_map(|(kind, cap)| Some((kind, cap?)))
    }

    /// That of one source.
    #[must_use]
    pub fn of(&self, kind: &SourceKind) -> Option<BitRate> {
        match kind {
            SourceKind::Peer(_) | SourceKind::Parent(_) => self.peer,
            SourceKind::Origin => self.origin,
        }
    }
}

/// What happens outside the windows to what cannot wait for the next: objects with a deadline
/// before it, and those that were lost here while viewers ask for them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EmergencyFill {
    /// It waits.
    #[default]
    Never,
    /// It comes, slowly.
    Capped {
        /// The most that the box draws from all sources together.
        cap_bits_per_s: BitRate,
    },
}

impl EmergencyFill {
    /// The most that is drawn outside of the windows; none: nothing comes then.
    #[must_use]
    pub fn cap_bits_per_s(&self) -> Option<BitRate> {
        match self {
            Self::Never => None,
            Self::Capped { cap_bits_per_s } => Some(*cap_bits_per_s),
        }
    }
}

/// For how long boxes of the same site, where there are any that should have an object, must not
/// have answered before sources further away are asked. What the fleet says of a source
/// (`after_s`) goes before this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WidenAfter {
    /// Boxes elsewhere in the provider's network: parents.
    pub network: Seconds,
    /// The owner's own server.
    pub origin: Seconds,
}

impl Default for WidenAfter {
    fn default() -> Self {
        // A fill master that is well has answered within a second. Ten are a restart of it,
        // twenty a reboot of what stands between.
        Self { network: Seconds(10), origin: Seconds(20) }
    }
}

/// What cannot be meant, with paths below `fill`.
pub(super) fn check(fill: &Fill, found: &mut Found) {
    if fill.parallel == 0 || fill.parallel > 256 {
        found.add("fill.parallel", "expected 1 to 256");
    }
    if fill.time_zone.is_none() && !fill.windows.is_empty() {
        found.add("fill.windows", "need a time_zone, such as Europe/Berlin: local time of where?");
    }
    for (path, message) in check_windows(&fill.windows) {
        found.add(format!("fill.{path}"), message);
    }
    let caps = [
        ("fill.cap_bits_per_s", fill.cap_bits_per_s),
        ("fill.emergency_fill.capped.cap_bits_per_s", fill.emergency_fill.cap_bits_per_s()),
    ];
    for (path, cap) in caps {
        if let Some(message) = bad_cap(cap) {
            found.add(path, message);
        }
    }
    for (path, message) in check_source_caps(&fill.source_caps_bits_per_s) {
        found.add(format!("fill.{path}"), message);
    }
    for (path, message) in check_widen(&fill.widen_after_s) {
        found.add(format!("fill.{path}"), message);
    }
}

/// What cannot be meant about windows. Paths begin with `windows`.
#[must_use]
pub fn check_windows(windows: &[FillWindow]) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut add = |path: String, message: String| found.push((path, message));
    if windows.len() > MAX_FILL_WINDOWS {
        add("windows".into(), format!("expected at most {MAX_FILL_WINDOWS}"));
        return found;
    }
    for (at, window) in windows.iter().enumerate() {
        if window.opens.minutes() == DAY_MINUTES {
            let message = "24:00 is the end of a day: expected 00:00 to 23:59";
            add(format!("windows[{at}].opens"), message.into());
        } else if window.opens == window.closes {
            let message = "the same as opens: a whole day is 00:00 to 24:00";
            add(format!("windows[{at}].closes"), message.into());
        }
        for (which, day) in window.days.iter().enumerate() {
            if window.days[..which].contains(day) {
                add(format!("windows[{at}].days[{which}]"), "named twice".into());
            }
        }
        if let Some(message) = bad_cap(window.cap_bits_per_s) {
            add(format!("windows[{at}].cap_bits_per_s"), message.into());
        }
        let is_hit = |other: &FillWindow| other.is_span() && window.overlaps(other);
        if let Some(other) = windows[..at].iter().position(is_hit).filter(|_| window.is_span()) {
            let message = format!("overlaps windows[{other}]: which cap would hold?");
            add(format!("windows[{at}]"), message);
        }
    }
    found
}

/// What cannot be meant about widening. Paths begin with `widen_after_s`.
#[must_use]
pub fn check_widen(widen: &WidenAfter) -> Vec<Complaint> {
    let mut found = Vec::new();
    if widen.network > widen.origin {
        let message = "expected at least as much as network: origins come last";
        found.push(("widen_after_s.origin".to_owned(), message.to_owned()));
    }
    for (name, span) in [("network", widen.network), ("origin", widen.origin)] {
        if span.0 > MAX_WIDEN_AFTER_S {
            found.push((format!("widen_after_s.{name}"), "expected at most 7d".to_owned()));
        }
    }
    found
}

/// What cannot be meant about caps on sources. Paths begin with `source_caps_bits_per_s`.
#[must_use]
pub fn check_source_caps(caps: &SourceCaps) -> Vec<Complaint> {
    let bad = caps.each().filter_map(|(kind, cap)| Some((kind, bad_cap(Some(cap))?)));
    bad.map(|(kind, message)| (format!("source_caps_bits_per_s.{kind}"), message.into())).collect()
}

/// Why a cap cannot be meant.
#[must_use]
pub fn bad_cap(cap: Option<BitRate>) -> Option<&'static str> {
    cap.is_some_and(|cap| cap.0 < MIN_FILL_CAP).then_some("expected at least 100kb/s")
}
