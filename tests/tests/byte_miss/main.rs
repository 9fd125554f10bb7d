//! The simulator of cache policies against simpler ones, its reader against bad files, and
//! ours against what it has to reach.

mod naive;
mod reader;
mod rules;
