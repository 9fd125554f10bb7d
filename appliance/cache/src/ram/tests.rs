//! The tier under a scan, under chance, and under many threads at once.

use super::*;
use crate::arena::{Node, Places};
use crate::crc::crc32c;
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::{Duration, Instant};

const PAGE: usize = 4096;

fn tier(budget_bytes: usize) -> RamTier {
    let node = Node { id: 0, cpus: Vec::new() };
    RamTier::over(Arena::map(budget_bytes, &[node]).expect("memory"))
}

/// An object of this test: its serial, and where its blocks stand.
struct Shelf {
    serial: u64,
    places: Arc<Places>,
}

impl Shelf {
    fn of(tier: &RamTier, serial: u64, blocks: u64) -> Self {
        Self { serial, places: tier.places(blocks) }
    }

    /// As `Cache::peek` does it.
    fn peek(&self, block: u32) -> Option<VerifiedBlock> {
        let pinned = self.places.pin(block)?;
        pinned.hit();
        Some(VerifiedBlock::from_ram(pinned))
    }

    /// As a read does it that found nothing.
    fn read(&self, tier: &RamTier, block: u32, content: &[u8]) -> VerifiedBlock {
        let mut filling = tier.room(&self.places, block, content.len());
        filling.pages_mut()[..content.len()].copy_from_slice(content);
        let checked = filling.check(crc32c(content)).expect("as it was written");
        tier.keep((self.serial, block), checked)
    }
}

#[test]
fn a_wrong_checksum_is_no_block() {
    let tier = tier(1 << 20);
    let shelf = Shelf::of(&tier, 1, 1);
    assert!(tier.room(&shelf.places, 0, 10).check(12345).is_none());
    assert!(shelf.peek(0).is_none());
    assert_eq!(tier.stats().used_bytes, 0);
}

#[test]
fn what_comes_back_survives_a_scan() {
    let tier = tier(40 * PAGE);
    let content = vec![0; 4 * PAGE];
    let (hot, cold) = (Shelf::of(&tier, 1, 5), Shelf::of(&tier, 2, 1000));
    for _ in 0..3 {
        for block in 0..5 {
            if hot.peek(block).is_none() {
                hot.read(&tier, block, &content);
            }
        }
    }
    for block in 0..1000 {
        cold.read(&tier, block, &content);
    }
    let kept = (0..5).filter(|block| hot.peek(*block).is_some()).count();
    assert_eq!(kept, 5, "a scan of cold blocks must not push hot ones out");
    assert_eq!(tier.stats().bypassed, 0);
}

#[test]
fn when_all_is_being_sent_a_read_goes_past_the_arena() {
    let tier = tier(1 << 20);
    let content = vec![1; 256 << 10];
    let shelf = Shelf::of(&tier, 1, 6);
    let sending: Vec<_> = (0..4).map(|block| shelf.read(&tier, block, &content)).collect();
    assert!(sending.iter().all(|block| block.region() == Some(0)));
    let past = shelf.read(&tier, 4, &content);
    assert_eq!((past.bytes(), past.region()), (&content[..], None));
    assert!(shelf.peek(4).is_none(), "served, not kept");
    assert_eq!(tier.stats().bypassed, 1);
    drop(sending);
    assert_eq!(shelf.read(&tier, 5, &content).region(), Some(0));
    assert_eq!(tier.stats().bypassed, 1);
}

#[test]
fn without_a_budget_everything_is_served_and_nothing_kept() {
    let tier = tier(0);
    let shelf = Shelf::of(&tier, 1, 1);
    let block = shelf.read(&tier, 0, b"content");
    assert_eq!((block.bytes(), block.region()), (&b"content"[..], None));
    assert_eq!(block.as_ref().as_ptr().addr() % PAGE, 0);
    assert!(shelf.peek(0).is_none());
    assert_eq!(tier.stats(), RamStats::default());
}

#[test]
fn a_large_block_finds_room_among_small_ones() {
    let tier = tier(1 << 20);
    let small = Shelf::of(&tier, 1, 256);
    for block in 0..256 {
        small.read(&tier, block, &[1; PAGE]);
    }
    let large = Shelf::of(&tier, 2, 1);
    large.read(&tier, 0, &vec![2; 256 << 10]);
    assert!(large.peek(0).is_some());
    assert_eq!(tier.stats().bypassed, 0);
}

#[test]
fn a_large_block_finds_room_where_every_other_small_one_is_hot() {
    let tier = tier(16 << 20);
    let small = Shelf::of(&tier, 1, 4096);
    for block in 0..4096 {
        small.read(&tier, block, &[1; PAGE]);
    }
    for block in (0..4096).step_by(2) {
        assert!((0..3).all(|_| small.peek(block).is_some()));
    }
    let large = Shelf::of(&tier, 2, 8);
    for block in 0..8 {
        large.read(&tier, block, &vec![2; 256 << 10]);
    }
    assert_eq!(tier.stats().bypassed, 0);
    let left = (0..4096).filter(|block| small.places.pin(*block).is_some()).count();
    assert!(left > 4096 - 8 * 2 * 64, "{left} are left: eight cost twice their size at most");
}

#[test]
fn objects_that_come_and_go_leave_nothing_behind() {
    let tier = tier(1 << 20);
    for serial in 0..10_000 {
        Shelf::of(&tier, serial, 1).read(&tier, 0, &[0; 10]);
    }
    assert_eq!(tier.stats().used_bytes, 0);
    assert_eq!(tier.queues().audit(), 0);
    assert!(tier.queues().len() <= 128, "{} entries", tier.queues().len());
}

proptest! {
    #[test]
    fn the_budget_holds_and_the_books_balance(
        steps in proptest::collection::vec((0u64..3, 0u32..30, 1usize..70_000, 0u8..8), 1..100),
    ) {
        let budget = 150 * PAGE;
        let tier = tier(budget);
        let mut shelves = [0, 1, 2].map(|serial| Shelf::of(&tier, serial, 30));
        let mut serial = 3;
        let mut sending = Vec::new();
        for (shelf, block, len, what) in steps {
            let shelf = &mut shelves[usize::try_from(shelf).expect("small")];
            let found = shelf.peek(block);
            match what {
                0 => sending.clear(),
                1 => {
                    serial += 1;
                    *shelf = Shelf::of(&tier, serial, 30);
                }
                2 => sending.extend(found),
                _ if found.is_none() => {
                    let content = vec![u8::try_from(block).expect("small"); len];
                    let read = shelf.read(&tier, block, &content);
                    prop_assert_eq!(read.bytes(), &content[..]);
                }
                _ => {}
            }
            for block in 0..30 {
                let own = [u8::try_from(block).expect("small"); 70_000];
                let is_own = shelf.places.pin(block).is_none_or(|bytes| own.starts_with(&bytes));
                prop_assert!(is_own, "block {}", block);
            }
            let used = tier.stats().used_bytes;
            prop_assert!(used <= budget as u64);
            prop_assert_eq!(tier.queues().audit() as u64, used);
        }
        drop((shelves, sending));
        prop_assert_eq!(tier.stats().used_bytes, 0);
    }
}

/// Numbers from a seed (Steele et al., SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % bound
    }
}

/// What block `block` of object `serial` holds: its own name, over and over.
fn named(serial: u64, block: u32, len: usize) -> Vec<u8> {
    let mut content = (serial << 32 | u64::from(block)).to_le_bytes().repeat(len.div_ceil(8));
    content.truncate(len);
    content
}

/// Threads that read, fill, evict and drop objects at once; a byte of another block shows.
#[test]
fn no_reader_sees_a_byte_of_another_block() {
    const SEED: u64 = 20_241_105;
    const SHELVES: usize = 4;
    const BLOCKS: u32 = 40;
    let tier = tier(70 * PAGE);
    let shelves: [Mutex<Arc<Shelf>>; SHELVES] =
        std::array::from_fn(|at| Mutex::new(Arc::new(Shelf::of(&tier, at as u64, BLOCKS.into()))));
    // One filler per block, as `Reads` sees to it.
    let filling = Mutex::new(HashSet::new());
    let serials = AtomicU64::new(SHELVES as u64);
    let ends = Instant::now() + Duration::from_millis(900);
    let work = &|seed: u64| {
        let mut chance = Chance(seed);
        let mut sending = Vec::new();
        let mut checked = 0u64;
        while Instant::now() < ends {
            let at = usize::try_from(chance.below(SHELVES as u64)).expect("small");
            let shelf = Arc::clone(&shelves[at].lock().expect("lock"));
            let block = u32::try_from(chance.below(BLOCKS.into())).expect("small");
            // Blocks of all classes, the same length whenever this one is read.
            let len = 1 + (block as usize * 2711 + at * 977) % (17 * PAGE);
            let key = (shelf.serial, block);
            let found = shelf.peek(block).or_else(|| {
                let is_first = filling.lock().expect("lock").insert(key);
                is_first.then(|| {
                    let content = named(shelf.serial, block, len);
                    let read =
                        shelf.peek(block).unwrap_or_else(|| shelf.read(&tier, block, &content));
                    filling.lock().expect("lock").remove(&key);
                    read
                })
            });
            if let Some(found) = found {
                assert_eq!(found.bytes().len(), len);
                sending.push((key, found.clone()));
                checked += 1;
            }
            if sending.len() > 3 {
                let which = usize::try_from(chance.below(4)).expect("small");
                let ((serial, block), sent) = sending.swap_remove(which);
                let is_own = sent.bytes() == named(serial, block, sent.bytes().len());
                assert!(is_own, "seed {seed}: another block's bytes");
            }
            if chance.below(500) == 0 {
                let serial = serials.fetch_add(1, Ordering::Relaxed);
                *shelves[at].lock().expect("lock") =
                    Arc::new(Shelf::of(&tier, serial, BLOCKS.into()));
            }
        }
        checked
    };
    let checked: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|at| scope.spawn(move || work(SEED + at))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    assert!(checked > 1000, "only {checked} blocks were read");
    drop(shelves);
    assert_eq!(tier.stats().used_bytes, 0, "every block came back");
    tier.queues().audit();
}
