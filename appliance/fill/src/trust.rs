//! Which sources gave wrong bytes, and what that costs them. Pure: time and chance come in.
//!
//! ```text
//! Trust::may_ask(&mut self, source, object, now) -> Result<(), Distrusted>
//! Trust::lied(&mut self, Lie)                                  wrong bytes, for certain
//! Trust::proved(&mut self, source, object, now)                an object came from it, and is right
//! Trust::untried(&mut self, source, began, now)                neither came of that transfer
//! Trust::lies_for(&self, source, object, now) -> Duration      how long its lies are known
//! Trust::lies_about(&self, source, object, now) -> Duration    those about this object alone
//! ```
//!
//! Who does not answer costs a connection; who lies costs all the bytes that it sent. So a
//! source that gave wrong bytes is left alone for far longer than one that failed. Then one
//! transfer tries it, in its usual place: were it asked after all others, what it holds would
//! cross the provider's edge again. For the same reason siblings rest for seconds only. A source
//! is forgiven one lie with each object that it brings.
//!
//! One file that differs at its origin is not to stop everything else: about one object a
//! source lies once, and is not asked for that one again for a while.

use crate::back_off::BackOff;
use crate::health::UNASKED;
use contract::object::ObjectId;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// After the first lie: it may have been a bit on the way.
const FIRST_REST: Duration = Duration::from_secs(5);

/// Each further lie takes so many times as long.
const GROWTH: u32 = 4;

/// The longest: a box that was repaired is useful again the same night.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// The longest for a sibling: its lies cost no more than a slice each, on wires that nobody pays
/// for, and as long as it rests, what it holds may cross the provider's edge again.
const LONGEST_REST_NEAR: Duration = Duration::from_secs(15);

/// How long a source beyond the site is not asked for the object that it lied about, at most.
const OBJECT_REST: Duration = Duration::from_secs(300);

const OBJECT_RESTS: BackOff =
    BackOff { first: Duration::from_secs(2), growth: GROWTH, longest: OBJECT_REST };

/// How long others wait for what comes of a transfer that tries a source, at most: it may have
/// been dropped.
const TRIAL: Duration = Duration::from_secs(15);

/// Lies beyond these change nothing.
const MOST_LIES: u32 = 8;

/// Objects that are remembered for each source. What is forgotten is asked for again.
const MOST_OBJECTS: usize = 64;

/// Sources that are remembered; a site has fewer boxes.
const MOST_SOURCES: usize = 1024;

/// Wrong bytes, for certain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lie<'a> {
    /// Whose.
    pub source: SocketAddr,
    /// Whether it is a box of the same site.
    pub is_near: bool,
    /// Of which object.
    pub object: &'a ObjectId,
    /// When the transfer began: what was under way at another lie is the same lie.
    pub began: Instant,
    /// When it came out.
    pub now: Instant,
    /// From 0 to 1; keeps boxes from coming back together.
    pub spread: f64,
}

/// Why a source is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distrusted {
    /// It gave wrong bytes.
    Rests {
        /// Until then.
        until: Instant,
    },
    /// It has rested, and another transfer tries it.
    Tried {
        /// When the next one may, if nothing is heard of that one.
        until: Instant,
    },
}

/// The sources that gave wrong bytes.
#[derive(Debug, Default)]
pub(crate) struct Trust(HashMap<SocketAddr, Liar>);

#[derive(Debug)]
struct Liar {
    /// Not forgiven yet.
    lies: u32,
    /// The first of them, or when it told the truth for the last time.
    since: Instant,
    last_lie: Instant,
    not_before: Instant,
    /// Who lied has to be tried before everybody asks it again.
    trial: Option<Trial>,
    objects: VecDeque<About>,
}

/// One transfer tries a source.
#[derive(Debug, Clone, Copy)]
struct Trial {
    began: Instant,
    /// Nobody had asked it for so long since its rest was over: whether it lies still is not
    /// known before it has been tried.
    unheard: Duration,
}

/// An object that a source lied about.
#[derive(Debug)]
struct About {
    object: ObjectId,
    times: u32,
    since: Instant,
    until: Instant,
}

impl About {
    /// For how long it is known to lie about it: nobody asks it while it rests, and what it
    /// would say later is not known.
    fn lies_for(&self, now: Instant) -> Duration {
        self.until.min(now).saturating_duration_since(self.since)
    }
}

impl Trust {
    /// Whether to ask a source for an object now. Of all who want to ask one that has rested,
    /// the first does; the others see what comes of it.
    ///
    /// # Errors
    /// [`Distrusted`].
    pub(crate) fn may_ask(
        &mut self,
        source: SocketAddr,
        object: &ObjectId,
        now: Instant,
    ) -> Result<(), Distrusted> {
        let Some(liar) = self.0.get_mut(&source) else { return Ok(()) };
        if let Some(about) = liar.about(object).filter(|about| about.until > now) {
            return Err(Distrusted::Rests { until: about.until });
        }
        let until = liar.not_before;
        if until > now {
            return Err(if liar.trial.is_some() {
                Distrusted::Tried { until }
            } else {
                Distrusted::Rests { until }
            });
        }
        if liar.lies > 0 {
            // Nobody has asked for long, as while a window is closed: it may have been honest since.
            if now.saturating_duration_since(until) > UNASKED {
                liar.since = now;
            }
            let unheard = now.saturating_duration_since(until);
            (liar.trial, liar.not_before) = (Some(Trial { began: now, unheard }), now + TRIAL);
        }
        Ok(())
    }

    /// A source gave wrong bytes.
    pub(crate) fn lied(&mut self, lie: Lie<'_>) {
        let Lie { source, is_near, object, began, now, spread } = lie;
        if !self.0.contains_key(&source) && self.0.len() >= MOST_SOURCES {
            let oldest = self.0.iter().min_by_key(|(_, liar)| liar.last_lie);
            let oldest = oldest.map(|(source, _)| *source);
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
        let well = || Liar {
            lies: 0,
            since: now,
            last_lie: began,
            not_before: now,
            trial: None,
            objects: VecDeque::new(),
        };
        let liar = self.0.entry(source).or_insert_with(well);
        // What was under way when it lied is the same lie, and so is the same object again.
        let is_known = liar.about(object).is_some();
        let is_another = !is_known && (liar.lies == 0 || began > liar.last_lie);
        if is_another {
            liar.since = if liar.lies == 0 { now } else { liar.since };
            liar.lies = (liar.lies + 1).min(MOST_LIES);
            liar.last_lie = now;
        }
        let longest = if is_near { LONGEST_REST_NEAR } else { LONGEST_REST };
        let rest = BackOff { first: FIRST_REST, growth: GROWTH, longest }.after(liar.lies, spread);
        let about_it = |times| OBJECT_RESTS.after(times, spread);
        liar.remember(object, now, |times| now + if is_near { rest } else { about_it(times) });
        if is_another || liar.trial.is_some() {
            (liar.trial, liar.not_before) = (None, now + rest);
        }
    }

    /// The transfer that began then has tried a source, if it did, and neither lies nor the truth
    /// came of it: the next may.
    pub(crate) fn untried(&mut self, source: SocketAddr, began: Instant, now: Instant) {
        let Some(liar) = self.0.get_mut(&source) else { return };
        if let Some(trial) = liar.trial.take_if(|trial| trial.began == began) {
            let passed = now.saturating_duration_since(began);
            liar.since = now.min(liar.since + trial.unheard + passed);
            liar.not_before = now;
        }
    }

    /// It brought all of an object, and that is right.
    pub(crate) fn proved(&mut self, source: SocketAddr, object: &ObjectId, now: Instant) {
        let Some(liar) = self.0.get_mut(&source) else { return };
        liar.lies = liar.lies.saturating_sub(1);
        // What is not forgiven yet counts from here on.
        liar.since = now;
        liar.objects.retain(|about| about.object != *object);
        if liar.trial.take().is_some() {
            liar.not_before = now;
        }
        // What it lied about is remembered: the same again would be no news.
        if liar.lies == 0 && liar.objects.is_empty() {
            self.0.remove(&source);
        }
    }

    /// For how long it has not been trusted, with what it says of others or of this object.
    #[must_use]
    pub(crate) fn lies_for(&self, source: SocketAddr, object: &ObjectId, now: Instant) -> Duration {
        let lies = self.0.get(&source).map_or(Duration::ZERO, |liar| {
            let unheard = liar.trial.map_or(Duration::ZERO, |trial| trial.unheard);
            now.saturating_duration_since(liar.since).saturating_sub(unheard)
        });
        lies.max(self.lies_about(source, object, now))
    }

    /// For how long it has lied about this object, however it is about others.
    #[must_use]
    pub(crate) fn lies_about(
        &self,
        source: SocketAddr,
        object: &ObjectId,
        now: Instant,
    ) -> Duration {
        let about = self.0.get(&source).and_then(|liar| liar.about(object));
        about.map_or(Duration::ZERO, |about| about.lies_for(now))
    }
}

impl Liar {
    fn about(&self, object: &ObjectId) -> Option<&About> {
        self.objects.iter().find(|about| about.object == *object)
    }

    fn remember(&mut self, object: &ObjectId, now: Instant, until: impl Fn(u32) -> Instant) {
        let known = self.objects.iter().position(|about| about.object == *object);
        let known = known.and_then(|at| self.objects.remove(at));
        let (times, since) =
            known.map_or((1, now), |about| (about.times.saturating_add(1), about.since));
        if self.objects.len() >= MOST_OBJECTS {
            self.objects.pop_front();
        }
        self.objects.push_back(About { object: *object, times, since, until: until(times) });
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
