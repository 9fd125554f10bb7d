//! Which appliances for this client, and how players are told.
//!
//! The first half chooses: client address to site by the longest matching prefix, then live
//! appliances that hold the title, nearest site first. The second half speaks: HLS and DASH
//! Content Steering, and the playlists that begin it. All of it is pure: it serves no
//! request, asks no database and reads no clock.
//!
//! Read in this order: [`clients`], [`choose`] (who), then [`manifest`] (the steering
//! answer), [`hls`] and [`dash`] (rewriting what playback begins with), [`query`] (what
//! players send back).

pub mod choose;
pub mod clients;
pub mod dash;
mod distance;
pub mod hls;
pub mod manifest;
pub mod query;

pub use choose::{Choice, Liveness, PassedOver, Place, Problem, ServingBox, Solution, Why, choose};
pub use clients::Clients;

/// How many appliances a player is offered: one to use, one for when that fails, and one for
/// when a whole site does.
pub const MAX_CANDIDATES: usize = 3;

/// One appliance as a pathway (HLS) or service location (DASH): its name, and where players
/// reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pathway {
    /// The appliance's name; also the pathway's id.
    pub id: String,
    /// Host name and, unless it is 443, port.
    pub authority: String,
}
