//! A fleet manager started as its users start it, and a box that is only a report.

pub mod fake_box;
pub mod process;
