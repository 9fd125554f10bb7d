//! What goes to a client: batches of records, sealed into the scratch area and handed to
//! the kernel, which takes what it can.

use super::answer::{Piece, Sending};
use super::connection::{Connection, Open, Stage, Stand};
use super::core::Core;
use super::ring::Ring;
use super::scratch::Scratch;
use super::tls::frame::{ContentType, MAX_PLAIN_LEN};
use super::token::Place;
use crate::account::Asked;
use crate::http::h1_head::Connection as AfterHead;
use crate::http::policy::Policy;
use std::io;
use std::ops::Range;

/// The most records that go to the kernel at once: what is read, and what it is sealed
/// into, both stay in the second-level cache.
pub(super) const MOST_RECORDS: usize = 16;

/// A socket that takes less at once is asked again with this many.
pub(super) const LEAST_RECORDS: usize = 4;

/// Room for one record of any cipher.
pub(super) const RECORD_ROOM: usize = MAX_PLAIN_LEN + 64;

/// The scratch area: two full batches.
pub(super) const SCRATCH_LEN: usize = 2 * MOST_RECORDS * RECORD_ROOM;

/// A record in a batch.
#[derive(Debug, Clone, Copy)]
struct Cut {
    sealed: usize,
    plain: usize,
}

/// What the kernel was given at once, for one connection.
pub(super) struct Batch {
    bytes: Range<usize>,
    /// The front of it: bytes of `unsent`.
    unsent: usize,
    /// Its records, in `Output::cuts`.
    cuts: Range<usize>,
}

/// The scratch area, and what stands in it.
pub(super) struct Output {
    pub(super) scratch: Scratch,
    batches: Vec<Batch>,
    cuts: Vec<Cut>,
    /// One record: where a head and the beginning of its body meet.
    joint: Vec<u8>,
    /// Batches that the kernel has not answered.
    under_way: usize,
}

/// What follows when a connection was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing, until the kernel says something.
    Wait,
    /// The area is full: again, once it is empty.
    Again,
    /// All was sent: the next request, if there is one, or the end.
    Turn,
    /// The end, at once.
    Cut,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            scratch: Scratch::new(SCRATCH_LEN),
            batches: Vec::new(),
            cuts: Vec::new(),
            joint: Vec::with_capacity(MAX_PLAIN_LEN),
            under_way: 0,
        }
    }

    /// Once every batch was answered, all room is free.
    pub(super) fn settle(&mut self) {
        if self.under_way == 0 && !self.scratch.is_empty() {
            self.scratch.clear();
            self.batches.clear();
            self.cuts.clear();
        }
    }

    /// Whether the least batch can still be sealed.
    pub(super) fn has_room(&mut self) -> bool {
        self.scratch.room().len() >= LEAST_RECORDS * RECORD_ROOM
    }

    /// Seals what a connection has to send and asks the kernel to take it.
    pub(super) fn pump(
        &mut self,
        ring: &mut Ring,
        core: &Core,
        place: Place,
        connection: &mut Connection,
    ) -> Next {
        if connection.batch.is_some() || connection.awaits_room {
            return Next::Wait;
        }
        if let Stage::Open(open) = &mut connection.stage
            && open.seal_replies(&mut connection.unsent).is_err()
        {
            return Next::Cut;
        }
        let unsent = connection.unsent.len();
        if self.scratch.room().len() < unsent + RECORD_ROOM {
            return Next::Again;
        }
        let first_cut = self.cuts.len();
        self.scratch.room()[..unsent].copy_from_slice(&connection.unsent);
        let mut range = self.scratch.take(unsent);
        let most = connection.pacer.records().unwrap_or(connection.batch_records);
        let outcome = match &mut connection.stage {
            Stage::Open(open) => self.seal_answer(core, place, open, most),
            _ => Sealed::End,
        };
        range.end = self.scratch.take(0).end;
        if range.is_empty() {
            return match outcome {
                Sealed::End => Next::Turn,
                Sealed::Full | Sealed::Wait => Next::Wait,
                Sealed::Broken => Next::Cut,
            };
        }
        ring.send(place, connection.socket(), self.scratch.bytes(range.clone()));
        connection.batch = Some(self.batches.len());
        self.under_way += 1;
        self.batches.push(Batch { bytes: range, unsent, cuts: first_cut..self.cuts.len() });
        Next::Wait
    }

    fn seal_answer(&mut self, core: &Core, place: Place, open: &mut Open, most: usize) -> Sealed {
        let Stand::Answering(sending) = &mut open.stand else { return Sealed::End };
        for _ in 0..most {
            if self.scratch.room().len() < RECORD_ROOM {
                return Sealed::Full;
            }
            let inbox = &core.inbox;
            let read = |object: &_, block| core.read(object, block);
            let piece = sending.next(read, || inbox.waker(place));
            let plain = match &piece {
                Piece::Wait => return Sealed::Wait,
                Piece::End => return Sealed::End,
                Piece::Broken(failed) => {
                    tracing::warn!(%failed, "an answer is cut off before a wrong byte");
                    core.shared.counters.answers_cut.one();
                    return Sealed::Broken;
                }
                Piece::Bytes { head, from, len } => {
                    sending.bytes(*head, *from, *len, &mut self.joint)
                }
            };
            let kind = ContentType::ApplicationData;
            let Ok(sealed) = open.session.sealer().seal(kind, plain, self.scratch.room()) else {
                return Sealed::Broken;
            };
            self.cuts.push(Cut { sealed, plain: plain.len() });
            let plain = plain.len() as u64;
            self.scratch.take(sealed);
            sending.at += plain;
        }
        Sealed::Full
    }

    /// The kernel has taken so many bytes of a connection's batch.
    pub(super) fn taken(
        &mut self,
        ring: &mut Ring,
        core: &Core,
        place: Place,
        connection: &mut Connection,
        count: io::Result<usize>,
    ) -> Next {
        let Some(batch) = connection.batch.take().and_then(|at| self.batches.get(at)) else {
            return Next::Wait;
        };
        self.under_way -= 1;
        let count = match count {
            Ok(count) => count,
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => return Next::Cut,
        };
        let bytes = self.scratch.bytes(batch.bytes.clone());
        let cuts = self.cuts.get(batch.cuts.clone()).unwrap_or_default();
        let is_all = count == bytes.len();
        connection.account_for(batch.unsent, cuts, bytes, count);
        if count > 0 && connection.is_answering() {
            connection.wind(core);
        }
        if is_all && !connection.waits_for_its_turn() {
            connection.batch_records = (connection.batch_records * 2).min(MOST_RECORDS);
            return Next::Again;
        }
        connection.awaits_room = true;
        ring.writable(place, connection.socket());
        Next::Wait
    }

    /// A batch whose connection is no more.
    pub(super) fn orphan(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }
}

/// Why sealing stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sealed {
    /// The batch or the area is full.
    Full,
    /// A block must come first.
    Wait,
    /// There is nothing more.
    End,
    /// The answer cannot go on.
    Broken,
}

impl Connection {
    /// Takes down that the first `count` bytes of a batch are the kernel's. Of the record
    /// that was torn the rest stays in `unsent`; those behind it are given back, unseen.
    fn account_for(&mut self, unsent: usize, cuts: &[Cut], bytes: &[u8], count: usize) {
        if count < unsent {
            self.unsent.drain(..count);
        } else {
            // An idle connection keeps nothing.
            self.unsent = Vec::new();
        }
        let Stage::Open(open) = &mut self.stage else { return };
        let Stand::Answering(sending) = &mut open.stand else { return };
        let mut at = unsent;
        let mut whole = 0;
        for cut in cuts {
            if at >= count {
                break;
            }
            sending.taken += cut.plain as u64;
            whole += 1;
            at += cut.sealed;
        }
        if at > count && count >= unsent {
            self.unsent.extend_from_slice(bytes.get(count..at).unwrap_or_default());
        }
        let unseen = cuts.get(whole..).unwrap_or_default();
        if !unseen.is_empty() {
            open.session.sealer().unseal(unseen.len() as u64);
            sending.at -= unseen.iter().map(|cut| cut.plain as u64).sum::<u64>();
            // As much again as went, at most, next time.
            self.batch_records = whole.clamp(LEAST_RECORDS, MOST_RECORDS);
        }
    }
}

impl Open {
    /// Seals what is to be said beside content, and a new key where the old has done its
    /// work; only while no batch is under way.
    fn seal_replies(&mut self, unsent: &mut Vec<u8>) -> Result<(), ()> {
        for reply in self.replies.drain(..) {
            self.session.reply(reply, unsent).map_err(drop)?;
        }
        self.session.refresh(unsent).map_err(drop)
    }

    /// The answer has gone, all of it or not: counts and logs it. `true` when the
    /// connection goes on.
    pub(super) fn close_books(&mut self, core: &Core) -> bool {
        if !matches!(self.stand, Stand::Answering(_)) {
            return !matches!(self.stand, Stand::Done);
        }
        let Stand::Answering(sending) = std::mem::replace(&mut self.stand, Stand::Idle) else {
            return false;
        };
        let goes_on = sending.is_taken() && sending.after != AfterHead::Close;
        sending.close_books(core);
        goes_on
    }
}

impl Sending {
    /// Where the next record's content stands: in the block, in the head, or, where both
    /// meet, in `joint`.
    fn bytes<'a>(
        &'a self,
        head: usize,
        from: usize,
        len: usize,
        joint: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        let block = self.block.as_ref().map_or(&[][..], |(_, block)| block.bytes());
        let block = block.get(from..from + len).unwrap_or_default();
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        match (head, len) {
            (0, _) => block,
            (_, 0) => self.head.get(at..at + head).unwrap_or_default(),
            _ => {
                joint.clear();
                joint.extend_from_slice(self.head.get(at..at + head).unwrap_or_default());
                joint.extend_from_slice(block);
                joint
            }
        }
    }

    fn close_books(mut self: Box<Self>, core: &Core) {
        let shared = &core.shared;
        self.account.complete = self.is_taken();
        self.account.bytes_sent = self.body_taken();
        self.account.count(shared, self.group);
        let Some(noted) = &self.noted else { return };
        let asked = Asked {
            method: &noted.method,
            path: &noted.path,
            user_agent: noted.user_agent.as_deref(),
            cmcd: noted.cmcd,
        };
        let group = self.group.and_then(|at| group_of(&shared.policy, at));
        if let Some(group) = group {
            self.account.log(shared, group, &asked);
        }
    }
}

fn group_of(policy: &Policy, at: usize) -> Option<&crate::http::policy::GroupPolicy> {
    policy.groups().get(at)
}
