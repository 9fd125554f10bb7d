//! What boxes have said, for as long as it holds. Pure: the time comes in.

use super::Known;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use std::collections::HashMap;

/// Keys that are remembered: as many as a busy site is asked for in five seconds. Beyond them
/// boxes are asked again.
const MOST: usize = 1 << 15;

/// What boxes have said of a key.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) known: Known,
    /// How far this box had purged when it asked. It holds until there is another purge.
    pub(super) purged: PurgedUpTo,
    pub(super) until: TimeUs,
}

/// What boxes have said.
#[derive(Debug, Default)]
pub(super) struct Remembered(HashMap<ObjectKey, Said>);

impl Remembered {
    /// What they have said of a key, if that still holds.
    pub(super) fn of(&self, key: &ObjectKey, purged: PurgedUpTo, now: TimeUs) -> Option<Known> {
        let said = self.0.get(key)?;
        (said.purged == purged && now < said.until).then(|| said.known.clone())
    }

    /// They have said this.
    pub(super) fn note(&mut self, key: &ObjectKey, said: Said, now: TimeUs) {
        if self.0.len() >= MOST {
            self.0.retain(|_, said| now < said.until);
        }
        // Everything is new: whatever it is, it was said in the last seconds.
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key.clone(), said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::GroupName;

    const PURGED: PurgedUpTo = PurgedUpTo { epoch: 1, version: 7 };

    fn key(number: usize) -> ObjectKey {
        let group = GroupName::new("g").expect("name");
        ObjectKey { group, path: format!("/{number}").into() }
    }

    #[test]
    fn it_holds_for_a_time_and_for_so_many() {
        let mut remembered = Remembered::default();
        let (now, until) = (TimeUs(0), TimeUs(0).plus_s(5));
        let said = |known| Said { known, purged: PURGED, until };
        remembered.note(&key(0), said(Known::Nobody), now);
        assert_eq!(remembered.of(&key(0), PURGED, now), Some(Known::Nobody));
        assert_eq!(remembered.of(&key(0), PURGED, until), None);
        assert_eq!(remembered.of(&key(1), PURGED, now), None);
        for number in 1..3 * MOST {
            remembered.note(&key(number), said(Known::At("a".into())), now);
            assert!(remembered.0.len() <= MOST);
            let known = remembered.of(&key(number), PURGED, now);
            assert_eq!(known, Some(Known::At("a".into())));
        }
    }

    #[test]
    fn it_holds_until_there_is_another_purge() {
        let mut remembered = Remembered::default();
        let (now, until) = (TimeUs(0), TimeUs(0).plus_s(5));
        let said = Said { known: Known::At("a".into()), purged: PURGED, until };
        remembered.note(&key(0), said, now);
        for other in [PurgedUpTo { version: 8, ..PURGED }, PurgedUpTo { epoch: 2, ..PURGED }] {
            assert_eq!(remembered.of(&key(0), other, now), None);
        }
        assert_eq!(remembered.of(&key(0), PURGED, now), Some(Known::At("a".into())));
    }
}
