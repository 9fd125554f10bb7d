//! What the index knows of one key.

use crate::object::Object;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use std::sync::Arc;

/// The rank of what nobody ordered: beyond all of the manifest.
pub(super) const UNRANKED: u32 = u32::MAX;

/// What is known of a key, to be changed. A new version may be wanted while the old one is held.
/// The key itself stands in the entry of each of them.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) held: Option<Arc<Object>>,
    /// What of the wanted version has come so far.
    pub(super) arriving: Option<Arc<Object>>,
    pub(super) wanted: Option<Arc<CatalogueEntry>>,
    /// No disk had room for it when it was to come.
    pub(super) has_no_room: bool,
    /// Where it stands in the manifest's order; [`UNRANKED`] where it is not wanted.
    pub(super) rank: u32,
}

/// The same, to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) held: Option<&'a Arc<Object>>,
    pub(crate) arriving: Option<&'a Arc<Object>>,
    pub(crate) wanted: Option<&'a Arc<CatalogueEntry>>,
    pub(crate) has_no_room: bool,
    pub(crate) rank: u32,
}

impl Slot {
    /// With nothing in it.
    pub(super) const EMPTY: Self =
        Self { held: None, arriving: None, wanted: None, has_no_room: false, rank: UNRANKED };

    pub(super) fn seen(&self) -> Seen<'_> {
        let (held, arriving, wanted) =
            (self.held.as_ref(), self.arriving.as_ref(), self.wanted.as_ref());
        Seen { held, arriving, wanted, has_no_room: self.has_no_room, rank: self.rank }
    }

    /// Wants this version; gives back what has come of another.
    pub(super) fn want(&mut self, entry: &Arc<CatalogueEntry>, rank: u32) -> Option<Arc<Object>> {
        self.wanted = Some(Arc::clone(entry));
        (self.has_no_room, self.rank) = (false, rank);
        let stale = self.arriving.take_if(|coming| !coming.entry.is_same(entry));
        self.share_entry();
        stale
    }

    /// What is here of the wanted version has the wanted entry, so that none is in memory twice.
    fn share_entry(&mut self) {
        let Some(wanted) = &self.wanted else { return };
        for object in [&mut self.held, &mut self.arriving].into_iter().flatten() {
            if object.entry.is_same(wanted) && !Arc::ptr_eq(&object.entry, wanted) {
                *object = Arc::new(object.under(wanted));
            }
        }
    }

    /// A version begins to arrive; gives back what must go: what has come of another, or the
    /// object itself where it is not wanted.
    pub(super) fn begin(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        if !self.seen().wants(&object.entry) {
            return Some(object);
        }
        let before = self.arriving.replace(object);
        self.share_entry();
        before
    }

    /// Takes an object that is here again; gives back what must go.
    pub(super) fn rejoin(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        let Some(wanted) = self.wanted.clone().filter(|wanted| wanted.is_same(&object.entry))
        else {
            return Some(object);
        };
        let object = Arc::new(object.under(&wanted));
        match object.is_whole() {
            _ if !self.seen().lacks(&wanted) => Some(object),
            true => self.held.replace(object),
            false if self.arriving.is_none() => self.arriving.replace(object),
            false => Some(object),
        }
    }

    /// What has come of a version that is held: a copy that a move has not finished.
    pub(super) fn take_leftover(&mut self) -> Option<Arc<Object>> {
        let held = &self.held.as_ref()?.entry;
        self.arriving.take_if(|coming| coming.entry.is_same(held))
    }
}

impl<'a> Seen<'a> {
    /// Held, and not wanted in another version.
    pub(super) fn held(object: &'a Arc<Object>, rank: u32) -> Self {
        let wanted = (rank != UNRANKED).then_some(&object.entry);
        Self { held: Some(object), arriving: None, wanted, has_no_room: false, rank }
    }

    /// Wanted, and not here.
    pub(super) fn missing(entry: &'a Arc<CatalogueEntry>, rank: u32) -> Self {
        Self { held: None, arriving: None, wanted: Some(entry), has_no_room: false, rank }
    }

    /// One of those that have its key; `None` where nothing is in it.
    pub(super) fn entry(&self) -> Option<&'a Arc<CatalogueEntry>> {
        self.wanted.or_else(|| self.objects().next().map(|object| &object.entry))
    }

    pub(super) fn is_of(&self, group: &GroupName, path: &str) -> bool {
        self.entry().is_some_and(|entry| *entry.path == *path && entry.common.group == *group)
    }

    /// What is here of it, whole or not.
    pub(super) fn objects(&self) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.held.into_iter().chain(self.arriving)
    }

    pub(super) fn wants(&self, entry: &CatalogueEntry) -> bool {
        self.wanted.is_some_and(|wanted| wanted.is_same(entry))
    }

    /// Whether this version is wanted and not held.
    pub(crate) fn lacks(&self, entry: &CatalogueEntry) -> bool {
        self.wants(entry) && self.held.is_none_or(|held| !held.entry.is_same(entry))
    }
}
