//! Writing registers: now and then, folder by folder, of folders in which much has changed.

use super::{Registers, file_of, folder_of, folder_of_all, records};
use crate::cache::Cache;
use crate::disk::{Disk, Weight};
use crate::layout::{PAGE, PAGE_LEN};
use crate::object::Faint;
use crate::storage::StoredFile;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A register is written anew once it does not know of this part of its folder.
const STALE_PART: usize = 32;

/// A file that has more room than this times what is needed is made anew.
const MOST_SLACK: u64 = 4;

/// What stood in a folder when it was looked.
#[derive(Default)]
struct Seen {
    objects: Vec<Faint>,
    changes: usize,
}

impl Cache {
    /// Writes the registers of folders in which so many objects have become whole or have gone
    /// since, or a 32nd part of what stands there, if that is more. Before each it asks whether to
    /// go on. Blocks on the disks.
    pub fn keep_registers(&self, least_changes: usize, mut goes_on: impl FnMut() -> bool) {
        let disks = self.disks();
        let mut due: Vec<BTreeMap<u8, Seen>> =
            disks.iter().map(|disk| disk.registers.due(least_changes)).collect();
        if due.iter().all(BTreeMap::is_empty) {
            return;
        }
        self.index.each_held(|object| {
            let on_it = |disk: &Arc<Disk>| Arc::ptr_eq(disk, &object.body.disk);
            let due = disks.iter().position(on_it).and_then(|at| due.get_mut(at));
            if let Some(seen) = due.and_then(|due| due.get_mut(&folder_of(&object.entry.id()))) {
                seen.objects.push(object.faint());
            }
        });
        for (disk, due) in disks.iter().zip(due) {
            for (folder, seen) in due {
                if seen.changes < seen.objects.len() / STALE_PART {
                    continue;
                }
                if !goes_on() {
                    return;
                }
                let is_kept = self.keep_register(disk, folder, &seen);
                self.eject_ailing();
                if !is_kept {
                    break;
                }
            }
        }
    }

    /// One that cannot be written is missed by the next start, and by nobody else. Gives whether
    /// the others of its disk may be.
    fn keep_register(&self, disk: &Disk, folder: u8, seen: &Seen) -> bool {
        let Some(_pass) = self.gate.enter() else { return false };
        // Nobody purges meanwhile, and no other process gets the disk.
        let _alone = self.disks.alone();
        if disk.is_ejected() || disk.exhausted().is_some() {
            return false;
        }
        let mut draft = records::Draft::default();
        let may_hold = &mut disk.registers.may_hold()[usize::from(folder)];
        for object in seen.objects.iter().filter_map(Faint::upgrade) {
            // What is being mended is registered when it was.
            if object.is_whole() && !object.body.is_doomed() {
                draft.add(&object.entry, object.body.serial, object.body.sums.checksums());
            }
        }
        let written = disk.write_register(may_hold, folder, draft);
        if matches!(written, Ok(true)) {
            // What has changed since it was looked is still to be told.
            disk.registers.told(folder, seen.changes);
        }
        written.is_ok()
    }
}

impl Registers {
    fn told(&self, folder: u8, changes: usize) {
        self.changes[usize::from(folder)].fetch_sub(changes, Ordering::Relaxed);
    }

    fn due(&self, least_changes: usize) -> BTreeMap<u8, Seen> {
        let changes = self.changes.iter().map(|changes| changes.load(Ordering::Relaxed));
        let due = (0..=u8::MAX).zip(changes).filter(|(_, changes)| *changes >= least_changes);
        due.map(|(folder, changes)| (folder, Seen { changes, ..Seen::default() })).collect()
    }
}

impl Disk {
    /// The records are down before the page that vouches for them is. A folder without objects has
    /// no use for any; gives whether it is as it should be.
    fn write_register(
        &self,
        may_hold: &mut bool,
        folder: u8,
        draft: records::Draft,
    ) -> io::Result<bool> {
        self.wipe_register(may_hold, folder)?;
        if draft.is_empty() {
            return Ok(true);
        }
        let Some((page, mut body)) = draft.finish(folder) else { return Ok(true) };
        body.resize(body.len().next_multiple_of(PAGE_LEN), 0);
        let bytes = (page.len() + body.len()) as u64;
        let Some(file) = self.make_register(folder, bytes)? else { return Ok(false) };
        self.wrote(bytes);
        let call = |_: &io::Error| self.failed(Weight::Call);
        let sync = |_: &io::Error| self.failed(Weight::Sync);
        file.write_all_at(&body, PAGE).inspect_err(call)?;
        file.sync().inspect_err(sync)?;
        *may_hold = true;
        file.write_all_at(&page, 0).inspect_err(call)?;
        file.sync().inspect_err(sync)?;
        Ok(true)
    }

    /// A file of this length at least, with nothing in it that vouches for anything; `None` where
    /// the disk has no room for it. That it cannot be made says nothing of the disk: the folder may
    /// be somebody else's.
    fn make_register(&self, folder: u8, bytes: u64) -> io::Result<Option<Arc<dyn StoredFile>>> {
        let (storage, path) = (self.storage(), file_of(self.folder(), folder));
        match storage.open(&path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            opened => {
                let file = opened?;
                let there = file.len_bytes()?;
                if (bytes..=bytes.saturating_mul(MOST_SLACK)).contains(&there) {
                    return Ok(Some(file));
                }
                storage.remove(&path)?;
            }
        }
        // So that it need not be made anew for every object more.
        let bytes = (bytes + bytes / 8).next_multiple_of(PAGE);
        if !self.has_room_beside(bytes) {
            return Ok(None);
        }
        storage.make_folders(&folder_of_all(self.folder()))?;
        let file = match storage.create(&path, bytes) {
            Err(err) if err.kind() == io::ErrorKind::StorageFull => return Ok(None),
            made => made?,
        };
        let named = storage.sync_folder(&folder_of_all(self.folder()));
        let named = named.and_then(|()| storage.sync_folder(self.folder()));
        named.inspect_err(|_| self.failed(Weight::Sync))?;
        Ok(Some(file))
    }
}
