//! One object, source after source, until one of them gave all of it.

use crate::fetch::{FetchFailed, Fetcher};
use crate::ledger::Ledger;
use crate::pace::Paces;
use bytes::Bytes;
use cache::{Cache, IntakeError};
use contract::catalogue::CatalogueEntry;
use contract::object::ObjectKey;
use contract::sources::{Source, SourceKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many pieces may wait between network and disk: bounds a transfer's memory.
const QUEUED_PIECES: usize = 16;

/// Why a source did not bring an object.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request failed.
    #[error(transparent)]
    Fetch(#[from] FetchFailed),
    /// The bytes were wrong, or could not be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The writer went away: the process is stopping.
    #[error("the transfer was abandoned")]
    Abandoned,
}

impl Failure {
    /// A source that does not have the object yet is not at fault.
    fn is_fault(&self) -> bool {
        let is_nobodys = matches!(self, Self::Abandoned | Self::Intake(IntakeError::HandedOver));
        !is_nobodys && !matches!(self, Self::Fetch(FetchFailed::NotThere))
    }

    /// Another source would fare no better.
    fn is_ours(&self) -> bool {
        use IntakeError::{Busy, Disk, HandedOver, NoRoom};
        matches!(self, Self::Intake(NoRoom { .. } | Disk(_) | Busy | HandedOver))
    }

    /// A stable name for events.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fetch(FetchFailed::NotThere) => "source_lacks_object",
            Self::Fetch(FetchFailed::IgnoresRange) => "source_ignores_range",
            Self::Fetch(FetchFailed::Length { .. }) => "source_wrong_length",
            Self::Fetch(_) => "source_failed",
            Self::Intake(IntakeError::WrongBytes { .. }) => "source_wrong_bytes",
            Self::Intake(IntakeError::TooShort { .. }) => "source_ended_early",
            Self::Intake(IntakeError::TooLong { .. }) => "source_wrong_length",
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
    pub(crate) fetcher: Fetcher,
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
    /// last: they cannot go on from the middle, so what has arrived is given up for them.
    pub(crate) async fn round(
        &self,
        entry: &Arc<CatalogueEntry>,
        ranked: &[Source],
        wanted_for: Duration,
    ) -> Round {
        let mut whole_only = Vec::new();
        let is_open = |source: &&Source| wanted_for.as_secs() >= u64::from(source.after_s);
        for source in ranked.iter().filter(is_open) {
            match self.attempt(entry, source, Start::WhereItEnded).await {
                Ok(()) => return Round::Published,
                Err(failure) if failure.is_ours() => return Round::TryLater,
                Err(Failure::Fetch(FetchFailed::IgnoresRange)) => whole_only.push(source),
                Err(_) => {}
            }
        }
        for source in whole_only {
            if self.attempt(entry, source, Start::FirstByte).await.is_ok() {
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
        start: Start,
    ) -> Result<(), Failure> {
        let outcome = self.take_from(entry, source, start).await;
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

    /// Asks for what is not there yet, and stores it.
    async fn take_from(
        &self,
        entry: &Arc<CatalogueEntry>,
        source: &Source,
        start: Start,
    ) -> Result<(), Failure> {
        let mut writer = Writer::begin(&self.cache, entry, start).await?;
        match self.receive(entry, source, &mut writer).await {
            Ok(()) => writer.finish().await,
            Err(failed) => {
                writer.leave().await;
                Err(failed.into())
            }
        }
    }

    async fn receive(
        &self,
        entry: &CatalogueEntry,
        source: &Source,
        writer: &mut Writer,
    ) -> Result<(), FetchFailed> {
        let from = writer.received;
        if from == entry.size_bytes && from > 0 {
            return Ok(());
        }
        let mut body = self.fetcher.get(source, entry, from).await?;
        while let Some(piece) = body.next().await? {
            self.paces.wait(source, piece.len()).await;
            if !writer.write(piece).await {
                break;
            }
        }
        Ok(())
    }
}

/// Where a transfer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    WhereItEnded,
    FirstByte,
}

enum Order {
    Write(Bytes),
    Finish,
}

/// The half of a transfer that blocks on the disk, on a thread of its own.
struct Writer {
    received: u64,
    orders: mpsc::Sender<Order>,
    outcome: oneshot::Receiver<Result<(), Failure>>,
}

impl Writer {
    async fn begin(
        cache: &Arc<Cache>,
        entry: &Arc<CatalogueEntry>,
        start: Start,
    ) -> Result<Self, Failure> {
        let (orders, queue) = mpsc::channel(QUEUED_PIECES);
        let (begun, received) = oneshot::channel();
        let (ended, outcome) = oneshot::channel();
        let (cache, entry) = (Arc::clone(cache), Arc::clone(entry));
        tokio::task::spawn_blocking(move || {
            // The other side may have gone; then nobody wants to know.
            let _ = ended.send(write(&cache, entry, start, begun, queue));
        });
        match received.await {
            Ok(received) => Ok(Self { received, orders, outcome }),
            Err(_) => Err(outcome
                .await
                .map_or(Failure::Abandoned, |outcome| outcome.err().unwrap_or(Failure::Abandoned))),
        }
    }

    /// `false` when the writer takes no more: [`Writer::finish`] says why.
    async fn write(&mut self, piece: Bytes) -> bool {
        self.orders.send(Order::Write(piece)).await.is_ok()
    }

    /// Keeps what has arrived, and waits until the disk has it: the next attempt goes on
    /// from there.
    async fn leave(self) {
        drop(self.orders);
        // Whatever the writer says, the request had failed before.
        let _ = self.outcome.await;
    }

    async fn finish(self) -> Result<(), Failure> {
        // A closed queue means that the writer has ended already and says why below.
        let _ = self.orders.send(Order::Finish).await;
        self.outcome.await.unwrap_or(Err(Failure::Abandoned))
    }
}

fn write(
    cache: &Cache,
    entry: Arc<CatalogueEntry>,
    start: Start,
    begun: oneshot::Sender<u64>,
    mut queue: mpsc::Receiver<Order>,
) -> Result<(), Failure> {
    let mut intake = cache.begin(entry)?;
    if start == Start::FirstByte {
        intake.discard().map_err(IntakeError::from)?;
    }
    if begun.send(intake.received()).is_err() {
        return Err(Failure::Abandoned);
    }
    while let Some(order) = queue.blocking_recv() {
        match order {
            Order::Write(piece) => intake.append(&piece)?,
            Order::Finish => {
                return Ok(cache.publish(intake.finish()?).map_err(IntakeError::from)?);
            }
        }
    }
    Err(Failure::Abandoned)
}
