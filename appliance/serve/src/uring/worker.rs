//! One thread: a ring, its connections, and the loop between them. It never waits for
//! anything but the ring.

use super::How;
use super::clock::Late;
use super::connection::{Connection, Stage, Stand};
use super::core::{Core, Entrance};
use super::flights::Route;
use super::inbox::{Inbox, Letter};
use super::input::Then;
use super::output::{Next, Output};
use super::reads::Reads;
use super::requests::Asker;
use super::ring::{Completion, Provided, Ring, RingError};
use super::slots::Slots;
use super::token::{Asked, Place, decode};
use super::wheel::{NOTCH_MS, Wheel};
use super::{accept, ring};
use crate::room::Room;
use crate::shared::Shared;
use io_uring::types::Timespec;
use nix::libc;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often deadlines are looked at.
static TICK: Timespec = Timespec::new().nsec(NOTCH_MS * 1_000_000);

/// How long the end may take: the kernel takes questions back at once.
const END: Duration = Duration::from_secs(2);

/// The thread. The ring is dropped first: the kernel must let go of what stands below it.
pub(super) struct Worker {
    pub(super) ring: Ring,
    provided: Provided,
    output: Output,
    reads: Reads,
    pub(super) core: Core,
    pub(super) connections: Slots<Connection>,
    wheel: Wheel,
    /// Those with something to send or to answer.
    ready: VecDeque<Place>,
    /// Those who wait for a buffer to be listened to again.
    deaf: Vec<Place>,
    letters: Vec<Letter>,
    /// Those whose sockets the next tick tries again.
    refused: Vec<Place>,
    /// Entrances that the next tick listens on again.
    shut: Vec<Place>,
    has_ended: bool,
}

impl Worker {
    /// Sets the thread's ring up; to be called on the thread that will use it.
    pub(super) fn new(
        shared: Shared,
        inbox: Arc<Inbox>,
        room: Arc<Room>,
        entrances: Vec<Entrance>,
        how: How,
    ) -> Result<Self, RingError> {
        let mut ring = ring::new()?;
        if let Err(err) = ring.register_regions(&shared.cache) {
            tracing::warn!(%err, "the RAM tier cannot be registered with the ring");
        }
        let provided = Provided::register(&ring)?;
        Ok(Self {
            ring,
            provided,
            output: Output::new(how.zero_copy),
            reads: Reads::new(),
            core: Core::new(shared, inbox, room, entrances, how),
            connections: Slots::new(),
            wheel: Wheel::new(0),
            ready: VecDeque::new(),
            deaf: Vec::new(),
            letters: Vec::new(),
            refused: Vec::new(),
            shut: Vec::new(),
            has_ended: false,
        })
    }

    /// Serves until told to end.
    pub(super) fn run(mut self) -> io::Result<()> {
        accept::begin(&mut self);
        self.ring.readable(Asked::Inbox, self.core.inbox.descriptor());
        self.ring.tick(&TICK);
        let mut completions = Vec::new();
        while !self.has_ended {
            self.pump();
            while let Some(order) = self.core.next_order() {
                self.reads.submit(&mut self.ring, order);
            }
            let may_wait = self.ready.is_empty() || !self.output.has_room();
            let want = usize::from(may_wait);
            self.ring.enter(want)?;
            self.core.shared.counters.ring_enters.one();
            self.core.look_at_the_clock();
            self.ring.completions(&mut completions);
            completions.iter().for_each(|completion| self.complete(completion));
            self.output.settle();
            self.has_ended |= self.has_drained();
        }
        self.end(&mut completions)
    }

    /// Whoever was accepted before the last question was taken back is somebody's client.
    fn has_drained(&self) -> bool {
        self.core.is_draining && self.core.listens == 0 && self.connections.len() == 0
    }

    /// Takes every question back and waits until the kernel has let go.
    fn end(mut self, completions: &mut Vec<Completion>) -> io::Result<()> {
        for place in self.connections.places() {
            self.close(place);
        }
        self.ring.cancel_all();
        let begun = Instant::now();
        while self.ring.pending() > 0 && begun.elapsed() < END {
            self.ring.enter(1)?;
            self.ring.completions(completions);
        }
        if self.ring.pending() > 0 {
            // Better memory that nobody has than memory that two have.
            std::mem::forget(self);
        }
        Ok(())
    }

    fn complete(&mut self, completion: &Completion) {
        let Some((asked, place)) = decode(completion.word) else { return };
        match asked {
            Asked::Accept => accept::accepted(self, place, completion),
            Asked::Receive => self.received(place, completion),
            Asked::Send => self.sent(place, completion),
            Asked::SendZeroCopy => self.sent_zero_copy(place, completion),
            Asked::Writable => self.has_room(place),
            Asked::Tick => self.tick(),
            Asked::Inbox => self.read_letters(completion),
            Asked::Open | Asked::Read | Asked::CloseFile => {
                self.reads.answered(&mut self.ring, asked, place, completion.result);
            }
            Asked::Cancel | Asked::Table => {}
        }
    }

    fn received(&mut self, place: Place, completion: &Completion) {
        let Some(connection) = self.connections.get_mut(place) else {
            completion.buffer.into_iter().for_each(|buffer| self.provided.give_back(buffer));
            return;
        };
        connection.is_receiving = completion.goes_on;
        let then = match (completion.result, completion.buffer) {
            (0, _) => {
                connection.has_ended = true;
                Then::GoOn
            }
            (1.., Some(buffer)) => {
                let count = completion.count().unwrap_or(0);
                let then = connection.take_in(&self.core, self.provided.filled(buffer, count));
                self.provided.give_back(buffer);
                then
            }
            (result, _) if result == -libc::ENOBUFS || result == -libc::ECANCELED => Then::GoOn,
            _ => Then::Cut,
        };
        match then {
            Then::GoOn => self.go_on(place),
            Then::Cut => self.close(place),
        }
    }

    fn sent(&mut self, place: Place, completion: &Completion) {
        let Some(connection) = self.connections.get_mut(place) else {
            return self.output.orphan();
        };
        let count = completion.count();
        match self.output.taken(&mut self.ring, &self.core, place, connection, count) {
            Next::Cut => self.close(place),
            Next::Wait => {}
            Next::Later => self.refused.push(place),
            Next::Again | Next::Turn => self.enqueue(place),
        }
    }

    /// First what the socket took, then, once the network is done with it, that it is.
    fn sent_zero_copy(&mut self, flight: Place, completion: &Completion) {
        let Some(place) = self.output.flights.of(flight) else { return };
        let is_refused = completion.refuses_zero_copy();
        if completion.landed.is_none() {
            let result = if is_refused { -libc::EAGAIN } else { completion.result };
            self.sent(place, &Completion { result, ..*completion });
        }
        if completion.goes_on {
            return;
        }
        let counters = &self.core.shared.counters.zero_copy;
        let route = self.output.landed(flight, completion.landed, counters);
        if let Some(connection) = self.connections.get_mut(place) {
            connection.route = if is_refused { Route::Refuses } else { route };
        }
    }

    fn has_room(&mut self, place: Place) {
        if let Some(connection) = self.connections.get_mut(place) {
            connection.awaits_room = false;
            self.enqueue(place);
        }
    }

    /// Puts a connection among those who are looked at before the kernel is entered.
    pub(super) fn enqueue(&mut self, place: Place) {
        if let Some(connection) = self.connections.get_mut(place)
            && !std::mem::replace(&mut connection.is_queued, true)
        {
            self.ready.push_back(place);
        }
    }

    /// Looks at everybody who is ready, once, as long as there is room to seal.
    fn pump(&mut self) {
        for _ in 0..self.ready.len() {
            // Thousands may be ready where a dozen find room: the others keep their turn.
            if !self.output.has_room() {
                break;
            }
            let Some(place) = self.ready.pop_front() else { break };
            if let Some(connection) = self.connections.get_mut(place) {
                connection.is_queued = false;
            }
            self.go_on(place);
        }
        self.listen_again();
    }

    /// Answers and sends as far as it goes now.
    pub(super) fn go_on(&mut self, place: Place) {
        loop {
            self.listen(place);
            let Some(connection) = self.connections.get_mut(place) else { return };
            match self.output.pump(&mut self.ring, &self.core, place, connection) {
                Next::Wait => break,
                Next::Later => {
                    self.refused.push(place);
                    break;
                }
                Next::Again => return self.enqueue(place),
                Next::Cut => return self.close(place),
                Next::Turn => {
                    if !self.turn(place) {
                        break;
                    }
                }
            }
        }
        self.hear(place);
    }

    /// A request that has come is answered.
    fn listen(&mut self, place: Place) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        let (entrance, client) = (connection.entrance, connection.client);
        let Some(asker) = Asker::new(&self.core, place, entrance, client) else { return };
        if let Stage::Open(open) = &mut connection.stage
            && open.listen(&self.core, asker)
        {
            connection.wind(&self.core);
            connection.set_pace(&self.core);
        }
    }

    /// All that was to be sent has gone. `true` when there is more to do at once.
    fn turn(&mut self, place: Place) -> bool {
        let Some(connection) = self.connections.get_mut(place) else { return false };
        let has_ended = connection.has_ended;
        match &mut connection.stage {
            // The client went away in the middle of its handshake.
            Stage::Shaking(_) if has_ended => self.close(place),
            Stage::Shaking(_) => {}
            Stage::Leaving { has_shut, .. } => {
                if !std::mem::replace(has_shut, true) {
                    connection.shut_sending();
                    connection.wind(&self.core);
                }
                if has_ended {
                    self.close(place);
                }
            }
            Stage::Open(open) => {
                let was_answering = matches!(open.stand, Stand::Answering(_));
                let goes_on = open.close_books(&self.core);
                let is_over = has_ended || open.has_closed;
                let is_idle = matches!(open.stand, Stand::Idle | Stand::Asking);
                let is_unwanted = self.core.is_draining && open.plain.is_empty() && open.has_asked;
                if !goes_on || is_idle && (is_over || is_unwanted) {
                    return self.say_goodbye(place);
                }
                if was_answering {
                    connection.wind(&self.core);
                }
                return was_answering;
            }
        }
        false
    }

    /// Ends a connection in good order. `true`: there is something to send for it.
    fn say_goodbye(&mut self, place: Place) -> bool {
        let Some(connection) = self.connections.get_mut(place) else { return false };
        match &mut connection.stage {
            // Said, and sent: `turn` is asked only then.
            Stage::Open(open) if matches!(open.stand, Stand::Done) => connection.leave(),
            Stage::Open(open) => open.end_well(&self.core),
            _ => return true,
        }
        connection.wind(&self.core);
        true
    }

    /// Listens to a client, or does not while it is too far ahead.
    fn hear(&mut self, place: Place) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        let is_ahead = match &connection.stage {
            Stage::Open(open) => open.is_ahead(&self.core),
            _ => false,
        };
        if is_ahead && connection.is_receiving {
            self.ring.cancel(Asked::Receive, place);
        } else if !is_ahead && !connection.is_receiving && !connection.has_ended {
            self.deaf.push(place);
        }
    }

    /// Buffers were given back: whoever had none is listened to again.
    fn listen_again(&mut self) {
        while let Some(place) = self.deaf.pop() {
            if let Some(connection) = self.connections.get_mut(place)
                && !connection.is_receiving
                && !connection.has_ended
            {
                connection.is_receiving = true;
                self.ring.receive(place, connection.socket());
            }
        }
    }

    /// Accepts again with the next tick.
    pub(super) fn listen_soon(&mut self, at: Place) {
        self.shut.push(at);
    }

    /// Takes a client in.
    pub(super) fn admit(&mut self, mut connection: Connection) {
        connection.wind(&self.core);
        let look_ms = connection.look_ms(&self.core);
        let socket = connection.socket();
        if let Some(place) = self.connections.insert(connection) {
            self.ring.put_socket(place, socket);
            self.wheel.put(place, look_ms);
            self.deaf.push(place);
        }
    }

    /// The end of a connection, whatever was under way.
    pub(super) fn close(&mut self, place: Place) {
        let Some(mut connection) = self.connections.remove(place) else { return };
        if let Stage::Open(open) = &mut connection.stage {
            open.close_books(&self.core);
        }
        // Answers every question about it; they find nobody.
        connection.shut();
        self.ring.take_socket(place);
    }

    fn tick(&mut self) {
        if !self.has_ended {
            self.ring.tick(&TICK);
        }
        for at in std::mem::take(&mut self.shut) {
            accept::again(self, at);
        }
        for place in std::mem::take(&mut self.refused) {
            self.has_room(place);
        }
        let due = self.wheel.turn(self.core.now_ms);
        for place in &due {
            let Some(connection) = self.connections.get_mut(*place) else { continue };
            if connection.deadline_ms > self.core.now_ms {
                self.wheel.put(*place, connection.look_ms(&self.core));
                continue;
            }
            match connection.late(&self.core.shared.counters) {
                Late::Cut => self.close(*place),
                Late::Goodbye => {
                    self.say_goodbye(*place);
                    self.stay_on_the_wheel(*place);
                }
                Late::Refuse => self.refuse_slow(*place),
            }
        }
        self.wheel.recycle(due);
    }

    fn refuse_slow(&mut self, place: Place) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        let (entrance, client) = (connection.entrance, connection.client);
        let Some(asker) = Asker::new(&self.core, place, entrance, client) else { return };
        if let Stage::Open(open) = &mut connection.stage {
            open.refuse_slow(&self.core, asker);
            connection.wind(&self.core);
        }
        self.stay_on_the_wheel(place);
    }

    fn stay_on_the_wheel(&mut self, place: Place) {
        if let Some(connection) = self.connections.get_mut(place) {
            self.wheel.put(place, connection.look_ms(&self.core));
        }
        self.enqueue(place);
    }

    fn read_letters(&mut self, completion: &Completion) {
        if !completion.goes_on && !self.has_ended {
            self.ring.readable(Asked::Inbox, self.core.inbox.descriptor());
        }
        let mut letters = std::mem::take(&mut self.letters);
        self.core.inbox.collect(&mut letters);
        for letter in &letters {
            match letter {
                Letter::Block(place) => self.enqueue(*place),
                Letter::Drain => self.drain(),
                Letter::End => self.has_ended = true,
            }
        }
        self.letters = letters;
    }

    /// Nothing new is accepted, idle connections are told goodbye, the others finish.
    fn drain(&mut self) {
        self.core.is_draining = true;
        accept::end(self);
        for place in self.connections.places() {
            if let Some(connection) = self.connections.get_mut(place) {
                connection.hasten(&self.core);
            }
            self.enqueue(place);
        }
    }
}
