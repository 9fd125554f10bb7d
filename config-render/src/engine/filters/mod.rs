//! What templates can call: the engine's own filters that cannot grow without end, and ours.
//!
//! It is a list of what may be called. What is not on it does not exist for a template: a new
//! version of the engine brings no new way to fill a disk.

mod args;
mod builtin;
mod mac;
mod network;
mod order;
mod prefix;
pub(super) mod quote;
mod socket;
mod text;
mod units;

use minijinja::Environment;

/// Puts all of them there.
pub(super) fn register(environment: &mut Environment<'static>) {
    builtin::register(environment);
    mac::register(environment);
    network::register(environment);
    order::register(environment);
    prefix::register(environment);
    quote::register(environment);
    socket::register(environment);
    text::register(environment);
    units::register(environment);
}
