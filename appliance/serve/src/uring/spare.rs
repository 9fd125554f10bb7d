//! Memory of answers that have gone, for those to come: a thread that has served for a while
//! asks the allocator for nothing.

use super::answer::{Noted, Sending};
use super::output::RECORD_ROOM;
use crate::account::Account;
use std::cell::RefCell;

/// Answers that are kept: as many as are begun between two entries of the kernel, roughly.
const MOST_ANSWERS: usize = 256;

/// A head that has grown beyond this is not kept.
const MOST_HEAD: usize = 4 << 10;

/// The fields of an answer are shorter, as a rule.
const USUAL_HEAD: usize = 1 << 10;

/// Rests of records that are kept, a megabyte at most: where many clients are slow at once, each
/// has just what it needs.
const MOST_RESTS: usize = 64;

/// The memory of one thread.
#[derive(Default)]
pub(super) struct Spare {
    #[expect(clippy::vec_box, reason = "a connection holds an answer by its box")]
    answers: RefCell<Vec<Box<Sending>>>,
    line: RefCell<Vec<u8>>,
    rests: RefCell<Vec<Vec<u8>>>,
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

    /// The rest of a record of which the kernel took the front.
    pub(super) fn rest(&self, bytes: &[u8]) -> Vec<u8> {
        let mut rest = self.rests.borrow_mut().pop().unwrap_or_default();
        rest.extend_from_slice(bytes);
        rest
    }

    /// Takes one back that has gone.
    pub(super) fn take_back_rest(&self, mut gone: Vec<u8>) {
        let mut rests = self.rests.borrow_mut();
        if rests.len() < MOST_RESTS && (1..=RECORD_ROOM).contains(&gone.capacity()) {
            gone.clear();
            rests.push(gone);
        }
    }

    /// Memory to write a line of the log in.
    pub(super) fn with_line(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.line.borrow_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_stands_where_one_stood_before() {
        let spare = Spare::default();
        let rest = spare.rest(&[1; 1000]);
        let place = rest.as_ptr();
        spare.take_back_rest(rest);
        let rest = spare.rest(&[2; 10]);
        assert_eq!((rest.as_ptr(), &rest[..]), (place, &[2; 10][..]));
        // The first is in use.
        assert_eq!(spare.rest(&[3; 5]), [3; 5]);
    }

    #[test]
    fn what_many_slow_clients_needed_is_not_all_kept() {
        let spare = Spare::default();
        let rests: Vec<_> = (0..2 * MOST_RESTS).map(|_| spare.rest(&[1; 100])).collect();
        rests.into_iter().for_each(|rest| spare.take_back_rest(rest));
        spare.take_back_rest(Vec::new());
        spare.take_back_rest(Vec::with_capacity(RECORD_ROOM + 1));
        assert_eq!(spare.rests.borrow().len(), MOST_RESTS);
    }
}
