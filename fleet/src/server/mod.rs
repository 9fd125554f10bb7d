//! `fleet serve`: what all its parts share, and how connections are served.

mod app;
mod connections;
mod front;
mod leftover;
mod lingering;
mod listen;
mod run;
mod token;

pub(crate) use app::{App, Settings, now};
pub(crate) use connections::ClientAddress;
pub(crate) use front::{FrontSource, FrontTls};
pub(crate) use listen::bind;
pub(crate) use run::{Elsewhere, FrontOptions, Options, run};
