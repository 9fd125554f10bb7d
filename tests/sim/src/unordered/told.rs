//! What the origin has told whom, and until when that holds.
//!
//! Boxes that ask through each other know what one of them was told; others know nothing of it.

use super::origin::Version;
use contract::time::TimeUs;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A box that has failed to ask may not ask again for so long: a source rests for 15 s at the most,
/// who waits for an answer does so for 12, and an excuse holds for 5.
const FAILED_S: i64 = 60;

/// An answer is on its way for less than this.
const ON_ITS_WAY_US: i64 = 100_000;

/// One that comes through another box waits there for its first block, for as long as a home is
/// waited for, and of its age a second is lost at each of two.
const THROUGH_A_HOME_US: i64 = 6_200_000;

/// For so long an absence holds of which nothing is said.
const USUAL_ABSENCE_S: u64 = 5;

/// And for so long one of which it is.
const LONGEST_ABSENCE_S: u64 = 300;

/// Those who know what one of them was told.
pub type Circle = usize;

/// What was said of one version.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// When, last.
    at: TimeUs,
    /// For how long, at the most: fresh, while it is asked for again, in error.
    spans_s: [u64; 3],
    /// And so until then.
    until: [TimeUs; 3],
}

/// All that was told.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told: BTreeMap<(Circle, (usize, usize)), Told>,
    /// When somebody last had no answer of the origin, or none that makes sense.
    failed: BTreeMap<Circle, TimeUs>,
}

/// A moment at which something was found that is to be handed out.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Who was asked for it.
    pub circle: Circle,
    /// When.
    pub now: TimeUs,
    /// Since when whoever gets it has waited for the origin, if he has.
    pub asked: Option<TimeUs>,
    /// It may have come through another box.
    pub is_through_home: bool,
    /// Windows and caps may keep a box from asking: then nobody answers.
    pub may_be_kept_from_asking: bool,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The origin says that it has this. `is_short`: it does not say again how long that holds.
    pub fn tell(&self, circle: Circle, version: &Version, now: TimeUs, is_short: bool) {
        if version.content.is_some() && !version.says.may_be_kept() && !is_short {
            return;
        }
        let mut state = self.state();
        let told = state.told.entry((circle, version.number)).or_default();
        let spans_s = match (version.content, is_short) {
            (None, _) => absence_s(version),
            (Some(_), true) => [0; 3],
            (Some(_), false) => version.says.spans_s(version.guess_s(now)),
        };
        for ((most_s, until), span_s) in told.spans_s.iter_mut().zip(&mut told.until).zip(spans_s) {
            *most_s = span_s.max(*most_s);
            *until = now.plus_s(i64::try_from(*most_s).unwrap_or(0)).max(*until);
        }
        told.at = now;
    }

    /// Somebody has no answer of the origin, or none that makes sense.
    pub fn fails(&self, circle: Circle, now: TimeUs) {
        self.state().failed.insert(circle, now);
    }

    /// Whether a version, or that there is nothing, may be handed out.
    #[must_use]
    pub fn allows(&self, version: &Version, moment: Moment) -> bool {
        let Moment { circle, now, asked, .. } = moment;
        let state = self.state();
        let Some(told) = state.told.get(&(circle, version.number)) else { return false };
        let [fresh, while_revalidate, if_error] = told.until;
        let late_us = if moment.is_through_home { THROUGH_A_HOME_US } else { ON_ITS_WAY_US };
        let now = TimeUs(now.0 - late_us);
        let has_failed = || {
            let failed = state.failed.get(&circle);
            moment.may_be_kept_from_asking || failed.is_some_and(|at| now < at.plus_s(FAILED_S))
        };
        asked.is_some_and(|asked| told.at.0 + late_us >= asked.0)
            || now < fresh
            || now < while_revalidate
            || (now < if_error && has_failed())
    }
}

fn absence_s(version: &Version) -> [u64; 3] {
    let said_s = version.says.explicit_s().unwrap_or(USUAL_ABSENCE_S);
    [said_s.min(LONGEST_ABSENCE_S), 0, 0]
}
