//! What follows on what a device says of a change.

use super::ended::Ended;
use crate::device::{Bundle, Observed, State, Status, Step};

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This step.
    Do(Step),
    /// To look from outside whether it is well.
    Look,
    /// To ask again: it is at work by itself.
    Wait,
    /// Nothing more.
    End(Ended),
}

/// Decides. `armed_for_s` is how long the way back counts, beside what its commands may take; `was_staged` whether
/// this drive has it there: a change that was reverted before is tried again, one that was reverted now is not.
#[must_use]
pub fn next(bundle: &Bundle, status: &Status, armed_for_s: u32, was_staged: bool) -> Next {
    if status.id.as_ref() != Some(bundle.id()) {
        return Next::Do(Step::Stage);
    }
    match status.state {
        State::None => Next::Do(Step::Stage),
        State::Staged => Next::Do(Step::Check),
        State::Armed if is_armed_for(bundle, status) => Next::Do(Step::Switch),
        // A way back that counts no more, or not for long enough, is laid again.
        State::Checked | State::Armed => {
            Next::Do(Step::Arm { seconds: armed_for_s.saturating_add(bundle.limit_s()) })
        }
        State::Switched => Next::Look,
        // Somebody who drove it is gone, or the device has lost power: its way back is armed.
        State::Switching | State::Reverting => Next::Wait,
        State::Disarmed => Next::End(disarmed(status)),
        State::Reverted if !was_staged => Next::Do(Step::Stage),
        State::Reverted => Next::End(reverted(status)),
        State::RevertFailed => Next::End(Ended::RevertFailed { why: error(status) }),
    }
}

/// Whether it comes back by itself, and not before its commands are through.
fn is_armed_for(bundle: &Bundle, status: &Status) -> bool {
    status.is_guarded && status.deadline.is_some_and(|deadline| deadline.left_s > bundle.limit_s())
}

/// It is kept. Whether it is also what runs is what its files say.
fn disarmed(status: &Status) -> Ended {
    match status.observed() {
        Observed::After | Observed::Same => Ended::Done,
        Observed::Before | Observed::Mixture => {
            let why = "somebody has changed its files since it was kept".to_owned();
            Ended::Unknown { why }
        }
    }
}

fn reverted(status: &Status) -> Ended {
    match status.observed() {
        Observed::Before | Observed::Same => Ended::Reverted { why: error(status) },
        Observed::After | Observed::Mixture => {
            let why = "somebody has changed its files since they were put back".to_owned();
            Ended::Unknown { why }
        }
    }
}

fn error(status: &Status) -> String {
    let usual = || "nobody has said that it is good before its deadline".to_owned();
    status.error.clone().unwrap_or_else(usual)
}
