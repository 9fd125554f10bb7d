//! Sites that may be tried on, and how alike two of them are.

use super::agreed::LEAST_BASELINE_DAYS;
use super::measure::SiteDay;
use contract::names::SiteName;
use serde::{Deserialize, Serialize};

/// A site of the fleet.
///
/// Whoever asks gives all of them, those that must not be tried on too: it is by them that it is
/// known whose misses are whose demand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name.
    pub site: SiteName,
    /// Its viewers' region; none where it is in none.
    #[serde(default)]
    pub region: Option<String>,
    /// Who is asked for what it does not hold; none where that is the origin.
    #[serde(default)]
    pub parent: Option<SiteName>,
    /// Whether operators let it be tried on.
    pub is_open: bool,
    /// What was seen of it lately; none where too little was.
    #[serde(default)]
    pub features: Option<Features>,
}

const DAY_S: f64 = 86_400.0;

/// What makes two sites alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// What its viewers want, on average or at the peak: of all sites the same.
    pub wanted_bytes_per_s: f64,
    /// What its boxes may hold.
    pub room_bytes: f64,
    /// What part of the bytes that viewers wanted it served itself.
    pub offload: f64,
    /// New bytes that came onto its disks in a day.
    pub filled_bytes_a_day: f64,
}

/// Why sites are not matched at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadCandidate {
    /// A name that comes twice.
    #[error("site {0} is given twice")]
    Twice(SiteName),
    /// A number that is none.
    #[error("site {site}: {what} is {value}; give {expected}")]
    Number {
        /// Where.
        site: SiteName,
        /// Which of its features.
        what: &'static str,
        /// What it is.
        value: f64,
        /// What it should be.
        expected: &'static str,
    },
}

/// How many features are compared.
const AXES: usize = 4;

/// Sites that differ by less are the same, however alike all others are: a twentieth of demand or
/// of room, a point of offload, half a point of disks changed in a day.
const LEAST_DEVIATIONS: [f64; AXES] = [0.05, 0.05, 0.01, 0.005];

impl Features {
    /// What was seen of a site with so much room on some days; nothing, where these are too few or
    /// nobody wanted anything.
    #[must_use]
    pub fn seen(days: &[&SiteDay], room_bytes: f64) -> Option<Self> {
        let sum = |of: fn(&SiteDay) -> u64| days.iter().map(|day| of(day) as f64).sum::<f64>();
        let (wanted, served) = (sum(|day| day.wanted_bytes), sum(|day| day.served_bytes));
        let are_enough = days.len() >= usize::from(LEAST_BASELINE_DAYS);
        let is_known = are_enough && wanted > 0.0 && room_bytes > 0.0;
        let count = days.len() as f64;
        is_known.then(|| Self {
            wanted_bytes_per_s: wanted / count / DAY_S,
            room_bytes,
            offload: (served / wanted).clamp(0.0, 1.0),
            filled_bytes_a_day: sum(|day| day.filled_bytes) / count,
        })
    }

    pub(super) fn check(&self, site: &SiteName) -> Result<(), BadCandidate> {
        let amount = |value: f64| value.is_finite() && value >= 0.0;
        let above = |value: f64| value.is_finite() && value > 0.0;
        let (any, positive) = ("a number from 0 on", "a number above 0");
        let all = [
            (
                "wanted_bytes_per_s",
                self.wanted_bytes_per_s,
                above(self.wanted_bytes_per_s),
                positive,
            ),
            ("room_bytes", self.room_bytes, above(self.room_bytes), positive),
            ("offload", self.offload, (0.0..=1.0).contains(&self.offload), "a part from 0 to 1"),
            ("filled_bytes_a_day", self.filled_bytes_a_day, amount(self.filled_bytes_a_day), any),
        ];
        let wrong = all.into_iter().find(|(_, _, is_good, _)| !is_good);
        wrong.map_or(Ok(()), |(what, value, _, expected)| {
            Err(BadCandidate::Number { site: site.clone(), what, value, expected })
        })
    }

    /// Demand and room by their logarithms: twice as much is as far from once as from four times.
    fn axes(&self) -> [f64; AXES] {
        let new = self.filled_bytes_a_day / self.room_bytes;
        [self.wanted_bytes_per_s.ln(), self.room_bytes.ln(), self.offload, new]
    }
}

/// Features on scales of their own: one is a standard deviation over sites.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point([f64; AXES]);

impl Point {
    /// How far two sites are apart: the root of the mean square of their differences.
    pub(super) fn distance(&self, other: &Self) -> f64 {
        let squares = self.0.iter().zip(&other.0).map(|(a, b)| (a - b) * (a - b));
        (squares.sum::<f64>() / AXES as f64).sqrt()
    }
}

/// All sites, each on the scales of all.
pub(super) fn points(all: &[Features]) -> Vec<Point> {
    let axes: Vec<[f64; AXES]> = all.iter().map(Features::axes).collect();
    let count = axes.len().max(1) as f64;
    let scales: [f64; AXES] = std::array::from_fn(|axis| {
        let mean = axes.iter().map(|of| of[axis]).sum::<f64>() / count;
        let squares = axes.iter().map(|of| (of[axis] - mean) * (of[axis] - mean));
        (squares.sum::<f64>() / count).sqrt().max(LEAST_DEVIATIONS[axis])
    });
    axes.iter().map(|of| Point(std::array::from_fn(|axis| of[axis] / scales[axis]))).collect()
}
