//! How fast a disk may be written to while it still reads in time. Pure: times in, waits out.
//!
//! The slowest hundredth of its reads, over the past seconds, is held against a bound. Beyond it
//! the rate of writes is halved, from what was written lately; below it the rate rises by a step
//! every second, until nothing is held back any more. So a disk finds out by itself what it can
//! take beside its readers, and again when these come and go.

/// Reads that are looked at: of this span and the one before, as far as it has come.
const SPAN_US: u64 = 5_000_000;

/// How often the rate is changed.
const JUDGED_EVERY_US: u64 = 1_000_000;

/// With fewer reads the slowest hundredth is one read, and chance.
const ENOUGH_READS: u64 = 100;

/// It is never less: what is missing has to come some day, even to a disk that is slow without
/// being written to.
pub(crate) const LEAST_BYTES_PER_S: u64 = 1 << 20;

/// By how much it rises in a second.
const STEP_BYTES_PER_S: u64 = 8 << 20;

/// From here on nothing is held back: no disk takes more.
const MOST_BYTES_PER_S: u64 = 8 << 30;

/// Four for each doubling: a time is known to a fifth.
const BUCKETS: usize = 100;

/// How often reads took how long.
#[derive(Debug, Clone)]
struct Times {
    counts: [u32; BUCKETS],
    reads: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], reads: 0 }
    }
}

/// The bucket of a time: all times above the last one's are in it.
fn bucket(took_us: u64) -> usize {
    let took_us = took_us.max(1);
    let doublings = took_us.ilog2() as usize;
    let quarter = if doublings < 2 { 0 } else { (took_us >> (doublings - 2)) & 3 };
    (4 * doublings + usize::try_from(quarter).unwrap_or(0)).min(BUCKETS - 1)
}

/// The longest time in a bucket.
fn longest_us(bucket: usize) -> u64 {
    let (doublings, quarter) = (bucket / 4, bucket as u64 % 4);
    if doublings < 2 { (2 << doublings) - 1 } else { ((5 + quarter) << (doublings - 2)) - 1 }
}

impl Times {
    fn add(&mut self, took_us: u64) {
        let count = &mut self.counts[bucket(took_us)];
        *count = count.saturating_add(1);
        self.reads += 1;
    }
}

/// What a disk may be written with.
#[derive(Debug)]
pub(crate) struct WriteGate {
    now: Times,
    before: Times,
    span_began_us: u64,
    judged_at_us: u64,
    /// What was let through since.
    written_bytes: u64,
    rate_bytes_per_s: u64,
    free_at_us: u64,
    /// When a read was last one of enough.
    had_readers_at_us: Option<u64>,
}

impl Default for WriteGate {
    fn default() -> Self {
        Self {
            now: Times::default(),
            before: Times::default(),
            span_began_us: 0,
            judged_at_us: 0,
            written_bytes: 0,
            rate_bytes_per_s: MOST_BYTES_PER_S,
            free_at_us: 0,
            had_readers_at_us: None,
        }
    }
}

impl WriteGate {
    /// A read has ended.
    pub(crate) fn read(&mut self, took_us: u64, now_us: u64) {
        self.turn(now_us);
        self.now.add(took_us);
        if self.has_enough_reads() {
            self.had_readers_at_us = Some(now_us);
        }
    }

    /// Bytes are to be written: says for how long they have to wait.
    pub(crate) fn admit(&mut self, bytes: u64, bound_us: u64, now_us: u64) -> u64 {
        self.judge(bound_us, now_us);
        self.written_bytes = self.written_bytes.saturating_add(bytes);
        if self.limit_bytes_per_s().is_none() {
            return 0;
        }
        let begins_us = self.free_at_us.max(now_us);
        let takes_us = bytes.saturating_mul(1_000_000) / self.rate_bytes_per_s;
        self.free_at_us = begins_us.saturating_add(takes_us);
        begins_us - now_us
    }

    /// What is written at most; `None` where nothing is held back.
    pub(crate) fn limit_bytes_per_s(&self) -> Option<u64> {
        (self.rate_bytes_per_s < MOST_BYTES_PER_S).then_some(self.rate_bytes_per_s)
    }

    /// Within how long 99 of 100 reads have ended, lately; `None` where there were too few.
    pub(crate) fn p99_us(&mut self, now_us: u64) -> Option<u64> {
        self.turn(now_us);
        if !self.has_enough_reads() {
            return None;
        }
        let mut slower = (self.now.reads + self.before.reads) / 100;
        for at in (0..BUCKETS).rev() {
            let count = u64::from(self.now.counts[at]) + u64::from(self.before.counts[at]);
            if count > slower {
                return Some(longest_us(at));
            }
            slower -= count;
        }
        None
    }

    fn has_enough_reads(&self) -> bool {
        self.now.reads + self.before.reads >= ENOUGH_READS
    }

    /// Whether there are readers to write carefully for, be it that they begin to be counted anew.
    pub(crate) fn has_readers(&self, now_us: u64) -> bool {
        self.had_readers_at_us.is_some_and(|at_us| now_us.saturating_sub(at_us) < 2 * SPAN_US)
    }

    fn turn(&mut self, now_us: u64) {
        let spans = now_us.saturating_sub(self.span_began_us) / SPAN_US;
        if spans == 0 {
            return;
        }
        let last = std::mem::take(&mut self.now);
        self.before = if spans == 1 { last } else { Times::default() };
        self.span_began_us = now_us;
    }

    fn judge(&mut self, bound_us: u64, now_us: u64) {
        let since_us = now_us.saturating_sub(self.judged_at_us);
        if since_us < JUDGED_EVERY_US {
            return;
        }
        if self.p99_us(now_us).is_some_and(|p99_us| p99_us > bound_us) {
            let lately = self.written_bytes.saturating_mul(1_000_000) / since_us;
            let half = self.rate_bytes_per_s.min(lately) / 2;
            self.rate_bytes_per_s = half.max(LEAST_BYTES_PER_S);
            // What comes of it is seen in what is read from here on.
            (self.now, self.before) = (Times::default(), Times::default());
            self.span_began_us = now_us;
        } else {
            let steps = since_us / JUDGED_EVERY_US;
            let more = STEP_BYTES_PER_S.saturating_mul(steps);
            let rate = self.rate_bytes_per_s.saturating_add(more);
            self.rate_bytes_per_s = rate.min(MOST_BYTES_PER_S);
        }
        (self.judged_at_us, self.written_bytes) = (now_us, 0);
    }
}

#[cfg(test)]
mod tests;
