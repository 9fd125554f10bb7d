//! What a box is answered by its sources: other boxes, which read their own caches, and the
//! origin. Cables break, answers end early, and liars lie.

use crate::appliance::Running;
use crate::content;
use crate::edge::{Crossing, Edge};
use crate::network::{Lies, Party};
use crate::reads::{part, part_of_block, read_block};
use crate::world::World;
use bytes::Bytes;
use cache::{BLOCK_BYTES, Lookup, Object, ReadFailed};
use contract::catalogue::CatalogueEntry;
use contract::slices::SliceHashes;
use fill::{Body, FetchFailed, Manner, Promise, Question, Upstream};
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long a box waits for an answer, or for the next piece of one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The world as one box reaches it.
#[derive(Debug, Clone)]
pub struct SimUpstream {
    world: Weak<World>,
    me: usize,
}

impl SimUpstream {
    /// For this box.
    #[must_use]
    pub fn new(world: &Arc<World>, me: usize) -> Self {
        Self { world: Arc::downgrade(world), me }
    }

    async fn ask(
        &self,
        Question { source, entry, range, manner }: Question<'_>,
    ) -> Result<SimBody, FetchFailed> {
        let world = self.world.upgrade().ok_or_else(broken)?;
        let party = world.party_at(source.address);
        world.limits.check_window(&world, self.me, "asks for something");
        let holders = (party == Party::Origin).then(|| Edge::holders(&world, entry));
        sleep(world.network.round_trip(party)).await;
        if !world.network.reaches(Party::Box(self.me), party) {
            sleep(PATIENCE).await;
            return Err(broken());
        }
        let giver = match party {
            Party::Box(number) => from_box(&world, number, entry, (manner, range.start)).await?,
            Party::Origin | Party::Fleet | Party::Publisher => from_origin(&world, entry)?,
        };
        if let Giver::Box(running, object) = &giver
            && range.start < range.end
        {
            // The first block is read before anything is said.
            let block = u32::try_from(range.start / BLOCK_BYTES).unwrap_or(u32::MAX);
            let first = read_block(running, object, block, &world.findings);
            let first = timeout(PATIENCE, first).await.map_err(|_| kept_waiting(&world, party))?;
            first.map_err(|failed| match failed {
                ReadFailed::NotComing { .. } => FetchFailed::Coming,
                _ => FetchFailed::NotThere,
            })?;
        }
        let lies = world.network.lies(party);
        let ends_at = if world.network.happens(lies.ends_early) {
            range.start + (range.end - range.start) / 2
        } else {
            range.end
        };
        let goes_on = world.network.happens(lies.goes_on);
        let crossing =
            holders.map(|holders| world.edge.asks(&world, self.me, (entry, &range), &holders));
        let upstream = self.clone();
        Ok(SimBody { upstream, party, giver, at: range.start, ends_at, goes_on, lies, crossing })
    }
}

fn stalled() -> FetchFailed {
    FetchFailed::Stalled(PATIENCE.as_secs())
}

/// Nothing comes of what a box hands through. Whoever has waited for it lets that box rest, and is
/// right where it does not reach its origin: that is noticed at one of the two first.
fn kept_waiting(world: &World, by: Party) -> FetchFailed {
    if let Party::Box(number) = by
        && !world.network.is_steady(by, Party::Origin, PATIENCE)
    {
        world.boxes[number].wavers();
    }
    stalled()
}

fn broken() -> FetchFailed {
    FetchFailed::Connection("the cable is cut".to_owned())
}

/// Who gives the bytes of an answer.
enum Giver {
    Box(Running, Arc<Object>),
    Origin(Bytes),
}

/// As `serve` answers siblings.
async fn from_box(
    world: &World,
    number: usize,
    entry: &CatalogueEntry,
    (manner, offset): (Manner, u64),
) -> Result<Giver, FetchFailed> {
    let running = world.boxes[number].running().ok_or_else(broken)?;
    let is_it = |found: &CatalogueEntry| found.blake3 == entry.blake3;
    let look = || running.cache.lookup_version(&entry.common.group, &entry.path, is_it);
    let is_lacking = match look() {
        Lookup::Wanted => true,
        Lookup::Arriving(object) => !object.has_byte(offset),
        Lookup::Held(_) | Lookup::Unknown => false,
    };
    if manner == Manner::Awaited
        && is_lacking
        && let Some(hastened) = running.cache.hasten(&entry.key(), offset)
    {
        timeout(PATIENCE, hastened).await.map_err(|_| kept_waiting(world, Party::Box(number)))?;
    }
    let only_if_cached = manner == Manner::OnlyIfCached;
    match look() {
        Lookup::Arriving(object) if only_if_cached && !object.is_from_beyond() => {
            Err(FetchFailed::NotThere)
        }
        Lookup::Wanted if only_if_cached => Err(FetchFailed::NotThere),
        Lookup::Held(object) | Lookup::Arriving(object) if is_it(&object.entry) => {
            Ok(Giver::Box(running, object))
        }
        Lookup::Wanted => Err(FetchFailed::Coming),
        _ => Err(FetchFailed::NotThere),
    }
}

fn from_origin(world: &World, entry: &CatalogueEntry) -> Result<Giver, FetchFailed> {
    let now = world.entry_at(&entry.path).ok_or(FetchFailed::NotThere)?;
    if now.size_bytes != entry.size_bytes {
        let offered = format!("{} bytes", now.size_bytes);
        return Err(FetchFailed::Length { offered, expected: entry.size_bytes });
    }
    let content = content::by_hash(&now.blake3).ok_or(FetchFailed::NotThere)?;
    Ok(Giver::Origin(content.bytes.clone()))
}

impl Upstream for SimUpstream {
    fn get<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Promise<'a, Result<Box<dyn Body>, FetchFailed>> {
        Box::pin(async move { Ok(Box::new(self.ask(question).await?) as Box<dyn Body>) })
    }

    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        Box::pin(async move {
            let world = self.world.upgrade()?;
            sleep(world.network.round_trip(Party::Fleet)).await;
            let reaches = world.network.reaches(Party::Box(self.me), Party::Fleet);
            let content = content::by_hash(&entry.blake3).filter(|_| reaches)?;
            Some(content.hashes.clone())
        })
    }
}

/// An answer on its way.
struct SimBody {
    upstream: SimUpstream,
    party: Party,
    giver: Giver,
    at: u64,
    ends_at: u64,
    goes_on: bool,
    lies: Lies,
    /// As long as it comes from an origin.
    crossing: Option<Crossing>,
}

impl SimBody {
    async fn piece(&mut self) -> Result<Option<Bytes>, FetchFailed> {
        let world = self.upstream.world.upgrade().ok_or_else(broken)?;
        let me = Party::Box(self.upstream.me);
        if !world.network.reaches(me, self.party) || world.network.happens(self.lies.stalls) {
            sleep(PATIENCE).await;
            return Err(stalled());
        }
        if self.at >= self.ends_at {
            let more = std::mem::take(&mut self.goes_on);
            return Ok(more.then(|| Bytes::from_static(b"and more")));
        }
        let block_end = (self.at / BLOCK_BYTES + 1) * BLOCK_BYTES;
        let range = self.at..block_end.min(self.ends_at);
        let mut piece = timeout(PATIENCE, self.read(&world, range.clone()))
            .await
            .unwrap_or_else(|_| Err(kept_waiting(&world, self.party)))?;
        sleep(world.network.transit(piece.len())).await;
        if world.network.happens(self.lies.wrong_bytes) && !piece.is_empty() {
            let mut wrong = piece.to_vec();
            wrong[world.network.below(piece.len())] ^= 0x10;
            piece = wrong.into();
        }
        self.at = range.end;
        world.limits.came(&world, self.upstream.me, self.party, (piece.len() as u64, true));
        if self.crossing.is_some() {
            world.findings.count(|counts| counts.edge_bytes += piece.len() as u64);
        }
        Ok(Some(piece))
    }

    async fn read(&self, world: &World, range: Range<u64>) -> Result<Bytes, FetchFailed> {
        let piece = match &self.giver {
            Giver::Origin(bytes) => part(bytes, range),
            Giver::Box(running, object) => {
                let block = u32::try_from(range.start / BLOCK_BYTES).unwrap_or(u32::MAX);
                let read = read_block(running, object, block, &world.findings).await;
                let read = read.map_err(|failed| {
                    if let Party::Box(number) = self.party {
                        world.boxes[number].wavers();
                    }
                    FetchFailed::Connection(failed.to_string())
                })?;
                part_of_block(read, range)
            }
        };
        piece.ok_or_else(broken)
    }
}

impl Body for SimBody {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(self.piece())
    }
}
