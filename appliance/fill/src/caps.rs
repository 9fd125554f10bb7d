//! Rate caps over all transfers: one on everything that the box draws, one on each source.
//!
//! ```text
//! Caps::new() -> Caps                                          nothing may be drawn yet
//! Caps::allow(&self, Admission, cap, until)                    who may draw, until the next edge
//! Caps::set_sources(&self, impl Iterator<Item = &Source>)      each source's own cap
//! Caps::set_each(&self, SourceCaps)                            that of all sources of a kind
//! Caps::acquire(&self, &Source, bytes, Urgency).await
//!     -> Result<Grant, WaitingOn>                              how many of them may be drawn now
//! ```
//!
//! No cap is exceeded over any ten seconds: what is granted follows a bucket of tokens
//! (`bucket.rs`), and is held back where what comes late would add up to more (`arrivals.rs`).
//! A grant is for part of what was asked for where that is more than a turn, or than the cap
//! allows at once: ask again for the rest. Acquire *before* a source is asked: what it was
//! asked for arrives, whether it is read or not.
//!
//! Turns are taken in the order of asking: those of one capped source among each other, then
//! one of each such source and all others among each other. A grant is made when the future
//! that asked for it is polled, never before: who is dropped holds nothing, and whoever is
//! first in line holds the only timer.

use crate::admission::{Admission, Urgency};
use crate::arrivals::{Arrivals, SPAN};
use crate::bucket::{Bucket, Ready};
use crate::grant::{Grant, Revoked};
use crate::lanes::{Lane, Lanes};
use contract::config::SourceCaps;
use contract::progress::WaitingOn;
use contract::sources::Source;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The most that one turn brings while there is a cap. Four transfers that wait a tenth of a
/// second for each answer then reach 1.2 Gb/s, and nobody waits for a turn for long.
pub(crate) const TURN_BYTES: u64 = 4 << 20;

/// Keeps what all transfers draw under their caps.
#[derive(Debug)]
pub struct Caps {
    total: Mutex<Total>,
    /// Who is next to draw under the total cap.
    line: tokio::sync::Mutex<()>,
    lanes: Mutex<Lanes>,
    /// A cap or an admission is another than before, or something was given back.
    changed: Notify,
}

#[derive(Debug)]
struct Total {
    account: Account,
    admission: Admission,
}

/// What was granted under one cap, and what came of it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) bucket: Bucket,
    pub(crate) arrivals: Arrivals,
}

impl Account {
    pub(crate) fn new(cap: Option<NonZeroU64>, now: Instant) -> Self {
        Self { bucket: Bucket::new(cap, now), arrivals: Arrivals::new(now) }
    }

    fn ready(&mut self, bytes: u64, now: Instant) -> Ready {
        match (self.bucket.ready(bytes, now), self.bucket.cap()) {
            (Ready::Now, Some(cap)) => match self.arrivals.room_at(bytes, cap.get(), now) {
                at if at <= now => Ready::Now,
                at => Ready::At(at),
            },
            (ready, _) => ready,
        }
    }

    fn take(&mut self, bytes: u64, is_free: bool, now: Instant) {
        self.bucket.take(bytes, now);
        if !is_free {
            self.arrivals.granted(bytes);
        }
    }

    /// Whether more is on its way than the cap allows: it began or fell meanwhile.
    fn ends_grants(&mut self, is_free: bool, now: Instant) -> bool {
        self.bucket.cap().is_some_and(|cap| is_free || self.arrivals.is_over(cap.get(), now))
    }

    fn give_back(&mut self, bytes: u64) {
        self.bucket.give_back(bytes);
        self.arrivals.given_back(bytes);
    }
}

/// What one look at the caps says.
enum Look {
    Granted {
        bytes: u64,
        is_free: bool,
    },
    /// The total cap needs a turn.
    NotInLine,
    /// The source's cap says when.
    Source(Ready),
    /// The total cap says when.
    Total(Ready),
}

/// What is granted before a source is asked: nothing of it is on its way where it is dropped.
struct Unasked<'a>(Option<Grant<'a>>);

impl<'a> Unasked<'a> {
    fn left(&self) -> u64 {
        self.0.as_ref().map_or(0, Grant::left)
    }

    fn add(&mut self, more: Grant<'a>) {
        match &mut self.0 {
            Some(grant) => grant.add(more),
            None => self.0 = Some(more),
        }
    }
}

impl Drop for Unasked<'_> {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Grant::give_back);
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self::new()
    }
}

impl Caps {
    /// Grants nothing before [`Caps::allow`].
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        let mut account = Account::new(None, now);
        account.bucket.change(None, Some(now), now);
        Self {
            total: Mutex::new(Total { account, admission: Admission::All }),
            line: tokio::sync::Mutex::default(),
            lanes: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// From now on, up to `until`: who may draw, and how much all of them together. After
    /// `until` nothing is granted before this is called again.
    pub fn allow(&self, admission: Admission, cap: Option<NonZeroU64>, until: Option<Instant>) {
        {
            let mut total = lock(&self.total);
            total.admission = admission;
            total.account.bucket.change(cap, until, Instant::now());
        }
        self.changed.notify_waiters();
    }

    /// Takes over the caps of all sources. One that is named with several has the least.
    pub fn set_sources<'a>(&self, sources: impl IntoIterator<Item = &'a Source>) {
        lock(&self.lanes).set_sources(sources, Instant::now());
        self.changed.notify_waiters();
    }

    /// What the configuration says of each source, whatever documents say.
    pub fn set_each(&self, each: SourceCaps) {
        lock(&self.lanes).set_each(each, Instant::now());
        self.changed.notify_waiters();
    }

    /// Waits until some of `bytes` may be drawn from `source`, and says how many: at least
    /// one, unless none were asked for.
    ///
    /// # Errors
    /// When the box may not fill, or no longer, or nothing may come from this source.
    pub async fn acquire(
        &self,
        source: &Source,
        bytes: u64,
        urgency: Urgency,
    ) -> Result<Grant<'_>, WaitingOn> {
        self.acquire_least(source, bytes, 0, urgency).await
    }

    /// The same until all of `bytes` may be drawn. One after the other: many who are given a part
    /// each would have all of it later than the first could. Who waits for more than the cap lets
    /// come within ten seconds would wait for ever, and keep others waiting.
    pub(crate) async fn acquire_all(
        &self,
        source: &Source,
        bytes: u64,
        urgency: Urgency,
    ) -> Result<Grant<'_>, WaitingOn> {
        self.acquire_least(source, bytes, bytes, urgency).await
    }

    async fn acquire_least(
        &self,
        source: &Source,
        bytes: u64,
        least: u64,
        urgency: Urgency,
    ) -> Result<Grant<'_>, WaitingOn> {
        if source.cap_bytes_per_s == Some(0) {
            return Err(WaitingOn::NotAllowed);
        }
        let lane = lock(&self.lanes).of(source, Instant::now());
        let _turn = match &lane {
            Some(lane) => Some(lane.line.lock().await),
            None => None,
        };
        let grant = |(left, is_free)| {
            let (lane, kind) = (lane.clone(), source.kind.clone());
            Grant { caps: self, address: source.address, kind, lane, left, is_free, urgency }
        };
        let (lane, mut in_line) = (lane.as_deref(), None);
        let mut all = Unasked(None);
        loop {
            if self.most_at_once(lane) < least {
                return Err(WaitingOn::NotAllowed);
            }
            let missing = bytes - all.left();
            all.add(grant(self.turn(lane, missing, urgency, &mut in_line).await?));
            if all.left() >= least {
                return all.0.take().ok_or(WaitingOn::NotAllowed);
            }
        }
    }

    /// More can never be on its way at the same time.
    fn most_at_once(&self, lane: Option<&Lane>) -> u64 {
        let own = lane.and_then(|lane| lock(&lane.account).bucket.cap());
        let cap = [lock(&self.total).account.bucket.cap(), own].into_iter().flatten().min();
        cap.map_or(u64::MAX, |cap| cap.get().saturating_mul(SPAN.as_secs()))
    }

    /// Waits for something under the caps; a place in the line of all stays that of whoever asks
    /// again.
    async fn turn<'a>(
        &'a self,
        lane: Option<&Lane>,
        bytes: u64,
        urgency: Urgency,
        in_line: &mut Option<tokio::sync::MutexGuard<'a, ()>>,
    ) -> Result<(u64, bool), WaitingOn> {
        loop {
            // Made before the look: it hears of every change after it.
            let changed = self.changed.notified();
            let ready = match self.look(lane, bytes, urgency, in_line.is_some())? {
                Look::Granted { bytes, is_free } => return Ok((bytes, is_free)),
                Look::NotInLine => {
                    *in_line = Some(self.line.lock().await);
                    continue;
                }
                Look::Source(ready) => {
                    *in_line = None;
                    ready
                }
                Look::Total(ready) => ready,
            };
            match ready {
                Ready::At(at) => tokio::select! {
                    // In this order, so that a seed decides all that happens.
                    biased;
                    () = changed => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                Ready::AfterChange | Ready::Now => changed.await,
            }
        }
    }

    /// Grants what may be drawn at this instant, or says what that depends on.
    fn look(
        &self,
        lane: Option<&Lane>,
        bytes: u64,
        urgency: Urgency,
        is_in_line: bool,
    ) -> Result<Look, WaitingOn> {
        let now = Instant::now();
        let mut total = lock(&self.total);
        total.admission.check(urgency)?;
        let total = &mut total.account;
        let mut own = lane.map(|lane| lock(&lane.account));
        let own_cap = own.as_ref().and_then(|own| own.bucket.cap());
        let is_free = total.bucket.cap().or(own_cap).is_none();
        let own_depth = own.as_ref().map_or(u64::MAX, |own| own.bucket.depth());
        let turn = if is_free { u64::MAX } else { TURN_BYTES };
        let bytes = bytes.min(turn).min(own_depth).min(total.bucket.depth());
        if let Some(own) = &mut own {
            let ready = own.ready(bytes, now);
            if ready != Ready::Now {
                return Ok(Look::Source(ready));
            }
        }
        if total.bucket.cap().is_some() && !is_in_line {
            return Ok(Look::NotInLine);
        }
        let ready = total.ready(bytes, now);
        if ready != Ready::Now {
            return Ok(Look::Total(ready));
        }
        total.take(bytes, is_free, now);
        if let Some(own) = &mut own {
            own.take(bytes, is_free, now);
        }
        Ok(Look::Granted { bytes, is_free })
    }

    /// All that arrived in the past ten seconds, by the second.
    #[must_use]
    pub fn rate_bytes_per_s(&self) -> u64 {
        lock(&self.total).account.arrivals.rate_bytes_per_s(Instant::now())
    }

    pub(crate) fn arrived(&self, lane: Option<&Lane>, bytes: u64, expected: u64) {
        let now = Instant::now();
        // No one waits for this: it frees nothing before ten seconds have passed.
        lock(&self.total).account.arrivals.arrived(bytes, expected, now);
        if let Some(lane) = lane {
            lock(&lane.account).arrivals.arrived(bytes, expected, now);
        }
    }

    pub(crate) fn given_back(&self, lane: Option<&Lane>, bytes: u64) {
        lock(&self.total).account.give_back(bytes);
        if let Some(lane) = lane {
            lock(&lane.account).give_back(bytes);
        }
        self.changed.notify_waiters();
    }

    /// Waits until a permission ends before its time.
    pub(crate) async fn revoked(&self, grant: &Grant<'_>) -> Revoked {
        loop {
            let changed = self.changed.notified();
            if let Some(revoked) = self.is_revoked(grant) {
                return revoked;
            }
            changed.await;
        }
    }

    fn is_revoked(&self, grant: &Grant<'_>) -> Option<Revoked> {
        let now = Instant::now();
        let Grant { urgency, is_free, .. } = *grant;
        let is_capped = {
            let mut total = lock(&self.total);
            if let Err(waiting) = total.admission.check(urgency) {
                return Some(Revoked::Closed(waiting));
            }
            total.account.ends_grants(is_free, now)
        };
        // What was granted before its source had a cap is not counted under it.
        let is_free = is_free || grant.lane.is_none();
        let ends = |lane: &Arc<Lane>| lock(&lane.account).ends_grants(is_free, now);
        let lanes = lock(&self.lanes);
        let own = lanes.at(grant.address);
        let is_capped = is_capped || own.map_or_else(|| lanes.begins_for(&grant.kind), ends);
        is_capped.then_some(Revoked::Capped)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "caps_tests.rs"]
pub(crate) mod tests;
