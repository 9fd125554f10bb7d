//! What goes to a client: batches of records, sealed into the scratch area and handed to
//! the kernel, which takes what it can.

use super::answer::{Piece, Sending};
use super::areas::Areas;
use super::batch::{Batch, Cut, Made, Source};
use super::connection::{Connection, Open, Stage, Stand};
use super::core::Core;
use super::flights::{Flights, Route};
use super::replies::Said;
use super::ring::{Landed, Ring};
use super::token::Place;
use crate::counters::ZeroCopyCounters;
use crate::http::h1_head::Connection as AfterHead;
use contract::config::ZeroCopy;
use records::frame::{ContentType, MAX_PLAIN_LEN};
use records::seal::SealFailed;
use std::io;

/// The most records that go to the kernel at once: what is read, and what it is sealed
/// into, both stay in the second-level cache.
pub(super) const MOST_RECORDS: usize = 16;

/// A socket that takes less at once is asked again with this many.
pub(super) const LEAST_RECORDS: usize = 4;

/// Room for one record of any cipher.
pub(super) const RECORD_ROOM: usize = MAX_PLAIN_LEN + 64;

/// The scratch area: two full batches.
pub(super) const SCRATCH_LEN: usize = 2 * MOST_RECORDS * RECORD_ROOM;

/// The scratch area, and what stands in it.
pub(super) struct Output {
    pub(super) areas: Areas,
    pub(super) flights: Flights,
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
    /// The socket says that it has room and takes nothing: with the next tick.
    Later,
    /// All was sent: the next request, if there is one, or the end.
    Turn,
    /// The end, at once.
    Cut,
}

impl Output {
    pub(super) fn new(zero_copy: ZeroCopy) -> Self {
        Self {
            areas: Areas::new(SCRATCH_LEN, zero_copy != ZeroCopy::Off),
            flights: Flights::new(zero_copy),
            batches: Vec::new(),
            cuts: Vec::new(),
            joint: Vec::with_capacity(MAX_PLAIN_LEN),
            under_way: 0,
        }
    }

    /// Once every batch was answered, all room is free.
    pub(super) fn settle(&mut self) {
        if self.under_way == 0 && !self.batches.is_empty() {
            if !self.areas.is_empty() {
                self.areas.turn();
            }
            self.batches.clear();
            self.cuts.clear();
        }
    }

    /// Whether the least batch can still be sealed.
    pub(super) fn has_room(&mut self) -> bool {
        self.areas.room().len() >= LEAST_RECORDS * RECORD_ROOM
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
        match connection.say_replies(core) {
            Ok(Said::All) => {}
            // Rare, and not urgent: a tick is soon enough.
            Ok(Said::NoRoom) => {
                connection.awaits_room = true;
                return Next::Later;
            }
            Err(SealFailed) => return Next::Cut,
        }
        let (batch, outcome) = match &mut connection.stage {
            Stage::Open(open) if open.session.is_kernels() => {
                let most = connection.pacer.records().unwrap_or(connection.batch_records);
                self.take_plain(core, place, open, most)
            }
            _ => self.take_records(core, place, connection),
        };
        if batch.is_empty() {
            return outcome;
        }
        let (socket, route) = (connection.socket(), &mut connection.route);
        match self.flights.begin(route, place, &batch, &mut self.areas) {
            Some(flight) => {
                ring.send_zero_copy(flight, place, socket, batch.bytes(&self.areas));
            }
            None => ring.send(place, socket, batch.bytes(&self.areas)),
        }
        connection.batch = Some(self.batches.len());
        self.under_way += 1;
        self.batches.push(batch);
        Next::Wait
    }

    /// What we seal: all that was sealed before, then records of the answer.
    fn take_records(
        &mut self,
        core: &Core,
        place: Place,
        connection: &mut Connection,
    ) -> (Batch, Next) {
        let unsent = connection.unsent.len();
        if self.areas.room().len() < unsent + RECORD_ROOM {
            return (Batch::empty(), Next::Again);
        }
        let first_cut = self.cuts.len();
        self.areas.room()[..unsent].copy_from_slice(&connection.unsent);
        let mut range = self.areas.take(unsent);
        let most = connection.pacer.records().unwrap_or(connection.batch_records);
        let outcome = match &mut connection.stage {
            // What is still ours to send must go before the kernel seals.
            Stage::Open(open) if open.session.awaits_kernel() && unsent > 0 => Next::Wait,
            Stage::Open(open) => self.seal_answer(core, place, open, most),
            _ => Next::Turn,
        };
        range.end = self.areas.take(0).end;
        let made = Made::Records { unsent, cuts: first_cut..self.cuts.len() };
        (Batch { from: Source::Scratch(range), made }, outcome)
    }

    /// Seals records of an answer; says what follows when there is nothing to send.
    fn seal_answer(&mut self, core: &Core, place: Place, open: &mut Open, most: usize) -> Next {
        let Stand::Answering(sending) = &mut open.stand else { return Next::Turn };
        let Some(sealer) = open.session.sealer() else { return Next::Cut };
        let first = self.cuts.len();
        for _ in 0..most {
            if self.areas.room().len() < RECORD_ROOM {
                return Next::Wait;
            }
            let plain = match sending.look(core, place) {
                Ok((head, from, len)) => sending.bytes(head, from, len, &mut self.joint),
                // It is met again, and cut, once the records before it have gone.
                Err(_) if self.cuts.len() > first => return Next::Wait,
                Err(next) => return next,
            };
            let kind = ContentType::ApplicationData;
            let Ok(sealed) = sealer.seal(kind, plain, self.areas.room()) else {
                return Next::Cut;
            };
            self.cuts.push(Cut { sealed, plain: plain.len() });
            let plain = plain.len() as u64;
            self.areas.take(sealed);
            sending.at += plain;
        }
        Next::Wait
    }

    /// What the kernel seals: of the block at hand as much as may go at once, from where it
    /// stands; a head, with what follows it, from the scratch area.
    fn take_plain(
        &mut self,
        core: &Core,
        place: Place,
        open: &mut Open,
        most: usize,
    ) -> (Batch, Next) {
        let nothing = |next| (Batch::empty(), next);
        let Stand::Answering(sending) = &mut open.stand else { return nothing(Next::Turn) };
        if open.session.kernel_may_go_on().is_err() {
            return nothing(Next::Cut);
        }
        if self.areas.room().len() < MAX_PLAIN_LEN {
            return nothing(Next::Again);
        }
        let (head, from, len) = match sending.look(core, place) {
            Ok(piece) => piece,
            Err(next) => return nothing(next),
        };
        let source = match &sending.block {
            Some((_, block)) if head == 0 => {
                let len = sending.left_in_block(from).min(most * MAX_PLAIN_LEN);
                Source::Block(block.clone(), from..from + len)
            }
            _ => {
                let plain = sending.bytes(head, from, len, &mut self.joint);
                self.areas.room()[..plain.len()].copy_from_slice(plain);
                Source::Scratch(self.areas.take(plain.len()))
            }
        };
        let batch = Batch { from: source, made: Made::Plain };
        sending.at += batch.len() as u64;
        open.session.kernel_took(batch.len());
        (batch, Next::Wait)
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
        let is_all = count == batch.len();
        match &batch.made {
            Made::Records { unsent, cuts } => {
                let cuts = self.cuts.get(cuts.clone()).unwrap_or_default();
                connection.account_for(core, *unsent, cuts, batch.bytes(&self.areas), count);
            }
            Made::Plain => connection.account_for_plain(count, is_all),
        }
        connection.was_refused &= count == 0;
        if count > 0 && connection.is_answering() {
            connection.wind(core);
        }
        if is_all && !connection.waits_for_its_turn() {
            connection.batch_records = (connection.batch_records * 2).min(MOST_RECORDS);
            return Next::Again;
        }
        connection.awaits_room = true;
        // Where TCP has no memory left, a socket can be told to have room again and again.
        if count == 0 && std::mem::replace(&mut connection.was_refused, true) {
            return Next::Later;
        }
        ring.writable(place, connection.socket());
        Next::Wait
    }

    /// The network is done with a send from where it stood; gives what was learnt of the route.
    pub(super) fn landed(
        &mut self,
        flight: Place,
        landed: Option<Landed>,
        counters: &ZeroCopyCounters,
    ) -> Route {
        self.flights.end(flight, landed, &mut self.areas, counters)
    }

    /// A batch whose connection is no more.
    pub(super) fn orphan(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }
}

impl Connection {
    /// Takes down that the first `count` bytes of a batch are the kernel's. Of the record
    /// that was torn the rest stays in `unsent`; those behind it are given back, unseen.
    fn account_for(
        &mut self,
        core: &Core,
        unsent: usize,
        cuts: &[Cut],
        bytes: &[u8],
        count: usize,
    ) {
        if count < unsent {
            self.unsent.drain(..count);
        } else {
            // An idle connection keeps nothing.
            core.spare.take_back_rest(std::mem::take(&mut self.unsent));
        }
        let mut at = unsent;
        let mut whole = 0;
        let mut taken = 0;
        for cut in cuts {
            if at >= count {
                break;
            }
            taken += cut.plain as u64;
            whole += 1;
            at += cut.sealed;
        }
        if at > count && count >= unsent {
            self.unsent = core.spare.rest(bytes.get(count..at).unwrap_or_default());
        }
        let Stage::Open(open) = &mut self.stage else { return };
        let unseen = cuts.get(whole..).unwrap_or_default();
        if let Some(sealer) = open.session.sealer()
            && !unseen.is_empty()
        {
            sealer.unseal(unseen.len() as u64);
            // As much again as went, at most, next time.
            self.batch_records = whole.clamp(LEAST_RECORDS, MOST_RECORDS);
        }
        if let Stand::Answering(sending) = &mut open.stand {
            sending.taken += taken;
            sending.at -= unseen.iter().map(|cut| cut.plain as u64).sum::<u64>();
        }
    }

    /// Takes down that the kernel has so much more of the answer, which it seals itself.
    fn account_for_plain(&mut self, count: usize, is_all: bool) {
        if !is_all {
            let records = count / MAX_PLAIN_LEN;
            self.batch_records = records.clamp(LEAST_RECORDS, MOST_RECORDS);
        }
        let Stage::Open(open) = &mut self.stage else { return };
        if let Stand::Answering(sending) = &mut open.stand {
            sending.taken += count as u64;
            sending.at = sending.taken;
        }
    }
}

impl Open {
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
    /// The next piece to be sent, as [`Piece::Bytes`] has it, or what follows where there is
    /// none.
    fn look(&mut self, core: &Core, place: Place) -> Result<(usize, usize, usize), Next> {
        // One that could not be had a moment ago may be there now.
        self.broken = None;
        let read = |object: &_, block| core.read(object, block);
        match self.next(read, || core.inbox.waker(place)) {
            Piece::Bytes { head, from, len } => Ok((head, from, len)),
            Piece::Wait => Err(Next::Wait),
            Piece::End => Err(Next::Turn),
            Piece::Broken(failed) => {
                self.broken = Some(failed);
                Err(Next::Cut)
            }
        }
    }

    /// How much of the block at hand is still to be sent, from `from` on.
    fn left_in_block(&self, from: usize) -> usize {
        let block = self.block.as_ref().map_or(0, |(_, block)| block.bytes().len());
        let answer = usize::try_from(self.total().saturating_sub(self.at)).unwrap_or(usize::MAX);
        block.saturating_sub(from).min(answer)
    }

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
        if let Some(failed) = &self.broken {
            tracing::warn!(%failed, "an answer is cut off before a wrong byte");
            shared.counters.answers_cut.one();
        }
        self.account.complete = self.is_taken();
        self.account.bytes_sent = self.body_taken();
        self.account.count(shared, self.group);
        let group = self.group.and_then(|at| shared.policy.groups().get(at));
        if let Some((group, asked)) = group.zip(self.noted.asked()) {
            core.spare.with_line(|line| self.account.log(shared, group, &asked, line));
        }
        core.spare.take_back(self);
    }
}
