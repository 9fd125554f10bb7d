//! The fleet manager: command line, API server and console.
//!
//! One program with two sides. `fleet serve` is the manager: an API for people and the
//! console, steering for players, a control listener for boxes, and a planner. Every other
//! command is a client of that API and of nothing else. What things mean is decided in the
//! crates around this one; here they are joined.
//!
//! Read in this order: [`cli`] (the commands), [`server`] (what is shared and how
//! connections are served), [`planner`] (from records to documents), [`purging`] (what boxes
//! have confirmed), [`join`], [`issuing`], [`ordering`] and [`barring`] (how machines become
//! boxes, and are so no more), [`control`] (boxes), [`configuring`] (what devices are told),
//! [`visiting`] (how they are come to, by [`secrets`]), [`archiving`] (what they run) and
//! [`drifting`] (beside what they are to run), [`viewer`] (players, whose [`plays`] are counted), [`api`] (people).

mod api;
mod archiving;
mod barring;
mod cli;
mod configuring;
mod control;
mod drifting;
mod issuing;
mod join;
mod liveness;
mod observing;
mod ordering;
mod paths;
mod planner;
mod plays;
mod purging;
mod secrets;
mod server;
mod viewer;
mod visiting;

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all, and alone: what a process that renders gives up it has not got yet.
    if std::env::args_os().nth(1).is_some_and(|it| it == configuring::WORKER) {
        return configuring::worker();
    }
    cli::main()
}
