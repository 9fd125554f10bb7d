//! One identity, two machines: a disk that was copied, or a key that was stolen.
//!
//! The processes of one box follow one another: one that has ended says nothing more, but for what
//! was on its way when the next began. One that goes on talking stands beside the other. Pure.

use crate::order::Position;
use std::collections::VecDeque;

/// So many reports of a process that is not the newest may have been on their way. A box sends one
/// at a time, and each it tries once.
const MOST_STRAGGLERS: u32 = 2;

/// So many processes of a box are remembered beside the newest.
const MOST_PROCESSES: usize = 8;

/// What was heard of processes that should have ended.
#[derive(Debug, Default)]
pub(crate) struct Twins(VecDeque<Straggler>);

#[derive(Debug)]
struct Straggler {
    boot_id: String,
    highest: u64,
    reports: u32,
}

impl Twins {
    /// Hears of a report of a process that is not the newest; gives whether there are two machines.
    pub(crate) fn hears(&mut self, newest: &Position, boot_id: &str, sequence: u64) -> bool {
        if newest.boot_id == boot_id {
            return false;
        }
        let known = self.0.iter().position(|it| it.boot_id == boot_id);
        let at = known.unwrap_or_else(|| {
            if self.0.len() >= MOST_PROCESSES {
                self.0.pop_front();
            }
            self.0.push_back(Straggler { boot_id: boot_id.to_owned(), highest: 0, reports: 0 });
            self.0.len() - 1
        });
        let Some(straggler) = self.0.get_mut(at) else { return false };
        // The same again is a report whose answer was lost.
        if sequence > straggler.highest {
            straggler.highest = sequence;
            straggler.reports += 1;
        }
        straggler.reports > MOST_STRAGGLERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(boot_id: &str) -> Position {
        Position { boot_id: boot_id.to_owned(), previous_boot_id: None, sequence: 9 }
    }

    #[test]
    fn what_was_on_its_way_is_no_second_machine() {
        let mut twins = Twins::default();
        assert!(!twins.hears(&newest("b"), "b", 1), "the newest itself");
        assert!(!twins.hears(&newest("b"), "a", 7));
        assert!((0..10).all(|_| !twins.hears(&newest("b"), "a", 7)), "the same again");
        assert!(!twins.hears(&newest("b"), "a", 8));
        // And of many that followed one another.
        for boot in ["b", "c", "d", "e"] {
            assert!(!twins.hears(&newest("f"), boot, 3));
        }
    }

    #[test]
    fn one_that_goes_on_talking_is() {
        let mut twins = Twins::default();
        let heard = (1..=3).map(|sequence| twins.hears(&newest("b"), "a", sequence));
        assert_eq!(heard.collect::<Vec<_>>(), [false, false, true]);
    }
}
