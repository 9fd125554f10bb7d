//! How an object begins to arrive, and how it is published: the cache's half of an [`Intake`].

use crate::cache::Cache;
use crate::disk::{Reservation, Weight};
use crate::endurance::Permit;
use crate::gate::Pass;
use crate::index::Published;
use crate::intake::{Intake, IntakeError, Verified};
use crate::layout;
use crate::object::Object;
use crate::recover::FoundObject;
use crate::register;
use crate::storage::StoredFile;
use crate::sums::Sums;
use contract::catalogue::CatalogueEntry;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

impl Cache {
    /// Begins to take an object in, or goes on where an earlier attempt ended. Blocks on
    /// the disk.
    ///
    /// # Errors
    /// [`IntakeError::NoRoom`], [`IntakeError::Exhausted`], [`IntakeError::Busy`],
    /// [`IntakeError::HandedOver`], [`IntakeError::Withdrawn`] and [`IntakeError::Disk`].
    pub fn begin(&self, entry: &Arc<CatalogueEntry>) -> Result<Intake, IntakeError> {
        let pass = self.gate.enter().ok_or(IntakeError::HandedOver)?;
        self.eject_ailing();
        let alone = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(object) = self.index.arriving(entry) else { return self.lay_out(entry, pass) };
        if !object.body.sums.claim() {
            return Err(IntakeError::Busy);
        }
        // Reading what there is may take long, and keeps nobody else from beginning.
        drop(alone);
        let permit = Self::permit_to_resume(&object).inspect_err(|_| {
            object.body.sums.close();
        })?;
        self.resume(&object, pass, permit)
    }

    /// Whether an object was whole, and comes again because a disk has lost some of it.
    #[must_use]
    pub fn is_mending(&self, entry: &CatalogueEntry) -> bool {
        self.index.arriving(entry).is_some_and(|object| object.body.sums.has_lost())
    }

    /// What a disk has lost comes again at once, whatever was written to it.
    fn permit_to_resume(object: &Object) -> Result<Permit, IntakeError> {
        let (disk, bytes) = (&object.body.disk, object.disk_bytes());
        if object.body.sums.has_lost() {
            return Ok(disk.permit_anyway(bytes));
        }
        disk.permit(bytes).map_err(IntakeError::Exhausted)
    }

    fn resume(
        &self,
        object: &Arc<Object>,
        pass: Pass,
        permit: Permit,
    ) -> Result<Intake, IntakeError> {
        let opened = object.body.disk.storage().open(&object.file());
        let resumed = opened.inspect_err(|_| drop(object.body.sums.close())).and_then(|file| {
            // It gives the claim back where it ends.
            let intake = Intake::over(Arc::clone(object), file, pass, permit);
            let alone = self.disks.alone();
            // A purge has wiped the header for good, or will.
            if !object.body.is_doomed() {
                intake.mend_header()?;
            }
            drop(alone);
            intake.resume()
        });
        // A file that cannot be read is given up: the next attempt makes another.
        resumed.map_err(|err| {
            object.body.disk.failed(Weight::Call);
            self.give_up(object, &err);
            err.into()
        })
    }

    fn lay_out(&self, entry: &Arc<CatalogueEntry>, pass: Pass) -> Result<Intake, IntakeError> {
        let size_bytes = entry.size_bytes;
        let chosen = self.choose(entry);
        let has_no_room = matches!(chosen, Err(IntakeError::NoRoom { .. }));
        self.index.set_room(entry, has_no_room);
        let (room, permit) = chosen?;
        let disk = Arc::clone(&room.disk);
        let failed = |err: io::Error| match err.kind() {
            io::ErrorKind::StorageFull => IntakeError::NoRoom { size_bytes },
            _ => {
                disk.failed(Weight::Call);
                err.into()
            }
        };
        let (object, file) = self.make_file(entry, room).map_err(failed)?;
        let intake = Intake::new(Arc::clone(&object), file, pass, permit);
        drop(self.index.begin(object));
        Ok(intake)
    }

    /// Makes the file of an object, with nothing in it but the header. Nobody sees it yet.
    pub(crate) fn make_file(
        &self,
        entry: &Arc<CatalogueEntry>,
        room: Reservation,
    ) -> io::Result<(Arc<Object>, Arc<dyn StoredFile>)> {
        let header = layout::encode_header(entry)
            .ok_or_else(|| io::Error::other("the catalogue entry does not fit the header"))?;
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let disk = Arc::clone(&room.disk);
        let file = room.create(&disk.object_file(&entry.id(), serial))?;
        disk.objects.fetch_add(1, Ordering::Relaxed);
        let sums = Sums::none(entry.size_bytes, true);
        sums.claim();
        let entry = Arc::clone(entry);
        let object = Object::found(FoundObject { entry, disk, serial, sums, received: None });
        match file.write_all_at(&header, 0) {
            Ok(()) => Ok((object, file)),
            Err(err) => {
                object.doom();
                Err(err)
            }
        }
    }

    /// Makes a verified object visible, in place of an older version. Blocks on the disk.
    ///
    /// # Errors
    /// [`IntakeError::Withdrawn`], [`IntakeError::Missing`] where a slice was lost meanwhile, and
    /// [`IntakeError::Disk`]; nothing has become visible then.
    pub fn publish(&self, verified: &Verified) -> Result<(), IntakeError> {
        let object = Arc::clone(verified.object());
        verified.seal().inspect_err(|err| {
            // What a failed synchronisation had to write stays unwritten, and no later one says
            // so: nothing of this file can be relied upon.
            if let IntakeError::Disk(err) = err {
                object.body.disk.failed(Weight::Sync);
                self.give_up(&object, err);
            }
        })?;
        match self.index.publish(&object) {
            Published::InPlaceOf(before) => {
                drop(before);
                object.body.disk.registers.changed(register::folder_of(&object.entry.id()), 1);
                Ok(())
            }
            Published::Lacking => Err(IntakeError::Missing { slices: 1 }),
            Published::OutOfSight => {
                object.doom();
                Err(IntakeError::Withdrawn)
            }
        }
    }
}
