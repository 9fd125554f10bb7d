//! A fleet manager started as its users start it, and a box that is only a report.

// Not every test needs all of it.
#![allow(dead_code)]

pub mod api;
pub mod asked;
pub mod fake_box;
pub mod knot;
pub mod process;
pub mod router;
pub mod shell;
pub mod story;
