//! Which received objects are here, by key, and what is known not to be anywhere.
//!
//! As with the [index](crate::index) of what was ordered, whoever asks takes no lock and waits
//! for nobody; a writer puts a changed copy of a table in its place. The two are apart because
//! a manifest decides about all of that one, and about nothing here.

use super::demanded::Absence;
use crate::demand::{self, Segment};
use crate::object::{self, Object};
use crate::shards::{self, Changed, Shards};
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys of which it is known that there is nothing. Who scans for guesses finds the eldest
/// forgotten, and is slowed down elsewhere.
const MOST_ABSENT: usize = 1 << 14;

/// That there is nothing under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Absent {
    pub(crate) why: Absence,
    /// When that was found out.
    pub(crate) noted: TimeUs,
    pub(crate) until: TimeUs,
}

/// What is known of a key.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    key: ObjectKey,
    pub(crate) object: Option<Arc<Object>>,
    pub(crate) absent: Option<Absent>,
}

#[derive(Debug, Clone)]
struct Filed {
    hash: u64,
    place: Arc<Place>,
}

type Table = HashTable<Filed>;

/// Keys to places.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    hasher: RandomState,
    shards: Shards<Table>,
    /// Keys with an [`Absent`], eldest first. Held by whoever changes anything.
    absent: Mutex<VecDeque<ObjectKey>>,
}

impl Shelf {
    /// The number that a key has in the books.
    pub(crate) fn number(&self, group: &GroupName, path: &str) -> u64 {
        self.hasher.hash_one((group, path))
    }

    /// Which segment of which series a key is, as its name says.
    pub(crate) fn segment(&self, group: &GroupName, path: &str) -> Option<Segment> {
        let (series, index) = demand::segment(path)?;
        Some(Segment { series: self.hasher.hash_one((group, series)), index })
    }

    /// What `look` finds in the place of a key. It must be quick: it holds an old table.
    pub(crate) fn look<T>(
        &self,
        group: &GroupName,
        path: &str,
        look: impl FnOnce(&Place) -> T,
    ) -> Option<T> {
        let hash = self.number(group, path);
        let table = self.shards.load(shards::number(hash))?;
        let is_it = |filed: &Filed| filed.hash == hash && filed.place.is_of(group, path);
        table.find(hash, is_it).map(|filed| look(&filed.place))
    }

    /// An object takes its place; gives back what stood there, which must go.
    ///
    /// # Errors
    /// When its disk is in use no more, which it says before its objects are taken out of sight.
    pub(crate) fn put(&self, object: &Arc<Object>) -> io::Result<Option<Arc<Object>>> {
        let _alone = self.alone();
        if object.body.disk.is_ejected() {
            return Err(io::Error::other("the disk was ejected"));
        }
        Ok(self.edit(&object.entry.key(), |place| {
            place.absent = None;
            // A purge finds it here, or among those that are leaving.
            place.object.replace(Arc::clone(object)).inspect(|before| before.doom())
        }))
    }

    /// Objects that were found on disks take their places; gives back those that later ones
    /// replace.
    pub(crate) fn fill(&self, mut objects: Vec<Arc<Object>>) -> Vec<Arc<Object>> {
        let _alone = self.alone();
        objects.sort_by_key(|object| object.body.serial);
        let (mut changed, mut twins) = (Changed::new(), Vec::new());
        for object in objects {
            let key = object.entry.key();
            let hash = self.number(&key.group, &key.path);
            let shard = shards::number(hash);
            let table = changed.entry(shard).or_insert_with(|| self.shards.copy(shard));
            twins.extend(edit(table, hash, &key, |place| place.object.replace(object)));
        }
        self.shards.store_all(changed);
        twins
    }

    /// There is nothing under this key.
    pub(crate) fn note(&self, key: &ObjectKey, absent: Absent) {
        let mut all = self.alone();
        let was_there = self.edit(key, |place| place.absent.replace(absent).is_some());
        if was_there {
            return;
        }
        all.push_back(key.clone());
        if all.len() > MOST_ABSENT
            && let Some(eldest) = all.pop_front()
        {
            self.edit(&eldest, |place| place.absent = None);
        }
    }

    /// There may be something under this key.
    pub(crate) fn forget(&self, key: &ObjectKey) {
        let _alone = self.alone();
        self.edit(key, |place| place.absent = None);
    }

    /// Takes this very object out of sight; `false` when it was not in sight any more.
    pub(crate) fn withdraw(&self, object: &Object) -> bool {
        let _alone = self.alone();
        let is_it = |other: &mut Arc<Object>| other.is_same(object);
        self.edit(&object.entry.key(), |place| place.object.take_if(is_it).is_some())
    }

    /// Takes objects out of sight; gives them in an order that no hash decides. What is known
    /// not to be anywhere is forgotten: whoever purges may have put something there.
    pub(crate) fn take_out(&self, is_one: impl Fn(&Arc<Object>) -> bool) -> Vec<Arc<Object>> {
        let mut absent = self.alone();
        for key in absent.drain(..) {
            self.edit(&key, |place| place.absent = None);
        }
        let mut gone = Vec::new();
        for (_, before) in self.shards.iter() {
            let objects = before.iter().filter_map(|filed| filed.place.object.as_ref());
            let leaving: Vec<_> = objects.filter(|object| is_one(object)).cloned().collect();
            for object in leaving {
                self.edit(&object.entry.key(), |place| place.object = None);
                gone.push(object);
            }
        }
        object::sort(&mut gone);
        gone
    }

    /// All that are here, the one that came first first.
    pub(crate) fn all(&self) -> Vec<Arc<Object>> {
        let mut all = Vec::new();
        for (_, table) in self.shards.iter() {
            all.extend(table.iter().filter_map(|filed| filed.place.object.clone()));
        }
        object::sort(&mut all);
        all
    }

    fn edit<T>(&self, key: &ObjectKey, change: impl FnOnce(&mut Place) -> T) -> T {
        let hash = self.number(&key.group, &key.path);
        let shard = shards::number(hash);
        let mut table = self.shards.copy(shard);
        let done = edit(&mut table, hash, key, change);
        self.shards.store(shard, table);
        done
    }

    /// Nobody else changes anything as long as this is held.
    fn alone(&self) -> MutexGuard<'_, VecDeque<ObjectKey>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn is_of(&self, group: &GroupName, path: &str) -> bool {
        *self.key.path == *path && self.key.group == *group
    }

    fn is_empty(&self) -> bool {
        self.object.is_none() && self.absent.is_none()
    }
}

/// Changes the place of a key; one that has nothing to say leaves no trace.
fn edit<T>(table: &mut Table, hash: u64, key: &ObjectKey, edit: impl FnOnce(&mut Place) -> T) -> T {
    let is_it = |filed: &Filed| filed.hash == hash && filed.place.is_of(&key.group, &key.path);
    match table.entry(hash, is_it, |filed| filed.hash) {
        Entry::Occupied(mut filed) => {
            let place = Arc::make_mut(&mut filed.get_mut().place);
            let done = edit(place);
            if place.is_empty() {
                filed.remove();
            }
            done
        }
        Entry::Vacant(vacant) => {
            let mut place = Place { key: key.clone(), object: None, absent: None };
            let done = edit(&mut place);
            if !place.is_empty() {
                vacant.insert(Filed { hash, place: Arc::new(place) });
            }
            done
        }
    }
}
