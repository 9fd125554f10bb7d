//! Benchmarks: ratios within one run, against peers tuned as an expert would tune them.
//!
//! The server has one core to itself, the load another. What counts is how busy the
//! server's core was per gigabyte, by `/proc/stat` (softirq included). Ours and the peers
//! take turns; medians count. Each case writes `target/bench/CASE.json`.
//!
//! Read in this order: [`cases`] (what is measured, and against whom), [`contender`],
//! [`figures`] and [`comparison`] (how), [`site`] and [`object`] (what all servers share),
//! [`appliance`] (ours; its objects are put on a [`shelf`], maybe of a [`loop_disk`] or a
//! [`memory_disk`], [`admin`] asks how it is, and a [`sibling`] fills from it by [`orders`]),
//! [`peers`], [`nginx`] and [`h2o`] (the others), [`floor`] (what no server can undercut),
//! [`load`] (the clients), [`core`] (how busy a core was), [`prefill`] (fleets to plan), [`config`] (devices to
//! configure), [`sheet`] (the table and its file).

pub mod admin;
pub mod appliance;
pub mod cases;
pub mod comparison;
pub mod config;
pub mod contender;
pub mod core;
pub mod figures;
pub mod fio;
pub mod fleet;
pub mod floor;
pub mod h2o;
mod known_server;
pub mod load;
pub mod loop_disk;
pub mod machine;
pub mod memory_disk;
pub mod nginx;
pub mod object;
pub mod orders;
pub mod page_cache;
pub mod peers;
pub mod prefill;
pub mod record;
pub mod running;
pub mod sheet;
pub mod shelf;
pub mod sibling;
pub mod site;
