//! What boxes have said, for as long as it holds. Pure: the time comes in.

use super::Known;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use std::collections::HashMap;

/// Keys that are remembered: as many as a busy site is asked for in five seconds. Beyond them
/// boxes are asked again.
const MOST: usize = 1 << 15;

/// What boxes have said.
#[derive(Debug, Default)]
pub(super) struct Remembered(HashMap<ObjectKey, (Known, TimeUs)>);

impl Remembered {
    /// What they have said of a key, if that still holds.
    pub(super) fn of(&self, key: &ObjectKey, now: TimeUs) -> Option<Known> {
        let (known, until) = self.0.get(key)?;
        (now < *until).then(|| known.clone())
    }

    /// They have said this.
    pub(super) fn note(&mut self, key: &ObjectKey, known: Known, until: TimeUs, now: TimeUs) {
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, until)| now < *until);
        }
        // Everything is new: whatever it is, it was said in the last seconds.
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key.clone(), (known, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::GroupName;

    fn key(number: usize) -> ObjectKey {
        let group = GroupName::new("g").expect("name");
        ObjectKey { group, path: format!("/{number}").into() }
    }

    #[test]
    fn it_holds_for_a_time_and_for_so_many() {
        let mut remembered = Remembered::default();
        let (now, until) = (TimeUs(0), TimeUs(0).plus_s(5));
        remembered.note(&key(0), Known::Nobody, until, now);
        assert_eq!(remembered.of(&key(0), now), Some(Known::Nobody));
        assert_eq!(remembered.of(&key(0), until), None);
        assert_eq!(remembered.of(&key(1), now), None);
        for number in 1..3 * MOST {
            remembered.note(&key(number), Known::At("a".into()), until, now);
            assert!(remembered.0.len() <= MOST);
            assert_eq!(remembered.of(&key(number), now), Some(Known::At("a".into())));
        }
    }
}
