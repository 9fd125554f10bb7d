//! What a box is answered for what nobody ordered: by the origin, which lies at times, or by the
//! home of the path.

use super::Unordered;
use super::flights::{Flight, Needless};
use super::origin::{Path, Version, set};
use super::told::Circle;
use crate::disk::Power;
use crate::network::Party;
use crate::reads::{part, part_of_block};
use crate::world::World;
use bytes::Bytes;
use cache::{BLOCK_BYTES, Object};
use contract::names::DeviceName;
use contract::slices::{SLICE_BYTES, slice_count};
use contract::time::TimeUs;
use fill::origins::{Asked, Condition, Reply};
use fill::{Body, FetchFailed, Origins, Promise};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use hyper::{HeaderMap, StatusCode};
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long a box waits for an answer, or for the next piece of one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The origin and the other boxes, as one process reaches them.
#[derive(Debug, Clone)]
pub(super) struct SimOrigins {
    pub(super) world: Weak<World>,
    pub(super) me: usize,
    pub(super) life: u64,
    pub(super) power: Arc<Power>,
}

/// The ways in which the origin makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    /// It gives all of it, whatever part was asked for.
    NoRanges,
    /// It gives it, whatever the condition.
    NoConditions,
    /// With a tag that it never gave.
    OtherTag,
    /// Another part than was asked for.
    OtherPart,
    /// It is said to be longer, or shorter.
    OtherLength,
    /// It does not say how long it is.
    NoLength,
    /// It has packed it.
    Encoded,
    /// There are no such bytes.
    NoSuchRange,
}

const LIES: [Lie; 8] = [
    Lie::NoRanges,
    Lie::NoConditions,
    Lie::OtherTag,
    Lie::OtherPart,
    Lie::OtherLength,
    Lie::NoLength,
    Lie::Encoded,
    Lie::NoSuchRange,
];

/// An answer before it is sent.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) fields: HeaderMap,
    pub(super) giver: Giver,
    pub(super) range: Range<u64>,
    /// More was said to come.
    pub(super) is_cut: bool,
}

/// Who gives the bytes of an answer.
pub(super) enum Giver {
    Nobody,
    Origin(Bytes),
    Box(usize, Arc<cache::Cache>, Arc<Object>),
}

impl Answer {
    pub(super) fn empty(status: StatusCode, fields: HeaderMap) -> Self {
        Self { status, fields, giver: Giver::Nobody, range: 0..0, is_cut: false }
    }
}

pub(super) fn broken() -> FetchFailed {
    FetchFailed::Connection("the cable is cut".to_owned())
}

impl SimOrigins {
    /// The world, as long as this process lives in it.
    fn world(&self) -> Result<Arc<World>, FetchFailed> {
        self.world.upgrade().filter(|_| !self.power.is_off()).ok_or_else(broken)
    }

    async fn answer(&self, asked: Asked<'_>) -> Result<Reply, FetchFailed> {
        let world = self.world()?;
        let unordered = world.unordered.as_ref().ok_or_else(broken)?;
        let party = world.party_at(asked.source.address);
        world.limits.check_window(&world, self.me, "asks for what nobody ordered");
        let path = unordered.origin.number_of(asked.key).ok_or(FetchFailed::NotThere)?;
        let flight =
            (party == Party::Publisher).then(|| self.take_off(&world, unordered, path, &asked));
        let asker = (self.life, path);
        let is_for_slice = matches!(asked.condition, Condition::Unchanged(_));
        if is_for_slice {
            unordered.flights.has(asker);
        }
        let half = world.network.round_trip(party) / 2;
        sleep(half).await;
        let me = Party::Box(self.me);
        if !world.network.reaches(me, party) {
            unordered.ledger.fails(unordered.circle(&world, self.me), world.wall());
            sleep(PATIENCE).await;
            return Err(broken());
        }
        let answer = match party {
            Party::Box(number) => {
                let answer = super::home::answer(&world, number, &asked).await?;
                if answer.status.is_success() && !is_for_slice {
                    let is_change = matches!(asked.condition, Condition::Changed(_));
                    unordered.flights.begins_elsewhere(asker, is_change);
                }
                answer
            }
            Party::Origin | Party::Fleet | Party::Publisher => {
                self.by_origin(&world, unordered, path, &asked, flight.as_ref())
            }
        };
        sleep(half).await;
        let Answer { status, fields, giver, range, is_cut } = answer;
        let lies = world.network.lies(party);
        let ends_early = world.network.happens(lies.ends_early);
        let says_length = [CONTENT_LENGTH, CONTENT_RANGE].iter().any(|it| fields.contains_key(it));
        // Wrong bytes in the place of right ones, or behind those whose number nobody has said:
        // nothing could tell.
        let goes_on = !ends_early && world.network.happens(lies.goes_on) && says_length;
        let (ends_at, end) = match ends_early {
            true if says_length => (range.start.midpoint(range.end), End::Early),
            true => (range.start.midpoint(range.end), End::Broken),
            false if goes_on => (range.end, End::More),
            false => (range.end, End::Whole),
        };
        let (at, origins) = (range.start, self.clone());
        let asked_to = asked.range.as_ref().map_or(0, |range| range.end);
        let body = SimBody { origins, party, giver, at, asked_to, ends_at, end, is_cut, flight };
        Ok(Reply { status, fields, body: Box::new(body) })
    }

    /// A question to the origin, which must be the only one of its kind.
    fn take_off(
        &self,
        world: &World,
        unordered: &Unordered,
        path: usize,
        asked: &Asked<'_>,
    ) -> Flight {
        let asker = (self.life, path);
        let slice = asked.range.as_ref().map(|range| range.start / SLICE_BYTES);
        let slice = slice.and_then(|slice| u32::try_from(slice).ok());
        let (flight, needless) = match (asked.condition, slice) {
            (Condition::Unchanged(validator), Some(slice)) => {
                unordered.flights.ask_for(asker, validator, slice)
            }
            _ => unordered.flights.ask(asker),
        };
        let Asked { key, range, condition, .. } = asked;
        let (name, path) = (&world.boxes[self.me].name, &key.path);
        world.findings.note(format_args!("{name}: asks for {path}: {range:?}, {condition:?}"));
        world.findings.count(|counts| counts.questions += 1);
        // What has come may have been lost where not all is well with a box.
        let is_needless = |needless: &Needless| {
            !matches!(needless, Needless::Came(_)) || unordered.keeps_all(world, self.me)
        };
        if let Some(needless) = needless.filter(is_needless) {
            let what =
                format_args!("asked twice: {name} asks for {path}, and need not: {needless:?}");
            world.findings.violation(what);
        }
        flight
    }

    fn by_origin(
        &self,
        world: &World,
        unordered: &Unordered,
        number: usize,
        asked: &Asked<'_>,
        flight: Option<&Flight>,
    ) -> Answer {
        let (circle, now) = (unordered.circle(world, self.me), world.wall());
        let (errors, lies) = unordered.moods();
        if unordered.origin.happens(errors) {
            unordered.ledger.fails(circle, now);
            return Answer::empty(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new());
        }
        let lie = unordered.origin.happens(lies).then(|| {
            unordered.ledger.fails(circle, now);
            LIES[unordered.origin.below(LIES.len())]
        });
        let path = unordered.origin.path(number);
        let Some(version) = path.versions.last() else {
            return Answer::empty(StatusCode::NOT_FOUND, HeaderMap::new());
        };
        let is_short = unordered.origin.happens(500);
        let answer = said(version, &path, asked, now, lie, is_short);
        note(world, &world.boxes[self.me].name, &answer, lie);
        tell(unordered, circle, version, &answer, now, is_short);
        if let Some(flight) = flight {
            follow(flight, version, &answer, asked, now);
        }
        answer
    }
}

fn note(world: &World, name: &DeviceName, answer: &Answer, lie: Option<Lie>) {
    let Answer { status, fields, range, .. } = answer;
    let tag = fields.get(ETAG);
    world.findings.note(format_args!("{name}: is told {status} {range:?} {tag:?} {lie:?}"));
}

/// The ledger has what was told.
fn tell(
    unordered: &Unordered,
    circle: Circle,
    version: &Version,
    answer: &Answer,
    now: TimeUs,
    is_short: bool,
) {
    match answer.status {
        StatusCode::NOT_MODIFIED => unordered.ledger.tell(circle, version, now, is_short),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_FOUND => {
            unordered.ledger.tell(circle, version, now, false);
        }
        _ => {}
    }
}

/// A question that is answered is the way of slices, or has ended.
fn follow(flight: &Flight, version: &Version, answer: &Answer, asked: &Asked<'_>, now: TimeUs) {
    let is_for_slice = matches!(asked.condition, Condition::Unchanged(_));
    match answer.status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT if is_for_slice => {}
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
            let slice = |at: u64| u32::try_from(at / SLICE_BYTES).unwrap_or(u32::MAX);
            let slices = slice(answer.range.start)..slice_count(answer.range.end);
            let is_change = matches!(asked.condition, Condition::Changed(_));
            flight.object_begins(version.validator(now), slices, is_change);
        }
        _ => flight.ends(),
    }
}

/// What an origin says (RFC 9110 §13.2.2, §14.2).
fn said(
    version: &Version,
    path: &Path,
    asked: &Asked<'_>,
    now: TimeUs,
    lie: Option<Lie>,
    is_short: bool,
) -> Answer {
    let mut fields = version.fields(now, path);
    let Some(bytes) = version.bytes() else { return Answer::empty(StatusCode::NOT_FOUND, fields) };
    let is_met = lie == Some(Lie::NoConditions);
    match asked.condition {
        Condition::Unchanged(validator) if !is_met && !version.is_it(validator) => {
            return Answer::empty(StatusCode::PRECONDITION_FAILED, fields);
        }
        Condition::Changed(validator) if !is_met && version.is_it(validator) => {
            if is_short {
                fields.remove(hyper::header::CACHE_CONTROL);
            }
            return Answer::empty(StatusCode::NOT_MODIFIED, fields);
        }
        _ => {}
    }
    match lie {
        Some(Lie::OtherTag) => {
            set(&mut fields, ETAG, &format!("\"lie-{}\"", now.0));
        }
        Some(Lie::Encoded) => set(&mut fields, CONTENT_ENCODING, "gzip"),
        Some(Lie::NoSuchRange) => {
            return Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE, fields);
        }
        _ => {}
    }
    let length = bytes.len() as u64;
    let said_length = match lie {
        Some(Lie::OtherLength) if length.is_multiple_of(2) => length + 1000,
        Some(Lie::OtherLength) => length / 2 + 1,
        _ => length,
    };
    let part = asked.range.clone().filter(|_| lie != Some(Lie::NoRanges));
    let (status, range) = match part {
        Some(range) if range.start >= length => {
            return Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE, fields);
        }
        Some(range) => {
            let moved = if lie == Some(Lie::OtherPart) { range.start / 2 + 1 } else { range.start };
            let range = moved.min(length - 1)..range.end.min(said_length).max(moved + 1);
            let last = range.end - 1;
            let place = format!("bytes {}-{last}/{said_length}", range.start);
            set(&mut fields, CONTENT_RANGE, &place);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        None => {
            if lie != Some(Lie::NoLength) {
                set(&mut fields, CONTENT_LENGTH, &said_length.to_string());
            }
            (StatusCode::OK, 0..said_length)
        }
    };
    let is_cut = range.end > length;
    let range = range.start..range.end.min(length);
    Answer { status, fields, giver: Giver::Origin(bytes), range, is_cut }
}

impl Origins for SimOrigins {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> Promise<'a, Result<Reply, FetchFailed>> {
        Box::pin(self.answer(asked))
    }
}

/// An answer on its way.
struct SimBody {
    origins: SimOrigins,
    party: Party,
    giver: Giver,
    at: u64,
    /// What is behind was given without having been asked for as a part.
    asked_to: u64,
    ends_at: u64,
    end: End,
    /// More was said to come.
    is_cut: bool,
    flight: Option<Flight>,
}

/// What is at the end of an answer.
enum End {
    /// Nothing.
    Whole,
    /// More than belongs to it.
    More,
    /// Nothing, though not all has come.
    Early,
    /// The same, of an answer that does not say its length: only the transport tells a break.
    Broken,
}

impl SimBody {
    async fn piece(&mut self) -> Result<Option<Bytes>, FetchFailed> {
        let world = self.origins.world()?;
        let unordered = world.unordered.as_ref().ok_or_else(broken)?;
        let me = Party::Box(self.origins.me);
        let fails = || {
            unordered.ledger.fails(unordered.circle(&world, self.origins.me), world.wall());
        };
        let lies = world.network.lies(self.party);
        if !world.network.reaches(me, self.party) || world.network.happens(lies.stalls) {
            fails();
            sleep(PATIENCE).await;
            return Err(FetchFailed::Stalled(PATIENCE.as_secs()));
        }
        if self.at >= self.ends_at {
            return match self.end {
                End::Whole => Ok(None),
                End::More => {
                    self.end = End::Whole;
                    Ok(Some(Bytes::from_static(b"and more")))
                }
                End::Early => {
                    fails();
                    Ok(None)
                }
                End::Broken => {
                    fails();
                    Err(broken())
                }
            };
        }
        let block_end = (self.at / BLOCK_BYTES + 1) * BLOCK_BYTES;
        let range = self.at..block_end.min(self.ends_at);
        let piece = timeout(PATIENCE, self.read(range.clone())).await;
        let piece = piece.unwrap_or(Err(FetchFailed::Stalled(PATIENCE.as_secs())))?;
        sleep(world.network.transit(piece.len())).await;
        self.at = range.end;
        self.origins.world()?;
        let is_asked_for = range.end <= self.asked_to;
        world.limits.came(&world, self.origins.me, self.party, (piece.len() as u64, is_asked_for));
        if let Some(flight) = &self.flight {
            self.arrive(flight);
        }
        Ok(Some(piece))
    }

    /// A slice has come with its last byte.
    fn arrive(&self, flight: &Flight) {
        let is_whole = !self.is_cut && matches!(self.end, End::Whole | End::More);
        let is_last = self.at == self.ends_at && is_whole;
        let is_end = self.at.is_multiple_of(SLICE_BYTES) || is_last;
        if is_end && self.at > 0 {
            flight.came(u32::try_from((self.at - 1) / SLICE_BYTES).unwrap_or(u32::MAX));
        }
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes, FetchFailed> {
        let piece = match &self.giver {
            Giver::Nobody => None,
            Giver::Origin(bytes) => part(bytes, range),
            Giver::Box(number, cache, object) => {
                let block = u32::try_from(range.start / BLOCK_BYTES).unwrap_or(u32::MAX);
                let read = cache
                    .read(object, block)
                    .await
                    .map_err(|failed| FetchFailed::Connection(format!("box {number}: {failed}")))?;
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
