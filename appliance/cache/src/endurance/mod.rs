//! What may be written to a disk: what its maker rates it for, spread over its service life.
//!
//! [`budget`] is the arithmetic, and pure; [`record`] is what of it stands on the disk, so that
//! neither a restart nor a crash forgets what was written; [`permit`] is asked for before
//! something is written. Not here: how fast a disk may be written to beside its readers
//! ([`write_gate`](crate::write_gate)).
//!
//! The wall clock is believed once, when a disk is taken into use, and then for a few days at
//! most: what counts is the clock that never goes back. So a wall clock that is wrong, or jumps,
//! neither stops a disk nor gives more than what may be carried over.

mod budget;
mod permit;
mod record;

pub(crate) use budget::Budget;
pub(crate) use permit::Permit;

use crate::cache::Cache;
use crate::disk::Disk;
use crate::watch::CacheEvent;
use contract::time::TimeUs;
use record::Kept;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Who may write again sooner is waited for by siblings.
const LONG: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(86_400);

/// What a disk is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating {
    /// What may be written to it in its life, by its maker (TBW).
    pub write_bytes: u64,
    /// How long it is to live, beginning when it was first used with a rating.
    pub service_life: Duration,
    /// What one budget is for: a day. A simulation lives faster.
    pub period: Duration,
}

impl Rating {
    /// With a budget for each day.
    #[must_use]
    pub fn new(write_bytes: u64, service_life_days: u64) -> Self {
        let service_life = Duration::from_secs(service_life_days.saturating_mul(DAY.as_secs()));
        Self { write_bytes, service_life, period: DAY }
    }
}

/// How a disk stands with its rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteBudget {
    /// What it is good for.
    pub rating: Rating,
    /// What was ever written to it, as far as is known, with what is under way.
    pub written_bytes: u64,
    /// What is left of its service life.
    pub life_left: Duration,
    /// What may be written in a day, as things are.
    pub daily_bytes: u64,
    /// What may be written now; below 0 nothing begins until it is paid back.
    pub balance_bytes: i64,
    /// For how long nothing may be begun; `None` where something may.
    pub exhausted: Option<Exhausted>,
}

/// What may be written within the rating is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what may be written to its disks within their rated endurance is used up")]
pub struct Exhausted {
    /// When there is more; `None` where all of the rating is used up, and nothing more comes.
    pub wait: Option<Duration>,
}

impl Exhausted {
    /// Of two disks, that of which there is more first.
    pub(crate) fn sooner(self, other: Option<Self>) -> Self {
        let waits = self.wait.into_iter().chain(other.and_then(|other| other.wait));
        Self { wait: waits.min() }
    }
}

/// The ratings of all disks, and what the wall clock said when they were given.
#[derive(Debug, Default)]
pub(crate) struct Ratings {
    by_folder: BTreeMap<PathBuf, Rating>,
    wall: TimeUs,
    given_at_us: u64,
}

impl Ratings {
    /// What the wall clock shows, had it been right and gone on as the other does.
    fn wall_at(&self, now_us: u64) -> TimeUs {
        let since = i64::try_from(now_us.saturating_sub(self.given_at_us)).unwrap_or(i64::MAX);
        TimeUs(self.wall.0.saturating_add(since))
    }
}

impl Cache {
    /// Disks have these ratings from here on, by folder; those that are not named have none.
    /// `wall` is what the wall clock shows. Blocks on the disks.
    pub fn set_ratings(&self, by_folder: BTreeMap<PathBuf, Rating>, wall: TimeUs) {
        let _alone = self.disks.alone();
        let given_at_us = self.storage.now_us();
        *self.disks.ratings() = Ratings { by_folder, wall, given_at_us };
        self.disks().iter().for_each(|disk| self.rate(disk));
    }

    /// Gives a disk its rating, with what its record says of the time before.
    pub(crate) fn rate(&self, disk: &Arc<Disk>) {
        let now_us = self.storage.now_us();
        let (rating, wall) = {
            let ratings = self.disks.ratings();
            (ratings.by_folder.get(disk.folder()).copied(), ratings.wall_at(now_us))
        };
        let mut budget = disk.budget();
        match (rating, &mut *budget) {
            (None, budget) => {
                *budget = None;
                disk.keep_room(0);
            }
            (Some(rating), Some(budget)) => budget.set_rating(rating, now_us),
            (Some(rating), none) => {
                let begun = |is_new| Budget::begin(rating, disk.used_bytes(), is_new, wall, now_us);
                *none = Some(match record::read(self.storage.as_ref(), disk.folder()) {
                    Kept::Record(record) => Budget::resume(rating, record, wall, now_us),
                    Kept::Nothing => {
                        disk.keep_room(record::BYTES);
                        begun(disk.used_bytes() == 0)
                    }
                    Kept::Damaged(reason) => {
                        let file = record::file_of(disk.folder());
                        self.watch.event(CacheEvent::WritesForgotten { file, reason });
                        begun(false)
                    }
                });
            }
        }
    }

    /// Writes down how disks stand with their ratings, and what the wall clock shows. Whoever
    /// drives the cache calls it now and then, and at the end. Blocks on the disks.
    pub fn keep_budgets(&self, wall: TimeUs) {
        // The disks may be another process's.
        let Some(_pass) = self.gate.enter() else { return };
        self.disks().iter().for_each(|disk| disk.keep_budget(wall));
    }

    /// Whether nothing may be begun for so long that siblings should not wait for it.
    pub(crate) fn rests(&self) -> bool {
        self.exhausted().is_some_and(|it| it.wait.is_none_or(|wait| wait > LONG))
    }

    /// Whether nothing may be begun on any disk, because of what was written to all of them.
    #[must_use]
    pub fn exhausted(&self) -> Option<Exhausted> {
        let mut all = None;
        for disk in self.disks() {
            all = Some(disk.exhausted()?.sooner(all));
        }
        all
    }
}

#[cfg(test)]
mod tests;
