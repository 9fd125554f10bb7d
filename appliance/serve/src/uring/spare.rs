//! Memory of answers that have gone, for those to come: a thread that has served for a while
//! asks the allocator for nothing.

use super::answer::{Noted, Sending};
use crate::account::Account;
use std::cell::RefCell;

/// Answers that are kept: as many as are begun between two entries of the kernel, roughly.
const MOST_ANSWERS: usize = 256;

/// A head that has grown beyond this is not kept.
const MOST_HEAD: usize = 4 << 10;

/// The fields of an answer are shorter, as a rule.
const USUAL_HEAD: usize = 1 << 10;

/// The memory of one thread.
#[derive(Default)]
pub(super) struct Spare {
    #[expect(clippy::vec_box, reason = "a connection holds an answer by its box")]
    answers: RefCell<Vec<Box<Sending>>>,
    line: RefCell<Vec<u8>>,
}

impl Spare {
    /// An answer of which nothing is known yet.
    pub(super) fn answer(&self, account: Account) -> Box<Sending> {
        match self.answers.borrow_mut().pop() {
            Some(mut spare) => {
                let (head, noted) =
                    (std::mem::take(&mut spare.head), std::mem::take(&mut spare.noted));
                *spare = Sending::new(account, head, noted);
                spare
            }
            None => {
                let head = Vec::with_capacity(USUAL_HEAD);
                Box::new(Sending::new(account, head, Noted::default()))
            }
        }
    }

    /// Takes one back that has gone.
    pub(super) fn take_back(&self, mut gone: Box<Sending>) {
        let mut answers = self.answers.borrow_mut();
        if answers.len() < MOST_ANSWERS && gone.head.capacity() <= MOST_HEAD {
            // Nothing of the cache is held for nobody.
            (gone.block, gone.coming, gone.content) = (None, None, None);
            gone.head.clear();
            answers.push(gone);
        }
    }

    /// Memory to write a line of the log in.
    pub(super) fn with_line(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.line.borrow_mut());
    }
}
