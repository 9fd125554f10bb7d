//! Worker processes that render, and a pool that survives them.
//!
//! What a template does to memory and time cannot be bounded wholly from inside the process
//! that runs it ([`crate::engine`] says what can). So it runs in a process that has nothing:
//! no environment, no files, no secrets but the values of the device at hand, 256 MiB, and
//! three seconds of processor time for each device. What exceeds that ends with the process;
//! the pool says which device it was, starts another process, and goes on.
//!
//! Read in this order: [`Pool`] in `pool.rs`, `slot.rs` (one place in it: a worker, its
//! deadline, its end), `wire.rs` (what both sides say), [`serve`] (the worker's whole life),
//! `confine.rs` (what it gives up first).

mod confine;
mod job;
mod pool;
mod serve;
mod slot;
mod watch;
mod wire;

pub use job::{Answer, Asked, Job, JobError, Reason, Rendered};
pub use pool::{Answers, Pool, PoolOptions};
pub use serve::serve;
