//! All missing objects, in the manifest's order, a few at a time, until told to stop.

use crate::health::Health;
use crate::ledger::Ledger;
use crate::offload::Offload;
use crate::pace::Paces;
use crate::routes::Routes;
use crate::transfer::{FillWatch, Round, Transfers};
use crate::upstream::Upstream;
use cache::Cache;
use contract::catalogue::{CatalogueEntry, Ordinal};
use contract::object::ObjectId;
use contract::sources::SLAB;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The first pause after a round in which no source gave an object.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause: a box that was cut off notices within this time that it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

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
    /// Transfers at once.
    pub parallel: usize,
    /// Hears of events.
    pub watch: Arc<dyn FillWatch>,
}

/// Brings missing objects in.
pub struct Filler {
    transfers: Transfers,
    parallel: usize,
    routes: RwLock<Arc<Routes>>,
    attempts: Mutex<HashMap<ObjectId, Attempt>>,
    random: Mutex<StdRng>,
    changed: Notify,
}

/// What is remembered of an object that did not come at once.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    wanted_since: Instant,
    /// Since when those who go before this box have neither brought it nor said that they will.
    absent_since: Instant,
    /// A sibling has said that it will have it.
    is_awaited: bool,
    rounds: u32,
    not_before: Instant,
    is_running: bool,
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
            paces: Paces::default(),
            health: Health::new(random(setup.seed, 1)),
        };
        Arc::new(Self {
            transfers,
            parallel: setup.parallel.max(1),
            routes: RwLock::default(),
            attempts: Mutex::default(),
            random: Mutex::new(random(setup.seed, 0)),
            changed: Notify::new(),
        })
    }

    /// Who gave what.
    #[must_use]
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.transfers.ledger)
    }

    /// Takes over where to fetch from.
    pub fn set_routes(&self, routes: Routes) {
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
        self.wake();
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
        loop {
            let next = self.start_what_is_due(&mut running);
            tokio::select! {
                // In this order, so that a seed decides all that happens.
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.changed.notified() => {}
                Some(_) = running.join_next() => {}
                () = tokio::time::sleep_until(next) => {}
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
    fn start_what_is_due(self: &Arc<Self>, running: &mut JoinSet<()>) -> Instant {
        let now = Instant::now();
        let routes = Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner));
        // Locked before looking: an object that is published after the look would seem
        // missing and, its attempt forgotten by then, be fetched twice.
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = self.transfers.cache.missing();
        let mut next = now + LONGEST_PAUSE;
        if missing.is_empty() {
            attempts.clear();
        }
        let (mut awaited, mut firsts) = (0, Firsts::default());
        for entry in missing {
            if running.len() >= self.parallel {
                break;
            }
            if !routes.lead_to(entry.ordinal) {
                continue;
            }
            if awaited >= MOST_AWAITED && !firsts.are_first(&routes, entry.ordinal) {
                continue;
            }
            let attempt = attempts.entry(entry.id).or_insert(Attempt {
                wanted_since: now,
                absent_since: now,
                is_awaited: false,
                rounds: 0,
                not_before: now,
                is_running: false,
            });
            awaited += usize::from(attempt.is_awaited);
            if attempt.is_running {
                continue;
            }
            if attempt.not_before > now {
                next = next.min(attempt.not_before);
                continue;
            }
            attempt.is_running = true;
            running.spawn(Arc::clone(self).attempt(entry, *attempt));
        }
        next
    }

    /// From 0 to 1.
    fn spread(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.0..1.0)
    }

    async fn attempt(self: Arc<Self>, entry: Arc<CatalogueEntry>, attempt: Attempt) {
        let routes = Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner));
        let ranked = routes.of(entry.ordinal).unwrap_or_default();
        let is_patient = attempt.wanted_since.elapsed() < PATIENCE_WITH_SIBLINGS;
        let absent_for = attempt.absent_since.elapsed();
        let round = self.transfers.round(&entry, &ranked, absent_for, is_patient).await;
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        match round {
            Round::Published => {
                attempts.remove(&entry.id);
            }
            Round::Coming | Round::TryLater => {
                let now = Instant::now();
                let rounds = attempt.rounds.saturating_add(1);
                let not_before = now + pause(rounds, self.spread());
                let is_awaited = round == Round::Coming;
                let absent_since = if is_awaited { now } else { attempt.absent_since };
                let is_running = false;
                let attempt =
                    Attempt { absent_since, is_awaited, rounds, not_before, is_running, ..attempt };
                attempts.insert(entry.id, attempt);
            }
        }
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

/// Doubles with each round, spread by a half so that boxes that lost a source together do
/// not come back to it together.
fn pause(rounds: u32, spread: f64) -> Duration {
    let full =
        FIRST_PAUSE.saturating_mul(1 << rounds.clamp(1, 8).saturating_sub(1)).min(LONGEST_PAUSE);
    full.mul_f64(1.0 - spread / 2.0)
}
