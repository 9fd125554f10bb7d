//! How devices are spoken to over SSH: routers, switches, and appliances that nothing else reaches.
//!
//! Nobody is believed whom inventory does not know ([`HostKeys`]): there is no trust on first use, and
//! a wrong key ends a visit before anything was said about who comes. Nothing waits longer than
//! [`Limits`] say, whatever a device does, or keeps more of what it says. What goes wrong is a [`Why`].
//!
//! It blocks: a [`Session`] belongs to a thread, and [`each`] has many of them. It knows no inventory,
//! keeps no configuration, and decides nothing that is sent.
//!
//! Read in this order: [`Device`] (whom, and by which keys), [`Login`] (as whom), [`Session`] (open, run),
//! `relay` (what stands between libssh2 and the network, and why), `wire` (each call, with its deadline),
//! `upload`, [`Screen`] (devices that know no commands), [`each`] (many at once).

#![forbid(unsafe_code)]

mod authenticate;
mod cancel;
mod crowd;
mod device;
mod failure;
mod host_keys;
mod limits;
mod login;
mod reach;
mod relay;
mod run;
mod screen;
mod secret;
mod session;
mod terminal;
mod upload;
mod wire;

pub use cancel::Cancel;
pub use crowd::{Crowd, each};
pub use device::{Algorithms, Device};
pub use failure::{During, SshFailure, Why};
pub use host_keys::{BadHostKeys, HostKeys};
pub use limits::Limits;
pub use login::{Login, UserKey};
pub use run::Output;
pub use screen::{Prompt, Screen};
pub use secret::Secret;
pub use session::Session;
pub use upload::quoted;
