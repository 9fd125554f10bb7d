//! Live channels: everybody asks for the newest segments, some go back in time, and beside
//! them a catalogue is watched.

use super::chance::{Chance, Weighted};
use super::timeline::Timeline;
use crate::byte_miss::sequence::Sequence;

/// What the sequence is like.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// How many channels.
    pub channels: usize,
    /// How many segments each has in all.
    pub segments: usize,
    /// Viewers of the most popular channel; of the n-th an n-th of them.
    pub viewers: usize,
    /// The share of viewers that watch late, by up to the whole window.
    pub late: f64,
    /// The window to go back in, in segments.
    pub window: usize,
    /// Requests for whole objects of a catalogue, for each live segment.
    pub catalogue: usize,
}

/// How long a segment plays.
const SEGMENT_S: f64 = 4.0;

/// What a segment of a channel weighs.
const SEGMENT_BYTES: u64 = 2_000_000;

impl Live {
    /// The sequence.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub fn sequence(&self, name: &str, seed: u64) -> Sequence {
        let mut chance = Chance::new(seed);
        let mut timeline = Timeline::default();
        for channel in 0..self.channels {
            for _ in 0..(self.viewers / (channel + 1)).max(1) {
                let begins = chance.below(self.segments);
                let stays = 1 + chance.below(self.segments / 2);
                let behind = if chance.happens(self.late) { chance.below(self.window) } else { 0 };
                for at in begins..(begins + stays).min(self.segments) {
                    let Some(segment) = at.checked_sub(behind) else { continue };
                    let time_s = SEGMENT_S * (at as f64 + chance.share());
                    timeline.push(time_s, format!("c{channel}/{segment}"), SEGMENT_BYTES);
                }
            }
        }
        let ranks = Weighted::zipf(20_000, 0.9);
        for segment in 0..self.segments {
            for _ in 0..self.catalogue {
                let object = ranks.draw(&mut chance);
                let size_bytes = 1_000_000 + Chance::new(object as u64).bits() % 7_000_000;
                let time_s = SEGMENT_S * (segment as f64 + chance.share());
                timeline.push(time_s, format!("o{object}"), size_bytes);
            }
        }
        timeline.finish(name)
    }
}
