//! What ours has to reach.

use super::replay::AtSize;

/// Where the gap from LRU to Belady is at least so much, as a share of all bytes …
pub const GAP: f64 = 0.05;

/// … this share of it is to be closed.
pub const CLOSED: f64 = 0.25;

/// Ours may miss so much more than the better of LRU and S3-FIFO, as a share of what that
/// misses: the stricter way to read half a percent.
pub const ABOVE: f64 = 0.005;

/// A rule that does not hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Broken {
    /// The gap is large, and too little of it is closed.
    LittleClosed,
    /// One of the two misses less.
    Above,
}

impl AtSize {
    /// From LRU to Belady's rule, in bytes.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.lru.bytes - self.belady.bytes
    }

    /// How much of the gap ours closes; nothing where there is none.
    #[must_use]
    pub fn closed(&self) -> Option<f64> {
        (self.gap() > 0.0).then(|| (self.lru.bytes - self.ours.bytes) / self.gap())
    }

    /// The rules that do not hold here.
    #[must_use]
    pub fn broken(&self) -> Vec<Broken> {
        let mut broken = Vec::new();
        if self.gap() >= GAP && self.closed().is_some_and(|closed| closed < CLOSED) {
            broken.push(Broken::LittleClosed);
        }
        let better = self.lru.bytes.min(self.s3_fifo.bytes);
        if self.ours.bytes > better * (1.0 + ABOVE) {
            broken.push(Broken::Above);
        }
        broken
    }
}
