//! How an object begins to arrive, and how it is published: the cache's half of an [`Intake`].

use crate::cache::Cache;
use crate::disk::{Reservation, Weight};
use crate::gate::Pass;
use crate::intake::{Intake, IntakeError, Verified};
use crate::layout;
use crate::object::Object;
use crate::recover::FoundObject;
use crate::sums::Sums;
use contract::catalogue::CatalogueEntry;
use contract::slices::MAX_OBJECT_BYTES;
use std::cmp::Reverse;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

impl Cache {
    /// Begins to take an object in, or goes on where an earlier attempt ended. Blocks on
    /// the disk.
    ///
    /// # Errors
    /// [`IntakeError::NoRoom`], [`IntakeError::Busy`], [`IntakeError::HandedOver`],
    /// [`IntakeError::Withdrawn`] and [`IntakeError::Disk`].
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
        self.resume(&object, pass)
    }

    fn resume(&self, object: &Arc<Object>, pass: Pass) -> Result<Intake, IntakeError> {
        let opened = object.body.disk.storage().open(&object.file());
        let resumed = match opened {
            // It gives the claim back where it ends.
            Ok(file) => Intake::resume(Arc::clone(object), file, pass),
            Err(err) => {
                object.body.sums.close();
                Err(err)
            }
        };
        // A file that cannot be read is given up: the next attempt makes another.
        resumed.map_err(|err| {
            object.body.disk.failed(Weight::Call);
            self.give_up(object, &err);
            err.into()
        })
    }

    fn lay_out(&self, entry: &Arc<CatalogueEntry>, pass: Pass) -> Result<Intake, IntakeError> {
        let size_bytes = entry.size_bytes;
        let header = layout::encode_header(entry)
            .ok_or_else(|| io::Error::other("the catalogue entry does not fit the header"))?;
        let room = self.choose(size_bytes);
        self.index.set_room(entry, room.is_none());
        let room = room.ok_or(IntakeError::NoRoom { size_bytes })?;
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let disk = Arc::clone(&room.disk);
        let failed = |err: io::Error| match err.kind() {
            io::ErrorKind::StorageFull => IntakeError::NoRoom { size_bytes },
            _ => {
                disk.failed(Weight::Call);
                err.into()
            }
        };
        let path = disk.object_file(&entry.id, serial);
        let file = room.create(&path).map_err(failed)?;
        disk.objects.fetch_add(1, Ordering::Relaxed);
        let sums = Sums::none(size_bytes, true);
        sums.claim();
        let (entry, disk) = (Arc::clone(entry), Arc::clone(&disk));
        let object = self.found(FoundObject { entry, disk, serial, sums, received: None });
        let intake = Intake::new(Arc::clone(&object), Arc::clone(&file), pass);
        if let Err(err) = file.write_all_at(&header, 0) {
            object.doom();
            return Err(failed(err));
        }
        if let Some(leaving) = self.index.begin(object) {
            leaving.doom();
        }
        Ok(intake)
    }

    /// The disk with the most room.
    pub(crate) fn choose(&self, size_bytes: u64) -> Option<Reservation> {
        if size_bytes > MAX_OBJECT_BYTES {
            return None;
        }
        let mut ranked = self.disks();
        ranked.sort_by_key(|disk| Reverse(disk.free_bytes()));
        ranked.into_iter().find_map(|disk| disk.reserve(size_bytes))
    }

    /// Makes a verified object visible, in place of an older version. Blocks on the disk.
    ///
    /// # Errors
    /// [`IntakeError::Withdrawn`] and [`IntakeError::Disk`]; nothing has become visible then.
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
        let leaving = self.index.publish(Arc::clone(&object));
        leaving.iter().for_each(|leaving| leaving.doom());
        match leaving {
            Some(leaving) if leaving.is_same(&object) => Err(IntakeError::Withdrawn),
            _ => Ok(()),
        }
    }
}
