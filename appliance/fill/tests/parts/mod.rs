//! A cache on a folder.
#![allow(dead_code, reason = "shared, and no test needs all of it")]

pub(crate) mod watched;

use cache::storage::Storage;
use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::config::DiskClass;
use fill::Offload;
use fill::offload::Job;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Reads, and does all that blocks, at once, on the thread that asks.
pub(crate) struct AtOnce;

impl Offload for AtOnce {
    fn run(&self, job: Job) {
        job();
    }
}

impl BlockIo for AtOnce {
    fn submit(&self, mut order: ReadOrder) {
        let read = File::open(order.file()).and_then(|file| order.read_from(&file));
        order.complete(read);
    }
}

struct Nobody;

impl Watch for Nobody {
    fn event(&self, _: CacheEvent) {}
}

pub(crate) fn open_cache(folder: &Path, capacity_bytes: u64) -> Arc<Cache> {
    open_cache_on(Arc::new(cache::storage::Kernel), folder, capacity_bytes)
}

/// The same on other file systems.
pub(crate) fn open_cache_on(
    storage: Arc<dyn Storage>,
    folder: &Path,
    capacity_bytes: u64,
) -> Arc<Cache> {
    let (folder, class) = (folder.to_path_buf(), DiskClass::Ssd);
    let setup = Setup {
        disks: vec![DiskSetup { folder, class, capacity_bytes, reserve_bytes: 0 }],
        ram_budget_bytes: 1 << 20,
        storage,
        io: Arc::new(AtOnce),
        watch: Arc::new(Nobody),
    };
    Cache::open(setup).expect("cache")
}
