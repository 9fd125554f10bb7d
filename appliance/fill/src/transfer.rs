//! One object, source after source, until one of them gave all of it.

use crate::health::{Advice, Health};
use crate::ledger::Ledger;
use crate::offload::{self, Offload};
use crate::pace::Paces;
use crate::routes::{Route, Standing};
use crate::slicer::Slicer;
use crate::upstream::{FetchFailed, Promise, Question, Upstream};
use cache::{Cache, Intake, IntakeError};
use contract::catalogue::CatalogueEntry;
use contract::object::ObjectKey;
use contract::slices::slice_count;
use contract::sources::SourceKind;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Why a source did not bring an object.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request failed.
    #[error(transparent)]
    Fetch(#[from] FetchFailed),
    /// The bytes were wrong, or could not be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The source has failed before, and is not asked for a while.
    #[error("it has not answered for {} s", .0.as_secs())]
    Resting(Duration),
    /// The disk's half of it went away: the process is stopping.
    #[error("the transfer was abandoned")]
    Abandoned,
}

impl Failure {
    /// A source that does not have the object yet is not at fault.
    fn is_fault(&self) -> bool {
        use IntakeError::{HandedOver, Withdrawn};
        let is_nobodys = matches!(
            self,
            Self::Abandoned | Self::Resting(_) | Self::Intake(HandedOver | Withdrawn)
        );
        let is_absence = matches!(self, Self::Fetch(FetchFailed::NotThere | FetchFailed::Coming));
        !is_nobodys && !is_absence
    }

    /// Another source would fare no better.
    fn is_ours(&self) -> bool {
        use IntakeError::{Busy, Disk, HandedOver, NoRoom, Withdrawn};
        matches!(self, Self::Intake(NoRoom { .. } | Disk(_) | Busy | HandedOver | Withdrawn))
    }

    /// A stable name for events.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fetch(FetchFailed::NotThere | FetchFailed::Coming) => "source_lacks_object",
            Self::Fetch(FetchFailed::IgnoresRange) => "source_ignores_range",
            Self::Fetch(FetchFailed::Length { .. }) => "source_wrong_length",
            Self::Fetch(FetchFailed::EndedEarly { .. }) => "source_ended_early",
            Self::Fetch(_) => "source_failed",
            Self::Intake(IntakeError::WrongBytes { .. } | IntakeError::WrongSlice { .. }) => {
                "source_wrong_bytes"
            }
            Self::Intake(_) => "disk_refused",
            Self::Resting(_) => "source_rests",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What happened to an object on its way in.
#[derive(Debug)]
pub enum FillEvent<'a> {
    /// Published.
    Published {
        /// Which object.
        object: &'a ObjectKey,
        /// From whom the last byte came.
        source: &'a SourceKind,
        /// All of its bytes, verified.
        bytes: u64,
    },
    /// A source failed; the next one is asked.
    SourceFailed {
        /// Which object.
        object: &'a ObjectKey,
        /// Which source.
        source: &'a SourceKind,
        /// How.
        failure: &'a Failure,
    },
}

/// Hears of events; must not block.
pub trait FillWatch: Send + Sync {
    /// Something happened.
    fn event(&self, event: FillEvent<'_>);
}

/// What all transfers share.
pub(crate) struct Transfers {
    pub(crate) cache: Arc<Cache>,
    pub(crate) upstream: Arc<dyn Upstream>,
    pub(crate) offload: Arc<dyn Offload>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) watch: Arc<dyn FillWatch>,
    pub(crate) paces: Paces,
    pub(crate) health: Health,
}

/// How one round over the sources ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// The object is published.
    Published,
    /// A sibling that goes before this box is well, and will have it.
    Coming,
    /// No source had it, or all of those whose time has come failed.
    TryLater,
}

impl Transfers {
    /// Asks the siblings, best first, and then whoever is beyond the site, if their time has
    /// come. Those that ignore Range come last: all of the object travels again for what is
    /// missing of it.
    ///
    /// `absent_for`: for how long those who go before this box have neither brought it nor said
    /// that they will. `is_patient`: what one of them says to be coming is waited for.
    pub(crate) async fn round(
        &self,
        entry: &Arc<CatalogueEntry>,
        routes: &[Route],
        absent_for: Duration,
        is_patient: bool,
    ) -> Round {
        let (mut intake, mut whole_only) = (None, Vec::new());
        // Of the siblings that may have it and have not said so: since when the last is silent.
        let mut silent_for = Duration::MAX;
        for route in routes {
            let is_beyond = route.standing == Standing::Beyond;
            if is_beyond && silent_for < route.after {
                continue;
            }
            match self.attempt(entry, route, Ask::WhatIsMissing, &mut intake).await {
                Ok(()) => return Round::Published,
                Err(failure) if failure.is_ours() => return Round::TryLater,
                Err(Failure::Fetch(FetchFailed::IgnoresRange)) => whole_only.push(route),
                Err(_) if is_beyond => {}
                Err(Failure::Resting(time)) => silent_for = silent_for.min(time),
                Err(failure) if failure.is_fault() => {
                    let time = self.health.silent_for(route.source.address, Instant::now());
                    silent_for = silent_for.min(time);
                }
                // It has said that it does not have it.
                Err(_) if route.standing == Standing::Behind => {}
                Err(Failure::Fetch(FetchFailed::Coming)) if is_patient => return Round::Coming,
                Err(_) => silent_for = silent_for.min(absent_for),
            }
        }
        for route in whole_only {
            if self.attempt(entry, route, Ask::AllOfIt, &mut intake).await.is_ok() {
                return Round::Published;
            }
        }
        Round::TryLater
    }

    /// One source, with what came of it told of and counted.
    async fn attempt(
        &self,
        entry: &Arc<CatalogueEntry>,
        route: &Route,
        ask: Ask,
        intake: &mut Option<Arc<Intake>>,
    ) -> Result<(), Failure> {
        let address = route.source.address;
        if let Advice::Rest(silent_for) = self.health.advise(address, Instant::now()) {
            return Err(Failure::Resting(silent_for));
        }
        let outcome = self.take_from(entry, route, ask, intake).await;
        match &outcome {
            Err(failure) if failure.is_ours() => self.health.spared(address),
            // All of it can be had from there still.
            Err(Failure::Fetch(FetchFailed::IgnoresRange)) => self.health.answered(address),
            Err(failure) if failure.is_fault() => self.health.failed(address, Instant::now()),
            _ => self.health.answered(address),
        }
        let (object, bytes, kind) = (&entry.key(), entry.size_bytes, &route.source.kind);
        match &outcome {
            Ok(()) => {
                self.ledger.published(kind, bytes);
                self.watch.event(FillEvent::Published { object, source: kind, bytes });
            }
            Err(failure) if failure.is_fault() => {
                self.ledger.failed(kind);
                self.watch.event(FillEvent::SourceFailed { object, source: kind, failure });
            }
            Err(_) => {}
        }
        outcome
    }

    /// Asks for what is not there yet, stores it, and publishes the whole. The intake stays
    /// open for the next source: whoever waits for a part of the object goes on waiting.
    async fn take_from(
        &self,
        entry: &Arc<CatalogueEntry>,
        route: &Route,
        ask: Ask,
        open: &mut Option<Arc<Intake>>,
    ) -> Result<(), Failure> {
        let intake = match open.take() {
            Some(intake) => intake,
            None => self.begin(entry).await?,
        };
        let intake = open.insert(intake);
        intake.set_from_beyond(route.standing == Standing::Beyond);
        for run in ask.runs(intake) {
            self.receive(route, intake, run).await?;
        }
        let cache = Arc::clone(&self.cache);
        let intake = open.take().and_then(Arc::into_inner).ok_or(Failure::Abandoned)?;
        self.blocking(move || cache.publish(&intake.finish()?)).await
    }

    /// An intake that knows its slices, if anybody does.
    async fn begin(&self, entry: &Arc<CatalogueEntry>) -> Result<Arc<Intake>, Failure> {
        let (cache, of) = (Arc::clone(&self.cache), Arc::clone(entry));
        let mut intake = self.blocking(move || cache.begin(&of)).await?;
        if !intake.knows_slices()
            && let Some(hashes) = self.upstream.slice_hashes(entry).await
        {
            intake = self.blocking(move || intake.expect(hashes).map(|()| intake)).await?;
        }
        Ok(Arc::new(intake))
    }

    /// One request, slice by slice: while one is hashed and written, the next arrives.
    async fn receive(
        &self,
        route: &Route,
        intake: &Arc<Intake>,
        run: Range<u32>,
    ) -> Result<(), Failure> {
        let mut storing = None;
        let received = self.receive_into(route, intake, run, &mut storing).await;
        // No slice is being written when the next source begins.
        let stored = settle(storing).await;
        received.and(stored)
    }

    async fn receive_into(
        &self,
        route: &Route,
        intake: &Arc<Intake>,
        run: Range<u32>,
        storing: &mut Option<Storing>,
    ) -> Result<(), Failure> {
        let (entry, source) = (&intake.object().entry, &route.source);
        let mut slicer = Slicer::new(entry.size_bytes, &run);
        let range = slicer.range();
        let expected = range.end - range.start;
        let only_if_cached = route.standing == Standing::Behind;
        let mut body = self.upstream.get(Question { source, entry, range, only_if_cached }).await?;
        while let Some(mut piece) = body.next().await? {
            self.paces.wait(source, piece.len()).await;
            while let Some((slice, bytes)) = slicer.take(&mut piece) {
                settle(storing.take()).await?;
                *storing = self.store(intake, slice, bytes);
            }
            if !piece.is_empty() {
                let offered = format!("more than {expected} bytes");
                return Err(FetchFailed::Length { offered, expected }.into());
            }
        }
        match slicer.left() {
            0 => Ok(()),
            left => Err(FetchFailed::EndedEarly { received: expected - left, expected }.into()),
        }
    }

    /// Begins to store a slice, unless it is there (where all of an object had to be asked for).
    fn store(&self, intake: &Arc<Intake>, slice: u32, bytes: Vec<u8>) -> Option<Storing> {
        let is_missing = intake.missing().iter().any(|run| run.contains(&slice));
        let intake = Arc::clone(intake);
        is_missing.then(|| Box::pin(self.blocking(move || intake.put(slice, &bytes))) as Storing)
    }

    /// Runs a call that blocks; it begins at once.
    fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, IntakeError> + Send + 'static,
    ) -> impl Future<Output = Result<T, Failure>> + Send + 'static {
        let outcome = offload::begin(&self.offload, call);
        async move { Ok(outcome.await.ok_or(Failure::Abandoned)??) }
    }
}

/// A slice on its way to the disk.
type Storing = Promise<'static, Result<(), Failure>>;

async fn settle(storing: Option<Storing>) -> Result<(), Failure> {
    match storing {
        Some(storing) => storing.await,
        None => Ok(()),
    }
}

/// How much a source is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    WhatIsMissing,
    AllOfIt,
}

impl Ask {
    /// Runs of slices, each worth a request. Nothing is asked for where nothing is missing: an
    /// object may be empty, or wait for nothing but its seal.
    fn runs(self, intake: &Intake) -> Vec<Range<u32>> {
        let missing = intake.missing();
        match (self, missing.is_empty()) {
            (Self::AllOfIt, false) => {
                std::iter::once(0..slice_count(intake.object().entry.size_bytes)).collect()
            }
            _ => missing,
        }
    }
}
