//! Registers: what stands in the files of a folder, so that a start need not open them all.
//!
//! ```text
//! registers/ab   of what is whole in objects/ab: entry, serial and checksums of each object
//! ```
//!
//! The files are the truth, and a register repeats it: what it does not list is read from its
//! file, what it lists and is not there is gone. No file ever has the name of an earlier one, so
//! that a register that was left behind is right about each object that it lists, as long as its
//! file is what it was. Whoever changes one that was whole (a purge that wipes its header, an
//! intake that mends it) therefore [voids](Disk::void_register) the register of its folder first,
//! for good.
//!
//! [`records`]: what a register says. [`keep`]: how it gets there.

mod keep;
mod records;

pub(crate) use records::Record;

use crate::disk::{Disk, Weight};
use crate::layout::PAGE_LEN;
use crate::storage::{Storage, read_full};
use contract::object::ObjectId;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Folders of objects on a disk.
const FOLDERS: usize = 256;

/// A longer register is none: a folder of objects that need one is read from its files.
const MAX_BYTES: usize = 64 << 20;

/// More objects than any folder has.
const WORTH_ALL: usize = 1 << 32;

/// The registers of a disk, by folder.
#[derive(Debug)]
pub(crate) struct Registers {
    /// Whether one may say something: it was read, or nobody knows. Held by whoever writes to
    /// one, or voids it.
    may_hold: Mutex<[bool; FOLDERS]>,
    /// Objects that have become whole, or have gone, and of which it does not know.
    changes: [AtomicUsize; FOLDERS],
}

impl Default for Registers {
    fn default() -> Self {
        let changes = std::array::from_fn(|_| AtomicUsize::new(0));
        Self { may_hold: Mutex::new([true; FOLDERS]), changes }
    }
}

impl Registers {
    fn may_hold(&self) -> MutexGuard<'_, [bool; FOLDERS]> {
        self.may_hold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Objects have become whole in a folder, or have gone.
    pub(crate) fn changed(&self, folder: u8, objects: usize) {
        self.changes[usize::from(folder)].fetch_add(objects, Ordering::Relaxed);
    }
}

/// The folder of an object.
pub(crate) fn folder_of(id: &ObjectId) -> u8 {
    id.0.0[0]
}

/// The folder in which a file of an object stands; `None` where it stands in none.
pub(crate) fn folder_of_file(file: &Path) -> Option<u8> {
    let name = file.parent()?.file_name()?.to_str()?;
    let number = u8::from_str_radix(name, 16).ok()?;
    (name == format!("{number:02x}")).then_some(number)
}

fn folder_of_all(disk: &Path) -> PathBuf {
    disk.join("registers")
}

fn file_of(disk: &Path, folder: u8) -> PathBuf {
    folder_of_all(disk).join(format!("{folder:02x}"))
}

impl Disk {
    /// What the register of a folder says; nothing where there is none that holds.
    pub(crate) fn read_register(&self, folder: u8) -> Vec<Record> {
        let read = read(self.storage(), &file_of(self.folder(), folder), folder);
        // What cannot be read now, or was voided as far as this process can see, may be read by a
        // later one.
        let may_hold = read.as_ref().map_or(true, Option::is_some);
        self.registers.may_hold()[usize::from(folder)] = may_hold;
        read.ok().flatten().unwrap_or_default()
    }

    /// Nobody relies any more on what the register says of the folder of this file, be it after a
    /// power cut.
    ///
    /// # Errors
    /// As the storage says it: the file must stay as it is then.
    pub(crate) fn void_register(&self, file: &Path) -> io::Result<()> {
        let Some(folder) = folder_of_file(file) else { return Ok(()) };
        let may_hold = &mut self.registers.may_hold()[usize::from(folder)];
        if *may_hold {
            self.wipe_register(may_hold, folder)?;
            // It is worth writing anew, however little has changed.
            self.registers.changed(folder, WORTH_ALL);
        }
        Ok(())
    }

    fn wipe_register(&self, may_hold: &mut bool, folder: u8) -> io::Result<()> {
        if !*may_hold {
            return Ok(());
        }
        match self.storage().open(&file_of(self.folder(), folder)) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            opened => {
                let file = opened.inspect_err(|_| self.failed(Weight::Call))?;
                let wiped = file.write_all_at(&[0; PAGE_LEN], 0);
                wiped.inspect_err(|_| self.failed(Weight::Call))?;
                file.sync().inspect_err(|_| self.failed(Weight::Sync))?;
            }
        }
        *may_hold = false;
        Ok(())
    }
}

/// `None` where there is no register. One that was voided or damaged says nothing, now.
fn read(storage: &dyn Storage, path: &Path, folder: u8) -> io::Result<Option<Vec<Record>>> {
    let file = match storage.open(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut page = [0; PAGE_LEN];
    read_full(&*file, &mut page, 0)?;
    let head = records::Head::decode(&page).ok().filter(|head| head.is_of(folder));
    let Some(head) = head else { return Ok(Some(Vec::new())) };
    let mut body = vec![0; head.body_len];
    read_full(&*file, &mut body, PAGE_LEN as u64)?;
    Ok(Some(head.records(&body).unwrap_or_default()))
}
