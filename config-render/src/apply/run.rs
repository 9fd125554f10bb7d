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
    /// How long the device waits for somebody to say that it is well, in seconds. Commands that put files
    /// into force come on top.
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
#[derive(Default)]
struct Drive {
    was_staged: bool,
    /// From when on the device may have something of it.
    may_have_it: bool,
    waited: Duration,
    last_cut: String,
}

/// Brings a change to a device. Begun again after a crash, it goes on where the device is.
pub fn apply<W: Way>(mut apply: Apply<'_, W>) -> Ended {
    let mut drive =
        Drive { was_staged: apply.is_resumed, may_have_it: apply.is_resumed, ..Drive::default() };
    let limit =
        Duration::from_secs(u64::from(apply.armed_for_s) + u64::from(apply.bundle.limit_s()))
            + GRACE;
    loop {
        match visit(&mut apply, &mut drive) {
            Ok(ended) => return ended,
            Err(cut) => {
                (apply.heard)(Heard::Cut(&cut));
                let give_up = cut.is_lasting && !drive.may_have_it;
                drive.last_cut = cut.why;
                if give_up {
                    return lost(&drive);
                }
            }
        }
        if drive.waited >= limit || !pause(&mut apply, &mut drive) {
            return lost(&drive);
        }
    }
}

/// Nobody has heard how it ended.
fn lost(drive: &Drive) -> Ended {
    let why = drive.last_cut.clone();
    if drive.may_have_it { Ended::Unknown { why } } else { Ended::Unreachable { why } }
}

fn pause<W: Way>(apply: &mut Apply<'_, W>, drive: &mut Drive) -> bool {
    drive.waited += PAUSE;
    (apply.pass)(PAUSE)
}

/// As far as it goes until the device is lost.
fn visit<W: Way>(apply: &mut Apply<'_, W>, drive: &mut Drive) -> Result<Ended, Cut> {
    let mut way = (apply.reach)()?;
    expect(way.install()?)?;
    for _ in 0..MOST_STEPS {
        let status = status(apply, &mut way)?;
        (apply.heard)(Heard::Status(&status));
        match next(apply.bundle.id(), &status, apply.armed_for_s, drive.was_staged) {
            Next::End(ended) => return Ok(ended),
            Next::Wait => at_work(apply, drive)?,
            Next::Look => {
                let looked = (apply.look)();
                (apply.heard)(Heard::Looked(&looked));
                let step = if looked.is_ok() { Step::Disarm } else { Step::Revert };
                // Who was seen to be well over one connection is told so over a new one.
                way = (apply.reach)()?;
                let answer = take(apply, &mut way, step)?;
                if let (Err(why), Outcome::Done) = (looked, answer.outcome) {
                    return ended_back(apply, &mut way, why);
                }
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

/// Somebody is at it, perhaps what we have begun ourselves and lost.
fn at_work<W: Way>(apply: &mut Apply<'_, W>, drive: &mut Drive) -> Result<(), Cut> {
    if pause(apply, drive) { Ok(()) } else { Err(cut("it is still at work")) }
}

fn cut(why: &str) -> Cut {
    Cut { why: why.to_owned(), is_lasting: false }
}

/// Taken back since it was not well: the device says whether that has become so.
fn ended_back<W: Way>(apply: &mut Apply<'_, W>, way: &mut W, why: String) -> Result<Ended, Cut> {
    let status = status(apply, way)?;
    (apply.heard)(Heard::Status(&status));
    Ok(match next(apply.bundle.id(), &status, apply.armed_for_s, true) {
        Next::End(Ended::Reverted { .. }) => Ended::Reverted { why },
        Next::End(other) => other,
        other => Ended::Unknown { why: format!("{why}; then {other:?}") },
    })
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

fn status<W: Way>(apply: &Apply<'_, W>, way: &mut W) -> Result<Status, Cut> {
    let answer = expect(way.step(Step::Status, apply.bundle.id(), &[])?)?;
    Status::read(&answer.stdout).map_err(|err| cut(&err.to_string()))
}

/// What has to work: the program is there, and answers.
fn expect(answer: Answer) -> Result<Answer, Cut> {
    match answer.outcome {
        Outcome::Done => Ok(answer),
        _ => Err(cut(answer.stderr.trim())),
    }
}
