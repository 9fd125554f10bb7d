//! Puts the report together: for the fleet, for `/status`, for metrics.

use crate::autonomy::{Rights, autonomy};
use crate::hardware;
use crate::journal::Journal;
use crate::keys::Keys;
use crate::machine::Known;
use crate::moving::Moving;
use crate::scrubbing::Scrubbing;
use crate::smart::Smart;
use crate::spool::SharedSpool;
use cache::{Cache, DiskSlot, DiskState, WriteBudget, disk::Disk};
use contract::autonomy::Limit;
use contract::config::ApplianceConfig;
use contract::progress::FillProgress;
use contract::report::{
    DiskReport, DocumentState, Event, Hardware, Held, Load, Report, TrustState, WriteBudgetReport,
};
use contract::time::TimeUs;
use fill::{Clock, Filler};
use serve::{AllCounters, Certificates, Counters, Engine};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Knows where every figure is. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reporter(Arc<Parts>);

/// Who is asked for figures.
pub(crate) struct Asked {
    pub(crate) config: Arc<ApplianceConfig>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) scrubbing: Scrubbing,
    pub(crate) moving: Moving,
    pub(crate) smart: Smart,
    pub(crate) known: Known,
    pub(crate) filler: Arc<Filler>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) counters: AllCounters,
    pub(crate) engine: Engine,
    pub(crate) certificates: Certificates,
    pub(crate) keys: Keys,
    pub(crate) spool: SharedSpool,
    pub(crate) clock: Clock,
}

/// What the box has been told to be, as it stands.
#[derive(Default)]
pub(crate) struct Stands {
    pub(crate) trust: TrustState,
    pub(crate) documents: Vec<DocumentState>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) rights: Rights,
}

struct Parts {
    asked: Asked,
    hardware: Hardware,
    boot_id: String,
    began: Instant,
    sequence: AtomicU64,
    rate_bytes_per_s: AtomicU64,
    /// When the rate was last measured, and the bytes sent by then.
    measured: Mutex<(Instant, u64)>,
    stands: Mutex<Stands>,
}

impl Reporter {
    pub(crate) fn new(asked: Asked) -> Self {
        let began = Instant::now();
        Self(Arc::new(Parts {
            asked,
            hardware: hardware::read(),
            boot_id: format!("{:016x}", rand::random::<u64>()),
            began,
            sequence: AtomicU64::new(0),
            rate_bytes_per_s: AtomicU64::new(0),
            measured: Mutex::new((began, 0)),
            stands: Mutex::default(),
        }))
    }

    /// What is in force from now on.
    pub(crate) fn stands(&self, stands: Stands) {
        *self.0.stands() = stands;
    }

    /// Of this process.
    pub(crate) fn boot_id(&self) -> &str {
        &self.0.boot_id
    }

    /// The next report to the fleet. It tells what the machine is made of, or the digest of that.
    pub(crate) fn report(
        &self,
        manifest_version: u64,
        events: Vec<Event>,
        with_parts: bool,
    ) -> Report {
        let sequence = self.0.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.measure_rate();
        let report = self.snapshot();
        let held = Held { manifest_version, ..report.held };
        let parts = report.parts.map(|parts| if with_parts { parts } else { parts.short() });
        Report { sequence, events, held, parts, ..report }
    }

    /// What groups that are filled by demand have received, and it still takes of the disks.
    pub(crate) fn demand_bytes(&self) -> Vec<(String, u64)> {
        let parts = &*self.0;
        let groups =
            parts.asked.config.content_groups.iter().filter(|group| group.demand.is_some());
        groups
            .map(|group| (group.name.to_string(), parts.asked.cache.demand_bytes(&group.name)))
            .collect()
    }

    /// The same figures for whoever asks in between.
    pub(crate) fn snapshot(&self) -> Report {
        let parts = &*self.0;
        let now = (parts.asked.clock)();
        let stands = parts.stands();
        let certificates = &parts.asked.certificates;
        let autonomy = autonomy(certificates, &stands.limits, &stands.rights, now);
        let (documents, trust) = (stands.documents.clone(), stands.trust.clone());
        drop(stands);
        Report {
            schema: contract::SCHEMA,
            device: parts.asked.config.name.clone(),
            boot_id: parts.boot_id.clone(),
            sequence: parts.sequence.load(Ordering::Relaxed),
            made_at_us: now,
            uptime_s: parts.began.elapsed().as_secs(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: parts.asked.engine.name().to_owned(),
            engine_reason: parts.asked.engine.reason().map(str::to_owned),
            tls_engine: parts.asked.engine.tls().map(|tls| tls.name().to_owned()),
            tls_reason: parts.asked.engine.tls().and_then(|tls| tls.reason()).map(str::to_owned),
            trust,
            documents,
            purged_up_to: 0,
            held: parts.held(),
            fill: self.fill(),
            hardware: parts.hardware(),
            parts: parts.asked.known.parts(),
            disks: parts.disks(),
            moves: parts.asked.moving.report(),
            load: parts.load(),
            traffic: parts.asked.counters.traffic(),
            demand: None,
            routes: Vec::new(),
            events: Vec::new(),
            results: Vec::new(),
            autonomy,
            keys: Some(parts.asked.keys.protection(&parts.asked.config)),
            spool: parts.asked.spool.report(),
        }
    }

    /// How far filling has come.
    pub(crate) fn fill(&self) -> FillProgress {
        let asked = &self.0.asked;
        FillProgress { failing: asked.journal.failing(), ..asked.filler.progress() }
    }

    pub(crate) fn counters(&self) -> Counters {
        self.0.asked.counters.total()
    }
}

impl Parts {
    fn stands(&self) -> MutexGuard<'_, Stands> {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The serial number is one that root alone may read.
    fn hardware(&self) -> Hardware {
        let hardware = self.hardware.clone();
        Hardware { serial: self.asked.known.serial().or(hardware.serial), ..hardware }
    }

    fn disks(&self) -> Vec<DiskReport> {
        let of = |slot: &DiskSlot| {
            let folder = &slot.setup.folder;
            let (scrub, smart) =
                (self.asked.scrubbing.report(folder), self.asked.smart.report(folder));
            DiskReport { scrub, smart, ..disk_report(slot) }
        };
        self.asked.cache.disk_slots().iter().map(of).collect()
    }

    fn held(&self) -> Held {
        let [(objects_wanted, bytes_wanted), (objects_held, bytes_held)] =
            self.asked.cache.totals();
        Held {
            manifest_version: 0,
            objects_wanted,
            bytes_wanted,
            objects_held,
            bytes_held,
            filled_from: self.asked.filler.ledger().accounts(),
        }
    }

    fn load(&self) -> Load {
        Load {
            connections: self.asked.counters.total().connections_open.get(),
            load_1m: hardware::load_1m(),
            rate_bytes_per_s: self.rate_bytes_per_s.load(Ordering::Relaxed),
            ram_used_bytes: self.asked.cache.ram_used_bytes(),
        }
    }

    /// Bytes a second since this was last measured.
    fn measure_rate(&self) {
        let sent: u64 = self.asked.counters.traffic().iter().map(|row| row.bytes_sent).sum();
        let mut last = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, before) = std::mem::replace(&mut *last, (Instant::now(), sent));
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        let rate = (sent - before).saturating_mul(1_000_000) / micros;
        self.rate_bytes_per_s.store(rate, Ordering::Relaxed);
    }
}

fn disk_report(slot: &DiskSlot) -> DiskReport {
    let count = |count: fn(&Disk) -> u64| slot.in_use().map_or(0, |disk| count(disk));
    let ejected = match &slot.state {
        DiskState::InUse(_) => None,
        DiskState::Ejected { reason } => Some(reason.clone()),
    };
    DiskReport {
        folder: slot.setup.folder.display().to_string(),
        class: Some(slot.setup.class),
        capacity_bytes: slot.setup.capacity_bytes,
        used_bytes: count(Disk::used_bytes),
        objects: count(Disk::objects),
        io_errors: count(Disk::io_errors),
        bad_blocks: count(Disk::bad_blocks),
        read_p99_us: slot.in_use().and_then(|disk| disk.read_p99_us()),
        write_limit_bytes_per_s: slot.in_use().and_then(|disk| disk.write_limit_bytes_per_s()),
        write_budget: slot.in_use().and_then(|disk| disk.write_budget()).map(write_budget),
        ejected,
        scrub: None,
        smart: None,
    }
}

fn write_budget(budget: WriteBudget) -> WriteBudgetReport {
    let wait = budget.exhausted.and_then(|exhausted| exhausted.wait);
    let seconds = |wait: Duration| i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    WriteBudgetReport {
        rated_bytes: budget.rating.write_bytes,
        written_bytes: budget.written_bytes,
        life_left_s: budget.life_left.as_secs(),
        daily_bytes: budget.daily_bytes,
        balance_bytes: budget.balance_bytes,
        is_exhausted: budget.exhausted.is_some(),
        until_us: wait.map(|wait| TimeUs::from(SystemTime::now()).plus_s(seconds(wait))),
    }
}
