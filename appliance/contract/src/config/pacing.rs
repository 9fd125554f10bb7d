//! How fast an answer is sent: no faster than a player has use for.

use crate::quantity::BitRate;
use serde::{Deserialize, Serialize};

/// Pacing of players, by what they say (CMCD, CTA-5004) and what the catalogue says of the
/// object, within these bounds. Rates are those of one connection: a viewer with two has twice
/// as much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pacing {
    /// Without it everybody gets what the path gives, whatever stands below.
    pub enabled: bool,
    /// Of the bitrate, at the start, after a stall, and while the buffer is low.
    pub steep_percent: u16,
    /// Of the bitrate, once the buffer is full. From 110 up: what arrives more slowly than
    /// it is played, headers and records included, ends in a stall.
    pub gentle_percent: u16,
    /// A buffer up to this length is low.
    pub low_buffer_ms: u32,
    /// A buffer from this length on is full; in between, the multiple falls evenly.
    pub full_buffer_ms: u32,
    /// Nobody is sent to more slowly, whatever a player says.
    pub client_min_rate_bits_per_s: BitRate,
    /// No connection of a player is sent to faster, also where the player says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_max_rate_bits_per_s: Option<BitRate>,
    /// What the whole box may send. Not shared out: it bounds each connection of a player,
    /// as no single one may have more than all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub box_max_rate_bits_per_s: Option<BitRate>,
    /// No connection of a sibling box is sent to faster. Without it siblings are not paced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_max_rate_bits_per_s: Option<BitRate>,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            enabled: true,
            // Ten seconds of buffer after some three of playing.
            steep_percent: 400,
            // hls.js and dash.js climb to a bitrate when they measure some 1.1 to 1.4 times
            // as much: whoever plays the best must still see that it can.
            gentle_percent: 150,
            low_buffer_ms: 10_000,
            // What players keep by default: 30 s (hls.js), some 20 s (dash.js, shaka).
            full_buffer_ms: 30_000,
            client_min_rate_bits_per_s: BitRate(1_000_000),
            client_max_rate_bits_per_s: None,
            box_max_rate_bits_per_s: None,
            peer_max_rate_bits_per_s: None,
        }
    }
}
