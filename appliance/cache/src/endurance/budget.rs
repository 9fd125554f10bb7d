//! What is left of a rating, spread over what is left of a life. Pure: times and bytes in.
//!
//! A balance grows with time, by what is left of the rating over what is left of the life: who
//! writes less now may write more later, and who has written too much less. What is not used is
//! carried over, for seven days' worth. Something may begin while the balance is above 0, and is
//! taken off it as a whole, so that it never stops halfway; what goes below 0 is paid back
//! before the next may begin. What would pass the rating never begins.

use super::{Exhausted, Rating, WriteBudget};
use contract::time::TimeUs;
use std::time::Duration;

/// So many days' worth of what was not used is carried over. For so many days at most a disk
/// counts as having been in service while nobody looked, too: the wall clock may be wrong.
pub(crate) const CARRIED_PERIODS: u64 = 7;

/// What is written down as written before it is, as a part of a day's worth. A crash costs that
/// much, and a day's worth is written down in as many steps.
const LEASES: u64 = 64;

/// What has to outlive a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Record {
    /// How long it has been in service, as far as that counts.
    pub(crate) age_us: u64,
    /// What was ever written, with what is promised.
    pub(crate) written_bytes: u64,
    /// What of it the disk's own counter has not shown yet.
    pub(crate) unseen_bytes: u64,
    /// What the disk's own counter said last.
    pub(crate) counter_bytes: Option<u64>,
    /// What may be written now.
    pub(crate) balance_bytes: i64,
    /// The latest that the wall clock ever showed.
    pub(crate) wall_us: i64,
}

/// How a disk stands with its rating.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    rating: Rating,
    record: Record,
    /// Up to when the balance has grown.
    now_us: u64,
    /// What the wall clock shows then, had it gone on evenly since it was looked at.
    wall: TimeUs,
    /// What of a byte it has grown by, beside it.
    rest: u128,
    /// What may be written before it has to be written down again.
    covered_bytes: u64,
    is_kept: bool,
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

impl Budget {
    /// Of a disk of which nothing is written down. One that is new may take a day's worth at
    /// once; of any other nobody knows what it has taken lately.
    pub(crate) fn begin(
        rating: Rating,
        used_bytes: u64,
        is_new: bool,
        wall: TimeUs,
        now_us: u64,
    ) -> Self {
        let record = Record { written_bytes: used_bytes, wall_us: wall.0, ..Record::default() };
        let mut new = Self::over(rating, record, wall, now_us);
        new.covered_bytes = 0;
        if is_new {
            new.record.balance_bytes = signed(new.daily_bytes());
        }
        new
    }

    /// As it was written down, at a later time.
    pub(crate) fn resume(rating: Rating, record: Record, wall: TimeUs, now_us: u64) -> Self {
        let mut found = Self::over(rating, record, wall, now_us);
        let away_us = wall.0.saturating_sub(record.wall_us).max(0).unsigned_abs();
        let longest_us = micros(rating.period).saturating_mul(CARRIED_PERIODS);
        found.grow(away_us.min(longest_us));
        found.saw_wall(wall);
        found
    }

    fn over(rating: Rating, record: Record, wall: TimeUs, now_us: u64) -> Self {
        let covered_bytes = record.written_bytes;
        Self { rating, record, now_us, wall, rest: 0, covered_bytes, is_kept: false }
    }

    pub(crate) fn set_rating(&mut self, rating: Rating, now_us: u64) {
        self.advance(now_us);
        self.rating = rating;
        self.limit();
    }

    fn left_bytes(&self) -> u64 {
        self.rating.write_bytes.saturating_sub(self.record.written_bytes)
    }

    /// Never less than a day: at its end, and after, what is left is not for one moment.
    fn life_left_us(&self) -> u64 {
        let left_us = micros(self.rating.service_life).saturating_sub(self.record.age_us);
        left_us.max(micros(self.rating.period)).max(1)
    }

    fn worth_of(&self, span_us: u64) -> u64 {
        let bytes = u128::from(self.left_bytes()) * u128::from(span_us);
        u64::try_from(bytes / u128::from(self.life_left_us())).unwrap_or(u64::MAX)
    }

    fn daily_bytes(&self) -> u64 {
        self.worth_of(micros(self.rating.period))
    }

    /// Time has passed.
    fn advance(&mut self, now_us: u64) {
        let passed_us = now_us.saturating_sub(self.now_us);
        self.now_us = self.now_us.max(now_us);
        let passed = i64::try_from(passed_us).unwrap_or(i64::MAX);
        self.saw_wall(TimeUs(self.wall.0.saturating_add(passed)));
        self.grow(passed_us);
    }

    fn grow(&mut self, passed_us: u64) {
        let grown = u128::from(self.left_bytes()) * u128::from(passed_us) + self.rest;
        let life_left_us = u128::from(self.life_left_us());
        let bytes = u64::try_from(grown / life_left_us).unwrap_or(u64::MAX);
        self.rest = grown % life_left_us;
        self.record.age_us = self.record.age_us.saturating_add(passed_us);
        self.record.balance_bytes = self.record.balance_bytes.saturating_add(signed(bytes));
        self.limit();
    }

    fn limit(&mut self) {
        let carried = self.worth_of(micros(self.rating.period).saturating_mul(CARRIED_PERIODS));
        let most = signed(carried.min(self.left_bytes()));
        self.record.balance_bytes = self.record.balance_bytes.min(most);
    }

    /// Why nothing may begin now, if nothing may.
    pub(crate) fn exhausted(&mut self, now_us: u64) -> Option<Exhausted> {
        self.advance(now_us);
        let lacking = u64::try_from(1_i64.saturating_sub(self.record.balance_bytes)).unwrap_or(0);
        let left_bytes = self.left_bytes();
        if left_bytes == 0 {
            return Some(Exhausted { wait: None });
        }
        (lacking > 0).then(|| {
            let wait = u128::from(lacking) * u128::from(self.life_left_us());
            let wait_us = u64::try_from(wait / u128::from(left_bytes) + 1).unwrap_or(u64::MAX);
            Exhausted { wait: Some(Duration::from_micros(wait_us)) }
        })
    }

    /// Bytes are to be written: takes them off, or says why not.
    pub(crate) fn promise(&mut self, bytes: u64, now_us: u64) -> Result<(), Exhausted> {
        if let Some(exhausted) = self.exhausted(now_us) {
            return Err(exhausted);
        }
        if bytes > self.left_bytes() {
            return Err(Exhausted { wait: None });
        }
        self.charge(bytes);
        Ok(())
    }

    /// Bytes are written, whether they may or not.
    pub(crate) fn charge(&mut self, bytes: u64) {
        let record = &mut self.record;
        record.written_bytes = record.written_bytes.saturating_add(bytes);
        record.unseen_bytes = record.unseen_bytes.saturating_add(bytes);
        record.balance_bytes = record.balance_bytes.saturating_sub(signed(bytes));
        self.is_kept = false;
    }

    /// They were not written after all. What the disk's own counter was taken to have shown of them
    /// were others' bytes, and stays.
    pub(crate) fn refund(&mut self, bytes: u64) {
        let record = &mut self.record;
        let bytes = bytes.min(record.unseen_bytes);
        record.written_bytes = record.written_bytes.saturating_sub(bytes);
        record.unseen_bytes -= bytes;
        record.balance_bytes = record.balance_bytes.saturating_add(signed(bytes));
        self.limit();
    }

    /// What the disk's own counter has not shown yet.
    pub(crate) fn unseen_bytes(&self) -> u64 {
        self.record.unseen_bytes
    }

    /// The disk's own counter, with what it had not shown when it was asked. It knows what
    /// others wrote, and what a file system adds; what it shows later than it was written, or
    /// never, is believed all the same.
    pub(crate) fn counted(&mut self, counter_bytes: u64, unseen_bytes: u64) {
        let record = &mut self.record;
        let before = unseen_bytes.min(record.unseen_bytes);
        let since = record.unseen_bytes - before;
        match record.counter_bytes.replace(counter_bytes) {
            Some(last) if counter_bytes >= last => {
                let shown = counter_bytes - last;
                record.unseen_bytes = since + before.saturating_sub(shown);
                let more = shown.saturating_sub(before);
                record.written_bytes = record.written_bytes.saturating_add(more);
                record.balance_bytes = record.balance_bytes.saturating_sub(signed(more));
            }
            // It counts from somewhere else.
            Some(_) => record.unseen_bytes = since,
            // All that was before is no reason to wait now.
            None => {
                record.unseen_bytes = since;
                let all = counter_bytes.saturating_add(since);
                record.written_bytes = record.written_bytes.max(all);
            }
        }
        self.is_kept = false;
        self.limit();
    }

    /// The wall clock shows this.
    fn saw_wall(&mut self, wall: TimeUs) {
        self.wall = wall;
        self.is_kept &= wall.0 <= self.record.wall_us;
        self.record.wall_us = self.record.wall_us.max(wall.0);
    }

    /// Whether more was promised than is written down.
    pub(crate) fn is_uncovered(&self) -> bool {
        self.record.written_bytes > self.covered_bytes
    }

    /// The wall clock shows this: what to write down, if anything has changed.
    pub(crate) fn keep_at(&mut self, wall: TimeUs) -> Option<Record> {
        self.saw_wall(wall);
        (!self.is_kept).then(|| self.to_keep())
    }

    /// What to write down: as if a little more were written already.
    pub(crate) fn to_keep(&self) -> Record {
        let (lease, record) = (self.daily_bytes() / LEASES, self.record);
        Record {
            written_bytes: record.written_bytes.saturating_add(lease),
            unseen_bytes: record.unseen_bytes.saturating_add(lease),
            balance_bytes: record.balance_bytes.saturating_sub(signed(lease)),
            ..record
        }
    }

    /// It is written down.
    pub(crate) fn kept(&mut self, record: &Record) {
        self.covered_bytes = record.written_bytes;
        self.is_kept = true;
    }

    pub(crate) fn told(&mut self, now_us: u64) -> WriteBudget {
        let exhausted = self.exhausted(now_us);
        let life_us = micros(self.rating.service_life);
        WriteBudget {
            rating: self.rating,
            written_bytes: self.record.written_bytes,
            life_left: Duration::from_micros(life_us.saturating_sub(self.record.age_us)),
            daily_bytes: self.daily_bytes(),
            balance_bytes: self.record.balance_bytes,
            exhausted,
        }
    }
}
