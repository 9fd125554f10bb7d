//! Whose title a viewer asks for, and who he is: what counts demand by title.

use crate::http::cache_status::CacheStatus;
use crate::http::cmcd::Cmcd;
use crate::http::method::Method;
use crate::http::range::{self, Wanted};
use crate::http::request::Request;
use crate::http::respond::Decision;
use crate::shared::{Shared, Via};
use crate::titles::Viewing;
use cache::Object;
use contract::catalogue::Common;
use contract::config::ListenerRole;
use contract::demand::day_of;
use contract::time::TimeUs;
use std::sync::Arc;

/// A request for something of a title, by a viewer.
#[derive(Debug, Clone)]
pub(crate) struct Viewed {
    common: Arc<Common>,
    day: i32,
    session: u64,
    bytes_missed: u64,
}

/// How a request came, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'r, 'a> {
    pub(crate) via: Via,
    pub(crate) at: TimeUs,
    pub(crate) request: &'r Request<'a>,
    /// What it says, where somebody has read it already.
    pub(crate) said: Option<Option<Cmcd>>,
}

impl Viewed {
    /// A request that is answered with bytes of an object, or would be if that were here. `None`
    /// for those of siblings, for what belongs to no title, and where no bytes were asked for.
    pub(crate) fn of(
        shared: &Shared,
        asker: Asker<'_, '_>,
        decision: &Decision<'_, '_, Arc<Object>>,
        object: Option<&Arc<Object>>,
    ) -> Option<Self> {
        if asker.via.role != ListenerRole::Player || asker.request.method != Method::Get {
            return None;
        }
        let (common, bytes_missed) = match object {
            Some(object) if object.received().is_some() => return None,
            Some(object) => (Arc::clone(&object.entry.common), 0),
            None if is_missed(decision.answer.cache_status) => {
                let entry = shared.cache.lacking_under(&decision.group?.name, &decision.path)?;
                (Arc::clone(&entry.common), asked_bytes(asker.request, entry.size_bytes))
            }
            None => return None,
        };
        let (day, session) = (day_of(asker.at), session(shared, asker));
        Some(Self { common, day, session, bytes_missed })
    }

    /// Counts it, now that it is answered.
    pub(crate) fn count(&self, shared: &Shared, bytes_sent: u64) {
        let Self { day, session, bytes_missed, .. } = *self;
        shared.tally.count(&self.common, Viewing { day, session, bytes_sent, bytes_missed });
    }
}

/// Whether what a manifest names is not here, and was neither given by others nor looked for
/// elsewhere.
fn is_missed(cache_status: CacheStatus) -> bool {
    matches!(
        cache_status,
        CacheStatus::Wanted
            | CacheStatus::NoSibling
            | CacheStatus::Unreadable
            | CacheStatus::Absent { .. }
    )
}

fn asked_bytes(request: &Request<'_>, size_bytes: u64) -> u64 {
    match request.fields.range.value().map(|value| range::wanted(value, size_bytes)) {
        Some(Wanted::Part { start, end }) => end - start,
        Some(Wanted::Unsatisfiable) => 0,
        Some(Wanted::Whole) | None => size_bytes,
    }
}

/// The session that a player names, as today's hash, else the connection: a number that says nothing
/// of anybody, and is there at once.
fn session(shared: &Shared, asker: Asker<'_, '_>) -> u64 {
    let said = asker.said.unwrap_or_else(|| Cmcd::of(asker.request));
    match said.and_then(|said| said.sid) {
        Some(sid) => shared.session_key.hash(sid.as_str(), asker.at).number(),
        None => shared.tally.session_of(asker.via.connection),
    }
}
