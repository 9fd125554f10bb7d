//! A cache on a folder.
#![allow(dead_code, reason = "shared, and no test needs all of it")]

pub(crate) mod watched;

use cache::storage::Storage;
use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::catalogue::CatalogueEntry;
use contract::config::DiskClass;
use contract::object::ObjectKey;
use contract::slices::SliceHashes;
use contract::sources::Source;
use contract::tombstones::PurgedUpTo;
use fill::offload::Job;
use fill::origins::{Asked, Reply};
use fill::{
    Body, FetchFailed, FillEvent, FillWatch, Offers, Offload, Origins, Promise, Question, Upstream,
};
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

/// Has nothing, gives nothing, and hears nothing.
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn event(&self, _: CacheEvent) {}
}

impl Upstream for Nobody {
    fn get<'a>(&'a self, _: Question<'a>) -> Promise<'a, Result<Box<dyn Body>, FetchFailed>> {
        Box::pin(async { Err(FetchFailed::NotThere) })
    }

    fn slice_hashes<'a>(&'a self, _: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        Box::pin(async { None })
    }
}

impl Origins for Nobody {
    fn ask<'a>(&'a self, _: Asked<'a>) -> Promise<'a, Result<Reply, FetchFailed>> {
        Box::pin(async { Err(FetchFailed::NotThere) })
    }
}

impl Offers for Nobody {
    fn offers<'a>(
        &'a self,
        _: &'a Source,
        _: &'a ObjectKey,
        _: PurgedUpTo,
    ) -> Promise<'a, Result<bool, FetchFailed>> {
        Box::pin(async { Ok(false) })
    }
}

impl FillWatch for Nobody {
    fn event(&self, _: FillEvent<'_>) {}
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
        purged: PurgedUpTo::default(),
    };
    Cache::open(setup).expect("cache")
}
