//! `change.sh` as it is, below a folder of its own, with a systemd that only remembers: every step that can be
//! cut off is, and what is refused is refused. Real machines with a real systemd are in `tests/tests/change/`.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

mod driven;
mod harness;
mod packed;
mod refused;
mod side_by_side;
mod trouble;
mod walk;
