//! The placement of one cluster: whole answers, judged from outside.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "instances are drawn in floating point, and small"
)]

mod boxes;
mod edges;
mod exact;
mod gaps;
mod instances;
mod judge;
mod small;
mod told;
