//! One change at one device: brought there, checked there, put into force with the way back armed before, seen
//! to be well from outside, and only then kept.
//!
//! All that is remembered of it is on the device. So whoever drives it may be killed at any point: begun
//! again, it asks the device how far it is, and goes on from there. What is recorded of a change in the end
//! is what the device was seen to be, never what should be so.
//!
//! Read in this order: [`next`] (what follows on what a device says; pure), [`Way`] (how it is reached; [`OverSsh`]),
//! [`apply`] (the loop), [`Ended`].

mod ended;
mod next;
mod over_ssh;
mod run;
mod way;

pub use ended::Ended;
pub use next::{Next, next};
pub use over_ssh::OverSsh;
pub(crate) use over_ssh::as_root;
pub use run::{Apply, Heard, apply};
pub use way::{Answer, Cut, Way};

#[cfg(test)]
mod tests;
