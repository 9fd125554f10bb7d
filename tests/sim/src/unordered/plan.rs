//! What a seed decides of content that nobody orders.

use crate::plan::random_for;
use rand::Rng;

/// How it is with such content in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnorderedPlan {
    /// How many paths the origin has.
    pub paths: usize,
    /// What part of a box's disks such content may take, in percent.
    pub share_percent: u64,
    /// The boxes of a site ask the origin through the home of a path.
    pub has_homes: bool,
    /// How many ask at a time.
    pub players: usize,
    /// What goes wrong at the origin.
    pub troubles: OriginTroubles,
}

/// What goes wrong at the origin; each world has some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is there or not")]
pub struct OriginTroubles {
    /// It has another version every few seconds.
    pub changes: bool,
    /// It has nothing for a while.
    pub absences: bool,
    /// It answers what makes no sense.
    pub lies: bool,
    /// It cannot answer for a while.
    pub errors: bool,
    /// What it had is purged.
    pub purges: bool,
}

impl UnorderedPlan {
    /// Drawn for itself, so that worlds are else as they were before there was such content.
    #[must_use]
    pub fn of(seed: u64) -> Option<Self> {
        let random = &mut random_for(seed, "demand");
        if !random.random_bool(0.34) {
            return None;
        }
        let troubles = OriginTroubles {
            changes: random.random_bool(0.7),
            absences: random.random_bool(0.3),
            lies: random.random_bool(0.3),
            errors: random.random_bool(0.4),
            purges: random.random_bool(0.5),
        };
        Some(Self {
            paths: random.random_range(1..=5),
            share_percent: random.random_range(2..=60),
            has_homes: random.random_bool(0.4),
            players: random.random_range(1..=3),
            troubles,
        })
    }
}
