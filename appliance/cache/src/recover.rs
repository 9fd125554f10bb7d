//! Finding objects again: the disks are all there is, no database can be lost.

use crate::disk::Disk;
use crate::intake::Published;
use crate::layout::{self, BadFile};
use crate::watch::{CacheEvent, Watch};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Reads the header and checksum table of every file under `objects/`. A file that is no
/// finished object is removed and told of. Content is checked when it is read.
pub(crate) fn scan(disk: &Arc<Disk>, watch: &dyn Watch) -> io::Result<Vec<Published>> {
    let mut found = Vec::new();
    for folder in fs::read_dir(disk.folder().join("objects"))? {
        for file in fs::read_dir(folder?.path())? {
            let path = file?.path();
            match read_file(&path, disk)? {
                Ok(object) => found.push(object),
                Err(bad) => {
                    fs::remove_file(&path)?;
                    watch.event(CacheEvent::FileDiscarded { file: path, reason: bad.to_string() });
                }
            }
        }
    }
    Ok(found)
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
    let serial = path.extension().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(0);
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
