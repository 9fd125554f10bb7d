//! All missing objects, in the manifest's order, a few at a time, until told to stop.

use crate::admission::{Admission, Urgency};
use crate::back_off::BackOff;
use crate::backlog::Backlog;
use crate::board::{Board, Titles};
use crate::buffers::Buffers;
use crate::caps::Caps;
use crate::gate;
use crate::health::Health;
use crate::ledger::Ledger;
use crate::offload::Offload;
use crate::routes::Routes;
use crate::rules::{Clock, Rules};
use crate::transfer::{FillWatch, Round, Transfers, Want};
use crate::trust::Trust;
use crate::upstream::Upstream;
use crate::urgent::Urgent;
use cache::Cache;
use contract::catalogue::{CatalogueEntry, Ordinal, Version};
use contract::manifest::Deadline;
use contract::object::ObjectKey;
use contract::progress::{FillProgress, TitleProgress, WaitingOn};
use contract::sources::SLAB;
use contract::time::TimeUs;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The longest pause: a box that was cut off notices within this time that it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Pauses after rounds in which no source gave an object.
const PAUSES: BackOff =
    BackOff { first: Duration::from_millis(200), growth: 2, longest: LONGEST_PAUSE };

/// How long a sibling may say that it will have an object before it is taken for one that does
/// not answer: its disks may be full, or its way to the origin cut.
const PATIENCE_WITH_SIBLINGS: Duration = Duration::from_secs(900);

/// Objects that siblings are waited for at once: they fill in the same order, so what comes
/// after these need not be asked for yet.
const MOST_AWAITED: usize = 64;

/// What a filler is made of.
pub struct Setup {
    /// Where objects go.
    pub cache: Arc<Cache>,
    /// Where bytes come from.
    pub upstream: Arc<dyn Upstream>,
    /// Where calls run that block on a disk.
    pub offload: Arc<dyn Offload>,
    /// Spreads pauses, so that boxes do not come back together.
    pub seed: u64,
    /// When, how fast, from how far and how many at once.
    pub rules: Rules,
    /// What they go by.
    pub clock: Clock,
    /// Hears of events.
    pub watch: Arc<dyn FillWatch>,
}

/// Brings missing objects in.
pub struct Filler {
    transfers: Transfers,
    rules: RwLock<Arc<Rules>>,
    rules_changed: Notify,
    routes: RwLock<Arc<Routes>>,
    backlog: Mutex<Backlog>,
    attempts: Mutex<HashMap<Version, Attempt>>,
    random: Mutex<StdRng>,
    changed: Notify,
    hurried: Notify,
}

/// What is remembered of an object that did not come at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    wanted_since: Instant,
    /// Since when those who go before this box have neither brought it nor said that they will.
    absent_since: Instant,
    rounds: u32,
    not_before: Instant,
    is_running: bool,
    /// Whether it could wait for a window when it was looked at last.
    urgency: Urgency,
    /// Why it did not come.
    waiting: Option<WaitingOn>,
}

impl Filler {
    /// Makes a filler; nothing moves before [`Filler::run`].
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        let transfers = Transfers {
            cache: setup.cache,
            upstream: setup.upstream,
            offload: setup.offload,
            ledger: Arc::default(),
            watch: setup.watch,
            caps: Caps::new(),
            clock: setup.clock,
            board: Board::default(),
            health: Health::new(random(setup.seed, 1)),
            homes: Health::new(random(setup.seed, 2)),
            trust: Mutex::new((Trust::default(), random(!setup.seed, 0))),
            buffers: Buffers::default(),
            moved: Notify::new(),
            urgent: Urgent::default(),
        };
        transfers.caps.set_each(setup.rules.source_caps);
        Arc::new(Self {
            transfers,
            rules: RwLock::new(Arc::new(setup.rules)),
            rules_changed: Notify::new(),
            routes: RwLock::default(),
            backlog: Mutex::default(),
            attempts: Mutex::default(),
            random: Mutex::new(random(setup.seed, 0)),
            changed: Notify::new(),
            hurried: Notify::new(),
        })
    }

    /// Who gave what.
    #[must_use]
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.transfers.ledger)
    }

    /// What demand shares with it: caps, clock, and what is known of sources.
    pub(crate) fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// Whether something may come now.
    pub(crate) fn is_open_to(&self, urgency: Urgency) -> bool {
        let allowance = self.rules().gate.at((self.transfers.clock)());
        allowance.admission.check(urgency).is_ok()
    }

    /// A viewer has begun to wait: a walk over all that is missing would be too much for that.
    pub(crate) fn wake_for_viewers(&self) {
        self.hurried.notify_one();
    }

    fn hurry(self: &Arc<Self>, running: &mut JoinSet<bool>) {
        let parallel = self.rules().parallel;
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        self.start_what_is_awaited(&mut attempts, running, parallel);
    }

    /// Takes over windows, caps, how far and how many at once: what is under way goes on by them.
    pub fn set_rules(&self, rules: Rules) {
        self.transfers.caps.set_each(rules.source_caps);
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
        self.rules_changed.notify_one();
        self.wake();
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the manifest lists, and by when some of it must be here.
    pub fn expect(&self, ranked: &[Arc<CatalogueEntry>], deadlines: &[Deadline]) {
        self.transfers.board.expect(ranked);
        self.transfers.urgent.set_deadlines(deadlines);
    }

    /// An object was lost here, and somebody asked for it: it is not to wait for a window.
    pub fn lost(&self, object: &ObjectKey) {
        self.transfers.urgent.lost(object);
        self.wake();
    }

    /// Takes over where to fetch from.
    pub fn set_routes(&self, routes: Routes) {
        self.transfers.caps.set_sources(routes.sources());
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
        // Something else may be wanted, too.
        self.transfers.moved.notify_waiters();
        self.wake();
    }

    /// Where to fetch from, and whom viewers may be redirected to.
    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Something is missing that was not, a moment ago: look now.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// Fills until `stop` turns true. Transfers under way are dropped then; what has
    /// arrived of them stays. May be run again afterwards.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        self.forget_what_was_dropped();
        let mut running = JoinSet::new();
        let mut keeping = Box::pin(self.keep_caps());
        let mut next = self.start_what_is_due(&mut running);
        loop {
            let is_hurried = tokio::select! {
                // In this order, so that a seed decides all that happens.
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                () = &mut keeping => break,
                () = self.changed.notified() => false,
                () = self.hurried.notified() => true,
                Some(ended) = running.join_next() => {
                    // Where nothing else may come, it leaves no room for anything.
                    ended.is_ok_and(|is_awaited| is_awaited) && !self.is_open_to(Urgency::Ordinary)
                }
                () = tokio::time::sleep_until(next) => false,
            };
            if is_hurried {
                self.hurry(&mut running);
            } else {
                next = self.start_what_is_due(&mut running);
            }
        }
    }

    /// Tells the caps what the rules allow. Never ends.
    async fn keep_caps(&self) {
        loop {
            let rules = self.rules();
            tokio::select! {
                biased;
                () = self.rules_changed.notified() => {}
                () = rules.gate.keep(&self.transfers.caps, &*self.transfers.clock) => {}
            }
        }
    }

    /// Transfers that an earlier run has dropped are under way no more.
    fn forget_what_was_dropped(&self) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.values_mut().for_each(|attempt| attempt.is_running = false);
    }

    /// Starts transfers in the manifest's order as far as there is room; says when the next
    /// object is due.
    fn start_what_is_due(self: &Arc<Self>, running: &mut JoinSet<bool>) -> Instant {
        let now = Instant::now();
        let (rules, wall) = (self.rules(), (self.transfers.clock)());
        let allowance = rules.gate.at(wall);
        let routes = self.routes();
        // Locked before looking: an object that is published after the look would seem
        // missing and, its attempt forgotten by then, be fetched twice.
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = now + LONGEST_PAUSE;
        if allowance.admission != Admission::All {
            // Time in which something may not come does not count as having been wanted.
            let may_come = |it: &Attempt| allowance.admission.check(it.urgency).is_ok();
            attempts.retain(|_, attempt| attempt.is_running || may_come(attempt));
            next = next.min(now + allowance.time_left(wall));
        }
        if matches!(allowance.admission, Admission::Nobody { .. }) {
            return next;
        }
        let cache = &self.transfers.cache;
        let exhausted = cache.exhausted();
        if let Some(exhausted) = exhausted {
            let on = self.transfers.endures(exhausted);
            next = next.min(now + self.pause_until(on.until()));
        }
        self.start_what_is_awaited(&mut attempts, running, rules.parallel);
        let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
        backlog.catch_up(cache);
        let (mut awaited, mut firsts) = (0, Firsts::default());
        backlog.walk(cache, |entry| {
            if running.len() >= rules.parallel {
                return ControlFlow::Break(());
            }
            if !routes.lead_to(entry.ordinal) {
                return ControlFlow::Continue(());
            }
            if awaited >= MOST_AWAITED && !firsts.are_first(&routes, entry.ordinal) {
                return ControlFlow::Continue(());
            }
            let urgency = self.transfers.urgent.is_urgent(entry, &rules.gate, wall);
            if allowance.admission.check(urgency).is_err() {
                return ControlFlow::Continue(());
            }
            if exhausted.is_some() && !cache.is_mending(entry) {
                return ControlFlow::Continue(());
            }
            let attempt = attempts.entry(entry.version()).or_insert(Attempt::new(now));
            attempt.urgency = urgency;
            awaited += usize::from(attempt.is_awaited());
            if attempt.is_running {
                return ControlFlow::Continue(());
            }
            if attempt.not_before > now {
                next = next.min(attempt.not_before);
                return ControlFlow::Continue(());
            }
            attempt.is_running = true;
            running.spawn(Arc::clone(self).attempt(Arc::clone(entry), *attempt, false));
            ControlFlow::Continue(())
        });
        if backlog.is_empty() {
            attempts.clear();
            self.transfers.urgent.settle();
        }
        next
    }

    /// From 0 to 1.
    fn spread(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.0..1.0)
    }

    /// One round, for the sake of a viewer or not; gives which.
    pub(crate) async fn attempt(
        self: Arc<Self>,
        entry: Arc<CatalogueEntry>,
        attempt: Attempt,
        is_awaited: bool,
    ) -> bool {
        let routes = self.routes();
        let ranked = routes.of(entry.ordinal).unwrap_or_default();
        let want = Want {
            absent_for: attempt.absent_since.elapsed(),
            is_patient: attempt.wanted_since.elapsed() < PATIENCE_WITH_SIBLINGS,
            urgency: if is_awaited { Urgency::Urgent } else { attempt.urgency },
            widen_after: self.rules().widen_after,
            is_awaited,
        };
        let round = self.transfers.round(&entry, &ranked, want).await;
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let after = match round {
            Round::Published => None,
            // It was not its turn, and has it as if nobody had waited.
            _ if is_awaited => {
                attempt.has_been().then_some(Attempt { is_running: false, ..attempt })
            }
            _ => Some(self.after(&round, attempt)),
        };
        match after {
            Some(after) => drop(attempts.insert(entry.version(), after)),
            None => drop(attempts.remove(&entry.version())),
        }
        if round == Round::Published {
            self.transfers.urgent.came(&entry);
        }
        drop(attempts);
        self.transfers.urgent.ends(&entry);
        self.transfers.moved.notify_waiters();
        is_awaited
    }

    /// When to try again what did not come, and why it did not.
    fn after(&self, round: &Round, attempt: Attempt) -> Attempt {
        let now = Instant::now();
        if let Round::Closed(on) = round {
            // Time in which it may not come does not count as having been wanted.
            let (not_before, waiting) = (now + self.pause_until(on.until()), Some(*on));
            return Attempt { not_before, urgency: attempt.urgency, waiting, ..Attempt::new(now) };
        }
        let rounds = attempt.rounds.saturating_add(1);
        let not_before = now + PAUSES.after(rounds, self.spread());
        let until = self.transfers.wall(not_before);
        let waiting = Some(match round {
            Round::Waiting(on) | Round::Closed(on) => *on,
            Round::Coming => WaitingOn::Sibling { until },
            Round::TryLater | Round::Published => WaitingOn::BackOff { until },
        });
        let absent_since = if *round == Round::Coming { now } else { attempt.absent_since };
        Attempt { absent_since, rounds, not_before, is_running: false, waiting, ..attempt }
    }

    /// Up to an instant, but no longer than it may take to notice that things have changed.
    fn pause_until(&self, until: Option<TimeUs>) -> Duration {
        let now = (self.transfers.clock)();
        let ahead = until.map_or(LONGEST_PAUSE, |until| gate::span(now, until));
        ahead.clamp(PAUSES.first, LONGEST_PAUSE)
    }

    /// Whether bytes come from any source, or have come within the past seconds.
    #[must_use]
    pub fn is_drawing(&self) -> bool {
        self.transfers.caps.rate_bytes_per_s() > 0
    }

    /// How far all of it has come.
    #[must_use]
    pub fn progress(&self) -> FillProgress {
        let (rules, wall) = (self.rules(), (self.transfers.clock)());
        let allowance = rules.gate.at(wall);
        let missing = self.transfers.cache.missing();
        let rate_bytes_per_s = self.transfers.caps.rate_bytes_per_s();
        let routes = self.routes();
        let exhausted = self.transfers.cache.exhausted();
        let waiting = |entry: &CatalogueEntry| {
            if !routes.lead_to(entry.ordinal) {
                return Some(WaitingOn::NoSource);
            }
            let urgency = self.transfers.urgent.is_urgent(entry, &rules.gate, wall);
            let closed = allowance.admission.check(urgency).err();
            let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            let attempt = attempts.get(&entry.version());
            let worn = exhausted.filter(|_| attempt.is_none_or(|attempt| !attempt.is_running));
            let worn = worn.map(|exhausted| self.transfers.endures(exhausted));
            closed.or(worn).or_else(|| attempt.filter(|it| !it.is_running)?.waiting)
        };
        let Titles { lacking, came, left_out, bytes_missing } =
            self.transfers.board.titles(&missing, waiting);
        let mut never = u64::MAX;
        let mut finish_at = |bytes| {
            // More bytes than those that never come do not come either.
            let at = (bytes < never).then(|| rules.gate.forecast(bytes, rate_bytes_per_s, wall));
            if at == Some(None) {
                never = bytes;
            }
            at.flatten()
        };
        let finish_at_us = if bytes_missing > 0 { finish_at(bytes_missing) } else { None };
        let with_finish =
            |(title, bytes)| TitleProgress { finish_at_us: finish_at(bytes), ..title };
        let titles = lacking.into_iter().map(with_finish).chain(came).collect();
        FillProgress {
            admission: allowance.admission.told(),
            until_us: allowance.until,
            cap_bytes_per_s: allowance.cap_bytes_per_s.map(Into::into),
            rate_bytes_per_s,
            bytes_missing,
            finish_at_us,
            sources: self.transfers.board.sources(Instant::now()),
            // Whoever watches knows.
            failing: Vec::new(),
            titles,
            titles_left_out: left_out,
        }
    }
}

impl Attempt {
    /// A round for a viewer begins, unless one is under way.
    pub(crate) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.is_running, true)
    }

    /// Whether a round has ended.
    fn has_been(&self) -> bool {
        self.rounds > 0 || self.waiting.is_some()
    }

    pub(crate) fn new(now: Instant) -> Self {
        Self {
            wanted_since: now,
            absent_since: now,
            rounds: 0,
            not_before: now,
            is_running: false,
            urgency: Urgency::Ordinary,
            waiting: None,
        }
    }

    /// Whether a sibling has said that it will have it.
    fn is_awaited(&self) -> bool {
        matches!(self.waiting, Some(WaitingOn::Sibling { .. }))
    }
}

/// Whether this box goes first, remembered for the slab that was looked at last.
#[derive(Default)]
struct Firsts(Option<(Ordinal, bool)>);

impl Firsts {
    fn are_first(&mut self, routes: &Routes, ordinal: Ordinal) -> bool {
        let slab = ordinal / SLAB;
        if let Some((_, is_first)) = self.0.filter(|(last, _)| *last == slab) {
            return is_first;
        }
        let is_first = routes.are_first(ordinal);
        self.0 = Some((slab, is_first));
        is_first
    }
}

/// A generator for one use of the seed.
fn random(seed: u64, purpose: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ purpose << 63)
}
