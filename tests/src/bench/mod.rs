//! Benchmarks: ratios within one run, against peers tuned as an expert would tune them.
//!
//! The server has one core to itself, the load another. What counts is how busy the
//! server's core was per gigabyte, by `/proc/stat` (softirq included). Ours and the peers
//! take turns; medians count. Each case writes `target/bench/CASE.json`.
//!
//! Read in this order: [`case`] (what is measured), [`server`] (ours and the peers),
//! [`floor`] (what no server can undercut), [`load`] and [`stream`] (the clients),
//! [`core`] (how busy a core was), [`sheet`] (the table and its file).

pub mod case;
pub mod core;
pub mod floor;
pub mod load;
pub mod server;
pub mod sheet;
pub mod stream;
