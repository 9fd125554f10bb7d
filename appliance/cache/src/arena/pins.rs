//! Who may touch a block: one word, a generation and a number of pins.
//!
//! ```text
//!          publish (g+1, one pin)          unpin          retire (only without pins)
//! even g ─────────────────────────▶ odd g' ◀────▶ odd g' ─────────────────────────▶ even g'+1
//! owned by one: free, or filled      pin: shared, nobody writes
//! ```
//!
//! A reader names the generation that it was told of; a block that has been retired since
//! has another, and the pin fails without having touched anything. Checked by loom in
//! `pins_under_loom`.

use super::atomic::{AtomicU64, Ordering};

const ONE_GENERATION: u64 = 1 << 32;

/// Pins beyond this are refused, long before they would run into the generation. Every
/// pin is a value somewhere, so only a leak comes here (as with `Arc`).
const MOST_PINS: u64 = 1 << 31;

/// A generation above 32 bits of pins.
#[derive(Debug)]
pub(super) struct Pins(AtomicU64);

fn generation(word: u64) -> u64 {
    word >> 32
}

fn pins(word: u64) -> u64 {
    word & (ONE_GENERATION - 1)
}

impl Pins {
    /// Of a block that is free.
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Shares a block that the caller alone owned, pinned once; gives its generation, an
    /// odd number below 2^32.
    pub(super) fn publish(&self) -> u64 {
        // Nobody else writes to the word of a block that is owned by one.
        let next = self.0.load(Ordering::Relaxed).wrapping_add(ONE_GENERATION);
        debug_assert!(generation(next) % 2 == 1 && pins(next) == 0);
        // Release: whoever pins sees the bytes that were written before.
        self.0.store(next + 1, Ordering::Release);
        generation(next)
    }

    /// Pins the block if it is still of this generation.
    pub(super) fn pin(&self, wanted: u64) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if generation(word) != wanted || pins(word) >= MOST_PINS {
                return false;
            }
            match self.0.compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Pins a block once more that the caller has pinned.
    pub(super) fn pin_again(&self) {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        if pins(before) >= MOST_PINS {
            std::process::abort();
        }
    }

    /// Gives a pin back.
    pub(super) fn unpin(&self) {
        // Release: the reader's last look comes before the next owner's first write.
        let before = self.0.fetch_sub(1, Ordering::Release);
        debug_assert!(pins(before) > 0);
    }

    /// Whether it was pinned a moment ago.
    pub(super) fn is_pinned(&self) -> bool {
        pins(self.0.load(Ordering::Relaxed)) > 0
    }

    /// Takes the block back for the caller alone, if it is of this generation and nobody
    /// has pinned it.
    pub(super) fn retire(&self, wanted: u64) -> bool {
        let unpinned = wanted << 32;
        let next = unpinned.wrapping_add(ONE_GENERATION);
        self.0.compare_exchange(unpinned, next, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}
