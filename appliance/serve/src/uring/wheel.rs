//! Deadlines, looked at a few times a second and never moved: who is found before its
//! time goes back into the wheel, so that a request costs nothing here.

use super::token::Place;

/// How long a notch is.
pub(super) const NOTCH_MS: u32 = 128;

/// One round: deadlines beyond it are met with again each time it comes by.
const NOTCHES: usize = 512;

/// The wheel.
pub(super) struct Wheel {
    notches: Vec<Vec<Place>>,
    /// The next notch to be looked at, counted since the beginning of time.
    at: u64,
    /// Handed out by `turn`, kept for its memory.
    due: Vec<Place>,
}

impl Wheel {
    pub(super) fn new(now_ms: u64) -> Self {
        let notches = std::iter::repeat_with(Vec::new).take(NOTCHES).collect();
        Self { notches, at: now_ms / u64::from(NOTCH_MS), due: Vec::new() }
    }

    /// Puts a place where it will be found at its time or, if that is more than a round
    /// ahead, before it.
    pub(super) fn put(&mut self, place: Place, deadline_ms: u64) {
        let furthest = self.at + NOTCHES as u64 - 1;
        let notch = (deadline_ms / u64::from(NOTCH_MS) + 1).clamp(self.at, furthest);
        if let Some(notch) = self.notches.get_mut(index(notch)) {
            notch.push(place);
        }
    }

    /// Everybody whose notch has come. Whoever still has time is to be put back.
    pub(super) fn turn(&mut self, now_ms: u64) -> Vec<Place> {
        let mut due = std::mem::take(&mut self.due);
        due.clear();
        while self.at <= now_ms / u64::from(NOTCH_MS) {
            if let Some(notch) = self.notches.get_mut(index(self.at)) {
                due.append(notch);
            }
            self.at += 1;
        }
        due
    }

    /// Gives the list of [`Wheel::turn`] back.
    pub(super) fn recycle(&mut self, due: Vec<Place>) {
        self.due = due;
    }
}

fn index(notch: u64) -> usize {
    usize::try_from(notch % NOTCHES as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nobody_is_found_late_nor_lost(
            deadlines in proptest::collection::vec(0u64..200_000, 1..50),
            step in 1u64..1000,
        ) {
            let mut wheel = Wheel::new(0);
            for (at, deadline) in deadlines.iter().enumerate() {
                wheel.put(Place::only(u32::try_from(at).unwrap()), *deadline);
            }
            let mut found = vec![None; deadlines.len()];
            let mut now = 0;
            while now < 210_000 {
                now += step;
                let due = wheel.turn(now);
                for place in &due {
                    let at = place.index as usize;
                    if deadlines[at] > now {
                        wheel.put(*place, deadlines[at]);
                    } else {
                        prop_assert_eq!(found[at].replace(now), None);
                    }
                }
                wheel.recycle(due);
            }
            for (deadline, found) in deadlines.iter().zip(found) {
                let late = found.expect("found") - deadline;
                prop_assert!(late <= 2 * u64::from(NOTCH_MS) + step, "{} ms late", late);
            }
        }
    }
}
