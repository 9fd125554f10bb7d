//! One object, source after source, until one of them gave all of it.

use crate::ledger::Ledger;
use crate::offload::{self, Offload};
use crate::pace::Paces;
use crate::slicer::Slicer;
use crate::upstream::{FetchFailed, Promise, Upstream};
use cache::{Cache, Intake, IntakeError};
use contract::catalogue::CatalogueEntry;
use contract::object::ObjectKey;
use contract::slices::slice_count;
use contract::sources::{Source, SourceKind};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Why a source did not bring an object.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request failed.
    #[error(transparent)]
    Fetch(#[from] FetchFailed),
    /// The bytes were wrong, or could not be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The disk's half of it went away: the process is stopping.
    #[error("the transfer was abandoned")]
    Abandoned,
}

impl Failure {
    /// A source that does not have the object yet is not at fault.
    fn is_fault(&self) -> bool {
        use IntakeError::{HandedOver, Withdrawn};
        let is_nobodys = matches!(self, Self::Abandoned | Self::Intake(HandedOver | Withdrawn));
        !is_nobodys && !matches!(self, Self::Fetch(FetchFailed::NotThere))
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
            Self::Fetch(FetchFailed::NotThere) => "source_lacks_object",
            Self::Fetch(FetchFailed::IgnoresRange) => "source_ignores_range",
            Self::Fetch(FetchFailed::Length { .. }) => "source_wrong_length",
            Self::Fetch(FetchFailed::EndedEarly { .. }) => "source_ended_early",
            Self::Fetch(_) => "source_failed",
            Self::Intake(IntakeError::WrongBytes { .. } | IntakeError::WrongSlice { .. }) => {
                "source_wrong_bytes"
            }
            Self::Intake(_) => "disk_refused",
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
}

/// How one round over the sources ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// The object is published.
    Published,
    /// No source had it, or all of those whose time has come failed.
    TryLater,
}

impl Transfers {
    /// Asks each source whose time has come, best first. Those that ignore Range come
    /// last: all of the object travels again for what is missing of it.
    pub(crate) async fn round(
        &self,
        entry: &Arc<CatalogueEntry>,
        ranked: &[Source],
        wanted_for: Duration,
    ) -> Round {
        let mut whole_only = Vec::new();
        let is_open = |source: &&Source| wanted_for.as_secs() >= u64::from(source.after_s);
        for source in ranked.iter().filter(is_open) {
            match self.attempt(entry, source, Ask::WhatIsMissing).await {
                Ok(()) => return Round::Published,
                Err(failure) if failure.is_ours() => return Round::TryLater,
                Err(Failure::Fetch(FetchFailed::IgnoresRange)) => whole_only.push(source),
                Err(_) => {}
            }
        }
        for source in whole_only {
            if self.attempt(entry, source, Ask::AllOfIt).await.is_ok() {
                return Round::Published;
            }
        }
        Round::TryLater
    }

    /// One source, with what came of it told of and counted.
    async fn attempt(
        &self,
        entry: &Arc<CatalogueEntry>,
        source: &Source,
        ask: Ask,
    ) -> Result<(), Failure> {
        let outcome = self.take_from(entry, source, ask).await;
        let (object, bytes, kind) = (&entry.key(), entry.size_bytes, &source.kind);
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

    /// Asks for what is not there yet, stores it, and publishes the whole.
    async fn take_from(
        &self,
        entry: &Arc<CatalogueEntry>,
        source: &Source,
        ask: Ask,
    ) -> Result<(), Failure> {
        let intake = self.begin(entry).await?;
        for run in ask.runs(&intake) {
            self.receive(source, &intake, run).await?;
        }
        let cache = Arc::clone(&self.cache);
        let intake = Arc::into_inner(intake).ok_or(Failure::Abandoned)?;
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
        source: &Source,
        intake: &Arc<Intake>,
        run: Range<u32>,
    ) -> Result<(), Failure> {
        let entry = &intake.object().entry;
        let mut slicer = Slicer::new(entry.size_bytes, &run);
        let range = slicer.range();
        let expected = range.end - range.start;
        let mut body = self.upstream.get(source, entry, range).await?;
        let mut storing = None;
        while let Some(mut piece) = body.next().await? {
            self.paces.wait(source, piece.len()).await;
            while let Some((slice, bytes)) = slicer.take(&mut piece) {
                settle(storing.take()).await?;
                storing = self.store(intake, slice, bytes);
            }
            if !piece.is_empty() {
                let offered = format!("more than {expected} bytes");
                return Err(FetchFailed::Length { offered, expected }.into());
            }
        }
        settle(storing).await?;
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
