//! The arena as a whole: what is leased, shared, evicted, and given back with its object.

use super::*;

const BLOCK: usize = 256 << 10;

fn arena(budget_bytes: usize) -> Arc<Arena> {
    Arena::map(budget_bytes, &[Node { id: 0, cpus: Vec::new() }]).expect("memory")
}

/// Leases a block, fills it with `byte` and shares it.
fn put(places: &Arc<Places>, block: u32, len: usize, byte: u8) -> (Pinned, Resident) {
    let mut lease = places.lease(block, len).expect("room");
    lease.fill(byte);
    lease.settle()
}

/// How many whole blocks are free.
fn free_blocks(arena: &Arc<Arena>) -> usize {
    let places = Places::new(arena, 1 << 20);
    let leases: Vec<Lease> = (0..).map_while(|block| places.lease(block, BLOCK)).collect();
    leases.len()
}

#[test]
fn a_block_is_found_by_its_object_until_it_is_evicted() {
    let arena = arena(1 << 20);
    let places = Places::new(&arena, 3);
    assert!(places.pin(1).is_none());
    let (pinned, resident) = put(&places, 1, 5000, 7);
    assert_eq!(&pinned[..], &[7; 5000], "the true length, not that of the room");
    assert_eq!(arena.resident_bytes(), 16384);
    assert_eq!(places.pin(1).as_deref(), Some(&[7; 5000][..]));
    assert!(places.pin(0).is_none() && places.pin(3).is_none());

    let other = pinned.clone();
    drop(pinned);
    assert_eq!(resident.evict(), Evicted::Pinned);
    drop(other);
    assert_eq!(resident.evict(), Evicted::Freed);
    assert!(places.pin(1).is_none());
    assert_eq!((arena.resident_bytes(), free_blocks(&arena)), (0, 4));
}

#[test]
fn what_was_evicted_is_not_found_when_its_room_is_another_block() {
    let arena = arena(BLOCK);
    let (one, two) = (Places::new(&arena, 1), Places::new(&arena, 1));
    let (_, resident) = put(&one, 0, BLOCK, 1);
    assert_eq!(resident.evict(), Evicted::Freed);
    let (_, _) = put(&two, 0, BLOCK, 2);
    assert!(one.pin(0).is_none());
    assert_eq!(resident.evict(), Evicted::Pinned, "of another generation: not his to take");
    assert_eq!(two.pin(0).as_deref().map(|bytes| bytes[0]), Some(2));
}

#[test]
fn blocks_leave_with_their_object_and_unused_leases_come_back() {
    let arena = arena(4 * BLOCK);
    let places = Places::new(&arena, 8);
    let (pinned, resident) = put(&places, 0, BLOCK, 1);
    put(&places, 1, 1, 2);
    drop(places.lease(2, BLOCK).expect("room"));
    assert!(places.lease(8, 1).is_none(), "no such block");
    assert!(places.lease(3, BLOCK + 1).is_none(), "no block is so large");
    drop(places);
    assert!(resident.is_there(), "a reader keeps it");
    assert_eq!(pinned[0], 1);
    drop(pinned);
    assert!(!resident.is_there());
    assert_eq!((arena.resident_bytes(), free_blocks(&arena)), (0, 4));
}

#[test]
fn budgets_below_a_block_and_none_at_all() {
    let small = arena(20_000);
    assert_eq!(small.len(), 16384);
    let places = Places::new(&small, 9);
    assert!(places.lease(0, 16385).is_none());
    let leases: Vec<_> = (0..9).map_while(|block| places.lease(block, 1)).collect();
    assert_eq!(leases.len(), 4);
    let none = arena(4095);
    assert_eq!((none.len(), none.regions().len()), (0, 0));
    assert!(Places::new(&none, 1).lease(0, 1).is_none());
}

#[test]
fn leases_stand_on_pages_within_the_region_that_they_name() {
    let nodes = [0, 1].map(|id| Node { id, cpus: Vec::new() });
    let arena = Arena::map(4 << 20, &nodes).expect("memory");
    let regions = arena.regions();
    assert_eq!(regions.iter().map(|region| region.len).collect::<Vec<_>>(), [2 << 20; 2]);
    let places = Places::new(&arena, 1000);
    let sizes = [1, 4096, 4097, 20_000, 70_000, BLOCK].into_iter().cycle();
    let leases: Vec<_> =
        (0..).zip(sizes).map_while(|(block, len)| places.lease(block, len)).collect();
    for lease in &leases {
        let (start, region) = (lease.as_ptr().addr(), usize::from(lease.region().expect("one")));
        let within = regions[region].start.as_ptr().addr()..;
        assert!(start % PAGE_BYTES == 0 && within.contains(&start));
        assert!(start + lease.len() <= within.start + regions[region].len);
    }
    let in_first = leases.iter().filter(|lease| lease.region() == Some(0)).count();
    assert!(in_first > 0 && in_first < leases.len(), "both nodes are used, in turn");
}
