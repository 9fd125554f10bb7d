//! A cache on a folder, and a disk that answers when the test says so.

use cache::storage::{Kernel, Storage};
use cache::{
    BlockIo, Cache, CacheEvent, DiskSetup, Lookup, Object, ReadFailed, ReadOrder, Setup, Watch,
};
use contract::catalogue::{CatalogueEntry, Common};
use contract::config::DiskClass;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

#[derive(Default)]
pub(crate) struct Seen(pub(crate) Mutex<Vec<CacheEvent>>);

impl Watch for Seen {
    fn event(&self, event: CacheEvent) {
        self.0.lock().expect("lock").push(event);
    }
}

/// Keeps orders until the test completes them: the test decides when a disk answers.
#[derive(Default)]
pub(crate) struct HeldIo(pub(crate) Mutex<Vec<ReadOrder>>);

impl BlockIo for HeldIo {
    fn submit(&self, order: ReadOrder) {
        self.0.lock().expect("lock").push(order);
    }
}

impl HeldIo {
    pub(crate) fn complete_all(&self) -> usize {
        let orders = std::mem::take(&mut *self.0.lock().expect("lock"));
        let count = orders.len();
        for mut order in orders {
            let read = File::open(order.file()).and_then(|file| order.read_from(&file));
            order.complete(read);
        }
        count
    }
}

pub(crate) struct Box_ {
    pub(crate) cache: Arc<Cache>,
    pub(crate) io: Arc<HeldIo>,
    pub(crate) seen: Arc<Seen>,
}

pub(crate) fn open(folder: &Path, capacity_bytes: u64) -> Box_ {
    open_on(folder, capacity_bytes, Arc::new(Kernel))
}

pub(crate) fn open_on(folder: &Path, capacity_bytes: u64, storage: Arc<dyn Storage>) -> Box_ {
    let (io, seen) = (Arc::new(HeldIo::default()), Arc::new(Seen::default()));
    let disks = vec![disk(folder, capacity_bytes)];
    let setup = Setup { storage, ..setup(disks, &io, &seen) };
    Box_ { cache: Cache::open(setup).expect("open"), io, seen }
}

pub(crate) fn disk(folder: &Path, capacity_bytes: u64) -> DiskSetup {
    let (folder, class) = (folder.to_path_buf(), DiskClass::Ssd);
    DiskSetup { folder, class, capacity_bytes, reserve_bytes: 0 }
}

pub(crate) fn setup(disks: Vec<DiskSetup>, io: &Arc<HeldIo>, seen: &Arc<Seen>) -> Setup {
    Setup {
        disks,
        ram_budget_bytes: 4 << 20,
        storage: Arc::new(Kernel),
        io: io.clone(),
        watch: seen.clone(),
        purged: PurgedUpTo::default(),
    }
}

pub(crate) fn content(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / 251) % 251).expect("below 251") ^ seed).collect()
}

pub(crate) fn entry(path: &str, content: &[u8]) -> Arc<CatalogueEntry> {
    let (group, title) = (GroupName::new("g").expect("name"), TitleName::new("t").expect("name"));
    Arc::new(CatalogueEntry {
        ordinal: 1,
        path: path.into(),
        size_bytes: content.len() as u64,
        blake3: Digest::of(content),
        modified_us: TimeUs(0),
        common: Common::of(group, title).share(),
    })
}

pub(crate) fn fill(cache: &Cache, entry: &Arc<CatalogueEntry>, content: &[u8]) {
    let intake = cache.begin(entry).expect("begin");
    intake.put_missing(content).expect("put");
    cache.publish(&intake.finish().expect("verified")).expect("publish");
}

pub(crate) fn held(cache: &Cache, path: &str) -> Arc<Object> {
    match cache.lookup(&GroupName::new("g").expect("name"), path) {
        Lookup::Held(object) => object,
        other => panic!("{path} is {other:?}"),
    }
}

pub(crate) fn poll(read: &mut cache::BlockRead) -> Poll<Result<cache::VerifiedBlock, ReadFailed>> {
    std::pin::Pin::new(read).poll(&mut Context::from_waker(Waker::noop()))
}
