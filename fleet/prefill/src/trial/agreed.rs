//! The document: what was agreed on before a trial began.

use super::Pair;
use contract::names::SiteName;
use serde::{Deserialize, Serialize};

/// A trial. It is fixed before its first day, and no look at it changes anything of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Who is tried on, and who stands beside it.
    pub pairs: Vec<Pair>,
    /// The first day that is planned by the policy that is tried, in days since 1970-01-01 (UTC).
    pub first_day: i32,
    /// How many days it is to last.
    pub days: u16,
    /// By what it is judged.
    pub rules: Rules,
}

/// By what a trial is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Days before the first with which those of the trial are compared.
    pub baseline_days: u16,
    /// First days that are not compared: the way from one policy to the other is no policy.
    pub settle_days: u16,
    /// How often, of a hundred trials of what is no different, none ends otherwise.
    pub confidence_percent: u8,
    /// Less offload by as much is borne: in hundredths of a percentage point.
    pub offload_tolerance_bp: u16,
    /// More fill by as much is borne: in hundredths of a percent of what viewers want.
    pub fill_tolerance_bp: u16,
    /// Offload that is less by more, on one day, ends the trial on that day: in hundredths of a
    /// percentage point.
    pub collapse_bp: u16,
    /// A day on which viewers of a site want less is none of the pair.
    pub least_wanted_bytes: u64,
}

impl Default for Rules {
    /// Two weeks before, so that each weekday is there twice; a fifth of a point of offload, half a
    /// percent of fill; and a GB a day.
    fn default() -> Self {
        Self {
            baseline_days: 14,
            settle_days: 2,
            confidence_percent: 95,
            offload_tolerance_bp: 20,
            fill_tolerance_bp: 50,
            collapse_bp: 500,
            least_wanted_bytes: 1_000_000_000,
        }
    }
}

impl Rules {
    /// What may be missed by chance, in both directions together.
    pub(super) fn chance(&self) -> f64 {
        1.0 - f64::from(self.confidence_percent) / 100.0
    }
}

/// Of hundredths of a percent, the part.
pub(super) fn part(bp: u16) -> f64 {
    f64::from(bp) / 10_000.0
}

/// The most days of a trial, and before it: two months, as long as counters are kept.
const MOST_DAYS: u16 = 60;

/// Why there is no such trial, or it cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTrial {
    /// A site that is in two pairs, or twice in one.
    #[error("site {0} stands in two places: pairs must be disjoint")]
    NotDisjoint(SiteName),
    /// A number that makes no sense.
    #[error("{what} is {value}; give {expected}")]
    Number {
        /// Which.
        what: &'static str,
        /// What it is.
        value: u16,
        /// What it should be.
        expected: &'static str,
    },
    /// A day that is given twice.
    #[error("day {day} of site {site} is given twice")]
    Twice {
        /// Of which site.
        site: SiteName,
        /// Which.
        day: i32,
    },
    /// A look before its first day, or after its last.
    #[error("day {day} is none of the trial, which goes from {first} to {last}")]
    NotADay {
        /// Which.
        day: i32,
        /// The first.
        first: i32,
        /// The last.
        last: i32,
    },
}

impl Trial {
    /// The last day.
    #[must_use]
    pub fn last_day(&self) -> i32 {
        self.first_day.saturating_add(i32::from(self.days) - 1)
    }

    /// The first day that is compared.
    pub(super) fn first_compared(&self) -> i32 {
        self.first_day.saturating_add(i32::from(self.rules.settle_days))
    }

    /// How many days are compared, so how often is looked.
    pub(super) fn looks(&self) -> u16 {
        self.days.saturating_sub(self.rules.settle_days)
    }

    /// Whether there can be such a trial.
    ///
    /// # Errors
    /// [`BadTrial`].
    pub fn check(&self) -> Result<(), BadTrial> {
        let Rules { baseline_days, settle_days, confidence_percent, .. } = self.rules;
        let number = |what, value, expected| Err(BadTrial::Number { what, value, expected });
        match () {
            () if !(1..=MOST_DAYS).contains(&self.days) => number("days", self.days, "1 to 60"),
            () if !(LEAST_BASELINE_DAYS..=MOST_DAYS).contains(&baseline_days) => {
                number("baseline_days", baseline_days, "3 to 60")
            }
            () if settle_days >= self.days => {
                number("settle_days", settle_days, "fewer than the days of the trial")
            }
            () if !(50..=99).contains(&confidence_percent) => {
                number("confidence_percent", confidence_percent.into(), "50 to 99")
            }
            () => self.disjoint(),
        }
    }

    fn disjoint(&self) -> Result<(), BadTrial> {
        let mut sites: Vec<&SiteName> =
            self.pairs.iter().flat_map(|pair| [&pair.tried, &pair.usual]).collect();
        sites.sort();
        let twice = sites.windows(2).find(|two| two[0] == two[1]);
        twice.map_or(Ok(()), |two| Err(BadTrial::NotDisjoint(two[0].clone())))
    }
}

/// Fewer days before say too little of how a pair differs by itself.
pub(super) const LEAST_BASELINE_DAYS: u16 = 3;
