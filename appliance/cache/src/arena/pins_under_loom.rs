//! Every interleaving of readers with an eviction and the next fill, by loom.
#![expect(unsafe_code, reason = "loom's cell is shared between its threads")]

#[expect(clippy::duplicate_mod, reason = "the same source over loom's atomics")]
#[path = "pins.rs"]
mod pins;

mod atomic {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
}

use atomic::{AtomicU64, Ordering};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use pins::Pins;

/// One block. The generation is told without any order of its own, so that the pins alone
/// have to keep those who look at the bytes apart from those who write them.
struct Block {
    pins: Pins,
    /// Looked at through loom, which notices a look beside a write.
    bytes: UnsafeCell<()>,
    /// How often it was written.
    fills: AtomicU64,
    /// What an object would keep: the generation.
    place: AtomicU64,
}

// SAFETY: `bytes` are never really touched: the pointers to them are dropped.
unsafe impl Sync for Block {}

impl Block {
    fn published() -> Self {
        let fills = AtomicU64::new(0);
        let place = AtomicU64::new(0);
        let block = Self { pins: Pins::new(), bytes: UnsafeCell::new(()), fills, place };
        block.fill();
        block
    }

    fn fill(&self) {
        self.bytes.with_mut(drop);
        self.fills.store(self.fills.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let generation = self.pins.publish();
        self.place.store(generation, Ordering::Relaxed);
        self.pins.unpin();
    }

    fn read(&self) {
        let generation = self.place.load(Ordering::Relaxed);
        if self.pins.pin(generation) {
            self.pins.pin_again();
            self.pins.unpin();
            assert!(self.pins.is_pinned());
            self.bytes.with(drop);
            let fills = generation.div_ceil(2);
            assert_eq!(self.fills.load(Ordering::Relaxed), fills, "another block's bytes");
            self.pins.unpin();
        }
    }

    fn evict_and_refill(&self) {
        let generation = self.place.load(Ordering::Relaxed);
        if self.pins.retire(generation) {
            self.fill();
        }
    }
}

#[test]
fn a_pinned_block_is_never_written_and_a_retired_one_never_read() {
    let mut model = loom::model::Builder::new();
    // Two readers and an eviction have millions of interleavings; all with up to three
    // switches away from a thread that could go on take a second.
    model.preemption_bound = Some(3);
    model.check(|| {
        let block = Arc::new(Block::published());
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let block = Arc::clone(&block);
                thread::spawn(move || block.read())
            })
            .collect();
        block.evict_and_refill();
        for reader in readers {
            reader.join().expect("a reader");
        }
        block.read();
    });
}

#[test]
fn of_two_who_evict_one_wins() {
    loom::model(|| {
        let block = Arc::new(Block::published());
        let other = Arc::clone(&block);
        let thread = thread::spawn(move || other.pins.retire(1));
        let here = block.pins.retire(1);
        let there = thread.join().expect("the other");
        assert!(here != there);
    });
}
