//! Each policy against one that is written to be seen through, on small random sequences.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tests::byte_miss::policies::Policy;
use tests::byte_miss::policies::belady::Belady;
use tests::byte_miss::policies::lru::Lru;
use tests::byte_miss::policies::s3_fifo::S3Fifo;
use tests::byte_miss::policies::tiny_lfu::TinyLfu;
use tests::byte_miss::sequence::{Builder, Sequence};
use tests::byte_miss::sequences::chance::Chance;
use tests::effort::times;

/// Objects and sizes are few, so that all corners come up.
fn small(seed: u64, requests: usize, objects: usize, largest_bytes: usize) -> Sequence {
    let mut chance = Chance::new(seed);
    let sizes: Vec<u64> = (0..objects).map(|_| 1 + chance.below(largest_bytes) as u64).collect();
    let mut builder = Builder::default();
    for _ in 0..requests {
        // The lower half comes more often.
        let object = chance.below(objects) % (1 + chance.below(objects));
        builder.push(&object.to_string(), sizes[object]);
    }
    builder.finish(format!("seed {seed}"))
}

fn hits(sequence: &Sequence, policy: &mut dyn Policy) -> Vec<bool> {
    sequence.requests.iter().map(|request| policy.request(request)).collect()
}

/// The newest last.
fn naive_lru(sequence: &Sequence, capacity_bytes: u64) -> Vec<bool> {
    let mut queue: Vec<u32> = Vec::new();
    let bytes = |queue: &[u32]| queue.iter().map(|object| sequence.sizes.of(*object)).sum::<u64>();
    let ask = |object: u32| {
        let is_hit = queue.contains(&object);
        queue.retain(|other| *other != object);
        if sequence.sizes.of(object) <= capacity_bytes {
            queue.push(object);
        }
        while bytes(&queue) > capacity_bytes {
            queue.remove(0);
        }
        is_hit
    };
    sequence.requests.iter().map(|request| request.object).map(ask).collect()
}

/// As in Algorithm 1 of the paper, with objects counted by their bytes.
struct NaiveS3Fifo<'a> {
    sequence: &'a Sequence,
    capacity_bytes: u64,
    small: VecDeque<u32>,
    main: VecDeque<u32>,
    ghosts: VecDeque<u32>,
    uses: BTreeMap<u32, u32>,
}

impl NaiveS3Fifo<'_> {
    fn bytes(&self, queue: &VecDeque<u32>) -> u64 {
        queue.iter().map(|object| self.sequence.sizes.of(*object)).sum()
    }

    fn ask(&mut self, object: u32) -> bool {
        if self.small.contains(&object) || self.main.contains(&object) {
            let uses = self.uses.get(&object).copied().unwrap_or(0);
            self.uses.insert(object, (uses + 1).min(3));
            return true;
        }
        let size_bytes = self.sequence.sizes.of(object);
        if size_bytes > self.capacity_bytes {
            return false;
        }
        let was_ghost = self.ghosts.contains(&object);
        self.ghosts.retain(|ghost| *ghost != object);
        self.uses.insert(object, 0);
        while self.bytes(&self.small) + self.bytes(&self.main) + size_bytes > self.capacity_bytes {
            let small_is_full = self.bytes(&self.small) > self.capacity_bytes / 10;
            if (small_is_full || self.main.is_empty()) && self.evict_small() {
                continue;
            }
            self.evict_main();
        }
        if was_ghost { &mut self.main } else { &mut self.small }.push_back(object);
        false
    }

    fn evict_small(&mut self) -> bool {
        while let Some(object) = self.small.pop_front() {
            if self.uses[&object] > 1 {
                self.uses.insert(object, 0);
                self.main.push_back(object);
                continue;
            }
            self.ghosts.push_back(object);
            while self.bytes(&self.ghosts) > self.capacity_bytes - self.capacity_bytes / 10 {
                self.ghosts.pop_front();
            }
            return true;
        }
        false
    }

    fn evict_main(&mut self) {
        while let Some(object) = self.main.pop_front() {
            match self.uses[&object] {
                0 => return,
                uses => self.uses.insert(object, uses - 1),
            };
            self.main.push_back(object);
        }
    }
}

/// The fewest misses that any plan has: every plan is tried. All objects take one byte.
fn fewest_misses(sequence: &Sequence, capacity: usize) -> usize {
    let mut plans = BTreeMap::from([(BTreeSet::<u32>::new(), 0)]);
    for request in &sequence.requests {
        let mut next: BTreeMap<BTreeSet<u32>, usize> = BTreeMap::new();
        let mut add = |kept: BTreeSet<u32>, misses: usize| {
            let fewest = next.entry(kept).or_insert(misses);
            *fewest = misses.min(*fewest);
        };
        for (kept, misses) in plans {
            if kept.contains(&request.object) {
                add(kept, misses);
                continue;
            }
            let mut with = kept.clone();
            with.insert(request.object);
            if with.len() <= capacity {
                add(with, misses + 1);
            } else {
                for victim in &with {
                    let mut without = with.clone();
                    without.remove(victim);
                    add(without, misses + 1);
                }
            }
        }
        plans = next;
    }
    plans.into_values().min().unwrap_or(0)
}

#[test]
fn lru_is_lru() {
    for seed in 0..times(200) as u64 {
        let sequence = small(seed, 300, 12, 6);
        for capacity_bytes in [1, 5, 17] {
            let ours = hits(&sequence, &mut Lru::new(&sequence.sizes, capacity_bytes));
            let naive = naive_lru(&sequence, capacity_bytes);
            assert_eq!(ours, naive, "seed {seed}, {capacity_bytes} bytes");
        }
    }
}

#[test]
fn s3_fifo_is_s3_fifo() {
    for seed in 0..times(200) as u64 {
        let sequence = small(seed, 400, 30, 6);
        for capacity_bytes in [1, 12, 40] {
            let ours = hits(&sequence, &mut S3Fifo::new(&sequence.sizes, capacity_bytes));
            let mut naive = NaiveS3Fifo {
                sequence: &sequence,
                capacity_bytes,
                small: VecDeque::new(),
                main: VecDeque::new(),
                ghosts: VecDeque::new(),
                uses: BTreeMap::new(),
            };
            let naive: Vec<bool> =
                sequence.requests.iter().map(|request| naive.ask(request.object)).collect();
            assert_eq!(ours, naive, "seed {seed}, {capacity_bytes} bytes");
        }
    }
}

#[test]
fn nobody_misses_less_than_belady_where_sizes_are_equal() {
    for seed in 0..times(150) as u64 {
        let sequence = small(seed, 24, 7, 1);
        for capacity in 1..4 {
            let rule = hits(&sequence, &mut Belady::new(&sequence.sizes, capacity as u64));
            let misses = rule.iter().filter(|is_hit| !**is_hit).count();
            let fewest = fewest_misses(&sequence, capacity);
            assert_eq!(misses, fewest, "seed {seed}, {capacity} places");
        }
    }
}

#[test]
fn nobody_keeps_more_than_fits() {
    for seed in 0..times(50) as u64 {
        let sequence = small(seed, 500, 40, 9);
        let sizes = &sequence.sizes;
        for capacity_bytes in [0, 3, 30, 100] {
            let policies: [Box<dyn Policy>; 4] = [
                Box::new(Lru::new(sizes, capacity_bytes)),
                Box::new(S3Fifo::new(sizes, capacity_bytes)),
                Box::new(TinyLfu::new(sizes, capacity_bytes)),
                Box::new(Belady::new(sizes, capacity_bytes)),
            ];
            for mut policy in policies {
                for request in &sequence.requests {
                    policy.request(request);
                    assert!(policy.used_bytes() <= capacity_bytes, "seed {seed}");
                }
            }
        }
    }
}
