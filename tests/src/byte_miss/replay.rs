//! What each policy misses, at five sizes of a cache.

use super::policies::Policy;
use super::policies::belady::Belady;
use super::policies::lru::Lru;
use super::policies::ours::Ours;
use super::policies::s3_fifo::S3Fifo;
use super::policies::tiny_lfu::TinyLfu;
use super::sequence::Sequence;
use serde::Serialize;

/// The sizes of the cache, in thousandths of all objects' bytes.
pub const SIZES_PER_MILLE: [u64; 5] = [3, 10, 30, 100, 300];

/// What a policy missed, as shares of all requests and of their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Missed {
    /// Of the requests.
    pub objects: f64,
    /// Of the bytes.
    pub bytes: f64,
}

/// What all missed at one size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtSize {
    /// The size, in percent of the bytes of all objects.
    pub size_percent: f64,
    /// The size.
    pub capacity_bytes: u64,
    /// Least recently used.
    pub lru: Missed,
    /// S3-FIFO.
    pub s3_fifo: Missed,
    /// W-TinyLFU.
    pub tiny_lfu: Missed,
    /// `cache::demand`.
    pub ours: Missed,
    /// Belady's rule in bytes.
    pub belady: Missed,
    /// How much of the gap from LRU to Belady's rule ours closes, in bytes.
    pub gap_closed: Option<f64>,
}

/// A sequence, and what all missed of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// Which sequence.
    pub sequence: String,
    /// How many requests it has.
    pub requests: usize,
    /// For how many objects.
    pub objects: usize,
    /// What these take together.
    pub unique_bytes: u64,
    /// By size.
    pub sizes: Vec<AtSize>,
}

/// Asks a policy for everything, in order.
///
/// # Panics
/// When it keeps more than it may.
#[expect(clippy::cast_precision_loss, reason = "a ratio")]
pub fn run(sequence: &Sequence, capacity_bytes: u64, policy: &mut dyn Policy) -> Missed {
    let (mut objects, mut bytes, mut all_bytes) = (0_u64, 0_u64, 0_u64);
    for request in &sequence.requests {
        let size_bytes = sequence.sizes.of(request.object);
        all_bytes += size_bytes;
        if !policy.request(request) {
            objects += 1;
            bytes += size_bytes;
        }
        assert!(policy.used_bytes() <= capacity_bytes, "more than its capacity");
    }
    let all = sequence.requests.len().max(1) as f64;
    Missed { objects: objects as f64 / all, bytes: bytes as f64 / all_bytes.max(1) as f64 }
}

/// Replays a sequence through all policies.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a small number")]
pub fn all(sequence: &Sequence, looks_ahead: bool) -> Replayed {
    let (sizes, unique_bytes) = (&sequence.sizes, sequence.sizes.total_bytes());
    let at_size = |per_mille: u64| {
        let capacity_bytes =
            u64::try_from(u128::from(unique_bytes) * u128::from(per_mille) / 1000).unwrap_or(0);
        let run = |policy: &mut dyn Policy| run(sequence, capacity_bytes, policy);
        let mut at = AtSize {
            size_percent: per_mille as f64 / 10.0,
            capacity_bytes,
            lru: run(&mut Lru::new(sizes, capacity_bytes)),
            s3_fifo: run(&mut S3Fifo::new(sizes, capacity_bytes)),
            tiny_lfu: run(&mut TinyLfu::new(sizes, capacity_bytes)),
            ours: run(&mut Ours::new(sequence, capacity_bytes, looks_ahead)),
            belady: run(&mut Belady::new(sizes, capacity_bytes)),
            gap_closed: None,
        };
        at.gap_closed = at.closed();
        at
    };
    Replayed {
        sequence: sequence.name.clone(),
        requests: sequence.requests.len(),
        objects: sizes.len(),
        unique_bytes,
        sizes: SIZES_PER_MILLE.map(at_size).to_vec(),
    }
}
