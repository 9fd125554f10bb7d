//! Scratch areas: one, as long as the kernel copies what it is given; more, while the network
//! still reads what was sent from where it stands. The first is for copies alone, so that
//! clients who take nothing, and with it hold areas, leave the others something to be sent
//! from.

use super::scratch::Scratch;
use std::ops::Range;

/// So many at most: what one thread may have on its way without a copy, 32 MiB.
const MOST: usize = 64;

/// The area that nobody holds.
const COPIES: usize = 0;

struct Area {
    scratch: Scratch,
    /// Sends that the network still reads from here.
    held: usize,
}

/// The areas; one of them is written to.
pub(super) struct Areas {
    areas: Vec<Area>,
    current: usize,
    len: usize,
}

impl Areas {
    /// Areas of so many bytes. `lends`: they may be held.
    pub(super) fn new(len: usize, lends: bool) -> Self {
        let current = usize::from(lends);
        let area = || Area { scratch: Scratch::new(len), held: 0 };
        Self { areas: (0..=current).map(|_| area()).collect(), current, len }
    }

    /// Everything was sent, or is to be sealed again: what nobody reads any more is free, and
    /// what somebody does is left alone.
    pub(super) fn turn(&mut self) {
        let lends = self.areas.len() > 1;
        if lends && (self.current == COPIES || self.areas[self.current].held > 0) {
            let free = self.areas.iter().skip(1).position(|area| area.held == 0);
            self.current = match free {
                Some(free) => free + 1,
                None if self.areas.len() < MOST => {
                    self.areas.push(Area { scratch: Scratch::new(self.len), held: 0 });
                    self.areas.len() - 1
                }
                None => COPIES,
            };
        }
        self.areas[self.current].scratch.clear();
    }

    /// Somebody will read from the current area after the kernel has been entered; `None` if
    /// that may not be.
    pub(super) fn hold(&mut self) -> Option<usize> {
        let area = (self.current != COPIES).then_some(self.current)?;
        self.areas[area].held += 1;
        Some(area)
    }

    /// And has done so.
    pub(super) fn let_go(&mut self, area: usize) {
        if let Some(area) = self.areas.get_mut(area) {
            area.held = area.held.saturating_sub(1);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.areas[self.current].scratch.is_empty()
    }

    pub(super) fn room(&mut self) -> &mut [u8] {
        self.areas[self.current].scratch.room()
    }

    pub(super) fn take(&mut self, len: usize) -> Range<usize> {
        self.areas[self.current].scratch.take(len)
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.areas[self.current].scratch.bytes(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_not_written_to() {
        let mut areas = Areas::new(8, true);
        areas.room().copy_from_slice(b"the firs");
        areas.take(8);
        let first = areas.hold().expect("an area that may be held");
        areas.turn();
        assert_eq!(areas.room().len(), 8);
        areas.room().fill(0);
        areas.take(8);
        assert_eq!(areas.areas[first].scratch.bytes(0..8), b"the firs");
        areas.let_go(first);
        // Nobody holds this one: it is still in the cache.
        areas.turn();
        assert_eq!((areas.current, areas.areas.len()), (2, 3));
        areas.hold();
        areas.turn();
        assert_eq!(areas.current, first);
    }

    #[test]
    fn whoever_holds_areas_leaves_one() {
        let mut areas = Areas::new(8, true);
        let mut held = Vec::new();
        while let Some(area) = areas.hold() {
            held.push(area);
            areas.take(3);
            areas.turn();
        }
        assert_eq!((held.len(), areas.areas.len()), (MOST - 1, MOST));
        for _ in 0..2 {
            assert_eq!((areas.current, areas.room().len(), areas.hold()), (COPIES, 8, None));
            areas.take(8);
            areas.turn();
        }
        areas.let_go(7);
        areas.turn();
        assert_eq!((areas.current, areas.hold()), (7, Some(7)));
    }

    #[test]
    fn without_lending_there_is_one() {
        let mut areas = Areas::new(8, false);
        for _ in 0..3 {
            areas.take(5);
            assert_eq!(areas.hold(), None);
            areas.turn();
            assert_eq!((areas.areas.len(), areas.room().len()), (1, 8));
        }
    }
}
