//! A box of the simulation: its disks, and the process that comes and goes.

use crate::content;
use crate::disk::{Mounts, Power, SimDisk};
use crate::findings::Findings;
use crate::moving::UnderWay;
use crate::promises::Promises;
use crate::reads::SimIo;
use crate::unordered::SimDemand;
use crate::upstream::SimUpstream;
use crate::world::World;
use cache::{Cache, CacheEvent, DiskSetup, Lookup, Object, OpenError, Watch};
use contract::catalogue::CatalogueEntry;
use contract::names::DeviceName;
use contract::time::TimeUs;
use fill::offload::Job;
use fill::{FillEvent, FillWatch, Filler, Offload};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What stays of a box when its process has gone.
pub struct SimBox {
    /// Which of the world's boxes.
    pub number: usize,
    /// Where it stands.
    pub site: usize,
    /// What sources call it.
    pub name: DeviceName,
    /// Its disks.
    pub disks: Arc<[Arc<SimDisk>]>,
    /// What its RAM tier may take.
    pub ram_budget_bytes: u64,
    /// What it has said that it holds.
    pub promises: Promises,
    /// What it is moving.
    pub moving: UnderWay,
    /// When one of its disks last failed in an answer, or was last there again, or it last kept
    /// somebody waiting for what it cannot get.
    wavered: Mutex<Option<Instant>>,
    running: Mutex<Option<Running>>,
}

/// A process.
#[derive(Clone)]
pub struct Running {
    /// Its cache.
    pub cache: Arc<Cache>,
    /// How long it lives.
    pub power: Arc<Power>,
    /// What brings what nobody ordered, where there is such a thing.
    pub demand: Option<SimDemand>,
    since: Instant,
    filler: Arc<Filler>,
}

impl SimBox {
    /// A box that is not running.
    #[must_use]
    pub fn new(number: usize, site: usize, name: DeviceName, disks: Vec<SimDisk>) -> Self {
        Self {
            number,
            site,
            name,
            disks: disks.into_iter().map(Arc::new).collect(),
            ram_budget_bytes: 0,
            promises: Promises::default(),
            moving: UnderWay::default(),
            wavered: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Its disks as the configuration has them.
    fn setups(&self) -> Vec<DiskSetup> {
        let setup = |disk: &Arc<SimDisk>| DiskSetup {
            folder: disk.plan.root.clone(),
            class: disk.plan.class,
            capacity_bytes: disk.plan.size_bytes,
            reserve_bytes: disk.plan.reserve_bytes,
        };
        self.disks.iter().map(setup).collect()
    }

    fn slot(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its process, if there is one.
    #[must_use]
    pub fn running(&self) -> Option<Running> {
        self.slot().clone().filter(|running| !running.power.is_off())
    }

    /// Starts its process, which fills until it ends.
    ///
    /// # Errors
    /// When a disk cannot be used.
    pub fn start(
        &self,
        world: &Arc<World>,
        power: &Arc<Power>,
        seed: u64,
    ) -> Result<Process, OpenError> {
        let mounts = Mounts::new(Arc::clone(&self.disks), Arc::clone(power));
        let watch = Arc::new(BoxWatch {
            world: Arc::downgrade(world),
            number: self.number,
            power: Arc::clone(power),
            cache: OnceLock::new(),
        });
        let io = SimIo::new(mounts.clone());
        let cache = Cache::open(cache::Setup {
            disks: self.setups(),
            ram_budget_bytes: self.ram_budget_bytes,
            storage: Arc::new(mounts.clone()),
            io: Arc::new(io),
            watch: Arc::clone(&watch) as _,
            purged: world
                .unordered
                .as_ref()
                .map(|it| it.purges.up_to(self.number))
                .unwrap_or_default(),
        })?;
        crate::endurance::tell(world, self, &cache);
        self.promises.excuse(self);
        watch.cache.get_or_init(|| Arc::downgrade(&cache));
        let filler = Filler::new(fill::Setup {
            cache: Arc::clone(&cache),
            upstream: Arc::new(SimUpstream::new(world, self.number)),
            offload: Arc::new(Busy(mounts)),
            seed,
            rules: world.limits.begin(self.number),
            clock: clock(world),
            watch,
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![tokio::spawn(Arc::clone(&filler).run(stopped.clone()))];
        let demand =
            world.unordered.as_ref().map(|it| it.open(world, self, &cache, &filler, power));
        let books =
            demand.iter().map(|it| tokio::spawn(Arc::clone(&it.demand).run(stopped.clone())));
        tasks.extend(books);
        let (power, since) = (Arc::clone(power), Instant::now());
        *self.slot() = Some(Running { cache, power, demand, since, filler });
        self.obey(world);
        Ok(Process { tasks, _stop: stop })
    }

    /// Takes over what the fleet wants of it now.
    pub fn obey(&self, world: &World) {
        let Some(Running { cache, filler, .. }) = self.running() else { return };
        let (wanted, routes) = world.wanted_by(self);
        self.promises.keep_only(&wanted);
        cache.set_wanted(wanted);
        filler.set_routes(routes);
    }

    /// Fills as its operator wants it from now on.
    pub fn limit(&self, rules: fill::Rules) {
        if let Some(running) = self.running() {
            running.filler.set_rules(rules);
        }
    }

    /// The process has ended, by whatever cause.
    pub fn bury(&self) {
        self.slot().take();
    }

    /// It breaks an answer off, keeps others waiting, or has again what it said that it lacks: what
    /// others know of it is not so any more.
    pub fn wavers(&self) {
        *self.wavered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether all that it has answered in this time holds, as far as its disks and its way to the
    /// origin are concerned.
    #[must_use]
    pub fn is_steady(&self, time: Duration) -> bool {
        let wavered = *self.wavered.lock().unwrap_or_else(PoisonError::into_inner);
        wavered.is_none_or(|at| at.elapsed() >= time)
    }

    /// For how long its process has been running.
    #[must_use]
    pub fn runs_for(&self) -> Duration {
        self.running().map_or(Duration::ZERO, |running| running.since.elapsed())
    }

    /// Whether it holds this version of an object.
    #[must_use]
    pub fn holds(&self, entry: &CatalogueEntry) -> bool {
        self.held(entry).is_some_and(|object| object.entry.id() == entry.id())
    }

    /// Whether something of a file was destroyed by what happened to its disk.
    #[must_use]
    pub fn is_damaged(&self, file: &Path) -> bool {
        let disk = self.disks.iter().find(|disk| file.starts_with(&disk.plan.root));
        disk.is_some_and(|disk| disk.is_damaged(file))
    }

    /// What it holds of an entry's path.
    #[must_use]
    pub fn held(&self, entry: &CatalogueEntry) -> Option<Arc<Object>> {
        held(&self.running()?.cache, &entry.path)
    }
}

fn held(cache: &Cache, path: &str) -> Option<Arc<Object>> {
    match cache.lookup(&content::group(), path) {
        Lookup::Held(object) => Some(object),
        _ => None,
    }
}

/// A process that fills; it ends when this is dropped.
#[derive(Debug)]
pub struct Process {
    tasks: Vec<JoinHandle<()>>,
    _stop: watch::Sender<bool>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Runs what blocks on a disk after as long as it takes there, all of it in one moment.
struct Busy(Mounts);

impl Offload for Busy {
    fn run(&self, job: Job) {
        let mounts = self.0.clone();
        drop(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(500 + mounts.slow_us())).await;
            // Whoever waits for it hears that it was never run.
            if mounts.is_powered() {
                job();
            }
        }));
    }
}

/// Hears of what happens on a box, and compares it with what was to be expected.
struct BoxWatch {
    world: Weak<World>,
    number: usize,
    power: Arc<Power>,
    cache: OnceLock<Weak<Cache>>,
}

impl BoxWatch {
    fn with(&self, hear: impl FnOnce(&SimBox, &Findings)) {
        if let Some(world) = self.world.upgrade() {
            hear(&world.boxes[self.number], &world.findings);
        }
    }
}

impl Watch for BoxWatch {
    fn event(&self, event: CacheEvent) {
        self.with(|sim_box, findings| {
            // Its last words are about its own end, and nobody hears them.
            if self.power.is_off() {
                return;
            }
            findings.note(format_args!("{}: {event:?}", sim_box.name));
            if let CacheEvent::DiskReadmitted { .. } = event {
                sim_box.wavers();
            }
            crate::promises::hear(sim_box, &event, findings);
        });
    }
}

impl FillWatch for BoxWatch {
    fn event(&self, event: FillEvent<'_>) {
        self.with(|sim_box, findings| match event {
            FillEvent::Published { object, source, .. } => {
                findings.count(|counts| counts.published += 1);
                findings.note(format_args!("{}: has {} from {source}", sim_box.name, object.path));
                // A process may be killed with these words on its lips.
                let cache = self.cache.get().and_then(Weak::upgrade);
                let object = cache.and_then(|cache| held(&cache, &object.path));
                object.iter().for_each(|object| sim_box.promises.make(object));
            }
            FillEvent::SourceFailed { object, source, failure } => {
                findings.count(|counts| counts.failures += 1);
                let (name, path) = (&sim_box.name, &object.path);
                findings.note(format_args!("{name}: {path} from {source}: {failure}"));
            }
        });
    }
}

/// What the box's clock on the wall shows.
fn clock(world: &Arc<World>) -> fill::Clock {
    let world = Arc::downgrade(world);
    Arc::new(move || world.upgrade().map_or(TimeUs(0), |world| world.wall()))
}
