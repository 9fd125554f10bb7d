//! What viewers ask for, title by title, on its way to the fleet.
//!
//! Serving threads count; once a second that is taken into the `ledger`, which knows what may be
//! told of it. A restart forgets what was not told, and what was kept back.

mod day;
mod ledger;
#[cfg(test)]
mod tests;

use contract::demand::{DemandReport, day_of};
use fill::Clock;
use ledger::Ledger;
use serve::Tallies;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What serving threads have counted stands with them for so long.
const TAKE_EVERY: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Titles {
    books: Arc<Mutex<Books>>,
    clock: Clock,
}

struct Books {
    tallies: Tallies,
    ledger: Ledger,
    lost: Lost,
}

/// What nobody will ever be told of; said in the log when it becomes more.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Lost {
    /// There was no room to count them.
    requests: u64,
    /// The fleet did not hear of them in time.
    bytes: u64,
}

impl Titles {
    pub(crate) fn new(tallies: Tallies, clock: Clock) -> Self {
        let ledger = Ledger::new(day_of(clock()));
        let books = Books { tallies, ledger, lost: Lost::default() };
        Self { books: Arc::new(Mutex::new(books)), clock }
    }

    /// Takes what is counted, until `stop` turns true.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            self.books().take(day_of((self.clock)()));
            tokio::select! {
                () = tokio::time::sleep(TAKE_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// What the next report says, if there is something to be said now.
    pub(crate) fn next(&self) -> Option<DemandReport> {
        let now = (self.clock)();
        let mut books = self.books();
        books.take(day_of(now));
        books.ledger.next(now)
    }

    /// The report with what [`Titles::next`] gave last was answered.
    pub(crate) fn answered(&self) {
        self.books().ledger.answered();
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn take(&mut self, today: i32) {
        let Self { tallies, ledger, lost } = self;
        tallies.take(today, |day, count| {
            ledger.turn_to(day);
            ledger.count(count.common(), count.sessions(), count.into());
        });
        ledger.turn_to(today);
        let now = Lost { requests: tallies.dropped(), bytes: ledger.forgotten_bytes() };
        let before = std::mem::replace(lost, now);
        if now != before {
            let requests = now.requests - before.requests;
            let bytes = now.bytes - before.bytes;
            tracing::warn!(requests, bytes, "demand that the fleet will not hear of");
        }
    }
}
