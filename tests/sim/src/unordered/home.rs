//! A box as the home of a path: it answers other boxes of its site, as `serve` has it do.

use super::answer::{Answer, Giver, broken};
use super::origin::{date, set};
use super::player::look_up;
use crate::world::World;
use cache::received::{Absence, Facts, Terms, Validator};
use cache::{BLOCK_BYTES, Demanded, Object};
use contract::time::TimeUs;
use fill::FetchFailed;
use fill::origins::{Asked, Condition};
use hyper::header::{
    AGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderName, LAST_MODIFIED,
};
use hyper::{HeaderMap, StatusCode};
use std::sync::Arc;

/// What a box answers that is asked as the home of a path.
pub(super) async fn answer(
    world: &World,
    number: usize,
    asked: &Asked<'_>,
) -> Result<Answer, FetchFailed> {
    let running = world.boxes[number].running().ok_or_else(broken)?;
    let demand = running.demand.as_ref().ok_or_else(broken)?;
    let has_purged = running.cache.purged_up_to().covers(asked.purged);
    if !has_purged || !demand.neighbours.is_home(asked.key) {
        return Ok(Answer::empty(StatusCode::MISDIRECTED_REQUEST, HeaderMap::new()));
    }
    let offset = asked.range.as_ref().map_or(0, |range| range.start);
    let found = look_up(world, &running.cache, asked.key, offset).await.found;
    if running.power.is_off() {
        return Err(broken());
    }
    let object = match found {
        Demanded::Usable(object) => object,
        Demanded::Absent(Absence::NotFound) => return Ok(nothing(world.wall())),
        _ => return Ok(Answer::empty(StatusCode::GATEWAY_TIMEOUT, HeaderMap::new())),
    };
    let answer = of_object(number, &running.cache, object, asked, world.wall());
    let answer = answer.ok_or_else(broken)?;
    if let Giver::Box(_, cache, object) = &answer.giver {
        // The first block is read before anything is said.
        let block = u32::try_from(answer.range.start / BLOCK_BYTES).unwrap_or(u32::MAX);
        if !answer.range.is_empty() && cache.read(object, block).await.is_err() {
            return Ok(Answer::empty(StatusCode::NOT_FOUND, HeaderMap::new()));
        }
    }
    Ok(answer)
}

fn nothing(now: TimeUs) -> Answer {
    let mut fields = HeaderMap::new();
    set(&mut fields, DATE, &date(now));
    set(&mut fields, CACHE_CONTROL, "max-age=1");
    Answer::empty(StatusCode::NOT_FOUND, fields)
}

fn of_object(
    number: usize,
    cache: &Arc<cache::Cache>,
    object: Arc<Object>,
    asked: &Asked<'_>,
    now: TimeUs,
) -> Option<Answer> {
    let received = object.received()?;
    let (facts, length) = (received.facts(), object.entry.size_bytes);
    let mut fields = fields(facts, &received.terms(), now);
    match asked.condition {
        Condition::Unchanged(validator) if *validator != facts.validator => {
            return Some(Answer::empty(StatusCode::PRECONDITION_FAILED, fields));
        }
        Condition::Changed(validator)
            if *validator == facts.validator && *validator != Validator::Nothing =>
        {
            return Some(Answer::empty(StatusCode::NOT_MODIFIED, fields));
        }
        _ => {}
    }
    let (status, range) = match asked.range.clone() {
        Some(range) if range.start >= length => {
            return Some(Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE, fields));
        }
        Some(range) => {
            let range = range.start..range.end.min(length);
            let place = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            set(&mut fields, CONTENT_RANGE, &place);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        None => {
            set(&mut fields, CONTENT_LENGTH, &length.to_string());
            (StatusCode::OK, 0..length)
        }
    };
    let giver = Giver::Box(number, Arc::clone(cache), object);
    Some(Answer { status, fields, giver, range, is_cut: false })
}

fn fields(facts: &Facts, terms: &Terms, now: TimeUs) -> HeaderMap {
    let span_s = |from: TimeUs, to: TimeUs| (to.unix_s() - from.unix_s()).max(0);
    let mut fields = HeaderMap::new();
    set(&mut fields, DATE, &date(now));
    set(&mut fields, AGE, &span_s(terms.born, now).to_string());
    let says = format!(
        "max-age={}, stale-while-revalidate={}, stale-if-error={}",
        span_s(terms.born, terms.fresh_until),
        span_s(terms.fresh_until, terms.while_revalidate_until),
        span_s(terms.fresh_until, terms.if_error_until),
    );
    set(&mut fields, CACHE_CONTROL, &says);
    for tag in facts.tags.as_slice() {
        set(&mut fields, HeaderName::from_static("cache-tag"), tag.as_str());
    }
    match (&facts.validator, facts.modified) {
        (Validator::Etag(tag), _) => set(&mut fields, ETAG, tag),
        (Validator::Modified(_), Some(modified)) => {
            set(&mut fields, LAST_MODIFIED, &date(modified));
        }
        _ => {}
    }
    fields
}
