//! How received objects go out of sight: replaced, evicted, purged, or with their disk.

use super::Share;
use super::arrival::{NotReceived, Since};
use super::books::Verdict;
use super::demanded::Absence;
use super::facts::Terms;
use super::shelf::Absent;
use crate::cache::Cache;
use crate::disk::Disk;
use crate::object::Object;
use crate::read::ReadFailed;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Cache {
    /// Groups have these shares of the disks from here on, and all others none: what they have
    /// received goes.
    pub fn set_shares(&self, shares: &[Share]) {
        let mut books = self.stock.books();
        if !shares.is_empty() {
            self.stock.book_touches(&mut books);
        }
        let (shelf, mut gone) = (&self.stock.shelf, books.set_shares(shares));
        for object in shelf.all() {
            let key = self.number_of(&object);
            if books.have(key, &object) {
                continue;
            }
            let (group, path) = (&object.entry.common.group, &object.entry.path);
            let (verdict, leaving) = books.request(shelf, group, path, object.disk_bytes());
            gone.extend(leaving);
            match verdict {
                Verdict::Kept => books.enter(key, &object, verdict),
                Verdict::Passing | Verdict::Refused => gone.push(object),
            }
        }
        drop(books);
        self.leave(&gone);
    }

    /// Books what was asked for meanwhile; what is not worth its place any more goes. To be
    /// called every second or so.
    pub fn keep_books(&self) {
        let gone = self.stock.books().catch_up(&self.stock.shelf);
        self.leave(&gone);
    }

    /// What a group has received and still takes of the disks.
    #[must_use]
    pub fn demand_bytes(&self, group: &GroupName) -> u64 {
        self.stock.books().used_bytes(group)
    }

    /// The origin says that an object is still what it has.
    pub fn refreshed(&self, object: &Object, terms: Terms) {
        if let Some(received) = object.received() {
            received.set_terms(terms);
            received.end_refresh();
        }
    }

    /// The origin was asked and does not answer: the object is served until then without
    /// asking again, where its terms allow that (RFC 5861 §4). Gives whether they do.
    pub fn excuse(&self, object: &Object, now: TimeUs, until: TimeUs) -> bool {
        let Some(received) = object.received() else { return false };
        received.end_refresh();
        let last = received.terms().if_error_until;
        if now >= last {
            return false;
        }
        received.excuse(until.min(last));
        true
    }

    /// There is nothing under a key: whoever asks hears so until then.
    pub fn note_absent(&self, key: &ObjectKey, why: Absence, noted: TimeUs, until: TimeUs) {
        self.stock.shelf.note(key, Absent { why, noted, until });
    }

    /// The same of what an origin has said that was asked then.
    ///
    /// # Errors
    /// [`NotReceived::Purged`]: it is forgotten again, there may be something by now.
    pub fn heard_absent(
        &self,
        key: &ObjectKey,
        why: Absence,
        (noted, until): (TimeUs, TimeUs),
        since: Since,
    ) -> Result<(), NotReceived> {
        self.note_absent(key, why, noted, until);
        // A purge that was too early to forget it is seen here.
        if self.since() == since {
            return Ok(());
        }
        self.stock.shelf.forget(key);
        Err(NotReceived::Purged)
    }

    /// The origin has another version by now, or none: this one goes, and whoever is in the
    /// middle of it is cut.
    pub fn replaced(&self, object: &Object) {
        // First, so that a purge finds it in sight, or among those that are leaving.
        object.doom();
        if self.stock.shelf.withdraw(object) {
            self.part(object);
        }
    }

    /// Takes received objects out of sight that a purge takes; nobody brings more of them.
    pub(crate) fn purge_received(
        &self,
        is_purged: impl Fn(&CatalogueEntry) -> bool,
    ) -> Vec<Arc<Object>> {
        // Whoever has asked before, and is answered after this, may have been given the old.
        self.stock.purges.fetch_add(1, Ordering::AcqRel);
        self.take_out_received(|object| is_purged(&object.entry))
    }

    /// At start: received objects that stand on the disks are in sight; gives the others. Who
    /// stays is decided when shares are known.
    pub(crate) fn restock(&self, found: Vec<Arc<Object>>) -> Vec<Arc<Object>> {
        let (received, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|object| object.received().is_some());
        let twins = self.stock.shelf.fill(received);
        twins.iter().for_each(|twin| twin.doom());
        others
    }

    /// Received objects of a disk that is in use no more; gives how many.
    pub(crate) fn drop_received_of(&self, disk: &Arc<Disk>) -> usize {
        self.take_out_received(|object| Arc::ptr_eq(&object.body.disk, disk)).len()
    }

    fn take_out_received(&self, is_one: impl Fn(&Arc<Object>) -> bool) -> Vec<Arc<Object>> {
        let gone = self.stock.shelf.take_out(is_one);
        let mut books = self.stock.books();
        for object in &gone {
            books.remove(self.number_of(object), object);
        }
        drop(books);
        gone.iter().for_each(|object| self.stop(object));
        gone
    }

    /// Objects that have left the books.
    pub(crate) fn leave(&self, gone: &[Arc<Object>]) {
        for object in gone {
            // Who reads it goes on: what is there stays until then, and the rest still comes.
            object.doom();
            self.stock.shelf.withdraw(object);
        }
    }

    /// An object that is out of sight goes, and nothing more of it comes.
    pub(crate) fn part(&self, object: &Object) {
        self.stock.books().remove(self.number_of(object), object);
        object.doom();
        self.stop(object);
    }

    /// Nothing more of it comes.
    fn stop(&self, object: &Object) {
        for (block, pending) in object.body.sums.stop() {
            pending.settle(Err(ReadFailed::NotComing { block }));
        }
    }

    pub(crate) fn number_of(&self, object: &Object) -> u64 {
        self.stock.shelf.number(&object.entry.common.group, &object.entry.path)
    }
}
