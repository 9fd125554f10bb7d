//! How far sessions get: of those that begin, how many ask for a segment.

use crate::demand::ages::{self, STEPS};

/// By the number of a segment, in steps of half a doubling.
#[derive(Debug)]
pub(super) struct Reach {
    /// Segments that were there for a session that began, and those that it asked for.
    offered: [f64; STEPS],
    asked: [f64; STEPS],
    share: [f32; STEPS],
}

impl Reach {
    /// With the belief that sessions walk to the end, as long as they have not been seen.
    pub(super) fn new() -> Self {
        Self { offered: [1.0; STEPS], asked: [1.0; STEPS], share: [1.0; STEPS] }
    }

    /// A session begins in a series of so many segments.
    #[expect(clippy::cast_precision_loss, reason = "a count of segments")]
    pub(super) fn offer(&mut self, len: u64) {
        for (step, offered) in self.offered.iter_mut().enumerate() {
            let (first, behind) = (ages::first_unit(step), ages::first_unit(step + 1));
            if first >= len {
                break;
            }
            *offered += (behind.min(len) - first) as f64;
        }
    }

    /// A session asks for one that was offered to it.
    pub(super) fn ask(&mut self, index: u64) {
        self.asked[ages::step_of_unit(index)] += 1.0;
    }

    /// What part of those who begin asks for this one.
    pub(super) fn share(&self, index: u64) -> f32 {
        self.share[ages::step_of_unit(index)]
    }

    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    pub(super) fn learn(&mut self) {
        for (step, share) in self.share.iter_mut().enumerate() {
            *share = (self.asked[step] / self.offered[step]).min(1.0) as f32;
        }
    }

    pub(super) fn fade(&mut self) {
        self.offered.iter_mut().chain(&mut self.asked).for_each(|seen| *seen /= 2.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_get_far() {
        let mut reach = Reach::new();
        for session in 0..1000 {
            reach.offer(100);
            (0..if session % 4 == 0 { 100 } else { 5 }).for_each(|index| reach.ask(index));
        }
        reach.learn();
        assert!(reach.share(0) > 0.99 && (reach.share(90) - 0.25).abs() < 0.01);
        // Nobody was offered that one.
        assert!(reach.share(1000) > 0.99);
    }
}
