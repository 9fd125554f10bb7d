//! The disks of a box: which are in use, and which were ejected and why. They come and go while
//! the box serves.

use crate::cache::Cache;
use crate::disk::{Disk, DiskSetup};
use crate::endurance::Ratings;
use crate::object::Object;
use crate::recover;
use crate::watch::CacheEvent;
use arc_swap::ArcSwap;
use contract::config::ReadP99;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// A disk that the configuration names.
#[derive(Debug, Clone)]
pub struct DiskSlot {
    /// What the configuration says of it.
    pub setup: DiskSetup,
    /// Whether it is in use.
    pub state: DiskState,
}

/// Whether a disk is in use.
#[derive(Debug, Clone)]
pub enum DiskState {
    /// It is.
    InUse(Arc<Disk>),
    /// Nothing is read from it or written to it until it is readmitted.
    Ejected {
        /// Why.
        reason: String,
    },
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Disks {
    slots: ArcSwap<Vec<DiskSlot>>,
    /// Held by whoever changes anything.
    changing: Mutex<()>,
    read_p99: Mutex<ReadP99>,
    ratings: Mutex<Ratings>,
}

impl Disks {
    pub(crate) fn new(slots: Vec<DiskSlot>) -> Self {
        let slots = ArcSwap::from_pointee(slots);
        let (changing, read_p99, ratings) = Default::default();
        Self { slots, changing, read_p99, ratings }
    }

    pub(crate) fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` while somebody has them for himself.
    fn try_alone(&self) -> Option<MutexGuard<'_, ()>> {
        match self.changing.try_lock() {
            Ok(alone) => Some(alone),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn read_p99(&self) -> MutexGuard<'_, ReadP99> {
        self.read_p99.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ratings(&self) -> MutexGuard<'_, Ratings> {
        self.ratings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, folder: &Path, state: &DiskState) {
        let mut slots = Vec::clone(&self.slots.load());
        slots.iter_mut().filter(|slot| slot.setup.folder == folder).for_each(|slot| {
            slot.state = state.clone();
        });
        self.slots.store(Arc::new(slots));
    }

    fn find(&self, folder: &Path) -> Option<DiskSlot> {
        self.slots.load().iter().find(|slot| slot.setup.folder == folder).cloned()
    }
}

impl DiskSlot {
    /// The disk, if it is in use.
    #[must_use]
    pub fn in_use(&self) -> Option<&Arc<Disk>> {
        match &self.state {
            DiskState::InUse(disk) => Some(disk),
            DiskState::Ejected { .. } => None,
        }
    }
}

/// Why a disk was not ejected or readmitted.
#[derive(Debug, thiserror::Error)]
pub enum DiskRefused {
    /// The configuration names no disk in this folder.
    #[error("there is no such disk")]
    Unknown,
    /// It is in use already, or ejected.
    #[error("the disk is {0}")]
    Already(&'static str),
    /// The disks are another process's now.
    #[error("the disks were handed over to another process")]
    HandedOver,
    /// It cannot be used.
    #[error(transparent)]
    Unusable(#[from] io::Error),
}

impl Cache {
    /// The disks in use, in the order of the configuration.
    #[must_use]
    pub fn disks(&self) -> Vec<Arc<Disk>> {
        self.disks.slots.load().iter().filter_map(DiskSlot::in_use).cloned().collect()
    }

    /// All disks of the configuration, in its order.
    #[must_use]
    pub fn disk_slots(&self) -> Arc<Vec<DiskSlot>> {
        self.disks.slots.load_full()
    }

    /// How slow reads may get before less is written to a disk, from here on.
    pub fn set_read_p99(&self, bounds: ReadP99) {
        let _alone = self.disks.alone();
        *self.disks.read_p99() = bounds;
        self.disks().iter().for_each(|disk| disk.set_read_bound(&bounds));
    }

    /// Stops using a disk: what it holds is out of sight when this returns, and will be fetched
    /// again elsewhere. Its files stay as they are. Once its last reader has gone the folder may
    /// be unmounted.
    ///
    /// # Errors
    /// [`DiskRefused::Unknown`] and [`DiskRefused::Already`].
    pub fn eject(&self, folder: &Path, reason: &str) -> Result<(), DiskRefused> {
        let _alone = self.disks.alone();
        self.eject_alone(folder, reason)
    }

    fn eject_alone(&self, folder: &Path, reason: &str) -> Result<(), DiskRefused> {
        let slot = self.disks.find(folder).ok_or(DiskRefused::Unknown)?;
        let disk = slot.in_use().ok_or(DiskRefused::Already("ejected"))?;
        disk.eject();
        self.disks.set(folder, &DiskState::Ejected { reason: reason.to_owned() });
        let objects = self.index.drop_disk(disk) + self.drop_received_of(disk);
        self.place_anew();
        let (folder, reason) = (folder.to_path_buf(), reason.to_owned());
        self.watch.event(CacheEvent::DiskEjected { folder, reason, objects });
        Ok(())
    }

    /// Uses a disk again that was ejected, and finds what stands on it: what is wanted and was
    /// not fetched meanwhile is held again, everything else leaves. Blocks on the disk.
    ///
    /// # Errors
    /// [`DiskRefused`]; the disk stays ejected.
    pub fn readmit(&self, folder: &Path) -> Result<usize, DiskRefused> {
        let _pass = self.gate.enter().ok_or(DiskRefused::HandedOver)?;
        let alone = self.disks.alone();
        let slot = self.disks.find(folder).ok_or(DiskRefused::Unknown)?;
        if slot.in_use().is_some() {
            return Err(DiskRefused::Already("in use"));
        }
        let taken = self.take_into_use(slot.setup);
        drop(alone);
        self.eject_ailing();
        taken
    }

    fn take_into_use(&self, setup: DiskSetup) -> Result<usize, DiskRefused> {
        let folder = setup.folder.clone();
        let (disk, found) = recover::open_one(setup, &self.storage, (None, false), &*self.watch)?;
        let serial = self.serials.fetch_max(found.next_serial, Ordering::Relaxed);
        recover::take_serials(&disk, serial.max(found.next_serial))?;
        disk.set_read_bound(&self.disks.read_p99());
        self.rate(&disk);
        // What is being purged now counts, too.
        let purged = self.purging_up_to();
        let found = recover::keep_or_drop(&disk, found.objects, purged, &*self.watch);
        self.disks.set(&folder, &DiskState::InUse(disk));
        let found: Vec<_> = found.into_iter().map(Object::found).collect();
        // What nobody ordered may be stale or purged by now: it comes again where it is wanted.
        let (received, found): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|object| object.received().is_some());
        received.iter().for_each(|object| object.doom());
        let (kept, leaving) = self.index.rejoin(found);
        drop(leaving);
        self.place_anew();
        self.watch.event(CacheEvent::DiskReadmitted { folder, objects: kept });
        Ok(kept)
    }

    /// The configuration names these disks from here on: new ones are taken into use, those
    /// that it does not name any more are ejected and forgotten, and those of which it says
    /// something else are ejected and readmitted. Gives what went wrong, by folder. Blocks on
    /// the disks.
    ///
    /// # Errors
    /// [`DiskRefused::HandedOver`].
    pub fn set_disks(
        &self,
        setups: Vec<DiskSetup>,
    ) -> Result<Vec<(DiskSetup, DiskRefused)>, DiskRefused> {
        let _pass = self.gate.enter().ok_or(DiskRefused::HandedOver)?;
        let alone = self.disks.alone();
        let before = self.disk_slots();
        for slot in before.iter().filter(|slot| !setups.contains(&slot.setup)) {
            // One that was ejected before stays so.
            let _ = self.eject_alone(&slot.setup.folder, "the configuration has changed");
        }
        let reason = "it is not in use yet".to_owned();
        let slot = |setup: &DiskSetup| {
            let there = before.iter().find(|slot| slot.setup == *setup);
            let new = DiskState::Ejected { reason: reason.clone() };
            let state = there.map_or(new, |slot| slot.state.clone());
            DiskSlot { setup: setup.clone(), state }
        };
        self.disks.slots.store(Arc::new(setups.iter().map(slot).collect()));
        let new = setups.into_iter().filter(|it| !before.iter().any(|slot| slot.setup == *it));
        let failed = |setup: DiskSetup| {
            let refused = self.take_into_use(setup.clone()).err()?;
            let state = DiskState::Ejected { reason: refused.to_string() };
            self.disks.set(&setup.folder, &state);
            Some((setup, refused))
        };
        let refused = new.filter_map(failed).collect();
        drop(alone);
        self.eject_ailing();
        Ok(refused)
    }

    /// Disks that have failed too often do so no more. Whoever changes or writes disks may wait for
    /// one that does not answer: nobody who serves waits with him, and he looks when he is through.
    pub(crate) fn eject_ailing(&self) {
        if !self.disks().iter().any(|disk| disk.is_ailing()) {
            return;
        }
        let Some(_alone) = self.disks.try_alone() else { return };
        for disk in self.disks().iter().filter(|disk| disk.is_ailing()) {
            // It is in use: nobody else has changed that.
            let _ = self.eject_alone(disk.folder(), "it has failed too often");
        }
    }
}
