//! Where the sessions of a series stand, and who comes to a segment next.

/// So many of a series are remembered; who was heard of last stays.
const MOST: usize = 64;

/// Who has been silent for so many paces has gone: it pauses, or has given up.
const PATIENCE: f64 = 64.0;

/// Nobody who has been silent for so many is waited for.
const LIVELY: f64 = 4.0;

/// A pace is averaged over so many.
const AVERAGED: f64 = 64.0;

/// A session, as far as it has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    index: u64,
    /// When that was.
    pub(super) at: u64,
    /// So many segments were known of when it began.
    pub(super) offered: u64,
}

impl Session {
    #[expect(clippy::cast_precision_loss, reason = "a time")]
    fn silent(&self, now: u64) -> f64 {
        (now - self.at) as f64
    }
}

/// How sessions walk, in all series together.
#[derive(Debug)]
pub(super) struct Walk {
    /// What is asked for by all while one of them goes on by a segment.
    pace_bytes: f64,
    went_on: f64,
    ended: f64,
    /// How often one goes on.
    stays: f64,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { pace_bytes: 1e6, went_on: 1.0, ended: 1.0, stays: 0.5 }
    }

    #[expect(clippy::cast_precision_loss, reason = "a pace")]
    pub(super) fn went_on(&mut self, after_bytes: u64) {
        self.went_on += 1.0;
        self.pace_bytes += (after_bytes as f64 - self.pace_bytes) / AVERAGED;
    }

    pub(super) fn learn(&mut self) {
        self.stays = self.went_on / (self.went_on + self.ended);
    }

    pub(super) fn fade(&mut self) {
        self.went_on /= 2.0;
        self.ended /= 2.0;
    }
}

/// Those of one series, in the order of where they stand.
#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<Session>);

impl Sessions {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those end that have been silent for long.
    pub(super) fn end_silent(&mut self, now: u64, walk: &mut Walk) {
        let patience = PATIENCE * walk.pace_bytes;
        let before = self.0.len();
        self.0.retain(|session| session.silent(now) <= patience);
        walk.ended += (before - self.0.len()) as f64;
    }

    /// The one that stands right behind a segment, and was heard of last of these.
    pub(super) fn take_behind(&mut self, index: u64) -> Option<Session> {
        let end = self.0.partition_point(|session| session.index < index);
        let begin = self.0.partition_point(|session| session.index.saturating_add(1) < index);
        let last = (begin..end).max_by_key(|at| self.0[*at].at)?;
        Some(self.0.remove(last))
    }

    pub(super) fn put(&mut self, index: u64, at: u64, offered: u64) {
        if self.0.len() >= MOST
            && let Some(eldest) = (0..self.0.len()).min_by_key(|at| self.0[*at].at)
        {
            self.0.remove(eldest);
        }
        let place = self.0.partition_point(|session| session.index < index);
        self.0.insert(place, Session { index, at, offered });
    }

    /// Who is expected at a segment now, by the byte: one that stands right behind it.
    pub(super) fn hazard(&self, index: u64, now: u64, walk: &Walk) -> f64 {
        let next = self.next(index, now, walk).filter(|next| next.index + 1 == index);
        next.map_or(0.0, |_| walk.stays / walk.pace_bytes)
    }

    /// How soon, and how surely, the nearest lively one comes to a segment: its chance, over the
    /// time until then.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a rank")]
    pub(super) fn rank(&self, index: u64, now: u64, walk: &Walk) -> f32 {
        let Some(next) = self.next(index, now, walk) else { return 0.0 };
        let steps = (index - next.index) as f64;
        // Who is late is expected at any moment.
        let time = (steps * walk.pace_bytes - next.silent(now)).max(walk.pace_bytes / 2.0);
        (walk.stays.powf(steps) / time) as f32
    }

    /// The nearest lively one that walks towards a segment.
    fn next(&self, index: u64, now: u64, walk: &Walk) -> Option<&Session> {
        let end = self.0.partition_point(|session| session.index < index);
        let is_lively = |session: &&Session| session.silent(now) <= LIVELY * walk.pace_bytes;
        self.0[..end].iter().rev().find(is_lively)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes on with each segment after so many bytes.
    const PACE: u64 = 1000;

    fn walk() -> Walk {
        let mut walk = Walk::new();
        (0..2000).for_each(|_| walk.went_on(PACE));
        walk.learn();
        walk
    }

    #[test]
    fn who_is_near_counts_most_and_who_has_passed_nothing() {
        let (mut sessions, walk) = (Sessions::default(), walk());
        sessions.put(10, 0, 100);
        sessions.put(50, 0, 100);
        let rank = |index| sessions.rank(index, PACE / 2, &walk);
        assert!(rank(11) > rank(12) && rank(12) > rank(40), "the nearer the better");
        assert!(rank(51) > rank(40), "another one comes to it");
        assert!(rank(10) == 0.0 && rank(5) == 0.0, "nobody comes to these");
        assert!(sessions.rank(11, 5 * PACE, &walk) == 0.0, "nobody is lively");
    }

    #[test]
    fn who_goes_on_is_the_one_that_was_heard_of_last() {
        let mut sessions = Sessions::default();
        for (index, at) in [(7, 1), (8, 5), (8, 9), (8, 3), (9, 4)] {
            sessions.put(index, at, 0);
        }
        assert_eq!(sessions.take_behind(9).map(|session| session.at), Some(9));
        assert_eq!(sessions.take_behind(9).map(|session| session.at), Some(5));
        assert!(sessions.take_behind(7).is_none() && sessions.take_behind(0).is_none());
    }

    #[test]
    fn the_silent_end_and_the_eldest_make_room() {
        let (mut sessions, mut walk) = (Sessions::default(), walk());
        (0..100).for_each(|at| sessions.put(u64::MAX - at, at * PACE, 0));
        assert_eq!(sessions.len(), MOST);
        let ended = walk.ended;
        sessions.end_silent(120 * PACE, &mut walk);
        assert_eq!((sessions.len(), walk.ended), (44, ended + 20.0));
    }
}
