//! An SSH server of Debian's, keys for it, and what cuts a connection to it.

#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod keys;
pub(crate) mod proxy;
pub(crate) mod server;

use ssh::{Cancel, Device, Limits, Secret, Session, SshFailure, Why};
use std::time::Duration;

/// Limits that a machine under load keeps, and none that anybody waits for.
pub(crate) fn limits() -> Limits {
    let step = Duration::from_secs(30);
    Limits {
        connect: step,
        handshake: step,
        authenticate: step,
        command: step,
        output_bytes: 8 << 20,
    }
}

pub(crate) fn open(device: &Device) -> Result<Session, SshFailure> {
    Session::open(device, &limits(), &Cancel::new().expect("an event"))
}

/// Why one does not get in.
pub(crate) fn not_open(device: &Device, limits: &Limits) -> Why {
    let cancel = Cancel::new().expect("an event");
    match Session::open(device, limits, &cancel) {
        Ok(_) => panic!("{} let us in", device.name),
        Err(failure) => failure.why,
    }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
