//! Sources whose last word was a failure: for whoever asks why something does not come.

use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::progress::{MAX_REFUSAL_BYTES, MAX_SOURCES, SourceFailure};
use contract::sources::SourceKind;
use contract::time::TimeUs;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was said before that explains nothing any more; and what nobody ordered comes without a
/// word of success.
const FORGOTTEN_AFTER_S: f64 = 3600.0;

/// The last word of each, by content group: each has an origin of its own.
#[derive(Debug, Default)]
pub(crate) struct Failing(Mutex<BTreeMap<(SourceKind, GroupName), SourceFailure>>);

impl Failing {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(SourceKind, GroupName), SourceFailure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It said no.
    pub(crate) fn failed(
        &self,
        object: &ObjectKey,
        source: &SourceKind,
        reason: &str,
        at_us: TimeUs,
    ) {
        let (group, source) = (object.group.clone(), source.clone());
        let (path, reason) = (begin_of(&object.path), begin_of(reason));
        let key = (source.clone(), group.clone());
        let mut all = self.all();
        all.insert(key, SourceFailure { source, group, path, reason, at_us });
        if all.len() > MAX_SOURCES {
            let oldest = all.iter().min_by_key(|(_, failure)| failure.at_us);
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| all.remove(&key));
        }
    }

    /// It gave something.
    pub(crate) fn gave(&self, object: &ObjectKey, source: &SourceKind) {
        self.all().remove(&(source.clone(), object.group.clone()));
    }

    /// The last first.
    pub(crate) fn list(&self, now: TimeUs) -> Vec<SourceFailure> {
        let mut all = self.all();
        all.retain(|_, failure| now.since_s(failure.at_us) <= FORGOTTEN_AFTER_S);
        let mut list: Vec<SourceFailure> = all.values().cloned().collect();
        list.sort_by_key(|failure| std::cmp::Reverse(failure.at_us));
        list
    }
}

fn begin_of(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_REFUSAL_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(group: &str) -> ObjectKey {
        ObjectKey { group: GroupName::new(group).expect("name"), path: "/v/1.m4s".into() }
    }

    const ORIGIN: SourceKind = SourceKind::Origin;

    #[test]
    fn the_last_word_counts_and_is_forgotten() {
        let (failing, began) = (Failing::default(), TimeUs(1_795_564_800_000_000));
        failing.failed(&object("a"), &ORIGIN, "it answered 500", began);
        failing.failed(&object("a"), &ORIGIN, "it answered 403", began.plus_s(1));
        failing.failed(&object("b"), &ORIGIN, &"\u{e4}".repeat(1000), began.plus_s(2));
        let list = failing.list(began.plus_s(3));
        let groups: Vec<&str> = list.iter().map(|each| each.group.as_str()).collect();
        assert_eq!((groups, &*list[1].reason), (vec!["b", "a"], "it answered 403"));
        assert_eq!(list[0].reason.len(), MAX_REFUSAL_BYTES);
        failing.gave(&object("b"), &ORIGIN);
        assert_eq!(failing.list(began.plus_s(3601)).len(), 1);
        assert!(failing.list(began.plus_s(3602)).is_empty());
    }

    #[test]
    fn they_never_grow_without_bound() {
        let failing = Failing::default();
        for at in 0..100 {
            failing.failed(&object(&format!("g{at}")), &ORIGIN, "no", TimeUs(at * 1_000_000));
        }
        let list = failing.list(TimeUs(100_000_000));
        assert_eq!((list.len(), list[0].group.as_str()), (MAX_SOURCES, "g99"));
    }
}
