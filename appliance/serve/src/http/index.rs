//! What the meaning layer asks of a cache.

use cache::Received;
use cache::received::{Absence, Ordered};
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use std::sync::Arc;

/// What an index says of a key.
#[derive(Debug)]
pub enum Found<H> {
    /// Published here.
    Held(H),
    /// On its way: what has not come can be waited for.
    Arriving(H),
    /// To be here, not yet.
    Wanted,
    /// Nobody told of it.
    Unknown,
}

/// An index of objects in RAM. What it hands out is the engine's business; the meaning of
/// a request needs only what the catalogue says.
pub trait Index {
    /// An object that is held.
    type Held: Held;

    /// Looks a key up. Never blocks.
    fn find(&self, group: &GroupName, path: &str) -> Found<Self::Held>;

    /// Looks one version of a key up: what is held and is another is found where there is
    /// nothing of this one. Never blocks.
    fn find_version(
        &self,
        group: &GroupName,
        path: &str,
        is_it: impl Fn(&CatalogueEntry) -> bool,
    ) -> Found<Self::Held>;

    /// Looks up what nobody ordered. `asked` is when a request came that has waited for origins:
    /// what they have said since then holds for it. Never blocks.
    fn find_demanded(
        &self,
        group: &GroupName,
        path: &str,
        asked: Option<TimeUs>,
        now: TimeUs,
    ) -> Demanded<Self::Held>;

    /// Looks up whether what was ordered and has not come may be asked for; `asked` as above. Never
    /// blocks.
    fn find_ordered(&self, key: (&GroupName, &str), asked: Option<TimeUs>, now: TimeUs) -> Ordered;

    /// Until when a catalogue lets something be served that nobody ordered. Never blocks.
    fn served_until(&self, entry: &CatalogueEntry) -> Option<TimeUs>;

    /// How far purges were carried out. Never blocks.
    fn purged_up_to(&self) -> PurgedUpTo;
}

/// What an index says of a key that no manifest names.
#[derive(Debug)]
pub enum Demanded<H> {
    /// It may be served.
    Usable(H),
    /// There is nothing.
    Absent(Absence),
    /// The catalogue has a window for it, which is not open now.
    Withheld,
    /// Origins have to be asked first. `true`: something is here, and stale.
    Ask(bool),
}

/// An object that is held.
pub trait Held {
    /// What the catalogue says of it.
    fn entry(&self) -> &CatalogueEntry;

    /// What its origin said of it; `None` for what a catalogue names.
    fn received(&self) -> Option<&Received> {
        None
    }

    /// Whether what is missing of it waits for no sibling.
    fn is_from_beyond(&self) -> bool;

    /// Whether a byte of it may be read already; one that it has not may never be.
    fn has_byte(&self, offset: u64) -> bool;
}

impl Held for Arc<cache::Object> {
    fn entry(&self) -> &CatalogueEntry {
        &self.entry
    }

    fn received(&self) -> Option<&Received> {
        cache::Object::received(self)
    }

    fn is_from_beyond(&self) -> bool {
        cache::Object::is_from_beyond(self)
    }

    fn has_byte(&self, offset: u64) -> bool {
        cache::Object::has_byte(self, offset)
    }
}

impl Index for cache::Cache {
    type Held = Arc<cache::Object>;

    fn find(&self, group: &GroupName, path: &str) -> Found<Self::Held> {
        self.lookup(group, path).into()
    }

    fn find_version(
        &self,
        group: &GroupName,
        path: &str,
        is_it: impl Fn(&CatalogueEntry) -> bool,
    ) -> Found<Self::Held> {
        self.lookup_version(group, path, is_it).into()
    }

    fn find_demanded(
        &self,
        group: &GroupName,
        path: &str,
        asked: Option<TimeUs>,
        now: TimeUs,
    ) -> Demanded<Self::Held> {
        match self.demanded(group, path, asked, now) {
            cache::Demanded::Usable(object) => Demanded::Usable(object),
            cache::Demanded::Absent(why) => Demanded::Absent(why),
            cache::Demanded::Withheld => Demanded::Withheld,
            cache::Demanded::Ask(is_stale) => Demanded::Ask(is_stale),
        }
    }

    fn find_ordered(&self, key: (&GroupName, &str), asked: Option<TimeUs>, now: TimeUs) -> Ordered {
        self.ordered(key, asked, now)
    }

    fn served_until(&self, entry: &CatalogueEntry) -> Option<TimeUs> {
        self.served_until(&entry.common.group, &entry.path)
    }

    fn purged_up_to(&self) -> PurgedUpTo {
        Self::purged_up_to(self)
    }
}

impl From<cache::Lookup> for Found<Arc<cache::Object>> {
    fn from(found: cache::Lookup) -> Self {
        match found {
            cache::Lookup::Held(object) => Self::Held(object),
            cache::Lookup::Arriving(object) => Self::Arriving(object),
            cache::Lookup::Wanted => Self::Wanted,
            cache::Lookup::Unknown => Self::Unknown,
        }
    }
}
