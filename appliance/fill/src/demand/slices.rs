//! More of what is known: slices that somebody waits for, of the version that he reads.

use super::arriving::Arriving;
use super::ask::{Answered, is_home, is_late};
use super::draw::ended_early;
use super::reply::{Extent, Said, validator};
use super::resolve::Flow;
use super::{Demand, MOST_WAITING, READ_AHEAD};
use crate::buffers::Room;
use crate::failure::Failure;
use crate::offload;
use crate::origins::Condition;
use crate::upstream::FetchFailed;
use bytes::Bytes;
use cache::Object;
use cache::received::{Facts, Validator};
use contract::slices::{slice_count, slice_range};
use contract::sources::Source;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// A slice is asked for so often: what a cap has interrupted, or a connection that broke, is
/// worth another try while somebody waits.
const TRIES: usize = 2;

/// What came of asking for a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Stored,
    /// The origin has another version, or none.
    OtherVersion,
}

impl Demand {
    /// Has a slice brought, and those after it where somebody reads one after the other.
    pub(super) fn bring_slice(&self, object: &Arc<Object>, slice: u32) {
        let is_there =
            |slice| object.has_slice(slice) || self.coming().contains(&(object.number(), slice));
        let reads_on = slice.checked_sub(1).is_some_and(is_there);
        if !self.start(object, slice) {
            self.cache.not_coming(object, slice);
            return;
        }
        let last = slice_count(object.entry.size_bytes);
        let ahead = slice + 1..last.min(slice + 1 + READ_AHEAD);
        ahead.filter(|ahead| reads_on && !object.has_slice(*ahead)).for_each(|ahead| {
            self.start(object, ahead);
        });
    }

    /// `false`: too many are waited for already.
    fn start(&self, object: &Arc<Object>, slice: u32) -> bool {
        let Some(me) = self.me.upgrade() else { return false };
        if self.alone.load(Ordering::Relaxed) >= MOST_WAITING {
            return self.coming().contains(&(object.number(), slice));
        }
        if let Some(arriving) = Arriving::one(&me, object, slice) {
            self.runtime.spawn(async move { me.fetch(arriving, slice).await });
        }
        true
    }

    async fn fetch(&self, mut arriving: Arriving, slice: u32) {
        let Ok(_turn) = self.turns.acquire().await else { return };
        let object = Arc::clone(arriving.object());
        let Some(received) = object.received().filter(|_| !object.has_slice(slice)) else { return };
        let facts = received.facts();
        if facts.validator == Validator::Nothing {
            // It came in one answer, and what a disk has lost of it cannot be asked for.
            return self.cache.replaced(&object);
        }
        let homes = self.homes_of(&facts.key);
        let turns = (0..TRIES).flat_map(|_| self.turns_of(&homes, &facts.key.group));
        let mut was_late = false;
        for (source, deadline) in turns {
            if object.is_stopped() {
                return;
            }
            if was_late && is_home(source) {
                continue;
            }
            match self.fetch_from(source, &arriving, facts, slice, deadline).await {
                Ok(Outcome::Stored) => return arriving.came(),
                Ok(Outcome::OtherVersion) => return self.cache.replaced(&object),
                // Told of where it came up.
                Err(failure) => was_late |= is_late(&failure),
            }
        }
    }

    async fn fetch_from(
        &self,
        source: &Source,
        arriving: &Arriving,
        facts: &Facts,
        slice: u32,
        deadline: Instant,
    ) -> Result<Outcome, Failure> {
        let range = slice_range(facts.size_bytes, slice);
        let condition = Condition::Unchanged(&facts.validator);
        let asked = Some(range.clone());
        let answered = self.ask(source, &facts.key, asked, condition, deadline).await?;
        let Answered { said, reply, draw, .. } = answered;
        let is_same = validator(&reply.fields) == facts.validator;
        let first = match said {
            Said::Content(Extent::Part(part, total))
                if is_same && part == range && total == facts.size_bytes =>
            {
                slice
            }
            // It knows no ranges today: what comes before is passed over.
            Said::Content(Extent::Whole(Some(length))) if is_same && length == facts.size_bytes => {
                0
            }
            // Which version is the right one, an origin says.
            _ if is_home(source) => {
                draw.end();
                return Err(FetchFailed::Changed.into());
            }
            _ => {
                draw.end();
                return Ok(Outcome::OtherVersion);
            }
        };
        let buffers = self.transfers().buffers.clone();
        let mut flow = Flow { draw, body: reply.body, buffers, rest: Bytes::new() };
        let began = Instant::now();
        let taken = async {
            for before in first..slice {
                flow.slice(arriving.object(), before).await?;
            }
            let bytes = flow.slice(arriving.object(), slice).await?;
            self.put(source, arriving, slice, bytes).await
        };
        let taken = taken.await.map(|()| Outcome::Stored);
        if let Err(failure @ Failure::Fetch(_)) = &taken {
            self.failed(source, &facts.key, began, failure);
        }
        taken
    }

    /// A slice goes to whoever waits for it, and to the disk.
    pub(super) async fn put(
        &self,
        source: &Source,
        arriving: &Arriving,
        slice: u32,
        bytes: Room,
    ) -> Result<(), Failure> {
        self.transfers().ledger.received(&source.kind, bytes.as_ref().len() as u64);
        let (cache, object) = (Arc::clone(&self.cache), Arc::clone(arriving.object()));
        let put = move || cache.put_received(&object, slice, bytes.as_ref());
        let put = offload::begin(&self.transfers().offload, put).await;
        Ok(put.ok_or(Failure::Abandoned)??)
    }
}

impl Flow<'_> {
    /// The next slice.
    pub(super) async fn slice(&mut self, object: &Object, slice: u32) -> Result<Room, Failure> {
        let range = slice_range(object.entry.size_bytes, slice);
        let Ok(bytes) = usize::try_from(range.end - range.start) else {
            return Err(FetchFailed::Unusable("the slice is too long".to_owned()).into());
        };
        let room = Room::of(bytes, &self.buffers);
        let read = self.draw.read(&mut *self.body, &mut self.rest, bytes, room).await?;
        let len = read.as_ref().len();
        if len < bytes { Err(ended_early(len, bytes)) } else { Ok(read) }
    }
}
