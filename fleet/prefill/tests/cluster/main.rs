//! The placement of one cluster: whole answers, judged from outside.

mod boxes;
mod edges;
mod exact;
mod gaps;
mod instances;
mod judge;
mod small;
mod told;
