//! What there is under a key: its home or the origins are asked, and an object begins to arrive, or it is
//! known that there is none, or that what is here is still so.

use super::arriving::Arriving;
use super::ask::{Answered, is_home, is_late, within};
use super::draw::Draw;
use super::reply::{Description, Extent, Said};
use super::{Demand, PATIENCE, Question};
use crate::buffers::{Buffers, Room};
use crate::failure::Failure;
use crate::freshness::{Exchange, Freshness};
use crate::offload;
use crate::origins::Condition;
use crate::upstream::{Body, FetchFailed};
use bytes::Bytes;
use cache::received::{Absence, NotReceived, Since, Terms, Validator};
use cache::{Object, Received};
use contract::object::ObjectKey;
use contract::slices::{SLICE_BYTES, slice_count, slice_range};
use contract::sources::Source;
use contract::time::TimeUs;
use hyper::HeaderMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::time::Instant;

/// So often a question is asked again because there was a purge meanwhile.
const MOST_PURGES: usize = 3;

/// Requests that one origin may take to say what it has: for a part that it has not, for its
/// beginning, and for all of it.
const MOST_REQUESTS: usize = 3;

/// For so long nobody asks again for what no origin gave. Players ask again after a second or
/// so, and an origin that is back should be found at once.
const NO_ANSWER_S: i64 = 1;

/// For so long what may be served in error is, without asking again.
const EXCUSED_S: i64 = 5;

/// For so long it is known that something is not for caches: each question costs the origin an
/// answer that nobody gets.
const NOT_FOR_CACHES_S: i64 = 10;

/// What an origin has.
enum Found<'a> {
    Content(Box<Content<'a>>),
    Unchanged(Terms),
    Nothing(Absence, TimeUs),
}

/// What follows from an answer.
enum Next<'a> {
    Found(Found<'a>),
    /// This slice has to be asked for instead, or all of it.
    Ask(Option<u32>),
}

/// Content on its way.
struct Content<'a> {
    source: &'a Source,
    description: Description,
    size_bytes: u64,
    /// The slices that come, in order.
    slices: Range<u32>,
    flow: Flow<'a>,
}

/// The bytes of an answer.
pub(super) struct Flow<'a> {
    pub(super) draw: Draw<'a>,
    pub(super) body: Box<dyn Body>,
    /// Room for slices.
    pub(super) buffers: Buffers,
    /// What has been read, and belongs to what comes next.
    pub(super) rest: Bytes,
}

/// Answers a question. Whoever waits is woken as soon as it is known what there is.
pub(super) async fn answer(question: Question, offset: u64) {
    let (demand, key) = (Arc::clone(&question.demand), question.key.clone());
    let held = demand.cache.received(&key);
    let homes = demand.homes_of(&key);
    let mut question = Some(question);
    for _ in 0..MOST_PURGES {
        let since = demand.cache.since();
        let found = demand.find(&key, offset, held.as_ref(), &homes).await;
        let Some(found) = found else { return demand.nobody_answers(&key, held.as_ref()) };
        let begun = match found {
            Found::Content(content) => demand.receive(&key, *content, since, &mut question).await,
            Found::Unchanged(terms) => {
                held.iter().for_each(|held| demand.cache.refreshed(held, terms));
                Ok(())
            }
            Found::Nothing(why, until) => {
                held.iter().for_each(|held| demand.cache.replaced(held));
                demand.cache.heard_absent(&key, why, (demand.now(), until), since)
            }
        };
        match begun {
            Ok(()) => return,
            Err(NotReceived::Purged) => {}
            Err(_) => return demand.nothing_for_a_while(&key, Absence::NoRoom),
        }
    }
}

impl Demand {
    fn nobody_answers(&self, key: &ObjectKey, held: Option<&Arc<Object>>) {
        let now = self.now();
        let until = now.plus_s(EXCUSED_S);
        if !held.is_some_and(|held| self.cache.excuse(held, now, until)) {
            self.nothing_for_a_while(key, Absence::NoAnswer);
        }
    }

    /// It was asked for in vain, and is again when players come back.
    pub(super) fn nothing_for_a_while(&self, key: &ObjectKey, why: Absence) {
        let now = self.now();
        self.cache.note_absent(key, why, now, now.plus_s(NO_ANSWER_S));
    }

    /// What the home or the first origin that answers has; `None` where none does.
    async fn find<'a>(
        &'a self,
        key: &ObjectKey,
        offset: u64,
        held: Option<&Arc<Object>>,
        homes: &'a [Source],
    ) -> Option<Found<'a>> {
        let mut was_late = false;
        for (source, deadline) in self.turns_of(homes, &key.group) {
            if was_late && is_home(source) {
                continue;
            }
            match self.find_at(source, key, offset, held, deadline).await {
                Ok(found) => return Some(found),
                // Failures were told of where they came up.
                Err(failure) => was_late |= is_late(&failure),
            }
        }
        None
    }

    async fn find_at<'a>(
        &'a self,
        source: &'a Source,
        key: &ObjectKey,
        offset: u64,
        held: Option<&Arc<Object>>,
        deadline: Instant,
    ) -> Result<Found<'a>, Failure> {
        let began = Instant::now();
        let held = held.and_then(|held| held.received());
        let mut slice = u32::try_from(offset / SLICE_BYTES).ok();
        for _ in 0..MOST_REQUESTS {
            let range = slice.map(|slice| slice_range(u64::MAX, slice));
            let condition =
                held.map_or(Condition::None, |held| Condition::Changed(&held.facts().validator));
            let answered = self.ask(source, key, range, condition, deadline).await?;
            let buffers = self.transfers().buffers.clone();
            let understood = understand(source, slice, held, answered, buffers);
            match within(PATIENCE, understood).await {
                Ok(Next::Found(found)) => return Ok(found),
                Ok(Next::Ask(other)) => slice = other,
                Err(failure) => {
                    if matches!(failure, Failure::Fetch(_)) {
                        self.failed(source, key, began, &failure);
                    }
                    return Err(failure);
                }
            }
        }
        let failure = nonsense("it has no beginning");
        self.failed(source, key, began, &failure);
        Err(failure)
    }

    /// An object begins: whoever waits finds it from here on, and then its slices.
    async fn receive(
        &self,
        key: &ObjectKey,
        content: Content<'_>,
        since: Since,
        question: &mut Option<Question>,
    ) -> Result<(), NotReceived> {
        let Content { source, description, size_bytes, slices, mut flow } = content;
        let facts = description.facts(key.clone(), size_bytes);
        let me = self.me.upgrade().ok_or(NotReceived::HandedOver)?;
        let begin = move || -> Result<Arriving, NotReceived> {
            let object = me.cache.lay_out_received(facts)?;
            let arriving = Arriving::all(&me, &object, slices);
            me.cache.show_received(&object, since)?;
            Ok(arriving)
        };
        let begun = offload::begin(&self.transfers().offload, begin).await;
        let mut arriving = begun.ok_or(NotReceived::HandedOver)??;
        question.take();
        self.transfers().ledger.began(&source.kind);
        let began = Instant::now();
        if let Err(failure) = self.take_all(source, &mut arriving, &mut flow).await {
            if matches!(failure, Failure::Fetch(_)) {
                self.failed(source, key, began, &failure);
            }
            // Another origin may have it, or the same a moment later.
            arriving.ask_again();
        }
        Ok(())
    }

    async fn take_all(
        &self,
        source: &Source,
        arriving: &mut Arriving,
        flow: &mut Flow<'_>,
    ) -> Result<(), Failure> {
        while let Some(slice) = arriving.next() {
            let bytes = flow.slice(arriving.object(), slice).await?;
            self.put(source, arriving, slice, bytes).await?;
            arriving.came();
        }
        Ok(())
    }
}

/// What an answer leads to. The question was for a slice, or for all of it.
async fn understand<'a>(
    source: &'a Source,
    slice: Option<u32>,
    held: Option<&Received>,
    answered: Answered<'a>,
    buffers: Buffers,
) -> Result<Next<'a>, Failure> {
    let Answered { said, reply, exchange, draw } = answered;
    match (said, held) {
        (Said::Content(extent), _) => {
            let flow = Flow { draw, body: reply.body, buffers, rest: Bytes::new() };
            content(source, slice, held, (extent, &reply.fields, exchange), flow).await
        }
        (Said::Unchanged, Some(held)) => {
            draw.end();
            let again = Freshness::again(held.terms(), &reply.fields, exchange);
            Ok(Next::Found(again.map_or_else(|| not_for_caches(exchange), Found::Unchanged)))
        }
        (Said::NotFound, _) => {
            draw.end();
            let until = Freshness::of(&reply.fields, exchange).absent_until(exchange.answered);
            Ok(Next::Found(Found::Nothing(Absence::NotFound, until)))
        }
        (Said::NoSuchRange, _) => {
            draw.end();
            // It is shorter; or empty, and has no first byte either.
            Ok(Next::Ask(slice.filter(|slice| *slice > 0).map(|_| 0)))
        }
        (Said::Nonsense(what), _) => Err(nonsense(what)),
        (Said::Unchanged | Said::Changed | Said::NotForUs | Said::Failed(_), _) => {
            Err(FetchFailed::Status(reply.status.as_u16()).into())
        }
    }
}

async fn content<'a>(
    source: &'a Source,
    slice: Option<u32>,
    held: Option<&Received>,
    (extent, fields, exchange): (Extent, &HeaderMap, Exchange),
    mut flow: Flow<'a>,
) -> Result<Next<'a>, Failure> {
    let not_kept = || Ok(Next::Found(not_for_caches(exchange)));
    let Some(description) = Description::of(fields, exchange) else { return not_kept() };
    let has_validator = description.validator != Validator::Nothing;
    let is_held = held.map(Received::facts).is_some_and(|facts| {
        has_validator
            && facts.validator == description.validator
            && extent.length() == Some(facts.size_bytes)
    });
    if is_held {
        // It knows no conditions.
        return Ok(Next::Found(Found::Unchanged(description.terms)));
    }
    let (size_bytes, slices) = match (extent, slice) {
        (Extent::Part(range, total), Some(first)) if range == slice_range(total, first) => {
            if !has_validator && total > SLICE_BYTES {
                // Nothing would hold its slices together: all of it, in one answer.
                return Ok(Next::Ask(None));
            }
            (total, first..first + 1)
        }
        (Extent::Part(..), _) => return Err(nonsense("another part than was asked for")),
        (Extent::Whole(Some(length)), _) => (length, 0..slice_count(length)),
        (Extent::Whole(None), _) => match flow.measure().await? {
            Some(length) => (length, 0..slice_count(length)),
            None => return not_kept(),
        },
    };
    let begin = |slice| slice_range(size_bytes, slice).start;
    flow.keep_only(begin(slices.end) - begin(slices.start));
    let content = Content { source, description, size_bytes, slices, flow };
    Ok(Next::Found(Found::Content(Box::new(content))))
}

fn not_for_caches<'a>(exchange: Exchange) -> Found<'a> {
    Found::Nothing(Absence::NotForCaches, exchange.answered.plus_s(NOT_FOR_CACHES_S))
}

fn nonsense(what: &str) -> Failure {
    FetchFailed::Unusable(what.to_owned()).into()
}

impl Extent {
    fn length(&self) -> Option<u64> {
        match self {
            Self::Part(_, total) => Some(*total),
            Self::Whole(length) => *length,
        }
    }
}

impl Flow<'_> {
    /// Learns the length of an answer that does not say it, if it is no longer than a slice.
    async fn measure(&mut self) -> Result<Option<u64>, Failure> {
        let most = usize::try_from(SLICE_BYTES).unwrap_or(usize::MAX);
        let room = Room::on_heap(most);
        let all = self.draw.read(&mut *self.body, &mut self.rest, most, room).await?;
        let length = all.as_ref().len();
        if length == most {
            let room = Room::on_heap(1);
            let more = self.draw.read(&mut *self.body, &mut self.rest, 1, room).await?;
            if !more.as_ref().is_empty() {
                return Ok(None);
            }
        }
        self.rest = Bytes::from_owner(all);
        Ok(Some(length as u64))
    }

    /// So many bytes come at the most, of which some may be here.
    fn keep_only(&mut self, bytes: u64) {
        self.draw.keep_only(bytes.saturating_sub(self.rest.len() as u64));
    }
}
