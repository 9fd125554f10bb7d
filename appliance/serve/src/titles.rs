//! What viewers ask for, title by title, since somebody last took it.
//!
//! Serving threads write, one task takes. Each thread has two tables, and the task holds one of
//! them at a time, for as long as it takes to put an empty one in its place: there is always one
//! that a thread may write to at once, and a thread waits for nobody. What there is no room for is
//! dropped, and how often is counted. The memory of a table that was taken is used for the next.

use crate::counters::Counter;
use contract::catalogue::Common;
use contract::demand::FEWEST_SESSIONS;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

/// What one table holds at most, 200 octets each: more than a thread serves of between two times
/// that it is taken. Renditions of a title stand in it apart.
const MOST_TITLES: usize = 4096;

/// Numbers of tallies: no two connections of a process have the same name.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// What viewers asked for of the objects that have this in common.
#[derive(Debug)]
pub struct TitleCount {
    common: Arc<Common>,
    /// Bytes of content that they were sent.
    pub bytes_sent: u64,
    /// Bytes that they asked for and did not get here.
    pub bytes_missed: u64,
    sessions: [u64; FEWEST_SESSIONS],
    seen: usize,
}

impl TitleCount {
    fn of(common: &Arc<Common>) -> Self {
        let (common, sessions) = (Arc::clone(common), [0; FEWEST_SESSIONS]);
        Self { common, bytes_sent: 0, bytes_missed: 0, sessions, seen: 0 }
    }

    /// Whose they are.
    #[must_use]
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Sessions that asked on the day of the table, each once, as today's hashes, connections as themselves; no more than
    /// [`FEWEST_SESSIONS`].
    #[must_use]
    pub fn sessions(&self) -> &[u64] {
        self.sessions.get(..self.seen).unwrap_or_default()
    }

    fn see(&mut self, session: u64) {
        if self.sessions().contains(&session) {
            return;
        }
        if let Some(free) = self.sessions.get_mut(self.seen) {
            *free = session;
            self.seen += 1;
        }
    }
}

/// By where the values in common stand: they are in memory once, and a table keeps them there.
type Counts = HashMap<usize, TitleCount, BuildHasherDefault<ByPlace>>;

/// Odd, and of no pattern: 2^64 over the golden ratio (Knuth, TAOCP vol. 3, §6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads addresses, which nobody from outside chooses: a hash that withstands somebody who does
/// takes longer than all else here.
#[derive(Debug, Default)]
struct ByPlace(u64);

impl Hasher for ByPlace {
    fn write(&mut self, octets: &[u8]) {
        octets.iter().for_each(|octet| self.write_usize(usize::from(*octet)));
    }

    fn write_usize(&mut self, place: usize) {
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        self.0 = (self.0 ^ place).wrapping_mul(SPREAD);
    }

    /// What is lowest of a product knows of what is lowest alone.
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

#[derive(Debug)]
struct Table {
    day: i32,
    counts: Counts,
}

/// One request, answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewing {
    /// On which day it came.
    pub(crate) day: i32,
    /// Who asked, as that day's hash.
    pub(crate) session: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_missed: u64,
}

/// The tables of one thread, or of the threads of one engine.
#[derive(Debug)]
pub(crate) struct Tally {
    /// No other tally of this process has it.
    number: u64,
    tables: Vec<Mutex<Table>>,
    connections: AtomicU64,
    dropped: Counter,
}

impl Tally {
    /// For so many threads that write, beginning on this day.
    pub(crate) fn new(threads: usize, day: i32) -> Arc<Self> {
        let table = |_| Mutex::new(Table { day, counts: Counts::default() });
        Arc::new(Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            tables: (0..=threads.max(1)).map(table).collect(),
            connections: AtomicU64::new(0),
            dropped: Counter::default(),
        })
    }

    /// What stands for the session of a connection that names none: no other one of this process
    /// has it, and no hash, as good as certainly.
    pub(crate) fn session_of(&self, connection: u64) -> u64 {
        self.number.wrapping_mul(SPREAD).wrapping_add(connection).wrapping_mul(SPREAD)
    }

    /// The name of a connection among those of this tally.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a request.
    pub(crate) fn count(&self, common: &Arc<Common>, viewing: Viewing) {
        let free = self.tables.iter().find_map(|table| match table.try_lock() {
            Ok(table) => Some(table),
            Err(TryLockError::Poisoned(table)) => Some(table.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let Some(mut table) = free else { return self.dropped.one() };
        let day = table.day;
        let place = Arc::as_ptr(common).addr();
        let is_full = table.counts.len() >= MOST_TITLES;
        let count = match table.counts.get_mut(&place) {
            Some(count) => count,
            None if is_full => return self.dropped.one(),
            None => table.counts.entry(place).or_insert_with(|| TitleCount::of(common)),
        };
        count.bytes_sent = count.bytes_sent.saturating_add(viewing.bytes_sent);
        count.bytes_missed = count.bytes_missed.saturating_add(viewing.bytes_missed);
        // An answer that began yesterday would show a session twice: its hash was another.
        if viewing.day == day {
            count.see(viewing.session);
        }
    }
}

/// The tallies of all threads, for whoever takes from them.
#[derive(Debug, Default)]
pub struct Tallies {
    all: Vec<Arc<Tally>>,
    spare: Counts,
}

impl Tallies {
    pub(crate) fn new(all: Vec<Arc<Tally>>) -> Self {
        Self { all, spare: Counts::default() }
    }

    /// Takes all that was counted, each with the day of its table. What is counted from here on
    /// is of `day`.
    pub fn take(&mut self, day: i32, mut each: impl FnMut(i32, &TitleCount)) {
        for table in self.all.iter().flat_map(|tally| &tally.tables) {
            let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
            let before = std::mem::replace(&mut table.day, day);
            if table.counts.is_empty() {
                continue;
            }
            std::mem::swap(&mut table.counts, &mut self.spare);
            drop(table);
            self.spare.drain().for_each(|(_, count)| each(before, &count));
        }
    }

    /// Requests that there was no room to count.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.all.iter().map(|tally| tally.dropped.get()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    fn common(title: &str) -> Arc<Common> {
        Common::of("g".parse().expect("name"), title.parse().expect("name")).share()
    }

    fn viewing(day: i32, session: u64) -> Viewing {
        Viewing { day, session, bytes_sent: 10, bytes_missed: 1 }
    }

    fn taken(tallies: &mut Tallies, day: i32) -> Vec<(i32, String, u64, u64, usize)> {
        let mut all = Vec::new();
        tallies.take(day, |day, it| {
            let title = it.common().title.to_string();
            all.push((day, title, it.bytes_sent, it.bytes_missed, it.sessions().len()));
        });
        all.sort();
        all
    }

    #[test]
    fn what_was_counted_is_taken_once() {
        let tally = Tally::new(1, 3);
        let mut tallies = Tallies::new(vec![Arc::clone(&tally)]);
        for session in [1, 2, 1] {
            tally.count(&common("a"), viewing(3, session));
        }
        tally.count(&common("b"), viewing(3, 1));
        let expected = [(3, "a".to_owned(), 30, 3, 2), (3, "b".to_owned(), 10, 1, 1)];
        assert_eq!(taken(&mut tallies, 3), expected);
        assert_eq!(taken(&mut tallies, 3), []);
    }

    #[test]
    fn connections_are_told_apart() {
        let tallies = [Tally::new(1, 0), Tally::new(1, 0)];
        let of = |tally: &Arc<Tally>| (0..100).map(|it| tally.session_of(it)).collect::<Vec<_>>();
        let all: HashSet<u64> = tallies.iter().flat_map(of).collect();
        assert_eq!(all.len(), 200);
    }

    #[test]
    fn an_answer_that_began_yesterday_counts_and_its_session_does_not() {
        let tally = Tally::new(1, 3);
        let mut tallies = Tallies::new(vec![Arc::clone(&tally)]);
        assert_eq!(taken(&mut tallies, 4), []);
        tally.count(&common("a"), viewing(3, 1));
        assert_eq!(taken(&mut tallies, 4), [(4, "a".to_owned(), 10, 1, 0)]);
    }

    #[test]
    fn no_more_sessions_and_titles_are_kept_than_there_is_room_for() {
        let tally = Tally::new(1, 0);
        let mut tallies = Tallies::new(vec![Arc::clone(&tally)]);
        let titles: Vec<_> = (0..MOST_TITLES + 5).map(|at| common(&format!("t{at}"))).collect();
        for title in &titles {
            tally.count(title, viewing(0, 0));
        }
        assert_eq!(tallies.dropped(), 5);
        for session in 0..1000 {
            tally.count(&titles[0], viewing(0, session));
        }
        let all = taken(&mut tallies, 0);
        assert_eq!(all.len(), MOST_TITLES);
        assert!(all.iter().any(|it| it.4 == FEWEST_SESSIONS));
    }

    #[test]
    fn threads_that_count_while_it_is_taken_lose_nothing() {
        const THREADS: usize = 3;
        const EACH: u64 = 20_000;
        let (tally, title) = (Tally::new(THREADS, 0), common("a"));
        let mut tallies = Tallies::new(vec![Arc::clone(&tally)]);
        let (mut bytes, is_over) = (0, AtomicBool::new(false));
        thread::scope(|scope| {
            let count = || (0..EACH).for_each(|it| tally.count(&title, viewing(0, it)));
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
            let taking = scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    tallies.take(0, |_, it| bytes += it.bytes_sent);
                }
                tallies.take(0, |_, it| bytes += it.bytes_sent);
            });
            threads.into_iter().for_each(|thread| thread.join().expect("counted"));
            is_over.store(true, Ordering::Release);
            taking.join().expect("taken");
        });
        // Whoever looks for a free table while others change theirs may miss it.
        assert_eq!(bytes + 10 * tallies.dropped(), 10 * EACH * THREADS as u64);
    }
}
