//! Objects on a disk, as a fill would have left them; an appliance finds them there when it
//! starts.

use super::object::Object;
use anyhow::Result;
use cache::storage::{Kernel, KernelBut, Otherwise, Storage, StoredFile};
use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::catalogue::{CatalogueEntry, Common};
use contract::config::DiskClass;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Puts objects on a disk, and waits until they are there.
///
/// # Errors
/// When the disk fails, or has no room.
pub fn put(disk: &Path, objects: &[Object]) -> Result<()> {
    std::fs::create_dir_all(disk)?;
    let disks = vec![DiskSetup {
        folder: disk.to_path_buf(),
        class: DiskClass::Ssd,
        capacity_bytes: 64 << 30,
        reserve_bytes: 0,
    }];
    let (io, watch) = (Arc::new(Still), Arc::new(Still));
    let (storage, purged) = (Arc::new(KernelBut::new(Hasty)), PurgedUpTo::default());
    let ram_budget_bytes = 1 << 20;
    let setup = Setup { disks, ram_budget_bytes, storage, io, watch, purged };
    let cache = Cache::open(setup)?;
    let contents = || objects.iter().map(Object::content);
    let entries: Result<Vec<_>> = (0u32..)
        .zip(objects.iter().zip(contents()))
        .map(|(ordinal, (object, bytes))| entry(ordinal, object, Digest::of(&bytes)))
        .collect();
    let entries = entries?;
    cache.set_wanted(entries.clone());
    for (entry, bytes) in entries.iter().zip(contents()) {
        let intake = cache.begin(entry)?;
        intake.put_missing(&bytes)?;
        cache.publish(&intake.finish()?)?;
    }
    Ok(Kernel.sync_all(disk)?)
}

/// What the catalogue says of an object.
///
/// # Errors
/// When it cannot be named so.
pub fn entry(ordinal: u32, object: &Object, blake3: Digest) -> Result<Arc<CatalogueEntry>> {
    let common = Common::of(GroupName::new("default")?, TitleName::new("bench")?);
    Ok(Arc::new(CatalogueEntry {
        ordinal,
        path: object.path.as_str().into(),
        size_bytes: object.bytes as u64,
        blake3,
        modified_us: TimeUs(0),
        common: common.share(),
    }))
}

struct Still;

impl BlockIo for Still {
    fn submit(&self, order: ReadOrder) {
        drop(order);
    }
}

impl Watch for Still {
    fn event(&self, _: CacheEvent) {}
}

/// Does not wait for the disk after each file: one synchronisation is worth a million.
#[derive(Debug)]
struct Hasty;

impl Otherwise for Hasty {
    fn sync(&self, _: &dyn StoredFile) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
