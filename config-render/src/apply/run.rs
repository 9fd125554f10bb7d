//! The loop: what a device says, what follows, and the device again.

use super::ended::Ended;
use super::next::{Next, next};
use super::way::{Answer, Cut, Way};
use crate::device::{Bundle, Outcome, Status, Step};
use std::time::Duration;

/// Between two attempts to reach a device, or to ask it while it is at work.
const PAUSE: Duration = Duration::from_secs(2);

/// Steps of one visit: a device that says the same again and again is asked anew, and in the end given up.
const MOST_STEPS: usize = 32;

/// Beyond its deadline a device takes back what it has: so much longer it is asked how it is.
const GRACE: Duration = Duration::from_secs(120);

/// A change, and all that is asked of the world around it.
pub struct Apply<'a, W> {
    /// What is brought.
    pub bundle: &'a Bundle,
    /// Whether it was begun before: what was taken back since is not tried again.
    pub is_resumed: bool,
    /// How long the device waits for somebody to say that it is well, in seconds. What commands that put files
    /// into force may take comes on top.
    pub armed_for_s: u32,
    /// Reaches the device anew.
    pub reach: &'a mut dyn FnMut() -> Result<W, Cut>,
    /// Looks from outside whether it is well; what is not.
    pub look: &'a mut dyn FnMut() -> Result<(), String>,
    /// Is told all that is heard.
    pub heard: &'a mut dyn FnMut(Heard<'_>),
    /// Lets time pass; `false`: it is to be given up now.
    pub pass: &'a mut dyn FnMut(Duration) -> bool,
}

/// What is heard on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard<'a> {
    /// The device says how it is.
    Status(&'a Status),
    /// A step is begun.
    Step(Step),
    /// It was looked at from outside.
    Looked(&'a Result<(), String>),
    /// The device was lost.
    Cut(&'a Cut),
}

/// What is remembered of one drive.
struct Drive {
    /// Whether it is there by this drive's doing.
    was_staged: bool,
    /// Whether the device may have something of it.
    may_have_it: bool,
    /// What was seen to be wrong with it, for which it is taken back.
    not_well: Option<String>,
    waited: Duration,
}

/// Brings a change to a device. Begun again after a crash, it goes on where the device is.
pub fn apply<W: Way>(mut apply: Apply<'_, W>) -> Ended {
    let Apply { is_resumed, armed_for_s, bundle, .. } = apply;
    let mut drive = Drive {
        was_staged: is_resumed,
        may_have_it: is_resumed,
        not_well: None,
        waited: Duration::ZERO,
    };
    let limit = Duration::from_secs(u64::from(armed_for_s) + u64::from(bundle.limit_s())) + GRACE;
    loop {
        let cut = match visit(&mut apply, &mut drive) {
            Ok(ended) => return ended,
            Err(cut) => cut,
        };
        (apply.heard)(Heard::Cut(&cut));
        let is_in_vain = cut.is_lasting && !drive.may_have_it || drive.waited >= limit;
        if is_in_vain || !pause(&mut apply, &mut drive) {
            return match drive.may_have_it {
                // Nobody has heard how it ended.
                true => Ended::Unknown { why: cut.why },
                false => Ended::Unreachable { why: cut.why },
            };
        }
    }
}

fn pause<W: Way>(apply: &mut Apply<'_, W>, drive: &mut Drive) -> bool {
    drive.waited += PAUSE;
    (apply.pass)(PAUSE)
}

/// As far as it goes until the device is lost.
fn visit<W: Way>(apply: &mut Apply<'_, W>, drive: &mut Drive) -> Result<Ended, Cut> {
    let mut way = (apply.reach)()?;
    let installed = way.install()?;
    if installed.outcome != Outcome::Done {
        return Err(cut(installed.stderr.trim()));
    }
    for _ in 0..MOST_STEPS {
        let Some(status) = status(apply, &mut way)? else {
            at_work(apply, drive)?;
            continue;
        };
        (apply.heard)(Heard::Status(&status));
        match next(apply.bundle, &status, apply.armed_for_s, drive.was_staged) {
            Next::End(ended) => return Ok(for_that(drive, ended)),
            Next::Wait => at_work(apply, drive)?,
            Next::Look => {
                let looked = (apply.look)();
                (apply.heard)(Heard::Looked(&looked));
                let step = if looked.is_ok() { Step::Disarm } else { Step::Revert };
                (drive.was_staged, drive.may_have_it) = (true, true);
                drive.not_well = looked.err();
                // Who was seen to be well over one connection is told so over a new one.
                way = (apply.reach)()?;
                take(apply, &mut way, step)?;
            }
            Next::Do(step) => {
                drive.may_have_it |= matches!(step, Step::Switch);
                let answer = take(apply, &mut way, step)?;
                if answer.outcome == Outcome::Busy {
                    at_work(apply, drive)?;
                    continue;
                }
                drive.was_staged |= matches!(step, Step::Stage);
                if let Some(ended) = refused(step, &answer) {
                    return Ok(ended);
                }
            }
        }
    }
    Err(cut("it says the same again and again"))
}

/// What was taken back since it was not well was taken back for that.
fn for_that(drive: &mut Drive, ended: Ended) -> Ended {
    match ended {
        Ended::Reverted { why } => Ended::Reverted { why: drive.not_well.take().unwrap_or(why) },
        other => other,
    }
}

/// Somebody is at it, perhaps what we have begun ourselves and lost.
fn at_work<W: Way>(apply: &mut Apply<'_, W>, drive: &mut Drive) -> Result<(), Cut> {
    if pause(apply, drive) { Ok(()) } else { Err(cut("it is still at work")) }
}

fn cut(why: &str) -> Cut {
    Cut { why: why.to_owned(), is_lasting: false }
}

/// Steps that change nothing end it when they fail; what fails later is seen by the state it is left in.
fn refused(step: Step, answer: &Answer) -> Option<Ended> {
    let is_before = matches!(step, Step::Stage | Step::Check | Step::Arm { .. });
    let is_done = answer.outcome == Outcome::Done;
    let why = || answer.stderr.trim().to_owned();
    (is_before && !is_done).then(|| Ended::Refused { why: why() })
}

fn take<W: Way>(apply: &mut Apply<'_, W>, way: &mut W, step: Step) -> Result<Answer, Cut> {
    (apply.heard)(Heard::Step(step));
    let stdin = if step == Step::Stage { apply.bundle.bytes() } else { &[] };
    way.step(step, apply.bundle.id(), stdin)
}

/// How the device is; nothing while it is becoming something else.
fn status<W: Way>(apply: &Apply<'_, W>, way: &mut W) -> Result<Option<Status>, Cut> {
    let answer = way.step(Step::Status, apply.bundle.id(), &[])?;
    match answer.outcome {
        Outcome::Done => {
            Status::read(&answer.stdout).map(Some).map_err(|err| cut(&err.to_string()))
        }
        Outcome::Busy => Ok(None),
        _ => Err(cut(answer.stderr.trim())),
    }
}
