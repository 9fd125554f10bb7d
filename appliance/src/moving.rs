//! Moves objects between classes of disks, one at a time, as slowly as the configuration says,
//! and ten times slower while the box fills.

use cache::{Cache, Move, MoveFailed, MovePlan, MoveStep, PlannedMove};
use contract::config;
use contract::report::{MoveReport, MovesReport};
use fill::Filler;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How often it is looked whether something is where it does not belong, though neither ranks
/// nor disks have changed: what was fetched, or left, has changed the room. A look walks through
/// the whole manifest.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How soon it is noticed that they have.
const NOTICE_WITHIN: Duration = Duration::from_secs(1);

/// Moves that are planned at once: no more than are done before ranks have changed again.
const PLANNED: usize = 256;

/// Objects that could not be moved and are left in peace; beyond that all are tried again.
const MOST_SHUNNED: usize = 4096;

/// While the box fills, moves take a share of their rate: 1/10.
const SHARE_BESIDE_FILL: u64 = 10;

/// Moves. Cheap to clone: who reports looks at the same.
#[derive(Clone)]
pub(crate) struct Moving(Arc<Parts>);

struct Parts {
    cache: Arc<Cache>,
    filler: Arc<Filler>,
    config: config::Moves,
    state: Mutex<MovesReport>,
}

impl Moving {
    pub(crate) fn new(cache: Arc<Cache>, filler: Arc<Filler>, config: config::Moves) -> Self {
        Self(Arc::new(Parts { cache, filler, config, state: Mutex::default() }))
    }

    /// What is to be moved, and what was since the process began.
    pub(crate) fn report(&self) -> MovesReport {
        self.0.state().clone()
    }

    /// Moves until `stop` turns true. What is under way then stays where it was.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        if !self.0.config.enabled {
            return;
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.0.move_on() => {}
        }
        self.0.state().under_way = None;
    }
}

impl Parts {
    fn state(&self) -> MutexGuard<'_, MovesReport> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never ends.
    async fn move_on(&self) {
        let mut shunned = HashSet::new();
        loop {
            let changes = self.cache.placement_changes();
            let plan = self.plan(&mut shunned).await;
            let mut moved = 0;
            for planned in &plan.first {
                if self.cache.placement_changes() != changes {
                    break;
                }
                match self.carry_out(planned).await {
                    Ok(()) => moved += 1,
                    // It is not there any more, or will be fetched again: the next plan knows.
                    Err(MoveFailed::Gone | MoveFailed::Read(_)) => {}
                    // What was planned behind it counts on room that there is not.
                    Err(MoveFailed::NoRoom | MoveFailed::Exhausted(_) | MoveFailed::HandedOver) => {
                        break;
                    }
                    Err(failed @ MoveFailed::Copy(_)) => {
                        tracing::warn!(%failed, "an object stays on the wrong class of disks");
                        shunned.insert(planned.number);
                    }
                }
            }
            // A batch that came to its end goes on at once: there may be more.
            if moved == 0 || moved < plan.first.len() || plan.objects == moved as u64 {
                self.rest(changes).await;
            }
        }
    }

    async fn rest(&self, changes: u64) {
        let until = Instant::now() + LOOK_EVERY;
        while Instant::now() < until && self.cache.placement_changes() == changes {
            sleep(NOTICE_WITHIN).await;
        }
    }

    async fn plan(&self, shunned: &mut HashSet<u64>) -> MovePlan {
        if shunned.len() > MOST_SHUNNED {
            shunned.clear();
        }
        let (cache, without) = (Arc::clone(&self.cache), shunned.clone());
        let planning = move || cache.plan_moves(PLANNED, &without);
        let plan = tokio::task::spawn_blocking(planning).await.unwrap_or_default();
        let mut state = self.state();
        state.objects_planned = plan.objects;
        state.bytes_planned = plan.bytes;
        state.bytes_blocked = plan.blocked_bytes;
        plan
    }

    async fn carry_out(&self, planned: &PlannedMove) -> Result<(), MoveFailed> {
        let (cache, planned) = (Arc::clone(&self.cache), planned.clone());
        let begun = tokio::task::spawn_blocking(move || cache.begin_move(&planned)).await;
        // A task that was given up at the end of the process, too.
        let mut moving = begun.map_err(|_| MoveFailed::HandedOver)??;
        self.state().under_way = Some(under_way(&moving));
        let done = loop {
            let began = Instant::now();
            let stepped = tokio::task::spawn_blocking(move || (moving.step(), moving)).await;
            let (step, after) = stepped.map_err(|_| MoveFailed::HandedOver)?;
            moving = after;
            match step {
                MoveStep::Copied(bytes) => {
                    self.state().bytes_copied += bytes;
                    // Whoever reads from the disk it goes to comes first, too.
                    let [_, to] = moving.disks();
                    let wait = to.admit(bytes).max(self.time_for(bytes));
                    sleep_until(began + wait).await;
                }
                MoveStep::Done { .. } => break Ok(()),
                MoveStep::GivenUp(failed) => break Err(failed),
            }
        };
        let mut state = self.state();
        state.under_way = None;
        if done.is_ok() {
            state.objects_moved += 1;
            state.objects_planned = state.objects_planned.saturating_sub(1);
            state.bytes_planned = state.bytes_planned.saturating_sub(moving.disk_bytes());
        }
        done
    }

    fn time_for(&self, bytes: u64) -> Duration {
        let share = if self.filler.is_drawing() { SHARE_BESIDE_FILL } else { 1 };
        let rate = (self.config.rate_bits_per_s.bytes_per_s() / share).max(1);
        Duration::from_micros(bytes.saturating_mul(1_000_000) / rate)
    }
}

fn under_way(moving: &Move) -> MoveReport {
    let [from, to] = moving.disks().map(|disk| disk.folder().display().to_string());
    MoveReport { from, to }
}
