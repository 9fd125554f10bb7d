//! What a request for something that no manifest names finds.

use super::bring::{Bring, Resolving};
use super::facts::Received;
use super::shelf::Absent;
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

/// What is known of a key of which something was ordered that has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// The catalogue has a window for it, which is not open now.
    Withheld,
    /// It was asked for, and does not come now.
    InVain,
    /// It may be asked for.
    Ask,
}

/// Whether something was said since a request came that has waited for it.
fn is_since(asked: Option<TimeUs>, said: TimeUs) -> bool {
    asked.is_some_and(|asked| said >= asked)
}

impl Absent {
    /// Whether it counts for a request, be it one that has waited since then.
    fn holds(self, asked: Option<TimeUs>, now: TimeUs) -> bool {
        now < self.until || is_since(asked, self.noted)
    }
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
        let found = self.stock.shelf.look(group, path, |place| {
            if let Some(object) = &place.object
                && let Some(received) = object.received()
                && (received.is_usable(now) || is_since(asked, received.terms().validated))
            {
                return Demanded::Usable(Arc::clone(object));
            }
            match place.absent {
                Some(absent) if absent.holds(asked, now) => Demanded::Absent(absent.why),
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

    /// Looks up what was ordered and has not come; `asked` as above. What was received under its
    /// key before is another thing, and so is what origins said of that.
    #[must_use]
    pub fn ordered(
        &self,
        (group, path): (&GroupName, &str),
        asked: Option<TimeUs>,
        now: TimeUs,
    ) -> Ordered {
        if self.stock.withheld.has(group, path, now) {
            return Ordered::Withheld;
        }
        let absent = self.stock.shelf.look(group, path, |place| place.absent).flatten();
        match absent.filter(|absent| absent.why == Absence::NoAnswer) {
            Some(absent) if absent.holds(asked, now) => Ordered::InVain,
            _ => Ordered::Ask,
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
