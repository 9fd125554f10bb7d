//! In which order, and how fast, a change reaches many devices, and when it stops by itself. Pure: time comes
//! in as a number, what became of devices as [`Progress`], and out comes what is to be done next. It knows
//! nothing of what a change is: configuration today, other kinds later.
//!
//! ```text
//! changes ─ Plan::new ─> Plan (waves: who comes after whom; never changed) ─┐
//! what became of each device: Progress ──────────────────────────────────────┼─ next() ─> Decision
//! what people want: Wish (on or back), paused or frozen, the time ───────────┘     begin these, take these
//!                                                                                  back, and why all others wait
//! ```
//!
//! [`next`] is asked again whenever something was seen, and at the time that it names; whoever carries it out
//! makes no choice. Nothing is remembered between two questions but what is in [`Progress`], so that it goes on
//! where it was after a crash.
//!
//! Read in this order: [`Policy`], [`Plan`], [`Progress`], [`next`].

mod halt;
mod next;
mod plan;
mod policy;
mod progress;
mod waiting;

pub use halt::Halt;
pub use next::{Decision, Moment, UnderWay, Wish, next};
pub use plan::{Change, Plan, Planned};
pub use policy::{BadPolicy, Policy};
pub use progress::{Progress, State};
pub use waiting::{Waiting, WaitingOn};

#[cfg(test)]
mod tests;
