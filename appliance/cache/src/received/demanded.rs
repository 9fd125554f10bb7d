//! What a request for something that no manifest names finds.

use super::bring::{Bring, Resolving};
use super::facts::Received;
use crate::cache::Cache;
use crate::object::Object;
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use std::sync::{Arc, Weak};

/// Why there is nothing under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// An origin said that there is none.
    NotFound,
    /// No origin answered, or none with something that makes sense.
    NoAnswer,
    /// It is there, and may not be kept by whoever serves many.
    NotForCaches,
    /// There is no room for it, or no memory of how to keep it.
    NoRoom,
}

/// What is known of a key.
#[derive(Debug, Clone)]
pub enum Demanded {
    /// It may be served: what is missing of it comes when it is read.
    Usable(Arc<Object>),
    /// There is nothing.
    Absent(Absence),
    /// The catalogue has a window for it, which is not open now.
    Withheld,
    /// Its origins have to be asked first. `true`: something is here, and stale.
    Ask(bool),
}

impl Cache {
    /// Looks a key up. Takes no lock, never touches a disk.
    ///
    /// `asked` is when the request came that has waited for an answer of the origins: whatever
    /// they have said since then holds for it, however soon it is stale (RFC 9111 §4).
    #[must_use]
    pub fn demanded(
        &self,
        group: &GroupName,
        path: &str,
        asked: Option<TimeUs>,
        now: TimeUs,
    ) -> Demanded {
        if self.stock.withheld.has(group, path, now) {
            return Demanded::Withheld;
        }
        let holds = |said: TimeUs| asked.is_some_and(|asked| said >= asked);
        let found = self.stock.shelf.look(group, path, |place| {
            if let Some(object) = &place.object
                && let Some(received) = object.received()
                && (received.is_usable(now) || holds(received.terms().validated))
            {
                return Demanded::Usable(Arc::clone(object));
            }
            match place.absent {
                Some(absent) if now < absent.until || holds(absent.noted) => {
                    Demanded::Absent(absent.why)
                }
                _ => Demanded::Ask(place.object.is_some()),
            }
        });
        // Who has waited for the origins has been counted, and has them say nothing twice.
        if let (Some(Demanded::Usable(object)), None) = (&found, asked) {
            self.stock.touch(self.stock.shelf.number(group, path));
            self.refresh_behind(object, now);
        }
        found.unwrap_or(Demanded::Ask(false))
    }

    /// The same of what was ordered and has not come. What was received under its key before is
    /// another thing, and so is what origins said of that.
    #[must_use]
    pub fn ordered(
        &self,
        group: &GroupName,
        path: &str,
        asked: Option<TimeUs>,
        now: TimeUs,
    ) -> Demanded {
        if self.stock.withheld.has(group, path, now) {
            return Demanded::Withheld;
        }
        let absent = self.stock.shelf.look(group, path, |place| place.absent).flatten();
        let holds = |noted: TimeUs| asked.is_some_and(|asked| noted >= asked);
        match absent {
            Some(absent)
                if absent.why == Absence::NoAnswer
                    && (now < absent.until || holds(absent.noted)) =>
            {
                Demanded::Absent(absent.why)
            }
            _ => Demanded::Ask(false),
        }
    }

    /// RFC 5861 §3: whoever comes meanwhile has what is here.
    fn refresh_behind(&self, object: &Arc<Object>, now: TimeUs) {
        let Some(received) = object.received() else { return };
        let terms = received.terms();
        let is_due = terms.fresh_until <= now && now < terms.while_revalidate_until;
        if is_due && !received.is_excused(now) && received.begin_refresh() {
            match self.stock.bring() {
                Some(bring) => bring.refresh(object),
                None => received.end_refresh(),
            }
        }
    }

    /// Has the origins of a key asked; `None` where nobody asks origins here, or enough is being
    /// asked already.
    #[must_use]
    pub fn resolve(&self, key: &ObjectKey, offset: u64) -> Option<Resolving> {
        self.stock.bring()?.resolve(key, offset)
    }

    /// Has what was ordered brought now, for a sibling; `None` as above.
    #[must_use]
    pub fn hasten(&self, key: &ObjectKey, offset: u64) -> Option<Resolving> {
        self.stock.bring()?.hasten(key, offset)
    }

    /// Who asks origins. Once in the life of a cache.
    pub fn set_bring(&self, bring: Weak<dyn Bring>) {
        self.stock.set_bring(bring);
    }

    /// What is here of a key, be it stale.
    #[must_use]
    pub fn received(&self, key: &ObjectKey) -> Option<Arc<Object>> {
        self.stock.shelf.look(&key.group, &key.path, |place| place.object.clone()).flatten()
    }
}

impl Received {
    /// Whether it may be served without waiting for its origin.
    fn is_usable(&self, now: TimeUs) -> bool {
        let terms = self.terms();
        now < terms.fresh_until || now < terms.while_revalidate_until || self.is_excused(now)
    }
}
