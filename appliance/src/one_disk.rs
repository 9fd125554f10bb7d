//! For tests of what is about disks: a cache with a single one.

use crate::disk_io::ThreadIo;
use crate::journal::Journal;
use cache::storage::Kernel;
use cache::{Cache, DiskSetup, Setup};
use contract::config::DiskClass;
use contract::tombstones::PurgedUpTo;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Opens it over what stands in this folder.
pub(crate) fn open(folder: PathBuf, journal: &Arc<Journal>) -> Arc<Cache> {
    let (class, capacity_bytes) = (DiskClass::Nvme, 64 << 20);
    let cache = Cache::open(Setup {
        disks: vec![DiskSetup { folder, class, capacity_bytes, reserve_bytes: 0 }],
        ram_budget_bytes: 8 << 20,
        storage: Arc::new(Kernel),
        io: Arc::new(ThreadIo(Handle::current())),
        watch: Arc::clone(journal) as _,
        purged: PurgedUpTo::default(),
    });
    cache.expect("a cache")
}
