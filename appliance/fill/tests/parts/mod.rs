//! A cache on a folder that nobody reads from.

use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::config::DiskClass;
use std::path::Path;
use std::sync::Arc;

struct Nobody;

impl BlockIo for Nobody {
    fn submit(&self, order: ReadOrder) {
        drop(order);
    }
}

impl Watch for Nobody {
    fn event(&self, _: CacheEvent) {}
}

pub(crate) fn open_cache(folder: &Path, capacity_bytes: u64) -> Arc<Cache> {
    let (folder, class) = (folder.to_path_buf(), DiskClass::Ssd);
    let setup = Setup {
        disks: vec![DiskSetup { folder, class, capacity_bytes, reserve_bytes: 0 }],
        ram_budget_bytes: 1 << 20,
        storage: Arc::new(cache::storage::Kernel),
        io: Arc::new(Nobody),
        watch: Arc::new(Nobody),
    };
    Cache::open(setup).expect("cache")
}
