//! The way of a report: checked, ordered, kept, and in memory for everybody to see.

use crate::order::{self, Order, Position};
use crate::state::{State, state};
use crate::store::Store;
use crate::twins::Twins;
use crate::{HeldTitle, RecordedEvent};
use contract::command::{CommandResult, MAX_REASON_BYTES, MAX_RESULTS};
use contract::demand::MAX_DEMAND_ROWS;
use contract::names::DeviceName;
use contract::parts::PartsReport;
use contract::progress::{
    MAX_REFUSAL_BYTES, MAX_SOURCES, MAX_TITLE_SOURCES, MAX_TITLES, SourceFailure, TitleProgress,
};
use contract::report::{Event, MAX_EVENTS, MAX_REPORT_BYTES, Report};
use contract::time::TimeUs;
use db::Db;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Longer than any boot id that a box makes (a UUID), short enough to keep.
const MAX_BOOT_ID_CHARS: usize = 64;

/// What is known of a box that has reported.
#[derive(Debug)]
pub struct Latest {
    /// Its newest report.
    pub report: Report,
    /// When that came, by our clock.
    pub received_at: TimeUs,
    /// The titles that it holds whole, by what it said last when it held everything.
    pub holds: HashSet<HeldTitle>,
    position: Position,
}

impl Latest {
    pub(crate) fn restored(
        report: Report,
        received_at: TimeUs,
        holds: HashSet<HeldTitle>,
        position: Position,
    ) -> Self {
        Self { report, received_at, holds, position }
    }
}

/// A report that was taken.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What is known of the box now.
    pub latest: Arc<Latest>,
    /// What the report was.
    pub order: Order,
    /// Events up to this sequence are recorded.
    pub events_recorded: u64,
    /// Two machines report as this box.
    pub is_doubled: bool,
}

/// Why a report is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Too many bytes.
    #[error("a report has at most {MAX_REPORT_BYTES} bytes")]
    TooLarge,
    /// Not JSON of the right shape.
    #[error("the report cannot be read: {0}")]
    Unreadable(String),
    /// Of a schema that we do not know.
    #[error("this fleet does not read reports of schema {0}")]
    Schema(u32),
    /// Somebody speaks for somebody else.
    #[error("the certificate names {identity}, the report {device}")]
    OtherDevice {
        /// By its certificate.
        identity: DeviceName,
        /// By its report.
        device: DeviceName,
    },
    /// Something in it is beyond what a box may say.
    #[error("the report's {0}")]
    Beyond(&'static str),
    /// The box is not in the inventory.
    #[error("there is no appliance {0} in the inventory")]
    UnknownDevice(DeviceName),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Takes reports and knows the newest of every box.
#[derive(Debug)]
pub struct Collector {
    pub(crate) store: Store,
    interval_s: u64,
    latest: RwLock<HashMap<DeviceName, Arc<Latest>>>,
    twins: Mutex<HashMap<DeviceName, Twins>>,
}

impl Collector {
    /// A collector that knows what the database knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(db: Db, interval_s: u64) -> Result<Self, db::Error> {
        let store = Store::new(db);
        let latest = store.load().await?.into_iter().map(|(device, it)| (device, Arc::new(it)));
        let latest = RwLock::new(latest.collect());
        Ok(Self { store, interval_s, latest, twins: Mutex::default() })
    }

    /// Reads a report's bytes and checks what needs no memory of earlier ones.
    ///
    /// # Errors
    /// [`ReportError`], with the first reason found.
    pub fn read(bytes: &[u8], identity: &DeviceName) -> Result<Report, ReportError> {
        if bytes.len() > MAX_REPORT_BYTES {
            return Err(ReportError::TooLarge);
        }
        let mut report: Report = serde_json::from_slice(bytes)
            .map_err(|err| ReportError::Unreadable(err.to_string()))?;
        if report.schema != contract::SCHEMA {
            return Err(ReportError::Schema(report.schema));
        }
        if report.device != *identity {
            let (identity, device) = (identity.clone(), report.device);
            return Err(ReportError::OtherDevice { identity, device });
        }
        check_bounds(&report)?;
        // A box that is newer may say more of its parts than is known here, and its digest is of all that. It is
        // a box all the same.
        report.parts = report.parts.filter(PartsReport::is_sound);
        Ok(report)
    }

    /// Takes a report. `complete_titles` tells which titles make up the manifest of a
    /// version, for a box that says it holds all of it.
    ///
    /// # Errors
    /// When the box is unknown or the database fails; nothing has changed then.
    pub async fn accept(
        &self,
        report: Report,
        complete_titles: impl FnOnce(u64) -> Option<HashSet<HeldTitle>>,
        now: TimeUs,
    ) -> Result<Accepted, ReportError> {
        let before = self.latest(&report.device);
        let position = before.as_ref().map(|it| &it.position);
        let order = order::order(position, &report.boot_id, report.sequence);
        let events_recorded = last_event(&report);
        if let (Order::Repeated | Order::Stale, Some(latest)) = (order, &before) {
            let is_doubled = self.is_doubled(&latest.position, &report);
            let latest = Arc::clone(latest);
            return Ok(Accepted { latest, order, events_recorded, is_doubled });
        }
        let held_before = before.as_ref().map(|it| it.holds.clone()).unwrap_or_default();
        let complete = is_complete(&report).then(|| complete_titles(report.held.manifest_version));
        let holds = complete.flatten().unwrap_or_else(|| held_before.clone());
        let changed_holds = (holds != held_before).then_some(&holds);
        let position = order::after(position, &report.boot_id, report.sequence);
        // That has a place of its own.
        let report = Report { demand: None, ..report };
        self.store.record(&report, &position, changed_holds, now).await?;
        let latest = Arc::new(Latest { report, received_at: now, holds, position });
        self.keep(Arc::clone(&latest));
        Ok(Accepted { latest, order, events_recorded, is_doubled: false })
    }

    fn is_doubled(&self, newest: &Position, report: &Report) -> bool {
        let mut twins = self.twins.lock().unwrap_or_else(PoisonError::into_inner);
        let of_box = twins.entry(report.device.clone()).or_default();
        of_box.hears(newest, &report.boot_id, report.sequence)
    }

    /// Two reports of one box at once: the later one stays.
    fn keep(&self, latest: Arc<Latest>) {
        let mut all = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        let device = latest.report.device.clone();
        let kept = all.get(&device).map(|it| &it.position);
        if order::order(kept, &latest.report.boot_id, latest.report.sequence) == Order::New {
            all.insert(device, latest);
        }
    }

    /// What is known of a box, if it ever reported.
    #[must_use]
    pub fn latest(&self, device: &DeviceName) -> Option<Arc<Latest>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).get(device).cloned()
    }

    /// When each box was heard last, by whichever manager on this database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heard_at(&self) -> Result<HashMap<DeviceName, TimeUs>, db::Error> {
        self.store.heard_at().await
    }

    /// Whether a box is live now.
    #[must_use]
    pub fn state(&self, device: &DeviceName, now: TimeUs) -> State {
        state(self.latest(device).map(|it| it.received_at), self.interval_s, now)
    }

    /// Whether viewers may still be sent to a box that has not confirmed a purge of `made_at`.
    #[must_use]
    pub fn is_within_grace(&self, device: &DeviceName, made_at: TimeUs, now: TimeUs) -> bool {
        let state = self.state(device, now);
        crate::purge::is_within_grace(made_at, state, self.interval_s, now)
    }

    /// Forgets a box that has left the inventory.
    pub fn forget(&self, device: &DeviceName) {
        self.latest.write().unwrap_or_else(PoisonError::into_inner).remove(device);
    }

    /// Another machine is the box from now on: what the one before says is nothing new.
    pub fn is_another_machine(&self, device: &DeviceName) {
        self.twins.lock().unwrap_or_else(PoisonError::into_inner).remove(device);
    }

    /// The newest events of a box, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(
        &self,
        device: &DeviceName,
        at_most: i64,
    ) -> Result<Vec<RecordedEvent>, db::Error> {
        self.store.events(device, at_most).await
    }
}

fn check_bounds(report: &Report) -> Result<(), ReportError> {
    check_boot_id(&report.boot_id)?;
    check_events(report.sequence, &report.events)?;
    let fill = &report.fill;
    let is_wide = |it: &TitleProgress| it.sources.len() > MAX_TITLE_SOURCES;
    if fill.titles.len() > MAX_TITLES
        || fill.sources.len() > MAX_SOURCES
        || fill.titles.iter().any(is_wide)
    {
        return Err(ReportError::Beyond("fill has more titles or sources than a report carries"));
    }
    let is_long = |it: &SourceFailure| it.path.len().max(it.reason.len()) > MAX_REFUSAL_BYTES;
    if fill.failing.len() > MAX_SOURCES || fill.failing.iter().any(is_long) {
        return Err(ReportError::Beyond("fill has more refusals than a report carries"));
    }
    let refused = report.trust.refused.as_ref();
    if refused.is_some_and(|why| why.len() > MAX_REASON_BYTES) {
        return Err(ReportError::Beyond("trust.refused is longer than a report carries"));
    }
    if report.demand.as_ref().is_some_and(|demand| demand.rows.len() > MAX_DEMAND_ROWS) {
        return Err(ReportError::Beyond("demand has more rows than a report carries"));
    }
    check_results(&report.results)
}

fn check_results(results: &[CommandResult]) -> Result<(), ReportError> {
    let is_long = |it: &CommandResult| {
        it.outcome.reason().is_some_and(|reason| reason.len() > MAX_REASON_BYTES)
    };
    if results.len() > MAX_RESULTS || results.iter().any(is_long) {
        return Err(ReportError::Beyond("results are more than a report carries"));
    }
    Ok(())
}

pub(crate) fn check_boot_id(boot_id: &str) -> Result<(), ReportError> {
    if boot_id.is_empty() || boot_id.len() > MAX_BOOT_ID_CHARS || boot_id.contains(char::is_control)
    {
        return Err(ReportError::Beyond("boot_id is not 1 to 64 printable characters"));
    }
    Ok(())
}

/// What a report may count, and how many events it may carry.
pub(crate) fn check_events(sequence: u64, events: &[Event]) -> Result<(), ReportError> {
    if events.len() > MAX_EVENTS {
        return Err(ReportError::Beyond("events are more than a report carries"));
    }
    let mut sequences = std::iter::once(sequence).chain(events.iter().map(|e| e.sequence));
    if sequences.any(|sequence| i64::try_from(sequence).is_err()) {
        return Err(ReportError::Beyond("sequence is absurdly large"));
    }
    Ok(())
}

fn is_complete(report: &Report) -> bool {
    report.held.manifest_version > 0 && report.held.objects_held >= report.held.objects_wanted
}

fn last_event(report: &Report) -> u64 {
    report.events.iter().map(|event| event.sequence).max().unwrap_or(0)
}
