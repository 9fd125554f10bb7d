//! Real objects in a real cache, and the same bytes as files for the server next door.

use anyhow::{Context, Result};
use cache::storage::Kernel;
use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::catalogue::{CatalogueEntry, Common};
use contract::config::DiskClass;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::quantity::BitRate;
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// When all content was made: Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110 §5.6.7.
pub const MODIFIED_S: u64 = 784_111_777;

/// Entry and checksums of an object stand before its content, a page each.
const HEAD_BYTES: usize = 8192;

/// What is offered where nothing else is said. `?` begins what the group keys on.
pub const OBJECTS: [Offer; 9] = [
    ("open", "/v/seg.m4s", 1_234_567),
    ("open", "/v/block.m4s", 262_144),
    ("open", "/v/init.mp4", 1000),
    ("open", "/v/list.m3u8", 321),
    ("open", "/v/show.mpd", 432),
    ("open", "/v/with%20space.m4s", 77),
    ("open", "/empty.ts", 0),
    ("listed", "/v/seg.m4s", 5000),
    ("listed", "/k.m4s?lang=de", 50),
];

/// Bytes that differ at every offset and between objects.
#[must_use]
pub fn content(group: &str, path: &str, length: usize) -> Vec<u8> {
    let seed = Digest::of(format!("{group} {path}").as_bytes()).0;
    let mut bytes = Vec::with_capacity(length + 32);
    let mut block = seed;
    while bytes.len() < length {
        bytes.extend_from_slice(&block);
        block = Digest::of(&block).0;
    }
    bytes.truncate(length);
    bytes
}

/// Reads on threads of their own.
struct ThreadIo;

impl BlockIo for ThreadIo {
    fn submit(&self, mut order: ReadOrder) {
        std::thread::spawn(move || {
            let read = File::open(order.file()).and_then(|file| order.read_from(&file));
            order.complete(read);
        });
    }
}

/// What the cache has told, in order.
#[derive(Debug, Default)]
pub struct Events(Mutex<Vec<CacheEvent>>);

impl Watch for Events {
    fn event(&self, event: CacheEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

impl Events {
    /// All of it so far.
    #[must_use]
    pub fn all(&self) -> Vec<CacheEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What an object is called and how long it is: group, path, length.
pub type Offer = (&'static str, &'static str, usize);

/// A cache that holds objects, and the files beside it.
pub struct Shelf {
    /// The cache.
    pub cache: Arc<Cache>,
    /// The files: `files/GROUP/PATH`.
    pub files: PathBuf,
    /// What happened in the cache.
    pub events: Arc<Events>,
    disks: Vec<PathBuf>,
}

impl Shelf {
    /// Fills a cache in `folder` with these objects.
    ///
    /// # Errors
    /// When a disk or a file cannot be written.
    pub fn fill(folder: &Path, ram_budget_bytes: u64, objects: &[Offer]) -> Result<Self> {
        Self::fill_on(vec![folder.join("disk")], folder, ram_budget_bytes, objects)
    }

    /// The same on these disks. Objects of one size take turns on them.
    ///
    /// # Errors
    /// When a disk or a file cannot be written.
    pub fn fill_on(
        disks: Vec<PathBuf>,
        folder: &Path,
        ram_budget_bytes: u64,
        objects: &[Offer],
    ) -> Result<Self> {
        disks.iter().try_for_each(std::fs::create_dir_all)?;
        let disk = |folder: &PathBuf| DiskSetup {
            folder: folder.clone(),
            class: DiskClass::Ssd,
            capacity_bytes: 1 << 30,
            reserve_bytes: 0,
        };
        let events = Arc::<Events>::default();
        let setup = Setup {
            storage: Arc::new(Kernel),
            disks: disks.iter().map(disk).collect(),
            ram_budget_bytes,
            io: Arc::new(ThreadIo),
            watch: Arc::clone(&events) as _,
            purged: PurgedUpTo::default(),
        };
        let cache = Cache::open(setup)?;
        let shelf = Self { cache, files: folder.join("files"), events, disks };
        let entries: Result<Vec<_>> = (0u32..).zip(objects.iter().copied()).map(entry).collect();
        let entries = entries?;
        // One more is wanted and never comes.
        let wanted = ("open", "/v/wanted.m4s", 10);
        let mut all = entries.clone();
        all.push(entry((u32::MAX, wanted))?);
        shelf.cache.set_wanted(all);
        for (entry, &(group, path, length)) in entries.into_iter().zip(objects) {
            shelf.put(&entry, group, path, length)?;
        }
        Ok(shelf)
    }

    /// Brings in again what is missing of these objects, as whoever fills a cache does.
    ///
    /// # Errors
    /// When a disk or a file cannot be written.
    pub fn refill(&self, objects: &[Offer]) -> Result<()> {
        for entry in self.cache.missing() {
            let is_it = |(group, path, _): &&Offer| {
                entry.common.group.as_str() == *group && &*entry.path == *path
            };
            if let Some(&(group, path, length)) = objects.iter().find(is_it) {
                self.put(&entry, group, path, length)?;
            }
        }
        Ok(())
    }

    /// From now on the catalogue says that one of these objects is played at this bitrate.
    ///
    /// # Errors
    /// When a name is none.
    pub fn say_bitrate(&self, objects: &[Offer], path: &str, rate: BitRate) -> Result<()> {
        let entries = (0u32..).zip(objects.iter().copied()).map(|offer| {
            let mut entry = Arc::unwrap_or_clone(entry(offer)?);
            let common = Arc::make_mut(&mut entry.common);
            common.bitrate_bits_per_s = (&*entry.path == path).then_some(rate);
            Ok(Arc::new(entry))
        });
        self.cache.set_wanted(entries.collect::<Result<_>>()?);
        Ok(())
    }

    fn put(
        &self,
        entry: &Arc<CatalogueEntry>,
        group: &str,
        path: &str,
        length: usize,
    ) -> Result<()> {
        let bytes = content(group, path, length);
        let intake = self.cache.begin(entry)?;
        intake.put_missing(&bytes)?;
        self.cache.publish(&intake.finish()?)?;
        let name = path.split('?').next().unwrap_or(path).replace("%20", " ");
        let file = self.files.join(group).join(name.trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().context("no folder")?)?;
        std::fs::write(&file, bytes)?;
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED_S);
        File::options().write(true).open(&file)?.set_modified(modified)?;
        Ok(())
    }

    /// From now on every byte of content that comes off the disk is wrong.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn break_disk(&self) -> Result<()> {
        self.each_file(damage)
    }

    /// From now on the disk has lost the second half of every object.
    ///
    /// # Errors
    /// When a file cannot be cut.
    pub fn cut_disk(&self) -> Result<()> {
        self.each_file(|file| {
            let file = File::options().write(true).open(file)?;
            Ok(file.set_len(file.metadata()?.len() / 2)?)
        })
    }

    fn each_file(&self, what: impl Fn(&Path) -> Result<()>) -> Result<()> {
        for disk in &self.disks {
            for folder in std::fs::read_dir(disk.join("objects"))? {
                for file in std::fs::read_dir(folder?.path())? {
                    what(&file?.path())?;
                }
            }
        }
        Ok(())
    }
}

/// Changes all of a file in place, but the head that is read when a cache is opened.
fn damage(file: &Path) -> Result<()> {
    let mut bytes = std::fs::read(file)?;
    bytes.iter_mut().skip(HEAD_BYTES).for_each(|octet| *octet ^= 0x55);
    Ok(std::fs::write(file, bytes)?)
}

fn entry(
    (ordinal, (group, path, length)): (u32, (&str, &str, usize)),
) -> Result<Arc<CatalogueEntry>> {
    let bytes = content(group, path, length);
    let blake3 = Digest::of(&bytes);
    Ok(Arc::new(CatalogueEntry {
        ordinal,
        path: path.into(),
        size_bytes: length as u64,
        blake3,
        modified_us: TimeUs(0).plus_s(i64::try_from(MODIFIED_S)?),
        common: Common::of(GroupName::new(group)?, TitleName::new("title")?).share(),
    }))
}
