//! A TPM 2.0 that seals a secret to its machine (TCG, Trusted Platform Module Library, parts 1 to 3):
//! what was sealed can be unsealed by the same chip alone, until somebody clears it.
//!
//! Not here: what the secret is good for, and where what was sealed is kept. Nothing is stored in the
//! chip, and nothing in it is changed: the key under which it seals is derived anew each time, from a
//! seed that it never gives away.
//!
//! The chip is spoken to directly, in eight commands, so that the secret passes through no other
//! process, no file and no library that a machine might lack. On the wires of the board it is
//! encrypted to the chip (part 1, §21: sessions).
//!
//! Read in this order: [`seal`](seal()) and [`unseal`] (what is done), `command` (what is said),
//! `session` (how it is kept from others on the way), `exchange` (how it gets there), `wire` (octets).

mod command;
mod error;
mod exchange;
mod pcrs;
mod place;
mod seal;
mod session;
mod wire;

pub use error::{Reason, TpmError};
pub use pcrs::{NoPcrs, Pcrs};
pub use place::{NoPlace, Place};
pub use seal::{SECRET_BYTES, Sealed, Secret, seal, unseal};
