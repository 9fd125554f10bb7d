//! Whole sites in one thread: the cache and the filler that boxes have, on disks, a network
//! and a clock that exist in memory alone. A seed decides all that happens, so that what went
//! wrong once goes wrong again.
//!
//! What must never be: a byte that is not what the catalogue says is handed to anyone; an
//! object that a box has said it holds is gone in silence; a file is made into the reserve; an
//! object crosses a provider's edge again without need; a cap is exceeded, or something
//! is drawn outside of a window; a disk is written to
//! beyond what it is rated for; and, once all
//! faults are mended, a box that does not get what it should hold. What must never be with
//! content that nobody orders, [`unordered`] says.
//!
//! Read in this order: [`content`], [`disk`], [`network`] (what the world is made of),
//! [`appliance`], [`upstream`], [`reads`] (boxes in it), [`plan`] (what a seed decides),
//! [`world`] (all of it together), [`life`], [`moving`], [`viewers`] and [`chaos`] (what
//! happens), [`promises`], [`edge`], [`limits`] and [`endurance`] (what is checked),
//! [`findings`]; and [`unordered`], which is all of that for what nobody ordered.

pub mod appliance;
pub mod chaos;
pub mod content;
pub mod disk;
pub mod edge;
pub mod endurance;
pub mod findings;
pub mod life;
pub mod limits;
mod many;
pub mod moving;
pub mod network;
pub mod plan;
pub mod promises;
pub mod reads;
pub mod registers;
pub mod run;
pub mod unordered;
pub mod upstream;
pub mod viewers;
pub mod world;

pub use findings::Counts;
pub use many::many;
pub use run::{Failure, run};
