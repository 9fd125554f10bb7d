//! Who else of the site would serve a viewer what this box does not hold.
//!
//! No document says it: a manifest names what a box is to hold, not what has come. So the boxes
//! are asked, all at once, with one question however many viewers ask, and what they say is
//! remembered for [`FRESH_S`]. Of those that would, the first in the order of the object's folder
//! is taken: boxes agree on it, loads are spread, and a player who goes from segment to segment
//! stays where he is. A box that does not answer rests, as any source does. One that has not
//! carried out all purges that this box has says that it would serve nothing, and what was said
//! before a purge is forgotten with it.
//!
//! Not here: what a viewer is told (`serve`). Nothing is fetched.

mod remembered;

use crate::fetch::Fetcher;
use crate::filler::Filler;
use crate::health::Advice;
use crate::transfer::FillEvent;
use crate::upstream::{FetchFailed, Promise};
use cache::Resolving;
use cache::received::Ticket;
use contract::exchange::{PURGED_UP_TO, served_path};
use contract::names::GroupName;
use contract::object::{Digest, ObjectKey};
use contract::sources::{Neighbour, SLAB, Source, SourceKind, standing};
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use http_body_util::Empty;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use remembered::{Remembered, Said};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

/// What boxes have said holds for so long: shorter than a player's buffer, longer than the
/// moment in which all viewers of a new segment ask for it.
pub const FRESH_S: i64 = 5;

/// Keys that are asked about at once. Each is one that a viewer waits for.
const MOST_QUESTIONS: usize = 1024;

/// A box of the same site answers within a millisecond; one that takes so much longer has
/// other things to do than to serve one more viewer.
const PATIENCE: Duration = Duration::from_secs(1);

/// So often boxes are asked again because there was a purge meanwhile.
const MOST_PURGES: usize = 3;

/// Boxes that are asked about one object. A site has fewer.
const MOST_ASKED: usize = 64;

/// Host and port, as a fleet may name them.
const MAX_AUTHORITY_LEN: usize = 261;

/// Whoever can be asked.
pub trait Offers: Send + Sync {
    /// Whether a box would serve a viewer an object now, and has purged as far as this one.
    fn offers<'a>(
        &'a self,
        source: &'a Source,
        key: &'a ObjectKey,
        purged: PurgedUpTo,
    ) -> Promise<'a, Result<bool, FetchFailed>>;
}

/// What is known of who would serve a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// This box: `host[:port]` for viewers.
    At(Arc<str>),
    /// None of them.
    Nobody,
    /// They have to be asked first.
    Ask,
}

/// The other boxes of the site, as those who ask for what is not here need them.
pub struct Neighbours {
    me: Weak<Self>,
    filler: Arc<Filler>,
    offers: Arc<dyn Offers>,
    runtime: Handle,
    questions: Mutex<HashMap<ObjectKey, Ticket>>,
    remembered: Mutex<Remembered>,
}

impl Neighbours {
    /// Whoever they are, the filler's routes say; `runtime` is where questions run.
    #[must_use]
    pub fn new(filler: Arc<Filler>, offers: Arc<dyn Offers>, runtime: Handle) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            filler,
            offers,
            runtime,
            questions: Mutex::default(),
            remembered: Mutex::default(),
        })
    }

    /// Who would serve a key, as far as that is known. Never blocks.
    #[must_use]
    pub fn known(&self, key: &ObjectKey, now: TimeUs) -> Known {
        match self.remembered().of(key, self.purging_up_to(), now) {
            Some(said) => said,
            None if self.filler.routes().neighbours().is_empty() => Known::Nobody,
            None => Known::Ask,
        }
    }

    /// Whether this box is the home of a key: the one that asks origins for it, for all of the
    /// site. It is while none of those that stand before it answers.
    #[must_use]
    pub fn is_home(&self, key: &ObjectKey) -> bool {
        let homes = &self.filler.transfers().homes;
        self.filler.routes().homes_of(key).iter().all(|source| homes.is_ailing(source.address))
    }

    /// Has the boxes of the site asked; whoever asks for the same joins. `None`: too much is
    /// being asked already.
    #[must_use]
    pub fn ask(&self, key: &ObjectKey) -> Option<Resolving> {
        let mut questions = self.questions();
        if let Some(ticket) = questions.get(key) {
            return Some(ticket.join(false));
        }
        let neighbours = self.me.upgrade()?;
        if questions.len() >= MOST_QUESTIONS {
            return None;
        }
        let ticket = Ticket::default();
        let resolving = ticket.join(true);
        questions.insert(key.clone(), ticket);
        drop(questions);
        let question = Question { neighbours, key: key.clone() };
        self.runtime.spawn(async move { question.answer().await });
        Some(resolving)
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<ObjectKey, Ticket>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn purging_up_to(&self) -> PurgedUpTo {
        self.filler.transfers().cache.purging_up_to()
    }

    /// One box. What it does not answer is a no, and costs it a rest.
    async fn would_serve(&self, source: &Source, key: &ObjectKey, purged: PurgedUpTo) -> bool {
        let transfers = self.filler.transfers();
        let (health, began) = (&transfers.health, Instant::now());
        if let Advice::Rest(_) = health.advise(source.address, began) {
            return false;
        }
        let late = || Err(FetchFailed::Stalled(PATIENCE.as_secs()));
        let said = timeout(PATIENCE, self.offers.offers(source, key, purged)).await;
        match said.unwrap_or_else(|_| late()) {
            Ok(would) => {
                health.answered(source.address);
                would
            }
            Err(failed) => {
                health.failed(source.address, began, Instant::now());
                transfers.ledger.failed(&source.kind);
                let (failure, source) = (&failed.into(), &source.kind);
                let event = FillEvent::SourceFailed { object: key, source, failure };
                transfers.watch.event(event);
                false
            }
        }
    }
}

/// A question under way. Whoever waits is woken when it goes, however that comes.
struct Question {
    neighbours: Arc<Neighbours>,
    key: ObjectKey,
}

impl Question {
    /// Asks, and again where there was a purge meanwhile: what boxes say is of before it.
    async fn answer(&self) {
        for _ in 0..MOST_PURGES {
            let purged = self.neighbours.purging_up_to();
            let known = self.ask_all(purged).await;
            let now = (self.neighbours.filler.transfers().clock)();
            let said = Said { known, purged, until: now.plus_s(FRESH_S) };
            self.neighbours.remembered().note(&self.key, said, now);
            if self.neighbours.purging_up_to() == purged {
                break;
            }
        }
    }

    /// The first of them, in their order, that would serve it.
    async fn ask_all(&self, purged: PurgedUpTo) -> Known {
        let routes = self.neighbours.filler.routes();
        let mut asked: FuturesOrdered<_> = ranked(routes.neighbours(), &self.key)
            .map(|(source, authority)| async move {
                self.neighbours.would_serve(source, &self.key, purged).await.then_some(authority)
            })
            .collect();
        while let Some(said) = asked.next().await {
            if let Some(authority) = said {
                return Known::At(authority.into());
            }
        }
        Known::Nobody
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let ticket = self.neighbours.questions().remove(&self.key);
        drop(ticket);
    }
}

/// The boxes that serve a group to viewers, first of all the one whose turn it is.
fn ranked<'a>(
    neighbours: &'a [Neighbour],
    key: &ObjectKey,
) -> impl Iterator<Item = (&'a Source, &'a str)> {
    let folder = folder_number(&key.group, &key.path);
    let mut ranked: Vec<_> = neighbours
        .iter()
        .filter_map(|neighbour| {
            let SourceKind::Peer(name) = &neighbour.source.kind else { return None };
            let authority = neighbour.viewers.get(&key.group).filter(|it| is_authority(it))?;
            Some((Reverse(standing(name, folder)), (&neighbour.source, authority.as_str())))
        })
        .collect();
    ranked.sort_unstable_by_key(|(place, _)| *place);
    ranked.into_iter().take(MOST_ASKED).map(|(_, neighbour)| neighbour)
}

/// Objects of one folder have one order of boxes: a multiple of what shares an order anyway.
fn folder_number(group: &GroupName, path: &str) -> u32 {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let hash = Digest::of(format!("{group}{folder}").as_bytes());
    let [a, b, c, d, ..] = hash.0;
    u32::from_be_bytes([a, b, c, d]) / SLAB * SLAB
}

/// It goes into a header as it is.
fn is_authority(text: &str) -> bool {
    let is_one = |octet: u8| octet.is_ascii_alphanumeric() || b".-:[]".contains(&octet);
    (1..=MAX_AUTHORITY_LEN).contains(&text.len()) && text.bytes().all(is_one)
}

impl Offers for Fetcher {
    fn offers<'a>(
        &'a self,
        source: &'a Source,
        key: &'a ObjectKey,
        purged: PurgedUpTo,
    ) -> Promise<'a, Result<bool, FetchFailed>> {
        Box::pin(async move {
            let host = source.tls_name.as_deref().unwrap_or_default();
            let request = Request::head(served_path(key))
                .header(HOST, host)
                .header(PURGED_UP_TO, purged.to_string())
                .body(Empty::new())
                .map_err(|err| FetchFailed::Unusable(err.to_string()))?;
            match self.send(source, request).await?.status() {
                StatusCode::OK => Ok(true),
                StatusCode::NOT_FOUND => Ok(false),
                status => Err(FetchFailed::Status(status.as_u16())),
            }
        })
    }
}

#[cfg(test)]
mod tests;
