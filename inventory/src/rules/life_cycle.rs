//! The life of a device, from a line in an order to a line in an inventory of the past.
//!
//! ```text
//! planned ─> shipped ─> racked ─> enrolled ─> turn-up ─> active <─> draining
//!                                    ^           ^  ^       │          │
//!                                    │           │  └───────┼── maintenance <─┐
//!                                    │           │          v          │      │
//!                                    │           └─────── failed <─────┘      │
//!                                    │                      │  └──────────────┘
//!                                    └── shipped <── rma <──┘        any but these ─> retired
//! ```
//!
//! A machine that joins is enrolled, whatever was said of it before. On the way to viewers and in an orderly
//! way off it nobody is asked why. Whoever leaves the way says
//! so. What leaves the house for good (`rma` on its way back to the maker, `retired`) has no byte of
//! anybody's on it any more, and that was seen.

use crate::schema::Record;
use std::fmt;

/// How far a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LifeCycle {
    /// It is to be.
    Planned,
    /// It is on its way.
    Shipped,
    /// It stands in its place.
    Racked,
    /// It has an identity.
    Enrolled,
    /// It is filled and tried.
    TurnUp,
    /// It serves.
    Active,
    /// It serves whom it has, and gets nobody new.
    Draining,
    /// Somebody works on it.
    Maintenance,
    /// It does not work.
    Failed,
    /// It goes back to its maker.
    Rma,
    /// It is no more.
    Retired,
}

use LifeCycle::{
    Active, Draining, Enrolled, Failed, Maintenance, Planned, Racked, Retired, Rma, Shipped, TurnUp,
};

/// All of them, by what they are called.
pub const STATES: [&str; 11] = [
    "planned",
    "shipped",
    "racked",
    "enrolled",
    "turn-up",
    "active",
    "draining",
    "maintenance",
    "failed",
    "rma",
    "retired",
];

const ALL: [LifeCycle; 11] = [
    Planned,
    Shipped,
    Racked,
    Enrolled,
    TurnUp,
    Active,
    Draining,
    Maintenance,
    Failed,
    Rma,
    Retired,
];

/// Whether another machine takes the place of a device's: it has another serial number, and is on its way.
#[must_use]
pub fn is_replaced(before: &Record, after: &Record) -> bool {
    let is_on_its_way = |device: &Record| device.get("status") == STATES[Shipped as usize];
    let serial = before.get("serial");
    !serial.is_null()
        && serial != after.get("serial")
        && !is_on_its_way(before)
        && is_on_its_way(after)
}

/// What a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Whoever takes it says why.
    pub needs_reason: bool,
    /// Nothing is left on its disks, and that was seen.
    pub needs_erasure: bool,
}

/// A step that nobody can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoStep {
    from: LifeCycle,
    to: LifeCycle,
}

impl fmt::Display for NoStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next: Vec<String> =
            ALL.iter().filter(|to| self.from.step(**to).is_ok()).map(ToString::to_string).collect();
        let next = if next.is_empty() { "nothing".to_owned() } else { next.join(", ") };
        write!(f, "what is {} cannot become {}; it can become {next}", self.from, self.to)
    }
}

impl fmt::Display for LifeCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STATES[*self as usize])
    }
}

impl LifeCycle {
    /// By what it is called.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        STATES.iter().position(|state| *state == name).map(|at| ALL[at])
    }

    /// Whether new viewers are sent to it.
    #[must_use]
    pub fn is_in_service(self) -> bool {
        self == Active
    }

    /// Whether others are to fetch from it.
    #[must_use]
    pub fn gives(self) -> bool {
        matches!(self, Enrolled | TurnUp | Active | Draining)
    }

    /// Whether a machine may show itself as this one.
    #[must_use]
    pub fn may_join(self) -> bool {
        !matches!(self, Rma | Retired)
    }

    /// What it takes to become another.
    ///
    /// # Errors
    /// [`NoStep`], with those that there are.
    pub fn step(self, to: Self) -> Result<Step, NoStep> {
        let needs_reason = match (self, to) {
            (Planned, Shipped | Racked)
            | (Shipped, Racked)
            // What shows itself stands somewhere, whoever has said it.
            | (Planned | Shipped | Racked, Enrolled)
            | (Enrolled, TurnUp)
            | (TurnUp, Active | Draining)
            | (Active, Draining)
            | (Draining, Active | Maintenance)
            | (Maintenance, TurnUp | Active)
            | (Failed, Maintenance)
            | (Rma, Shipped) => false,
            (Shipped, Planned)
            | (Racked, Shipped)
            | (Enrolled | TurnUp, Racked)
            | (Enrolled | TurnUp | Active, Maintenance)
            | (Failed, TurnUp | Active)
            | (Racked | Enrolled | TurnUp | Active | Draining | Maintenance, Failed)
            | (Shipped | Racked | Maintenance | Failed, Rma) => true,
            // Who is in the middle of viewers leaves them first.
            (Active | Draining | TurnUp | Retired, Retired) => {
                return Err(NoStep { from: self, to });
            }
            (_, Retired) => true,
            _ => return Err(NoStep { from: self, to }),
        };
        // What has never held anything has nothing to lose.
        let has_held = !matches!(self, Planned | Shipped);
        Ok(Step { needs_reason, needs_erasure: has_held && matches!(to, Rma | Retired) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_viewers_and_back_takes_no_words() {
        let way =
            [Planned, Shipped, Racked, Enrolled, TurnUp, Active, Draining, Maintenance, TurnUp];
        for step in way.windows(2) {
            let taken = step[0].step(step[1]).expect("a step");
            assert!(!taken.needs_reason && !taken.needs_erasure, "{} {}", step[0], step[1]);
        }
    }

    #[test]
    fn what_leaves_the_house_has_nothing_on_it() {
        for from in ALL {
            for to in [Rma, Retired] {
                if let Ok(step) = from.step(to) {
                    assert!(step.needs_reason, "{from} {to}");
                    let is_new = matches!(from, Planned | Shipped);
                    assert_eq!(step.needs_erasure, !is_new, "{from} {to}");
                }
            }
            assert!(Retired.step(from).is_err(), "nothing comes back");
        }
    }

    #[test]
    fn viewers_are_left_before_anything_else() {
        for to in [Retired, Rma, Planned, Shipped, Racked] {
            assert!(Active.step(to).is_err() && Draining.step(to).is_err(), "{to}");
        }
    }

    #[test]
    fn what_cannot_be_is_said_with_what_can() {
        let said = Planned.step(Active).expect_err("a jump").to_string();
        assert_eq!(
            said,
            "what is planned cannot become active; it can become shipped, racked, enrolled, retired"
        );
        assert_eq!(
            Retired.step(Active).expect_err("an end").to_string().split("; ").nth(1),
            Some("it can become nothing")
        );
    }

    #[test]
    fn every_state_has_a_name_and_is_reached() {
        for (at, state) in ALL.iter().enumerate() {
            assert_eq!(LifeCycle::of(STATES[at]), Some(*state));
            assert_eq!(state.to_string(), STATES[at]);
            let is_reached = *state == Planned || ALL.iter().any(|from| from.step(*state).is_ok());
            assert!(is_reached, "{state}");
        }
    }
}
