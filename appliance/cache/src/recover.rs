//! Finding objects again: the disks are all there is, no database can be lost.

use crate::cache::OpenError;
use crate::disk::{Disk, DiskSetup};
use crate::handover::DiskHandover;
use crate::intake::Published;
use crate::layout::{self, BadFile};
use crate::watch::{CacheEvent, Watch};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Opens the disks, each with what the process before has left of it, and finds what stands on
/// them.
pub(crate) fn open_all(
    disks: Vec<DiskSetup>,
    mut before: Vec<DiskHandover>,
    watch: &dyn Watch,
) -> Result<(Vec<Arc<Disk>>, Found), OpenError> {
    let (mut opened, mut all) = (Vec::new(), Found { objects: Vec::new(), next_serial: 1 });
    for (at, disk) in disks.into_iter().enumerate() {
        let folder = disk.folder.clone();
        let failed = |source| OpenError::Disk { disk: at, folder: folder.clone(), source };
        let left = before.iter().position(|before| before.is_of(&folder));
        let left = left.map(|at| before.swap_remove(at));
        let disk = Arc::new(Disk::open(disk, left).map_err(failed)?);
        let found = scan(&disk, watch).map_err(failed)?;
        all.next_serial = all.next_serial.max(found.next_serial);
        all.objects.extend(found.objects);
        opened.push(disk);
    }
    Ok((opened, all))
}

/// What stands on disks.
pub(crate) struct Found {
    pub(crate) objects: Vec<Published>,
    /// Above every serial that is in use, that of files which are leaving included.
    pub(crate) next_serial: u64,
}

/// Reads the header and checksum table of every file under `objects/`. A file that is no
/// finished object is removed (by and by, where the process before may know better) and told
/// of; one that is leaving is passed over. Content is
/// checked when it is read.
fn scan(disk: &Arc<Disk>, watch: &dyn Watch) -> io::Result<Found> {
    let leaving: HashSet<_> = disk.removals.leaving().into_iter().collect();
    let mut found = Found { objects: Vec::new(), next_serial: 1 };
    for folder in fs::read_dir(disk.folder().join("objects"))? {
        for file in fs::read_dir(folder?.path())? {
            let path = file?.path();
            found.next_serial = found.next_serial.max(serial_of(&path).saturating_add(1));
            if leaving.contains(&path) {
                continue;
            }
            match read_file(&path, disk)? {
                Ok(object) => found.objects.push(object),
                Err(bad) => {
                    disk.discard(&path)?;
                    watch.event(CacheEvent::FileDiscarded { file: path, reason: bad.to_string() });
                }
            }
        }
    }
    Ok(found)
}

fn serial_of(path: &Path) -> u64 {
    path.extension().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(0)
}

fn read_file(path: &Path, disk: &Arc<Disk>) -> io::Result<Result<Published, BadFile>> {
    let mut file = File::open(path)?;
    let found = file.metadata()?.len();
    let mut page = Vec::new();
    file.by_ref().take(layout::PAGE).read_to_end(&mut page)?;
    let entry = match layout::decode_header(&page) {
        Ok(entry) => entry,
        Err(bad) => return Ok(Err(bad)),
    };
    let start = layout::content_offset(entry.size_bytes);
    let expected = start + entry.size_bytes;
    let serial = serial_of(path);
    if path != disk.object_file(&entry.id, serial) {
        return Ok(Err(BadFile::Name));
    }
    if found != expected {
        return Ok(Err(BadFile::Length { expected, found }));
    }
    let mut table = Vec::new();
    file.take(start - layout::PAGE).read_to_end(&mut table)?;
    Ok(layout::decode_table(&table, entry.size_bytes).map(|checksums| {
        let disk_bytes = layout::disk_bytes(entry.size_bytes);
        disk.take_found(disk_bytes);
        Published { entry: Arc::new(entry), disk: Arc::clone(disk), checksums, disk_bytes, serial }
    }))
}

/// Removes what was arriving and is wanted no more.
pub(crate) fn clear_incoming(disk: &Disk, is_wanted: impl Fn(&str) -> bool) -> io::Result<()> {
    for file in fs::read_dir(disk.incoming_folder())? {
        let file = file?;
        if !file.file_name().to_str().is_some_and(&is_wanted) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}
