//! The device's side of a change that comes back by itself: a shell program that is brought to the device,
//! and is run there as root, over SSH or by the agent on an appliance.
//!
//! The program ([`CHANGE_SH`]) does all that has to hold while nobody can reach the device; its head has the
//! states and says why each thing is as it is. Here is what the other side needs: what it is given (a
//! [`Bundle`], which is only ever a sound one), how it is called ([`Step`]), and what it answers
//! ([`Status`]). Nothing here connects to a device, waits, or decides.
//!
//! Read in this order: `change.sh`, [`Draft`], [`Step`], [`Status`].

mod bundle;
mod check;
mod id;
mod status;
mod step;

pub use bundle::{Bundle, Check, Command, Draft, File, MAX_BUNDLE_BYTES, Target, When};
pub use check::{BadBundle, MAX_COMMAND_CHARS, MAX_FILES, MAX_LIMIT_S, MAX_PATH_CHARS};
pub use id::{BadId, ChangeId};
pub use status::{
    BadStatus, Deadline, FileStatus, MAX_STATUS_BYTES, Observed, Running, State, Status, StepTaken,
};
pub use step::{Outcome, PLACE, Step, install};

/// The program, as it is brought to the device.
pub const CHANGE_SH: &str = include_str!("change.sh");
