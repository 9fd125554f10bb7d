//! What may be told of one day, and what of that was.

use contract::demand::{DemandReport, MAX_DEMAND_ROWS, TitleDemand};
use contract::names::{GroupName, TitleName};
use contract::time::TimeUs;
use std::collections::{HashMap, VecDeque};

/// A day that goes on is told of so often: a forecast for tomorrow needs no more, and a busy box
/// has thousands of rows that change with every report.
const ROUND_S: f64 = 300.0;

/// Bytes that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Figures {
    pub(super) sent: u64,
    pub(super) missed: u64,
}

impl Figures {
    pub(super) fn add(&mut self, other: Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.missed = self.missed.saturating_add(other.missed);
    }

    pub(super) fn bytes(self) -> u64 {
        self.sent.saturating_add(self.missed)
    }
}

impl From<&serve::titles::TitleCount> for Figures {
    fn from(count: &serve::titles::TitleCount) -> Self {
        Self { sent: count.bytes_sent, missed: count.bytes_missed }
    }
}

/// A title, or `None` for all of a group that are not named.
pub(super) type Key = (GroupName, Option<TitleName>);

#[derive(Debug, Default)]
struct Row {
    figures: Figures,
    /// As the fleet has answered for them.
    told: Figures,
    /// It stands among those that are to be told.
    is_queued: bool,
}

/// One day.
#[derive(Debug, Default)]
pub(super) struct Day {
    rows: HashMap<Key, Row>,
    /// Rows that are to be told, those that have waited longest first.
    queue: VecDeque<Key>,
    /// So many of them belong to the round that is under way.
    left: usize,
    /// When the last round began.
    round: Option<TimeUs>,
}

/// What a report says that is on its way.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) day: i32,
    rows: Vec<(Key, Figures)>,
}

impl Day {
    /// Adds to a row.
    pub(super) fn add(&mut self, key: Key, figures: Figures) {
        let row = self.rows.entry(key.clone()).or_default();
        row.figures.add(figures);
        if !std::mem::replace(&mut row.is_queued, true) {
            self.queue.push_back(key);
        }
    }

    /// Bytes that nobody has answered for.
    pub(super) fn untold_bytes(&self) -> u64 {
        let of = |row: &Row| {
            (row.figures.sent - row.told.sent).saturating_add(row.figures.missed - row.told.missed)
        };
        self.rows.values().map(of).fold(0, u64::saturating_add)
    }

    /// What is to be told next. A day that is over is told at once.
    pub(super) fn next(&mut self, is_over: bool, now: TimeUs) -> Vec<(Key, Figures)> {
        let is_due = self.round.is_none_or(|began| now.since_s(began).abs() >= ROUND_S);
        if is_over || self.left == 0 && is_due && !self.queue.is_empty() {
            self.left = self.queue.len();
            self.round = Some(now);
        }
        let next = self.queue.iter().take(self.left.min(MAX_DEMAND_ROWS));
        next.filter_map(|key| Some((key.clone(), self.rows.get(key)?.figures))).collect()
    }

    /// These were answered for, which stand at the head of the queue. What has changed meanwhile
    /// waits for the next round.
    pub(super) fn answered(&mut self, rows: Vec<(Key, Figures)>) {
        self.left = self.left.saturating_sub(rows.len());
        self.queue.drain(..rows.len().min(self.queue.len()));
        for (key, told) in rows {
            let Some(row) = self.rows.get_mut(&key) else { continue };
            row.told = told;
            row.is_queued = row.figures != told;
            if row.is_queued {
                self.queue.push_back(key);
            }
        }
    }
}

impl Told {
    pub(super) fn new(day: i32, rows: Vec<(Key, Figures)>) -> Self {
        Self { day, rows }
    }

    pub(super) fn into_rows(self) -> Vec<(Key, Figures)> {
        self.rows
    }

    pub(super) fn report(&self) -> DemandReport {
        let row = |((group, title), figures): &(Key, Figures)| TitleDemand {
            group: group.clone(),
            title: title.clone(),
            bytes_sent: figures.sent,
            bytes_missed: figures.missed,
        };
        DemandReport { day: self.day, rows: self.rows.iter().map(row).collect() }
    }
}
