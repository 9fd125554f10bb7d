//! Leave to write to a disk. It is asked for before something begins, for all of it, and what
//! was not written in the end is given back.

use super::budget::Record;
use super::{Budget, Exhausted, WriteBudget, record};
use crate::disk::{Disk, Weight};
use contract::time::TimeUs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// When it is tried again to write down how a disk stands, where that could not be done.
const KEEP_AGAIN: Duration = Duration::from_secs(15);

/// Bytes that may be written. What is left is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    disk: Arc<Disk>,
    left_bytes: AtomicU64,
}

impl Permit {
    /// Bytes are written; beyond what it was for they count all the same.
    pub(crate) fn spend(&self, bytes: u64) {
        let less = |left: u64| Some(left.saturating_sub(bytes));
        let before = self.left_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        let beyond = bytes.saturating_sub(before.unwrap_or_default());
        self.disk.wrote(beyond);
    }

    /// No more than this is to come.
    pub(crate) fn keep_only(&self, bytes: u64) {
        let before = self.left_bytes.fetch_min(bytes, Ordering::Relaxed);
        self.disk.give_back(before.saturating_sub(bytes));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.keep_only(0);
    }
}

impl Disk {
    /// What may be written to it, where that is limited.
    pub(crate) fn budget(&self) -> MutexGuard<'_, Option<Budget>> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leave to write so much. Blocks on the disk now and then: it is written down before it is
    /// given.
    pub(crate) fn permit(self: &Arc<Self>, bytes: u64) -> Result<Permit, Exhausted> {
        let now_us = self.storage().now_us();
        if let Some(budget) = &mut *self.budget() {
            budget.promise(bytes, now_us)?;
        }
        let permit = Permit { disk: Arc::clone(self), left_bytes: AtomicU64::new(bytes) };
        let exhausted = Exhausted { wait: Some(KEEP_AGAIN) };
        self.cover().map(|()| permit).map_err(|_| exhausted)
    }

    /// Leave that is always given: what was lost must come back.
    pub(crate) fn permit_anyway(self: &Arc<Self>, bytes: u64) -> Permit {
        self.wrote(bytes);
        // A failure is the disk's, and counted there.
        let _ = self.cover();
        Permit { disk: Arc::clone(self), left_bytes: AtomicU64::new(bytes) }
    }

    /// Bytes are written that nobody has asked leave for.
    pub(crate) fn wrote(&self, bytes: u64) {
        if bytes > 0
            && let Some(budget) = &mut *self.budget()
        {
            budget.charge(bytes);
        }
    }

    fn give_back(&self, bytes: u64) {
        if bytes > 0
            && let Some(budget) = &mut *self.budget()
        {
            budget.refund(bytes);
        }
    }

    /// Writes down what was promised, unless it is.
    fn cover(&self) -> io::Result<()> {
        // Whoever looks at the budget meanwhile does not wait for the disk.
        let _alone = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let uncovered = self.budget().as_ref().filter(|it| it.is_uncovered()).map(Budget::to_keep);
        uncovered.map_or(Ok(()), |record| self.write_down(&record))
    }

    fn write_down(&self, record: &Record) -> io::Result<()> {
        if !self.has_kept_room() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = record::write(self.storage(), self.folder(), record);
        match &written {
            Ok(()) => {
                self.keep_room(0);
                self.budget().iter_mut().for_each(|budget| budget.kept(record));
            }
            // A disk that is full to the last page takes nothing else either.
            Err(err) if err.kind() == io::ErrorKind::StorageFull => {}
            Err(_) => self.failed(Weight::Call),
        }
        written
    }

    /// Writes down how it stands, if anything has changed.
    pub(crate) fn keep_budget(&self, wall: TimeUs) {
        let _alone = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.budget().as_mut().and_then(|budget| budget.keep_at(wall));
        if let Some(record) = changed.filter(|_| !self.is_ejected()) {
            // A failure is the disk's, and counted there.
            let _ = self.write_down(&record);
        }
    }

    /// Why nothing may begin on it now, because of what was written to it.
    #[must_use]
    pub fn exhausted(&self) -> Option<Exhausted> {
        let now_us = self.storage().now_us();
        self.budget().as_mut()?.exhausted(now_us)
    }

    /// How it stands with its rating; `None` without one.
    #[must_use]
    pub fn write_budget(&self) -> Option<WriteBudget> {
        let now_us = self.storage().now_us();
        Some(self.budget().as_mut()?.told(now_us))
    }

    /// What its own counter has not shown yet: to be asked before it is read.
    #[must_use]
    pub fn unseen_bytes(&self) -> u64 {
        self.budget().as_ref().map_or(0, Budget::unseen_bytes)
    }

    /// What its own counter says was ever written to it, and what it had not shown before.
    pub fn counted(&self, counter_bytes: u64, unseen_bytes: u64) {
        if let Some(budget) = &mut *self.budget() {
            budget.counted(counter_bytes, unseen_bytes);
        }
    }
}
