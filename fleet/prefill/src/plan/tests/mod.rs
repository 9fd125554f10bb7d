//! Small fleets by chance.

mod edges;
mod fleets;
mod whole;
