//! All missing objects, in the manifest's order, a few at a time, until told to stop.

use crate::ledger::Ledger;
use crate::offload::Offload;
use crate::pace::Paces;
use crate::routes::Routes;
use crate::transfer::{FillWatch, Round, Transfers};
use crate::upstream::Upstream;
use cache::Cache;
use contract::catalogue::CatalogueEntry;
use contract::object::ObjectId;
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
        };
        Arc::new(Self {
            transfers,
            parallel: setup.parallel.max(1),
            routes: RwLock::default(),
            attempts: Mutex::default(),
            random: Mutex::new(StdRng::seed_from_u64(setup.seed)),
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
        for entry in missing {
            if running.len() >= self.parallel {
                break;
            }
            if routes.of(entry.ordinal).is_none() {
                continue;
            }
            let attempt = attempts.entry(entry.id).or_insert(Attempt {
                wanted_since: now,
                rounds: 0,
                not_before: now,
                is_running: false,
            });
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
        let ranked = routes.of(entry.ordinal).unwrap_or_else(|| Arc::from([]));
        let wanted_for = attempt.wanted_since.elapsed();
        let round = self.transfers.round(&entry, &ranked, wanted_for).await;
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        match round {
            Round::Published => {
                attempts.remove(&entry.id);
            }
            Round::TryLater => {
                let rounds = attempt.rounds.saturating_add(1);
                let spread = self.spread();
                let not_before = Instant::now() + pause(rounds, spread);
                attempts
                    .insert(entry.id, Attempt { rounds, not_before, is_running: false, ..attempt });
            }
        }
    }
}

/// Doubles with each round, spread by a half so that boxes that lost a source together do
/// not come back to it together.
fn pause(rounds: u32, spread: f64) -> Duration {
    let full =
        FIRST_PAUSE.saturating_mul(1 << rounds.clamp(1, 8).saturating_sub(1)).min(LONGEST_PAUSE);
    full.mul_f64(1.0 - spread / 2.0)
}
