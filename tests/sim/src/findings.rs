//! What a run has found: the first thing that must never be, and what happened before.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// How much of the past is kept to be told.
const PAST: usize = 400;

/// What happened, as far as it is to be known.
#[derive(Debug)]
pub struct Findings {
    began: Instant,
    is_loud: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    past: std::collections::VecDeque<String>,
    violation: Option<String>,
    counts: Counts,
}

/// How much of what a run has seen; a run that has seen nothing proves nothing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Blocks that were handed to viewers and siblings, and compared.
    pub blocks_read: u64,
    /// Objects that were published.
    pub published: u64,
    /// Processes that were killed, and machines that lost their power.
    pub crashes: u64,
    /// Objects that were reported lost.
    pub lost: u64,
    /// Objects that came through a crash.
    pub survived: u64,
    /// Transfers that failed by somebody's fault.
    pub failures: u64,
    /// Objects that moved from one disk to another.
    pub moved: u64,
    /// Bytes that were written through to disks that had readers.
    pub written_through_bytes: u64,
    /// Bytes that crossed a provider's edge.
    pub edge_bytes: u64,
    /// Answers to players who asked for what nobody ordered.
    pub asked: u64,
    /// Blocks that they were handed, and compared.
    pub blocks_handed: u64,
    /// What was ordered and came because a viewer waited for it.
    pub brought: u64,
    /// Questions that the origin of it was asked.
    pub questions: u64,
    /// Purges of it that boxes have carried out.
    pub purges: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.blocks_read += other.blocks_read;
        self.published += other.published;
        self.crashes += other.crashes;
        self.lost += other.lost;
        self.survived += other.survived;
        self.failures += other.failures;
        self.moved += other.moved;
        self.written_through_bytes += other.written_through_bytes;
        self.edge_bytes += other.edge_bytes;
        self.asked += other.asked;
        self.blocks_handed += other.blocks_handed;
        self.brought += other.brought;
        self.questions += other.questions;
        self.purges += other.purges;
    }
}

impl Findings {
    /// Nothing yet. `is_loud` prints everything as it happens.
    #[must_use]
    pub fn new(is_loud: bool) -> Self {
        Self { began: Instant::now(), is_loud, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened.
    pub fn note(&self, what: impl Display) {
        let line = format!("{:>10.3} s  {what}", self.began.elapsed().as_secs_f64());
        if self.is_loud {
            eprintln!("{line}");
        }
        let past = &mut self.state().past;
        if past.len() == PAST {
            past.pop_front();
        }
        past.push_back(line);
    }

    /// Something happened that must never be.
    pub fn violation(&self, what: impl Display) {
        self.note(format_args!("VIOLATION: {what}"));
        self.state().violation.get_or_insert_with(|| what.to_string());
    }

    /// Counts something.
    pub fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.state().counts);
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// The first violation, and what led to it.
    #[must_use]
    pub fn verdict(&self) -> Option<(String, Vec<String>)> {
        let state = self.state();
        state.violation.clone().map(|what| (what, state.past.iter().cloned().collect()))
    }
}
