//! What the meaning layer asks of a cache.

use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
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
}

/// An object that is held.
pub trait Held {
    /// What the catalogue says of it.
    fn entry(&self) -> &CatalogueEntry;
}

impl Held for Arc<cache::Object> {
    fn entry(&self) -> &CatalogueEntry {
        &self.entry
    }
}

impl Index for cache::Cache {
    type Held = Arc<cache::Object>;

    fn find(&self, group: &GroupName, path: &str) -> Found<Self::Held> {
        match self.lookup(group, path) {
            cache::Lookup::Held(object) => Found::Held(object),
            cache::Lookup::Arriving(object) => Found::Arriving(object),
            cache::Lookup::Wanted => Found::Wanted,
            cache::Lookup::Unknown => Found::Unknown,
        }
    }
}
