//! The validators (RFC 9110 §8.8.3) of objects that come in parts: an object that was replaced
//! meanwhile gives no part of another version, which would look like a lie.

use contract::object::ObjectId;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Objects that are remembered; as many can be under way at once.
const KEPT: usize = 256;

/// What is longer is no validator that a store gives.
const MAX_ETAG_LEN: usize = 256;

/// The newest last.
#[derive(Debug, Default)]
pub(super) struct ETags(Mutex<VecDeque<(ObjectId, String)>>);

impl ETags {
    fn kept(&self) -> MutexGuard<'_, VecDeque<(ObjectId, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn of(&self, object: &ObjectId) -> Option<String> {
        self.kept().iter().find(|(id, _)| id == object).map(|(_, etag)| etag.clone())
    }

    pub(super) fn note(&self, object: &ObjectId, etag: &str) {
        let mut kept = self.kept();
        kept.retain(|(id, _)| id != object);
        if etag.len() <= MAX_ETAG_LEN {
            kept.push_back((*object, etag.to_owned()));
        }
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }

    pub(super) fn forget(&self, object: &ObjectId) {
        self.kept().retain(|(id, _)| id != object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::GroupName;
    use contract::object::{Digest, ObjectKey};

    fn object(number: usize) -> ObjectId {
        let group = GroupName::new("g").expect("name");
        ObjectId::new(&ObjectKey { group, path: format!("/{number}").into() }, &Digest::of(b""))
    }

    #[test]
    fn the_newest_of_each_and_not_more_than_are_kept() {
        let etags = ETags::default();
        (0..=KEPT).for_each(|number| etags.note(&object(number), "\"1\""));
        etags.note(&object(9), "\"2\"");
        assert_eq!(etags.of(&object(0)), None, "the oldest has gone");
        assert_eq!(etags.of(&object(9)).as_deref(), Some("\"2\""));
        etags.forget(&object(9));
        assert_eq!(etags.of(&object(9)), None);
    }
}
