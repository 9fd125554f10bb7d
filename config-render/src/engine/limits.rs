//! How much one rendering may take before it is stopped.

use serde::{Deserialize, Serialize};

/// Steps of the engine. A BIRD configuration of two thousand sessions takes less than 100,000;
/// ten million end within a second, so an endless loop costs its device that and no more.
const FUEL: u64 = 10_000_000;

/// A router's prefix lists of 100,000 entries are 4 MB; nothing that a device reads is larger.
const OUTPUT_BYTES: usize = 8 << 20;

/// How often a text may be written on its way out: a macro called in a macro in a block whose
/// text is kept is written four times. What doubles itself reaches this after a few rounds.
pub(super) const PASSES: usize = 4;

/// What one filter may hand back: the largest output, since it may be the whole of it.
pub(super) const VALUE_BYTES: usize = OUTPUT_BYTES;

/// What a filter takes of lists: the interfaces of the largest router are hundredfold fewer.
pub(super) const LIST_ITEMS: usize = 100_000;

/// Columns that a filter may indent by or pad to. Nobody reads further to the right.
pub(super) const COLUMNS: usize = 256;

/// How much one rendering may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Steps of the engine.
    pub fuel: u64,
    /// Bytes of text.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: FUEL, output_bytes: OUTPUT_BYTES }
    }
}
