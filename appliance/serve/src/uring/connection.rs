//! One client, from accept to close: what is known of it between two completions.

use super::answer::Sending;
use super::flights::Route;
use super::output::LEAST_RECORDS;
use super::pacer::Pacer;
use super::requests::Parked;
use crate::counters::OpenConnection;
use crate::http::client::ClientPrefix;
use crate::http::head::Scanner;
use records::message::Reply;
use records::session::Session;
use records::shake::Shaking;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Instant;

/// A client.
pub(super) struct Connection {
    socket: OwnedFd,
    /// Which listener it came through.
    pub(super) entrance: usize,
    pub(super) client: ClientPrefix,
    pub(super) stage: Stage,
    /// Sealed already, or of the handshake: goes before everything else, once.
    pub(super) unsent: Vec<u8>,
    /// The batch that the kernel has.
    pub(super) batch: Option<usize>,
    /// How many records the next batch may have: what the socket took last time.
    pub(super) batch_records: usize,
    pub(super) pacer: Pacer,
    pub(super) route: Route,
    /// The kernel will say when there is room.
    pub(super) awaits_room: bool,
    /// It took nothing the last time, though it had said that there was room.
    pub(super) was_refused: bool,
    /// The kernel will say what the client says.
    pub(super) is_receiving: bool,
    /// It stands in the queue of those who have something to send.
    pub(super) is_queued: bool,
    /// The client's side has ended.
    pub(super) has_ended: bool,
    /// When patience ends, and with what.
    pub(super) deadline_ms: u64,
    pub(super) _counted: OpenConnection,
    pub(super) _place: crate::room::Held,
}

/// What a connection is about.
pub(super) enum Stage {
    /// The handshake.
    Shaking(Option<Box<Shaking>>),
    /// Requests and answers.
    Open(Box<Open>),
    /// Once `unsent` has gone: the end. With `lingers`, what the client still sends is read
    /// and forgotten for a while (RFC 9112 §9.6).
    Leaving {
        /// Bytes that may still be swallowed.
        lingers: u64,
        /// Our side has ended.
        has_shut: bool,
    },
}

/// Requests and answers.
pub(super) struct Open {
    pub(super) session: Session,
    /// When the handshake was over.
    pub(super) since: Instant,
    /// The beginning of a record.
    pub(super) sealed: Vec<u8>,
    /// What was opened and not answered.
    pub(super) plain: Vec<u8>,
    pub(super) scanner: Scanner,
    /// The length of a head at the front of `plain`, once it was found.
    pub(super) asked: Option<usize>,
    /// To be sealed as soon as no batch is under way.
    pub(super) replies: Vec<Reply>,
    pub(super) stand: Stand,
    /// The client has said that it will say nothing more.
    pub(super) has_closed: bool,
    /// A request was answered, or is being answered: who has asked nothing yet is waited for
    /// even when the server drains, since a client does not ask twice on a new connection.
    pub(super) has_asked: bool,
}

/// Where the conversation stands.
pub(super) enum Stand {
    /// Nothing was asked.
    Idle,
    /// A request has begun to come.
    Asking,
    /// A request waits for its first block. Its head stands in `plain`.
    Parked(Parked),
    /// An answer is being sent.
    Answering(Box<Sending>),
    /// All was said; `replies` holds the goodbye.
    Done,
}

impl Connection {
    pub(super) fn new(
        socket: OwnedFd,
        entrance: usize,
        client: ClientPrefix,
        shaking: Box<Shaking>,
        (counted, place): (OpenConnection, crate::room::Held),
    ) -> Self {
        Self {
            socket,
            entrance,
            client,
            stage: Stage::Shaking(Some(shaking)),
            unsent: Vec::new(),
            batch: None,
            batch_records: LEAST_RECORDS,
            pacer: Pacer::default(),
            route: Route::default(),
            awaits_room: false,
            was_refused: false,
            is_receiving: false,
            is_queued: false,
            has_ended: false,
            deadline_ms: 0,
            _counted: counted,
            _place: place,
        }
    }

    pub(super) fn socket(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Whether the client is being sent an answer. Only then does it gain time by taking
    /// bytes: who asks for new keys again and again must not put off the end of its head.
    pub(super) fn is_answering(&self) -> bool {
        match &self.stage {
            Stage::Open(open) => matches!(open.stand, Stand::Answering(_)),
            _ => false,
        }
    }

    /// Ends our side: the client sees the end behind all that was sent.
    pub(super) fn shut_sending(&self) {
        let _ = nix::sys::socket::shutdown(self.socket(), nix::sys::socket::Shutdown::Write);
    }

    /// Ends both sides, which answers every question about it.
    pub(super) fn shut(&self) {
        let _ = nix::sys::socket::shutdown(self.socket(), nix::sys::socket::Shutdown::Both);
    }
}

impl Open {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            since: Instant::now(),
            sealed: Vec::new(),
            plain: Vec::new(),
            scanner: Scanner::default(),
            asked: None,
            replies: Vec::new(),
            stand: Stand::Idle,
            has_closed: false,
            has_asked: false,
        }
    }
}
