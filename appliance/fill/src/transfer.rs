//! One object, source after source, until one of them gave all of it.

use crate::admission::Urgency;
use crate::board::{Board, UnderWay};
use crate::buffers::{Buffer, Buffers};
use crate::caps::Caps;
use crate::draw::{Draw, Terms};
use crate::failure::Failure;
use crate::health::{Advice, Health};
use crate::ledger::Ledger;
use crate::offload::{self, Offload};
use crate::routes::{Route, Standing};
use crate::rules::Clock;
use crate::slicer::Slicer;
use crate::trust::{Lie, Trust};
use crate::upstream::{FetchFailed, Manner, Promise, Upstream};
use crate::urgent::Urgent;
use crate::widening;
use cache::{Cache, Exhausted, Intake, IntakeError};
use contract::catalogue::CatalogueEntry;
use contract::config::WidenAfter;
use contract::object::ObjectKey;
use contract::progress::WaitingOn;
use contract::slices::{slice_count, slice_range};
use contract::sources::SourceKind;
use contract::time::TimeUs;
use rand::Rng;
use rand::rngs::StdRng;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

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
    pub(crate) health: Health,
    /// Of boxes of the site, as homes of what nobody ordered.
    pub(crate) homes: Health,
    /// With what spreads its rests.
    pub(crate) trust: Mutex<(Trust, StdRng)>,
    pub(crate) buffers: Buffers,
    /// Something has begun to arrive, or a round has ended.
    pub(crate) moved: Notify,
    pub(crate) urgent: Urgent,
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
    /// The box may not fill, or its disks may not be written to, now.
    Closed(WaitingOn),
    /// The fleet allows nothing from the sources, or they are given their time.
    Waiting(WaitingOn),
}

/// How an object is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want {
    /// For how long those who go before this box have neither brought it nor said that they
    /// will.
    pub(crate) absent_for: Duration,
    /// What one of them says to be coming is waited for.
    pub(crate) is_patient: bool,
    pub(crate) urgency: Urgency,
    pub(crate) widen_after: WidenAfter,
    /// A viewer waits.
    pub(crate) is_awaited: bool,
}

/// What a source has brought of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    None,
    Some,
    All,
}

impl Transfers {
    /// Asks the siblings, best first, and then whoever is beyond the site, if their time has
    /// come. Those that ignore Range come last: all of the object travels again for what is
    /// missing of it.
    pub(crate) async fn round(
        &self,
        entry: &Arc<CatalogueEntry>,
        routes: &[Route],
        want: Want,
    ) -> Round {
        let (mut intake, mut whole_only, mut waiting) = (None, Vec::new(), None);
        // Of the siblings that may have it and have not said so: since when the last is silent.
        let mut silent_for = Duration::MAX;
        for route in routes {
            let is_beyond = route.standing == Standing::Beyond;
            let after = widening::after(&route.source, &want.widen_after);
            if is_beyond && silent_for < after {
                let at = self.wall(Instant::now() + (after - silent_for));
                waiting = waiting.or(Some(WaitingOn::Widening { at }));
                continue;
            }
            match self.attempt(entry, route, want, Ask::WhatIsMissing, &mut intake).await {
                Ok(()) => return Round::Published,
                Err(Failure::Waiting(on @ WaitingOn::FillWindow { .. })) => {
                    return Round::Closed(on);
                }
                Err(Failure::Intake(IntakeError::Exhausted(exhausted))) => {
                    return Round::Closed(self.endures(exhausted));
                }
                Err(failure) if failure.is_ours() => return Round::TryLater,
                Err(Failure::Waiting(on)) => waiting = waiting.or(Some(on)),
                Err(Failure::Fetch(FetchFailed::IgnoresRange)) => whole_only.push(route),
                Err(_) if is_beyond => {}
                Err(Failure::Resting(time) | Failure::Distrusted(time)) => {
                    silent_for = silent_for.min(time);
                }
                Err(failure) if failure.is_of_source() => {
                    let (address, now) = (route.source.address, Instant::now());
                    // One that is well may lie about this object whenever it is asked.
                    let lies = self.trust().0.lies_about(address, &entry.id(), now);
                    silent_for = silent_for.min(self.health.silent_for(address, now).max(lies));
                }
                // It has said that it does not have it, or was to get it at once, and cannot.
                Err(_) if route.standing == Standing::Behind || want.is_awaited => {}
                Err(Failure::Fetch(FetchFailed::Coming)) if want.is_patient => {
                    return Round::Coming;
                }
                Err(_) => silent_for = silent_for.min(want.absent_for),
            }
        }
        for route in whole_only {
            if self.attempt(entry, route, want, Ask::AllOfIt, &mut intake).await.is_ok() {
                return Round::Published;
            }
        }
        waiting.map_or(Round::TryLater, Round::Waiting)
    }

    fn trust(&self) -> MutexGuard<'_, (Trust, StdRng)> {
        self.trust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the clock on the wall will show.
    pub(crate) fn wall(&self, at: Instant) -> TimeUs {
        let ahead = at.saturating_duration_since(Instant::now()).as_micros();
        TimeUs((self.clock)().0.saturating_add(i64::try_from(ahead).unwrap_or(i64::MAX)))
    }

    /// When disks may be written to again.
    pub(crate) fn endures(&self, exhausted: Exhausted) -> WaitingOn {
        let after = |wait| Instant::now().checked_add(wait);
        let until = exhausted.wait.and_then(after).map(|at| self.wall(at));
        WaitingOn::DiskEndurance { until }
    }

    /// One source, with what came of it told of and counted.
    async fn attempt(
        &self,
        entry: &Arc<CatalogueEntry>,
        route: &Route,
        want: Want,
        ask: Ask,
        intake: &mut Option<Arc<Intake>>,
    ) -> Result<(), Failure> {
        let (address, began) = (route.source.address, Instant::now());
        if self.trust().0.may_ask(address, &entry.id(), began).is_err() {
            return Err(Failure::Distrusted(self.trust().0.lies_for(address, &entry.id(), began)));
        }
        if let Advice::Rest(silent_for) = self.health.advise(address, began) {
            // Nobody tries whether it lies still.
            self.trust().0.untried(address, began, began);
            return Err(Failure::Resting(silent_for));
        }
        let mut share = Share::None;
        let outcome = self.take_from(entry, route, (want, ask), intake, &mut share).await;
        self.judge(entry, route, began, share, &outcome);
        match &outcome {
            Err(Failure::Waiting(_)) => self.health.spared(address, began),
            Err(failure) if failure.is_ours() => self.health.spared(address, began),
            Err(failure) if failure.is_of_source() => {
                self.health.failed(address, began, Instant::now());
            }
            _ => self.health.answered(address),
        }
        let (object, bytes, kind) = (&entry.key(), entry.size_bytes, &route.source.kind);
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
        route: &Route,
        began: Instant,
        share: Share,
        outcome: &Result<(), Failure>,
    ) {
        let (trust, random) = &mut *self.trust();
        let (source, now) = (route.source.address, Instant::now());
        let is_near = route.standing != Standing::Beyond;
        let object = &entry.id();
        let mut lied = || {
            let spread = random.random_range(0.0..1.0);
            trust.lied(Lie { source, is_near, object, began, now, spread });
        };
        match outcome {
            Ok(()) if share != Share::None => trust.proved(source, object, now),
            Err(Failure::Intake(IntakeError::WrongSlice { .. })) => lied(),
            Err(Failure::Intake(IntakeError::WrongBytes { .. })) if share == Share::All => lied(),
            _ => trust.untried(source, began, now),
        }
    }

    /// Asks for what is not there yet, stores it, and publishes the whole. The intake stays
    /// open for the next source: whoever waits for a part of the object goes on waiting.
    async fn take_from(
        &self,
        entry: &Arc<CatalogueEntry>,
        route: &Route,
        (want, ask): (Want, Ask),
        open: &mut Option<Arc<Intake>>,
        share: &mut Share,
    ) -> Result<(), Failure> {
        let intake = match open.take() {
            Some(intake) => intake,
            None => self.begin(entry).await?,
        };
        let intake = open.insert(intake);
        intake.set_from_beyond(route.standing == Standing::Beyond);
        let missing = intake.missing();
        // An object may be empty, or wait for nothing but its seal.
        if !missing.is_empty() {
            let bytes = bytes_of(&missing, entry.size_bytes);
            *share = if bytes == entry.size_bytes { Share::All } else { Share::Some };
            let under_way = self.board.begin(entry, &route.source.kind, entry.size_bytes - bytes);
            let terms = Terms {
                upstream: &*self.upstream,
                caps: &self.caps,
                source: &route.source,
                entry,
                urgency: want.urgency,
                in_parts: ask == Ask::WhatIsMissing,
                manner: manner(route.standing, want),
            };
            let (mut left, mut at) = (missing, want.is_awaited.then_some(0));
            loop {
                // Who waits for another slice than was brought last has that next.
                at = self.urgent.slice_of(entry).or(at);
                let Some(run) = ask.run(&left, entry, at) else { break };
                left = without(&run, left);
                at = at.and(Some(run.end));
                let slicer = Slicer::new(entry.size_bytes, &run, self.buffers.clone());
                let draw = Draw::new(terms, slicer.range());
                self.receive(draw, slicer, &under_way, intake).await?;
            }
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
        self.moved.notify_waiters();
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
            while let Some(mut came) = draw.next(slicer.room()).await? {
                under_way.arrived(came.len());
                while let Some((slice, bytes)) = slicer.take(&mut came) {
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
    fn store(&self, intake: &Arc<Intake>, slice: u32, bytes: Buffer) -> Option<Storing> {
        if !intake.lacks(slice) {
            return None;
        }
        let wait = intake.admit(bytes.len() as u64);
        let (intake, offload) = (Arc::clone(intake), Arc::clone(&self.offload));
        if wait.is_zero() {
            return Some(Box::pin(self.blocking(move || intake.put(slice, &bytes))));
        }
        // The disk has readers that are slow already. What waits takes no more from its source
        // than one slice.
        let begins = Instant::now() + wait;
        Some(Box::pin(async move {
            tokio::time::sleep_until(begins).await;
            let put = offload::begin(&offload, move || intake.put(slice, &bytes));
            Ok(put.await.ok_or(Failure::Abandoned)??)
        }))
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

/// Who gets an object from this box is never asked to get it.
fn manner(standing: Standing, want: Want) -> Manner {
    match (standing, want.is_awaited) {
        (Standing::Behind, _) => Manner::OnlyIfCached,
        (_, true) => Manner::Awaited,
        (_, false) => Manner::Plain,
    }
}

/// The first slices that are missing from this one on, or of all; so many that who wants others
/// meanwhile need not wait for long.
fn run_from(slice: u32, missing: &[Range<u32>]) -> Option<Range<u32>> {
    let after = missing.iter().find(|run| run.end > slice).map(|run| run.start.max(slice)..run.end);
    let run = after.or_else(|| missing.first().cloned())?;
    Some(run.start..run.end.min(run.start.saturating_add(AWAITED_SLICES)))
}

fn without(taken: &Range<u32>, runs: Vec<Range<u32>>) -> Vec<Range<u32>> {
    let parts =
        |run: Range<u32>| [run.start..run.end.min(taken.start), run.start.max(taken.end)..run.end];
    runs.into_iter().flat_map(parts).filter(|run| !run.is_empty()).collect()
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

/// So many slices of what is awaited are asked for at once.
const AWAITED_SLICES: u32 = 32;

/// How much a source is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    WhatIsMissing,
    AllOfIt,
}

impl Ask {
    /// The next slices, worth a request, where these are missing; from this one on, where one is
    /// awaited.
    fn run(
        self,
        missing: &[Range<u32>],
        entry: &CatalogueEntry,
        awaited: Option<u32>,
    ) -> Option<Range<u32>> {
        match (self, missing) {
            (_, []) => None,
            (Self::AllOfIt, _) => Some(0..slice_count(entry.size_bytes)),
            (Self::WhatIsMissing, [first, ..]) => match awaited {
                Some(slice) => run_from(slice, missing),
                None => Some(first.clone()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_awaited_comes_first_and_then_what_follows() {
        let missing = [3..5, 9..200];
        for (slice, run) in [(0, 3..5), (4, 4..5), (5, 9..41), (60, 60..92), (199, 199..200)] {
            assert_eq!(run_from(slice, &missing), Some(run), "slice {slice}");
        }
        assert_eq!(run_from(200, &missing), Some(3..5), "all before it");
        assert_eq!(run_from(7, &[]), None);
    }

    proptest! {
        /// Whatever viewers jump to, each slice is asked for once.
        #[test]
        fn each_slice_is_taken_once(
            gaps in prop::collection::vec((1..90_u32, 1..90_u32), 1..5),
            jumps in prop::collection::vec(prop::option::of(0..900_u32), 0..99),
        ) {
            let mut end = 0;
            let run = |(gap, len)| { let start = end + gap; end = start + len; start..end };
            let mut left: Vec<Range<u32>> = gaps.into_iter().map(run).collect();
            let all: Vec<u32> = left.iter().cloned().flatten().collect();
            let (mut taken, mut jumps, mut at) = (Vec::new(), jumps.into_iter(), 0);
            while let Some(run) = run_from(jumps.next().flatten().unwrap_or(at), &left) {
                prop_assert!(!run.is_empty() && run.len() <= AWAITED_SLICES as usize);
                left = without(&run, left);
                at = run.end;
                taken.extend(run);
            }
            taken.sort_unstable();
            prop_assert_eq!(taken, all);
        }
    }
}
