//! Every interleaving of readers with an eviction and the next fill, by loom.

#[expect(clippy::duplicate_mod, reason = "the same source over loom's atomics")]
#[path = "pins.rs"]
mod pins;

mod atomic {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
}

use atomic::{AtomicU64, Ordering};
use loom::sync::Arc;
use loom::thread;
use pins::Pins;

/// One block: what it holds is written and read without any order of its own, so that a
/// missing one shows.
struct Block {
    pins: Pins,
    bytes: AtomicU64,
    /// What an object would keep: the generation.
    place: AtomicU64,
}

impl Block {
    /// A block that holds its own generation, unpinned.
    fn published() -> Self {
        let block = Self { pins: Pins::new(), bytes: AtomicU64::new(0), place: AtomicU64::new(0) };
        block.fill();
        block
    }

    fn fill(&self) {
        self.bytes.store(self.bytes.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let generation = self.pins.publish();
        self.place.store(generation, Ordering::Release);
        self.pins.unpin();
    }

    fn read(&self) {
        let generation = self.place.load(Ordering::Acquire);
        if self.pins.pin(generation) {
            self.pins.pin_again();
            self.pins.unpin();
            let fills = generation.div_ceil(2);
            assert_eq!(self.bytes.load(Ordering::Relaxed), fills, "another block's bytes");
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
