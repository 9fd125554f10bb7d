//! What is left of the budgets goes to the next densities.

use super::super::bitmap::bits;
use super::super::dual::Lagrangian;
use super::super::order::BLOCK;
use super::super::terms::Mask;
use super::{Candidate, Offer, Rounding};

/// Filling ends where all that could yet be gained is less than this part of what is served: a
/// hundredth of the gap that is asked for, and the files that would still fit are small and many.
const SLIVER: f64 = 1e-6;

/// Where the search for the next file stands in a run.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    run: usize,
    block: usize,
    /// Files of the block that are still to be looked at.
    word: u64,
}

impl Rounding {
    /// Takes what fits, the densest first, over both runs.
    pub(super) fn fill(&mut self, lagrangian: &Lagrangian) {
        let sliver = SLIVER * self.room.served.iter().sum::<f64>();
        let mut cursors = [0, 1].map(|run| self.begin_at(lagrangian, run, sliver));
        loop {
            let ranks = cursors.map(|cursor| cursor.rank());
            let density = |run: usize| ranks[run].map(|rank| lagrangian.runs[run].density(rank));
            let (run, rank) = match (ranks, density(0) >= density(1)) {
                ([Some(rank), _], true) => (0, rank),
                ([_, Some(rank)], _) => (1, rank),
                _ => return,
            };
            let files = &lagrangian.runs[run];
            let file = Candidate::new(files, run, rank, files.sums.mask(rank));
            let offers = (0..lagrangian.terms.classes)
                .filter_map(|class| self.offer(lagrangian, &file, class));
            if let Some(offer) = offers.max_by(Offer::against) {
                self.take(&file, &offer);
            }
            self.advance(lagrangian, &mut cursors[run], sliver);
        }
    }

    fn begin_at(&self, lagrangian: &Lagrangian, run: usize, sliver: f64) -> Cursor {
        let mut cursor = Cursor { run, ..Cursor::default() };
        if lagrangian.runs[run].run.blocks() > 0 {
            cursor.word = self.fillable(lagrangian, &cursor, sliver).unwrap_or(0);
        }
        if cursor.word == 0 {
            self.advance(lagrangian, &mut cursor, sliver);
        }
        cursor
    }

    /// On to the next file that may fit.
    fn advance(&self, lagrangian: &Lagrangian, cursor: &mut Cursor, sliver: f64) {
        let blocks = lagrangian.runs[cursor.run].run.blocks();
        cursor.word &= cursor.word.wrapping_sub(1);
        while cursor.word == 0 && cursor.block + 1 < blocks {
            cursor.block += 1;
            let Some(word) = self.fillable(lagrangian, cursor, sliver) else {
                cursor.block = blocks;
                return;
            };
            cursor.word = word;
        }
    }

    /// Files of a block that nobody holds, of the masks that still find room; `None` when no mask
    /// does, and so none in a thinner block.
    fn fillable(&self, lagrangian: &Lagrangian, cursor: &Cursor, sliver: f64) -> Option<u64> {
        let files = &lagrangian.runs[cursor.run];
        let density = files.density(cursor.block * BLOCK);
        let is_open = |mask: &Mask| self.yet_to_gain(lagrangian, *mask, density) > sliver;
        let masks = (0..lagrangian.terms.masks()).filter(is_open);
        let words = masks.map(|mask| files.sums.word(cursor.block, mask));
        let open = words.reduce(|open, word| open | word)?;
        let held = &self.held[cursor.run][..lagrangian.terms.classes];
        Some(held.iter().fold(open, |open, words| open & !words[cursor.block]))
    }

    /// What files of that mask and density could yet gain at most, if they were as small as one
    /// likes.
    fn yet_to_gain(&self, lagrangian: &Lagrangian, mask: Mask, density: f64) -> f64 {
        let terms = lagrangian.terms;
        let of_class = |class: usize| {
            let new_copies = terms.new_copies(class, mask);
            let mut bytes = self.room.disk_bytes[class] as f64 / f64::from(terms.copies[class]);
            if new_copies > 0 {
                bytes = bytes.min(self.room.new_bytes[class] as f64 / f64::from(new_copies));
            }
            let worth = density - terms.churn_price * f64::from(new_copies);
            (bytes * worth.max(0.0)).min(self.room.throughput[class])
        };
        (0..terms.classes).filter(|class| terms.is_open(*class, mask)).map(of_class).sum()
    }
}

impl Cursor {
    fn rank(&self) -> Option<usize> {
        bits(self.word).next().map(|bit| self.block * BLOCK + bit as usize)
    }
}
