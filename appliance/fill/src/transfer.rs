//! One object, source after source, until one of them gave all of it.

use crate::admission::Urgency;
use crate::board::{Board, UnderWay};
use crate::caps::Caps;
use crate::draw::{Draw, Terms};
use crate::ledger::Ledger;
use crate::offload::{self, Offload};
use crate::rules::Clock;
use crate::slicer::Slicer;
use crate::trust::Trust;
use crate::upstream::{FetchFailed, Promise, Upstream};
use crate::widening;
use cache::{Cache, Intake, IntakeError};
use contract::catalogue::CatalogueEntry;
use contract::config::WidenAfter;
use contract::object::ObjectKey;
use contract::progress::WaitingOn;
use contract::slices::{slice_count, slice_range};
use contract::sources::{Source, SourceKind};
use contract::time::TimeUs;
use rand::Rng;
use rand::rngs::StdRng;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// The box may not fill, or not from this source.
    #[error("it waits for {0}")]
    Waiting(WaitingOn),
    /// A cap began while all of an object came at once: from the beginning again.
    #[error("a cap has changed meanwhile")]
    Interrupted,
    /// The disk's half of it went away: the process is stopping.
    #[error("the transfer was abandoned")]
    Abandoned,
}

impl Failure {
    /// A source that does not have the object yet is not at fault, nor is one that was not
    /// asked, or not to the end.
    fn is_fault(&self) -> bool {
        use IntakeError::{Busy, HandedOver, Withdrawn};
        let is_nobodys = matches!(
            self,
            Self::Abandoned
                | Self::Waiting(_)
                | Self::Interrupted
                | Self::Intake(Busy | HandedOver | Withdrawn)
        );
        !is_nobodys && !matches!(self, Self::Fetch(FetchFailed::NotThere))
    }

    /// Another source would fare no better.
    fn is_ours(&self) -> bool {
        use IntakeError::{Busy, Disk, HandedOver, NoRoom, Withdrawn};
        matches!(
            self,
            Self::Interrupted
                | Self::Waiting(WaitingOn::FillWindow { .. })
                | Self::Intake(NoRoom { .. } | Disk(_) | Busy | HandedOver | Withdrawn)
        )
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
            Self::Waiting(_) => "waiting",
            Self::Interrupted => "interrupted",
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
    pub(crate) caps: Caps,
    pub(crate) clock: Clock,
    pub(crate) board: Board,
    /// With what spreads its rests.
    pub(crate) trust: Mutex<(Trust, StdRng)>,
}

/// How one round over the sources ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// The object is published.
    Published,
    /// No source had it, or all of those whose time has come failed.
    TryLater(Option<WaitingOn>),
    /// Nobody was asked.
    Waiting(WaitingOn),
}

/// How an object is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want {
    /// For how long, the time that the box may fill alone counted.
    pub(crate) since: Duration,
    pub(crate) urgency: Urgency,
    pub(crate) widen_after: WidenAfter,
}

/// What a source has brought of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    None,
    Some,
    All,
}

impl Transfers {
    /// Asks each source whose time has come, best first, those that gave wrong bytes after the
    /// others. Those that ignore Range come last: all of the object travels again for what is
    /// missing of it.
    pub(crate) async fn round(
        &self,
        entry: &Arc<CatalogueEntry>,
        ranked: &[Source],
        want: Want,
    ) -> Round {
        let (mut whole_only, mut waiting, mut is_asked) = (Vec::new(), None, false);
        let (open, widening) = self.open_to(ranked, want);
        for source in open {
            match self.attempt(entry, source, want.urgency, Ask::WhatIsMissing).await {
                Ok(()) => return Round::Published,
                Err(Failure::Waiting(on @ WaitingOn::FillWindow { .. })) => {
                    return Round::Waiting(on);
                }
                Err(Failure::Waiting(on)) => waiting = sooner(waiting, on),
                Err(failure) if failure.is_ours() => return Round::TryLater(None),
                Err(Failure::Fetch(FetchFailed::IgnoresRange)) => whole_only.push(source),
                Err(_) => is_asked = true,
            }
        }
        for source in whole_only {
            is_asked = true;
            if self.attempt(entry, source, want.urgency, Ask::AllOfIt).await.is_ok() {
                return Round::Published;
            }
        }
        let waiting = match widening {
            Some(widening) => sooner(waiting, widening),
            None => waiting,
        };
        match waiting {
            Some(on) if !is_asked => Round::Waiting(on),
            waiting => Round::TryLater(waiting),
        }
    }

    /// The sources whose time has come, in order, and when that of the next comes.
    fn open_to<'s>(
        &self,
        ranked: &'s [Source],
        want: Want,
    ) -> (Vec<&'s Source>, Option<WaitingOn>) {
        let nearest = widening::nearest(ranked);
        let after = |source: &Source| widening::after(source, nearest, &want.widen_after);
        let mut open: Vec<&Source> =
            ranked.iter().filter(|source| after(source) <= want.since).collect();
        let (trust, _) = &*self.trust();
        open.sort_by_key(|source| trust.is_suspect(source.address));
        let later = ranked.iter().map(after).filter(|after| *after > want.since).min();
        let widening = later.map(|after| WaitingOn::Widening {
            at: self.wall(Instant::now() + after - want.since),
        });
        (open, widening)
    }

    fn trust(&self) -> std::sync::MutexGuard<'_, (Trust, StdRng)> {
        self.trust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the clock on the wall will show.
    pub(crate) fn wall(&self, at: Instant) -> TimeUs {
        let ahead = at.saturating_duration_since(Instant::now()).as_micros();
        TimeUs((self.clock)().0.saturating_add(i64::try_from(ahead).unwrap_or(i64::MAX)))
    }

    /// One source, with what came of it told of and counted.
    async fn attempt(
        &self,
        entry: &Arc<CatalogueEntry>,
        source: &Source,
        urgency: Urgency,
        ask: Ask,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let distrusted = self.trust().0.may_ask(source.address, &entry.id, began).err();
        if let Some(distrusted) = distrusted {
            let until = self.wall(distrusted.until());
            return Err(Failure::Waiting(WaitingOn::Distrust { until }));
        }
        let mut share = Share::None;
        let outcome = self.take_from(entry, source, urgency, ask, &mut share).await;
        let (object, bytes, kind) = (&entry.key(), entry.size_bytes, &source.kind);
        self.judge(entry, source, began, share, &outcome);
        match &outcome {
            Ok(()) => {
                self.ledger.published(kind, bytes);
                self.board.published(entry, (self.clock)());
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

    /// Who gave a wrong slice has lied; where slices are not known, who gave all of a wrong
    /// object.
    fn judge(
        &self,
        entry: &CatalogueEntry,
        source: &Source,
        began: Instant,
        share: Share,
        outcome: &Result<(), Failure>,
    ) {
        let (trust, random) = &mut *self.trust();
        let (address, now) = (source.address, Instant::now());
        match outcome {
            Ok(()) if share != Share::None => trust.proved(address, &entry.id, now),
            Err(Failure::Intake(IntakeError::WrongSlice { .. })) => {
                trust.lied(address, &entry.id, (began, now), random.random_range(0.0..1.0));
            }
            Err(Failure::Intake(IntakeError::WrongBytes { .. })) if share == Share::All => {
                trust.lied(address, &entry.id, (began, now), random.random_range(0.0..1.0));
            }
            _ => {}
        }
    }

    /// Asks for what is not there yet, stores it, and publishes the whole.
    async fn take_from(
        &self,
        entry: &Arc<CatalogueEntry>,
        source: &Source,
        urgency: Urgency,
        ask: Ask,
        share: &mut Share,
    ) -> Result<(), Failure> {
        let intake = self.begin(entry).await?;
        let missing = bytes_of(&intake.missing(), entry.size_bytes);
        if missing > 0 {
            *share = if missing == entry.size_bytes { Share::All } else { Share::Some };
            let under_way = self.board.begin(entry, &source.kind, entry.size_bytes - missing);
            let terms = Terms {
                upstream: &*self.upstream,
                caps: &self.caps,
                source,
                entry,
                urgency,
                in_parts: ask == Ask::WhatIsMissing,
            };
            for run in ask.runs(&intake) {
                let slicer = Slicer::new(entry.size_bytes, &run);
                let draw = Draw::new(terms, slicer.range());
                self.receive(draw, slicer, &under_way, &intake).await?;
            }
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

    /// A run of slices, one by one: while one is hashed and written, the next arrives.
    async fn receive(
        &self,
        mut draw: Draw<'_>,
        mut slicer: Slicer,
        under_way: &UnderWay<'_>,
        intake: &Arc<Intake>,
    ) -> Result<(), Failure> {
        let mut storing = None;
        let received = async {
            while let Some(mut piece) = draw.next().await? {
                under_way.arrived(piece.len() as u64);
                while let Some((slice, bytes)) = slicer.take(&mut piece) {
                    settle(storing.take()).await?;
                    storing = self.store(intake, slice, bytes);
                }
            }
            Ok(())
        };
        let received = received.await;
        // What is on its way to the disk gets there, whatever happened: it is worth keeping, and
        // whoever asks next would find the object busy.
        settle(storing).await.and(received)
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

/// The one that ends first.
fn sooner(one: Option<WaitingOn>, other: WaitingOn) -> Option<WaitingOn> {
    match one {
        Some(one) if one.until().is_some() && one.until() <= other.until() => Some(one),
        _ => Some(other),
    }
}

fn bytes_of(runs: &[Range<u32>], size_bytes: u64) -> u64 {
    let at = |slice| slice_range(size_bytes, slice).start;
    runs.iter().map(|run| at(run.end) - at(run.start)).sum()
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
