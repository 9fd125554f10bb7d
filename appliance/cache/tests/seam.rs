//! Misses that are read by whoever found them: who gets the order, what it asks of a disk,
//! and what becomes of those who wait.

mod parts;

use cache::{BLOCK_BYTES, Begun, Cache, Lookup, Object, ReadFailed, ReadOrder, Tier};
use contract::names::GroupName;
use nix::libc;
use parts::{Box_, content, entry, fill, held, open, poll};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

const SIZE: usize = 600_001;

/// An object of three blocks, the last of them short, and the box that holds it.
fn shelf() -> (tempfile::TempDir, Box_, Arc<Object>, Vec<u8>) {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(SIZE, 1);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    fill(&parts.cache, &entry, &bytes);
    let object = held(&parts.cache, "/a");
    (folder, parts, object, bytes)
}

fn block_of(bytes: &[u8], block: usize) -> &[u8] {
    bytes.chunks(usize::try_from(BLOCK_BYTES).expect("small")).nth(block).expect("a block")
}

/// As a ring would: one read around the page cache, into the whole buffer.
fn read_directly(order: &mut ReadOrder) -> io::Result<usize> {
    let path = order.file().to_owned();
    let file = match File::options().read(true).custom_flags(libc::O_DIRECT).open(&path) {
        Err(err) if err.raw_os_error() == Some(libc::EINVAL) => File::open(&path)?,
        opened => opened?,
    };
    let offset = order.offset();
    file.read_at(order.buffer_mut(), offset)
}

#[test]
fn the_first_who_asks_gets_the_order_and_all_get_the_block() {
    let (_folder, parts, object, bytes) = shelf();
    let cache = &parts.cache;
    assert!(cache.peek(&object, 2).is_none());
    let Begun { read: first, order: Some(mut order) } = cache.begin_read(&object, 2) else {
        panic!("the first has to read");
    };
    let second = cache.begin_read(&object, 2);
    assert!(second.order.is_none());
    let mut reads = [first, second.read, cache.read(&object, 2)];
    assert!(reads.iter_mut().all(|read| poll(read).is_pending()));
    assert_eq!(parts.io.complete_all(), 0, "nothing was submitted elsewhere");

    let (read, region) = (read_directly(&mut order), order.region());
    order.complete(read);
    for read in &mut reads {
        let Poll::Ready(Ok(block)) = poll(read) else { panic!("not settled") };
        assert_eq!((block.tier(), block.bytes()), (Tier::Disk, block_of(&bytes, 2)));
        assert_eq!((block.region(), region), (Some(0), Some(0)));
    }
    let block = cache.peek(&object, 2).expect("in RAM");
    assert_eq!((block.tier(), block.as_ref()), (Tier::Ram, block_of(&bytes, 2)));
    let mut late = cache.begin_read(&object, 2);
    assert!(late.order.is_none() && poll(&mut late.read).is_ready());
}

#[test]
fn an_order_is_what_a_direct_read_asks_for() {
    let (_folder, parts, object, bytes) = shelf();
    let regions = parts.cache.regions();
    for (block, len, room) in [(0, 262_144, 262_144), (1, 262_144, 262_144), (2, 75_713, 77_824)] {
        let mut begun = parts.cache.begin_read(&object, block);
        let mut order = begun.order.take().expect("the first");
        assert_eq!((order.len(), order.buffer_mut().len()), (len, room));
        assert_eq!(order.offset() % 4096, 0);
        assert_eq!(order.file_c().to_bytes(), order.file().as_os_str().as_encoded_bytes());
        let start = order.buffer_mut().as_ptr().addr();
        assert_eq!(start % 4096, 0);
        let region = regions[usize::from(order.region().expect("in the arena"))];
        let from = region.start.as_ptr().addr();
        assert!(start >= from && start + room <= from + region.len);
        let count = read_directly(&mut order).expect("read");
        assert_eq!(count, room, "a file ends on a page");
        order.complete(Ok(count));
        let Poll::Ready(Ok(read)) = poll(&mut begun.read) else { panic!("not settled") };
        assert_eq!(read.bytes(), block_of(&bytes, block as usize));
    }
}

#[test]
fn more_bytes_than_the_block_has_are_enough_and_fewer_are_not() {
    let (_folder, parts, object, bytes) = shelf();
    let mut begun = parts.cache.begin_read(&object, 2);
    let mut order = begun.order.take().expect("the first");
    order.buffer_mut().fill(0xEE);
    read_directly(&mut order).expect("read");
    let whole_pages = order.buffer_mut().len();
    order.complete(Ok(whole_pages));
    let Poll::Ready(Ok(block)) = poll(&mut begun.read) else { panic!("not settled") };
    assert_eq!(block.bytes(), block_of(&bytes, 2));

    let mut begun = parts.cache.begin_read(&object, 1);
    begun.order.take().expect("the first").complete(Ok(262_143));
    let Poll::Ready(Err(failed)) = poll(&mut begun.read) else { panic!("not settled") };
    assert!(matches!(failed, ReadFailed::Io { block: 1, .. }), "{failed}");
    let group = GroupName::new("g").expect("name");
    assert!(matches!(parts.cache.lookup(&group, "/a"), Lookup::Wanted));
}

#[test]
fn an_order_that_is_dropped_fails_its_readers_and_costs_no_object() {
    let (_folder, parts, object, bytes) = shelf();
    let mut begun = parts.cache.begin_read(&object, 0);
    let mut other = parts.cache.begin_read(&object, 0).read;
    drop(begun.order.take().expect("the first"));
    for read in [&mut begun.read, &mut other] {
        let abandoned = ReadFailed::Abandoned { block: 0 };
        assert_eq!(poll(read).map(Result::err), Poll::Ready(Some(abandoned)));
    }
    assert_eq!((parts.cache.ram_used_bytes(), parts.cache.disks()[0].io_errors()), (0, 0));
    assert!(parts.seen.0.lock().expect("lock").is_empty());
    // Whoever asks again begins again; one who does not wait leaves the read running.
    let object = held(&parts.cache, &object.entry.path);
    let Begun { read, order: Some(mut order) } = parts.cache.begin_read(&object, 0) else {
        panic!("the first has to read");
    };
    drop(read);
    let read = read_directly(&mut order);
    order.complete(read);
    let block = parts.cache.peek(&object, 0).expect("in RAM");
    assert_eq!(block.bytes(), block_of(&bytes, 0));
}

#[test]
fn blocks_outlive_their_object_and_their_cache() {
    let (folder, parts, object, bytes) = shelf();
    let mut begun = parts.cache.begin_read(&object, 0);
    let mut order = begun.order.take().expect("the first");
    let read = read_directly(&mut order);
    order.complete(read);
    let block = parts.cache.peek(&object, 0).expect("in RAM");
    drop((begun, object, parts, folder));
    let other = block.clone();
    let sender = std::thread::spawn(move || other.bytes().to_vec());
    assert_eq!(sender.join().expect("a thread"), block_of(&bytes, 0));
    assert_eq!(block.bytes(), block_of(&bytes, 0));
}

#[test]
fn however_many_threads_ask_a_block_is_read_once() {
    let (_folder, parts, object, _) = shelf();
    let orders = AtomicUsize::new(0);
    let ask = |cache: &Arc<Cache>| {
        for block in 0..3 {
            if let Some(mut order) = cache.begin_read(&object, block).order {
                orders.fetch_add(1, Ordering::Relaxed);
                let read = File::open(order.file()).and_then(|file| order.read_from(&file));
                order.complete(read);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| ask(&parts.cache)));
        }
    });
    assert_eq!(orders.into_inner(), 3);
}
