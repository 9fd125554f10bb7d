//! What an appliance holds: tiers, index, verification and recovery.
//!
//! An object enters through an [`Intake`], becomes visible only with the proof that all of
//! its bytes match the catalogue ([`Verified`]), and leaves as [`VerifiedBlock`]s: nothing
//! else can be sent. A block in RAM is found without a lock ([`Cache::peek`]). Not here:
//! where objects come from (`fill`), what a request means (`serve`), and how bytes get off
//! a disk: a miss is a [`ReadOrder`], which the thread that found it submits to its own
//! ring ([`Cache::begin_read`]), or which goes to the [`BlockIo`] that the binary supplies
//! ([`Cache::read`]). So the same cache runs on rings, on threads and on a simulation.
//!
//! Read in this order: [`object`], [`layout`] and [`table`] (what stands on a disk), [`storage`],
//! [`disk`] and [`disks`], [`crc`] and [`sums`], [`intake`] and [`arrival`] (how it gets there),
//! [`recover`], [`register`], [`serials`] and [`twice`] (how it is found again), [`shards`] and
//! [`index`], [`block`], [`arena`] and [`ram`] (what stands in memory), [`order`] and [`read`]
//! (how it leaves), [`removal`] and [`purge`] (how it goes), [`tiers`], [`placement`],
//! [`relocation`] and [`moves`] (which disk it stands on), [`write_gate`] (how fast a disk is
//! written to), [`endurance`] (how much of its life that may cost), [`scrub`] (how it is looked
//! after), [`received`] (what nobody ordered) and [`demand`] (which of that stays), [`cache`]
//! (all of it together), [`handover`] (to the next process).

mod arena;
mod arrival;
mod block;
pub mod cache;
mod crc;
pub mod demand;
pub mod disk;
mod disks;
mod endurance;
mod gate;
mod handover;
mod index;
pub mod intake;
pub mod layout;
mod moves;
pub mod object;
mod order;
mod placement;
mod purge;
mod ram;
pub mod read;
pub mod received;
mod recover;
mod register;
mod relocation;
mod removal;
mod scrub;
mod serials;
mod shards;
pub mod storage;
mod sums;
mod table;
mod tiers;
mod twice;
pub mod watch;
mod write_gate;

pub use arena::{Node as MemoryNode, Region, Shortfall, SliceBuffer, nodes as memory_nodes};
pub use block::{Tier, VerifiedBlock};
pub use cache::{Cache, Lookup, OpenError, Setup};
pub use disk::DiskSetup;
pub use disks::{DiskRefused, DiskSlot, DiskState};
pub use endurance::{Exhausted, Rating, WriteBudget};
pub use handover::DiskHandover;
pub use intake::{Intake, IntakeError, Verified};
pub use moves::{Move, MoveFailed, MovePlan, MoveStep, PlannedMove};
pub use object::{BLOCK_BYTES, Object};
pub use order::{BlockIo, ReadOrder};
pub use ram::RamStats;
pub use read::{Begun, BlockRead, ReadFailed};
pub use received::{Bring, Demanded, Received, Resolving, Share};
pub use scrub::{Scrub, ScrubProgress};
pub use watch::{CacheEvent, Watch};
