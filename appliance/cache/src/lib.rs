//! What an appliance holds: tiers, index, verification and recovery.
//!
//! An object enters through an [`Intake`], becomes visible only with the proof that all of
//! its bytes match the catalogue ([`Verified`]), and leaves as [`VerifiedBlock`]s: nothing
//! else can be sent. Not here: where objects come from (`fill`), what a request means
//! (`serve`), and how bytes get off a disk: reads are handed to a [`BlockIo`], which the
//! binary supplies, so that the same cache runs on threads, on a ring or on a simulation.
//!
//! Read in this order: [`object`] and [`layout`] (what stands on a disk), [`disk`],
//! [`intake`] (how it gets there), [`recover`] (how it is found again), [`index`], [`ram`],
//! [`read`] (how it leaves), [`cache`] (all of it together).

pub mod cache;
pub mod disk;
mod index;
pub mod intake;
pub mod layout;
pub mod object;
mod ram;
pub mod read;
mod recover;
pub mod watch;

pub use cache::{Cache, Lookup, OpenError, Setup};
pub use disk::DiskSetup;
pub use intake::{Intake, IntakeError, Verified};
pub use object::{BLOCK_BYTES, Object};
pub use read::{BlockIo, BlockRead, ReadFailed, ReadOrder, Tier, VerifiedBlock};
pub use watch::{CacheEvent, Watch};
