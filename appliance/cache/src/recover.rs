//! Finding objects again: the disks are all there is, no database can be lost.

use crate::cache::OpenError;
use crate::disk::{Disk, DiskSetup, Weight};
use crate::disks::{DiskSlot, DiskState};
use crate::handover::DiskHandover;
use crate::layout::{self, BadFile};
use crate::object::Object;
use crate::received::{self, Received};
use crate::register::{self, Record};
use crate::serials;
use crate::storage::{Storage, read_full};
use crate::sums::Sums;
use crate::table::{Seal, Table};
use crate::watch::{CacheEvent, Watch};
use contract::catalogue::CatalogueEntry;
use contract::slices::slice_count;
use contract::tombstones::PurgedUpTo;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Read with the header in one go: enough for the table of an object of 187 MiB.
const FIRST_READ: usize = 16 << 10;

/// Opens one disk, with what the process before has left of it, and finds what stands on it.
pub(crate) fn open_one(
    setup: DiskSetup,
    storage: &Arc<dyn Storage>,
    (left, is_shared): (Option<DiskHandover>, bool),
    watch: &dyn Watch,
) -> io::Result<(Arc<Disk>, Found)> {
    let disk = Arc::new(Disk::open(setup, Arc::clone(storage), left)?);
    if is_shared {
        // Of one that was ejected there as well, somebody may be sent the rest of something.
        disk.removals.hold([]);
    }
    let found = scan(&disk, watch)?;
    Ok((disk, found))
}

/// From here on this process uses serials from this one, and there is room for a mark. It is the
/// first that is written to a disk, and so shows that it can be.
pub(crate) fn take_serials(disk: &Disk, first: u64) -> io::Result<()> {
    // Synchronised with the serials.
    disk.make_mark()?;
    serials::take(disk.storage(), disk.folder(), first)
}

/// Opens the disks, each with what the process before has left of it, and finds what stands on
/// them. A disk that cannot be used keeps nobody from using the others.
///
/// # Errors
/// When another process has one of them, or none can be used.
pub(crate) fn open_all(
    disks: Vec<DiskSetup>,
    storage: &Arc<dyn Storage>,
    mut before: Vec<DiskHandover>,
    watch: &dyn Watch,
    purged: PurgedUpTo,
) -> Result<(Vec<DiskSlot>, Found), OpenError> {
    let is_shared = !before.is_empty();
    let (mut opened, mut all) = (Vec::new(), Found { objects: Vec::new(), next_serial: 1 });
    for setup in disks {
        let left = before.iter().position(|before| before.is_of(&setup.folder));
        let left = left.map(|at| before.swap_remove(at));
        let found = open_one(setup.clone(), storage, (left, is_shared), watch);
        let found = found.map(|(disk, found)| {
            all.next_serial = all.next_serial.max(found.next_serial);
            (disk, found.objects)
        });
        opened.push((setup, found));
    }
    // A box whose disks are all of a version without marks has not missed anything by that.
    let are_new = opened.iter().flat_map(|(_, found)| found).all(|(disk, _)| disk.knows_no_marks());
    let purged = if are_new { PurgedUpTo::default() } else { purged };
    let (mut slots, mut is_used, mut failed) = (Vec::new(), false, None);
    for (at, (setup, found)) in opened.into_iter().enumerate() {
        let found = found.and_then(|(disk, objects)| {
            take_serials(&disk, all.next_serial)?;
            let objects = keep_or_drop(&disk, objects, purged, watch);
            Ok((disk, objects))
        });
        let state = match found {
            Ok((disk, objects)) => {
                is_used = true;
                all.objects.extend(objects);
                DiskState::InUse(disk)
            }
            Err(source) => {
                let (folder, reason) = (setup.folder.clone(), source.to_string());
                let is_busy = source.kind() == io::ErrorKind::ResourceBusy;
                let err = OpenError::Disk { disk: at, folder: folder.clone(), source };
                if is_busy {
                    return Err(err);
                }
                failed.get_or_insert(err);
                let told = reason.clone();
                watch.event(CacheEvent::DiskEjected { folder, reason: told, objects: 0 });
                DiskState::Ejected { reason }
            }
        };
        slots.push(DiskSlot { setup, state });
    }
    match failed {
        Some(failed) if !is_used => Err(failed),
        _ => Ok((slots, all)),
    }
}

/// What a disk holds that was elsewhere when something was purged, goes.
pub(crate) fn keep_or_drop(
    disk: &Disk,
    objects: Vec<FoundObject>,
    purged: PurgedUpTo,
    watch: &dyn Watch,
) -> Vec<FoundObject> {
    if objects.is_empty() || disk.has_purged(purged) {
        return objects;
    }
    let (folder, count) = (disk.folder().to_path_buf(), objects.len());
    objects.into_iter().map(Object::found).for_each(|object| object.doom());
    watch.event(CacheEvent::DiskMissedPurges { folder, objects: count });
    Vec::new()
}

/// What stands on disks.
pub(crate) struct Found {
    pub(crate) objects: Vec<FoundObject>,
    /// Above every serial that was ever used, as far as the disks can tell.
    pub(crate) next_serial: u64,
}

/// An object as its file describes it.
pub(crate) struct FoundObject {
    pub(crate) entry: Arc<CatalogueEntry>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) serial: u64,
    pub(crate) sums: Sums,
    /// What its origin said of it; `None` for what a catalogue names.
    pub(crate) received: Option<Box<Received>>,
}

/// Reads header and table of every file under `objects/` that no register speaks of. A file that
/// is no object is removed (by and by, where the process before may know better) and told of; one
/// that is leaving is passed over. Content is checked when it is read.
fn scan(disk: &Arc<Disk>, watch: &dyn Watch) -> io::Result<Found> {
    // A process that was killed may have sealed what a power cut would still undo, and the folder
    // of all objects may be new.
    disk.storage().sync_all(disk.folder())?;
    let leaving: HashSet<_> = disk.removals.leaving().into_iter().collect();
    let mut folders = disk.storage().list(&disk.folder().join("objects"))?;
    // The order in which a disk lists its files is its own; what becomes of them is not.
    folders.sort();
    let looked = in_parallel(disk, &folders, |folder| look_into(disk, folder, &leaving));
    let mut next_serial = serials::end(disk.storage(), disk.folder())?.unwrap_or(1);
    let (mut objects, mut files) = (Vec::new(), Vec::new());
    for looked in looked {
        let Looked { known, unknown, serials_end } = looked?;
        next_serial = next_serial.max(serials_end);
        objects.extend(known);
        files.extend(unknown);
    }
    objects.iter().for_each(|found| disk.take_found(layout::disk_bytes(found.entry.size_bytes)));
    for (file, read) in files.iter().zip(in_parallel(disk, &files, |file| read_file(file, disk))) {
        match read {
            Err(err) => {
                disk.failed(Weight::Call);
                // Nobody knows what it is: a purge from here on may mean it.
                disk.removals.doom(file.clone());
                let (file, reason) = (file.clone(), err.to_string());
                watch.event(CacheEvent::FileUnreadable { file, reason });
            }
            Ok(Ok((object, seal))) => {
                if seal == Seal::Broken {
                    let (object, file) = (object.entry.key(), file.clone());
                    watch.event(CacheEvent::TableDamaged { object, file });
                }
                disk.take_found(layout::disk_bytes(object.entry.size_bytes));
                if seal == Seal::Holds && object.received.is_none() {
                    disk.registers.changed(register::folder_of(&object.entry.id()), 1);
                }
                objects.push(object);
            }
            Ok(Err(bad)) => {
                disk.discard(file)?;
                if bad != BadFile::Empty {
                    let (file, reason) = (file.clone(), bad.to_string());
                    watch.event(CacheEvent::FileDiscarded { file, reason });
                }
            }
        }
    }
    Ok(Found { objects, next_serial })
}

/// What stands in one folder of objects.
struct Looked {
    /// What its register speaks of.
    known: Vec<FoundObject>,
    /// The files that it does not know.
    unknown: Vec<PathBuf>,
    /// Above every serial that a file has.
    serials_end: u64,
}

/// One folder at a time, so that a million names are never in memory at once.
fn look_into(disk: &Arc<Disk>, folder: &Path, leaving: &HashSet<PathBuf>) -> io::Result<Looked> {
    let mut files = disk.storage().list(folder)?;
    let serials = files.iter().map(|file| serial_of(file).saturating_add(1));
    let serials_end = serials.max().unwrap_or(0);
    files.retain(|file| !leaving.contains(file));
    files.sort();
    let number = files.first().and_then(|file| register::folder_of_file(file));
    let mut by_file = number.map(|number| known_of(disk, number)).unwrap_or_default();
    let (mut known, mut unknown) = (Vec::with_capacity(by_file.len()), Vec::new());
    for file in files {
        match by_file.remove(&file) {
            Some(found) => known.push(found),
            None => unknown.push(file),
        }
    }
    // What is there no more, the register need not say.
    number.into_iter().for_each(|number| disk.registers.changed(number, by_file.len()));
    Ok(Looked { known, unknown, serials_end })
}

/// What the register of a folder says, by file.
fn known_of(disk: &Arc<Disk>, folder: u8) -> HashMap<PathBuf, FoundObject> {
    let found = |record: Record| {
        let Record { entry, serial, checksums } = record;
        let sums = Sums::registered(entry.size_bytes, &checksums)?;
        let file = disk.object_file(&entry.id(), serial);
        let disk = Arc::clone(disk);
        Some((file, FoundObject { entry, disk, serial, sums, received: None }))
    };
    disk.read_register(folder).into_iter().filter_map(found).collect()
}

type Read = io::Result<Result<(FoundObject, Seal), BadFile>>;

/// Does many things at once, as deep as the storage likes; gives what came of them in their order.
fn in_parallel<T: Sync, R: Send>(
    disk: &Disk,
    things: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let depth = disk.storage().depth().min(things.len()).max(1);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(things.len())));
    let work_on = || {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { break };
            own.push((at, work(thing)));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
    };
    if depth == 1 {
        work_on();
    } else {
        std::thread::scope(|scope| (0..depth).for_each(|_| drop(scope.spawn(work_on))));
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn serial_of(path: &Path) -> u64 {
    path.extension().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(0)
}

fn read_file(path: &Path, disk: &Arc<Disk>) -> Read {
    let file = disk.storage().open(path)?;
    let mut front = vec![0; FIRST_READ];
    let count = read_full(&*file, &mut front, 0)?;
    front.truncate(count);
    let header = front.get(..layout::PAGE_LEN).ok_or(BadFile::Empty);
    let (entry, received) = match header.and_then(read_header) {
        Ok(read) => read,
        Err(bad) => return Ok(Err(bad)),
    };
    let (id, serial) = (entry.id(), serial_of(path));
    if path != disk.object_file(&id, serial) {
        return Ok(Err(BadFile::Name));
    }
    let (expected, found) = (layout::disk_bytes(entry.size_bytes), file.len_bytes()?);
    if found != expected {
        return Ok(Err(BadFile::Length { expected, found }));
    }
    let slices = slice_count(entry.size_bytes);
    let table_end = layout::PAGE_LEN + Table::padded_len(slices);
    if front.len() < table_end {
        front.resize(table_end, 0);
        read_full(&*file, &mut front[count..], count as u64)?;
    }
    let Some(table) = Table::decode(&front[layout::PAGE_LEN..], &id, slices) else {
        return Ok(Err(BadFile::Header));
    };
    let sums = match table.seal {
        _ if received.is_some() => Sums::found(entry.size_bytes, &table.lines),
        Seal::Holds => Sums::whole(entry.size_bytes, table.lines.into_iter().flatten()),
        Seal::None | Seal::Broken => Sums::none(entry.size_bytes, false),
    };
    let (entry, disk) = (Arc::new(entry), Arc::clone(disk));
    Ok(Ok((FoundObject { entry, disk, serial, sums, received }, table.seal)))
}

/// Of what was ordered, or received without that.
fn read_header(page: &[u8]) -> Result<(CatalogueEntry, Option<Box<Received>>), BadFile> {
    if !received::is_page(page) {
        return layout::decode_header(page).map(|entry| (entry, None));
    }
    let facts = received::decode_page(page)?;
    let entry = facts.entry().ok_or(BadFile::Header)?;
    Ok((entry, Some(Box::new(Received::new(facts)))))
}
