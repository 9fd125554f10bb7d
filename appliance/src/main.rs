//! The box: composes cache, fill and serve, reads its configuration, reports to the fleet.
//!
//! Not here: what a request means (`serve`), what is verified (`cache`), who is asked for
//! what (`fill`). This crate joins them, and speaks to the fleet and to the operator.
//!
//! Read in this order: [`cli`], [`check`], [`run`] (the table of contents of a box),
//! [`join`], [`identity`], [`keys`] and [`renewing`] (who it is), [`control`] (the conversation with the fleet), [`commands`] (what it asks for once), [`spool`] (what nobody could be told),
//! [`handover`] (from one process to the next), [`machine`] (what it is made of), [`admin`].

mod access_files;
mod admin;
mod admin_door;
mod autonomy;
mod background;
mod catching_up;
mod check;
mod cli;
mod clock_doubt;
mod commands;
mod control;
mod credential;
mod demand;
mod diagnose;
mod disk_io;
mod documents;
mod duties;
mod endurance;
mod erase;
mod failing;
mod filling;
mod fleet;
mod fleet_link;
mod handover;
mod hardware;
mod holding;
mod identity;
mod inquiry;
mod join;
mod journal;
mod keep;
mod kept_out;
mod keys;
mod link;
mod machine;
mod memory;
mod metrics;
mod moving;
#[cfg(test)]
mod one_disk;
mod opening;
mod pem;
mod process;
mod purging;
mod redirecting;
mod registers;
mod reload;
mod renewing;
mod reporter;
mod restart;
mod revoked;
mod run;
mod s3;
mod scrubbing;
mod secrecy;
mod signals;
mod slices;
mod smart;
mod spool;
mod status;
mod supervisor;
#[cfg(test)]
mod testing;
mod titles;
mod topology;
mod trust;

fn main() -> std::process::ExitCode {
    cli::main()
}
