//! Sequences to judge by: from observed demand where it is at hand, and from a seed alone.

pub mod akamai;
pub mod campus;
pub mod catalogue;
pub mod chance;
pub mod circles;
pub mod live;
pub mod sessions;
pub mod timeline;

use super::sequence::Sequence;
use catalogue::Catalogue;
use circles::Circles;
use live::Live;
use sessions::Sessions;

/// Makes a sequence of this name from a seed.
pub type Generate = fn(&str, u64) -> Sequence;

/// The kinds of sequences that need no data, each from a seed.
pub const GENERATED: [(&str, Generate); 12] = [
    ("zipf-0.6", zipf_06),
    ("zipf-0.9", zipf_09),
    ("zipf-1.2", zipf_12),
    ("churn", churn),
    ("churn-fast", churn_fast),
    ("sessions", sessions),
    ("sessions-binge", sessions_binge),
    ("sessions-short", sessions_short),
    ("live", live),
    ("live-back", live_back),
    ("circle", circle),
    ("circles", circles),
];

fn zipf_06(name: &str, seed: u64) -> Sequence {
    still(20_000, 200_000, 0.6, 0.0).sequence(name, seed)
}

fn zipf_09(name: &str, seed: u64) -> Sequence {
    Catalogue { size_spread: 64, ..still(20_000, 200_000, 0.9, 0.1) }.sequence(name, seed)
}

fn zipf_12(name: &str, seed: u64) -> Sequence {
    still(50_000, 200_000, 1.2, 0.2).sequence(name, seed)
}

fn churn(name: &str, seed: u64) -> Sequence {
    let still = still(10_000, 300_000, 1.0, 0.3);
    Catalogue { churn: 0.02, size_spread: 256, ..still }.sequence(name, seed)
}

fn churn_fast(name: &str, seed: u64) -> Sequence {
    Catalogue { churn: 0.1, ..still(20_000, 300_000, 0.8, 0.1) }.sequence(name, seed)
}

fn still(objects: usize, requests: usize, exponent: f64, once: f64) -> Catalogue {
    Catalogue { objects, requests, exponent, churn: 0.0, size_spread: 16, once }
}

fn sessions(name: &str, seed: u64) -> Sequence {
    evening().sequence(name, seed)
}

/// Few titles, watched to their ends, one after the other: scans.
fn sessions_binge(name: &str, seed: u64) -> Sequence {
    Sessions {
        titles: 200,
        exponent: 0.6,
        segments: 200,
        sessions: 2000,
        leaving: 0.003,
        binge: 0.8,
        releases: 0.1,
        ..evening()
    }
    .sequence(name, seed)
}

/// Many short videos of a week, half of them new.
fn sessions_short(name: &str, seed: u64) -> Sequence {
    Sessions {
        titles: 3000,
        exponent: 0.9,
        segments: 100,
        sessions: 20_000,
        leaving: 0.1,
        binge: 0.1,
        days: 7.0,
        releases: 0.5,
    }
    .sequence(name, seed)
}

fn evening() -> Sessions {
    Sessions {
        titles: 400,
        exponent: 0.8,
        segments: 300,
        sessions: 4000,
        leaving: 0.02,
        binge: 0.3,
        days: 4.0,
        releases: 0.3,
    }
}

fn live(name: &str, seed: u64) -> Sequence {
    Live { channels: 20, segments: 2000, viewers: 60, late: 0.2, window: 300, catalogue: 60 }
        .sequence(name, seed)
}

/// Half of the viewers watch from the beginning.
fn live_back(name: &str, seed: u64) -> Sequence {
    Live { channels: 50, segments: 1000, viewers: 20, late: 0.5, window: 900, catalogue: 20 }
        .sequence(name, seed)
}

fn circle(name: &str, seed: u64) -> Sequence {
    Circles { rounds: 3, objects: (200, 1000), requests: 200_000, catalogue: 0.3 }
        .sequence(name, seed)
}

fn circles(name: &str, seed: u64) -> Sequence {
    Circles { rounds: 10, objects: (50, 3000), requests: 200_000, catalogue: 0.1 }
        .sequence(name, seed)
}
