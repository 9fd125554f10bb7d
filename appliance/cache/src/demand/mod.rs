//! Which demand-filled content is kept: eviction and admission.
//!
//! It decides and does nothing else: no content, no file, no clock, no thread. Whoever keeps
//! the bytes tells of every request ([`Demand::request`]) and deletes what leaves. Judged by
//! the bytes that must be brought, so a large object may take as much place as it saves.
//!
//! LRU keeps what is of interest now and loses it to everybody who walks past; S3-FIFO and
//! TinyLFU keep what has proven itself, and hold on to last week's release. On video neither
//! wins everywhere. So nothing of this is assumed here: [`returns`] learns, while requests
//! come in, with which hazard keys come back, by age and by [`habits`], and who leaves is
//! whose place is worth least by that. Where only recency tells, this becomes LRU; where only
//! frequency does, LFU; where the new seldom come back, they leave first or do not enter; and
//! rounds that are larger than the cache keep a part in place. Where it is known which segment
//! of a [`series`] a key is, the sessions that walk towards it are seen coming.
//!
//! A request looks at one key for each habit and [`SAMPLES`] at random for each that leaves,
//! whatever the cache holds; each [`MOST_BETWEEN`]th also makes ranks anew, in less than a
//! millisecond. All that is known takes about 100 bytes a key, of those that are kept and of
//! [`ABSENT_FOR_EACH`] others for each of them, and about 150 a series, beside 24 for each session
//! in it. Chance comes from a fixed seed: the same requests have the same answers.
//!
//! Read in this order: [`habits`], [`ages`], [`returns`], [`known`], [`series`], `session`, and
//! [`Demand`].

mod ages;
mod habits;
mod known;
mod returns;
mod series;
mod session;
#[cfg(test)]
mod tests;

pub use series::Segment;
pub use session::{SeriesName, segment};

use known::{Known, Shelf};
use returns::Returns;
use series::AllSeries;

/// So many keys are looked at at random for each that leaves. Who has waited longest in its
/// habit is looked at anyway; these find who waits in vain among the others. Of twice as many
/// the measured sequences gain nothing that could be told from chance.
const SAMPLES: usize = 64;

/// So many keys that are not kept are known for each that is. Twice as many closed another
/// half percent of the gap to Belady's rule.
pub const ABSENT_FOR_EACH: usize = 2;

/// So many are known anyway: 6 MB, and a small cache sees a large catalogue.
const FEWEST_ABSENT: usize = 1 << 16;

/// Ranks are made anew after at most so many requests, and sooner at first.
pub const MOST_BETWEEN: u64 = 1024;

/// And after no fewer.
const FEWEST_BETWEEN: u64 = 256;

/// What was learnt counts half after so many requests for each key that is known.
const FADING_ROUNDS: u64 = 8;

/// So many keys have their waiting booked with each request, in turn: those whose request
/// never comes would not be learnt from.
const BOOKED: usize = 2;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was there.
    Hit,
    /// It was not, and is to be kept.
    Admitted,
    /// It was not, and is to be sent on without being kept.
    Bypassed,
}

/// The policy. A key is a number that stands for one object, such as its serial.
#[derive(Debug)]
pub struct Demand {
    capacity_bytes: u64,
    used_bytes: u64,
    shelf: Shelf,
    returns: Returns,
    series: AllSeries,
    /// What was asked for so far: the clock.
    now: u64,
    requests: u64,
    learn_at: u64,
    fade_at: u64,
    booked: u32,
    chance: u64,
}

impl Demand {
    /// One that keeps nothing yet.
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        Self {
            capacity_bytes,
            used_bytes: 0,
            shelf: Shelf::new(),
            returns: Returns::new(),
            series: AllSeries::new(),
            now: 0,
            requests: 0,
            learn_at: FEWEST_BETWEEN,
            fade_at: FEWEST_ABSENT as u64,
            booked: 0,
            chance: 1,
        }
    }

    /// Somebody asks for an object, which may be a segment of a series. Adds to `leaving` the
    /// keys that are to be deleted to make room; the key asked for is never among them. A key
    /// that comes with another size is another object: the old one has left with that.
    pub fn request(
        &mut self,
        key: u64,
        size_bytes: u64,
        segment: Option<Segment>,
        leaving: &mut Vec<u64>,
    ) -> Answer {
        self.requests += 1;
        let is_other = |number: u32| self.shelf.get(number).size_bytes != size_bytes;
        if self.shelf.find(key).is_some_and(is_other) {
            self.remove(key);
        }
        let known = self.shelf.find(key);
        let is_hit = known.is_some_and(|number| self.shelf.get(number).is_kept());
        let number = match known {
            Some(number) => Some(self.come_back(number)),
            None => self.add(Known::new(key, size_bytes, self.now), segment),
        };
        if let Some(segment) = number.and_then(|at| self.shelf.get(at).segment()) {
            self.series.ask(segment, self.now, self.capacity_bytes);
        }
        self.now = self.now.saturating_add(size_bytes);
        let answer = match number {
            None => Answer::Bypassed,
            Some(number) if is_hit => {
                self.shelf.put_in(number);
                Answer::Hit
            }
            Some(number) => self.admit(number, leaving),
        };
        self.keep_books();
        answer
    }

    /// The object has gone for another reason: it was purged, or its disk was lost. Nothing
    /// is known of it from now on. Whether it was kept.
    pub fn remove(&mut self, key: u64) -> bool {
        let Some(number) = self.shelf.find(key) else { return false };
        let is_kept = self.shelf.get(number).is_kept();
        if is_kept {
            self.evict(number);
        }
        self.forget(number);
        is_kept
    }

    /// There is more room, or less: adds to `leaving` who must go.
    pub fn resize(&mut self, capacity_bytes: u64, leaving: &mut Vec<u64>) {
        self.capacity_bytes = capacity_bytes;
        while self.used_bytes > capacity_bytes {
            let Some(victim) = self.victim() else { break };
            self.evict(victim);
            leaving.push(self.shelf.get(victim).key);
        }
    }

    /// Whether it is kept.
    #[must_use]
    pub fn contains(&self, key: u64) -> bool {
        self.shelf.find(key).is_some_and(|number| self.shelf.get(number).is_kept())
    }

    /// What it may keep.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.capacity_bytes
    }

    /// What it keeps.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// How many objects it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shelf.kept().len()
    }

    /// Whether it keeps none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys it knows, kept or not: what its memory grows with.
    #[must_use]
    pub fn known_keys(&self) -> usize {
        self.shelf.len()
    }

    /// A key is asked for the first time.
    fn add(&mut self, known: Known, segment: Option<Segment>) -> Option<u32> {
        let number = self.shelf.add(known)?;
        if let Some(Segment { series, index }) = segment {
            let series = self.series.join(series, self.now);
            self.shelf.get_mut(number).set_segment(series, index);
        }
        Some(number)
    }

    /// A known key is asked for: learns from it, and takes it out of its list.
    fn come_back(&mut self, number: u32) -> u32 {
        self.book(number);
        if let Some(segment) = self.shelf.get(number).segment() {
            self.series.returned(segment, self.hazard(number), self.now);
        }
        self.shelf.take_out(number);
        let (now, capacity_bytes) = (self.now, self.capacity_bytes);
        let known = self.shelf.get_mut(number);
        let (age_bytes, weight) = (now - known.used_at, weight(known.size_bytes));
        self.returns.returned(&known.habit, age_bytes, weight);
        known.habit.used(age_bytes, capacity_bytes);
        (known.used_at, known.booked_until) = (now, now);
        number
    }

    /// Keeps what has come in, and has those leave whose places are worth least: it may be
    /// the one itself.
    fn admit(&mut self, number: u32, leaving: &mut Vec<u64>) -> Answer {
        let size_bytes = self.shelf.get(number).size_bytes;
        if size_bytes > self.capacity_bytes {
            self.shelf.put_in(number);
            return Answer::Bypassed;
        }
        self.shelf.keep(number);
        self.shelf.put_in(number);
        self.used_bytes += size_bytes;
        while self.used_bytes > self.capacity_bytes {
            let Some(victim) = self.victim() else { break };
            self.evict(victim);
            if victim == number {
                return Answer::Bypassed;
            }
            leaving.push(self.shelf.get(victim).key);
        }
        Answer::Admitted
    }

    /// Whose place is worth least, of those looked at.
    fn victim(&mut self) -> Option<u32> {
        let kept = self.shelf.kept();
        let mut chance = self.chance;
        let samples = (0..SAMPLES.min(kept.len())).map(|_| kept[below(&mut chance, kept.len())]);
        let order = |number: u32| {
            // Who has waited longer leaves first where places are worth the same.
            (self.rank(number), self.shelf.get(number).used_at, number)
        };
        let looked_at = self.shelf.oldest_kept().chain(samples).map(order);
        let least = looked_at.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.chance = chance;
        least.map(|(_, _, number)| number)
    }

    fn rank(&self, number: u32) -> f32 {
        let known = self.shelf.get(number);
        let own = self.returns.rank(&known.habit, self.now - known.used_at);
        known.segment().map_or(own, |segment| self.series.rank(segment, own, self.now))
    }

    fn evict(&mut self, number: u32) {
        self.shelf.take_out(number);
        self.shelf.give_up(number);
        self.shelf.put_in(number);
        self.used_bytes -= self.shelf.get(number).size_bytes;
    }

    fn forget(&mut self, number: u32) {
        self.book(number);
        if let Some((series, _)) = self.shelf.get(number).segment() {
            self.series.leave(series, self.now);
        }
        self.shelf.take_out(number);
        self.shelf.forget(number);
    }

    /// By its own past alone.
    fn hazard(&self, number: u32) -> f64 {
        let known = self.shelf.get(number);
        self.returns.hazard(&known.habit, self.now - known.used_at)
    }

    /// Looks at a key at a moment that nothing about it has chosen.
    fn look_at(&mut self, number: u32) {
        self.book(number);
        if let Some(segment) = self.shelf.get(number).segment() {
            self.series.looked_at(segment, self.hazard(number), self.now);
        }
    }

    /// Writes down that a key was waited for until now.
    fn book(&mut self, number: u32) {
        let known = self.shelf.get_mut(number);
        let (from, to) = (known.booked_until - known.used_at, self.now - known.used_at);
        known.booked_until = self.now;
        let weight = weight(known.size_bytes);
        self.returns.waited(&known.habit, from, to, weight);
    }

    fn keep_books(&mut self) {
        let most = FEWEST_ABSENT.max(self.shelf.kept().len() * ABSENT_FOR_EACH);
        while self.shelf.len() - self.shelf.kept().len() > most {
            let Some(oldest) = self.shelf.oldest_absent() else { break };
            self.forget(oldest);
        }
        for _ in 0..BOOKED {
            let (next, known) = self.shelf.after(self.booked);
            self.booked = next;
            known.into_iter().for_each(|number| self.look_at(number));
        }
        self.series.look_after_next(self.now);
        if self.requests >= self.fade_at {
            let known = self.shelf.len().max(FEWEST_ABSENT / 8) as u64;
            self.fade_at = self.requests + known * FADING_ROUNDS;
            self.returns.fade();
            self.series.fade();
        } else if self.requests >= self.learn_at {
            let between = (self.requests / 8).clamp(FEWEST_BETWEEN, MOST_BETWEEN);
            self.learn_at = self.requests + between;
            self.returns.learn();
            self.series.learn();
        }
    }
}

/// How much the return of an object teaches. Bytes are what counts, but counted fully a few
/// large objects would drown all others.
#[expect(clippy::cast_precision_loss, reason = "a weight")]
fn weight(size_bytes: u64) -> f64 {
    (size_bytes as f64 / 1e6).sqrt()
}

/// Xorshift: Marsaglia, «Xorshift RNGs» (2003).
fn below(chance: &mut u64, count: usize) -> usize {
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    usize::try_from((u128::from(*chance) * count as u128) >> 64).unwrap_or(0)
}
