//! What a client says: the handshake, then records, then requests.

use super::connection::{Connection, Open, Stage, Stand};
use super::core::Core;
use crate::tls::protocol_of;
use contract::config::Protocol;
use records::frame::record_len;
use records::message::{AlertCode, Reply};
use records::session::Incoming;
use records::shake::{Progress, Shaking};

/// What a client that was refused may still have under way.
const LINGER_BYTES: u64 = 8 << 20;

/// Requests that a client may send ahead, beyond the longest head there may be. Who sends
/// more is not listened to until its requests are answered.
const AHEAD_BYTES: usize = 16 << 10;

/// What follows for the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// There may be something to answer or to send.
    GoOn,
    /// The end, at once.
    Cut,
}

impl Connection {
    /// Takes what came from the client; opens it in place.
    pub(super) fn take_in(&mut self, core: &Core, bytes: &mut [u8]) -> Then {
        match &mut self.stage {
            Stage::Shaking(shaking) => match shaking.take() {
                Some(shaking) => self.shake(core, shaking, bytes),
                None => Then::Cut,
            },
            Stage::Open(open) => {
                open.take_in(bytes);
                Then::GoOn
            }
            Stage::Leaving { lingers, .. } => match lingers.checked_sub(bytes.len() as u64) {
                Some(left) => {
                    *lingers = left;
                    Then::GoOn
                }
                None => Then::Cut,
            },
        }
    }

    fn shake(&mut self, core: &Core, shaking: Box<Shaking>, bytes: &[u8]) -> Then {
        let counters = &core.shared.counters;
        let shaken = match shaking.advance(bytes, &mut self.unsent) {
            Ok(Progress::Blocked(shaking)) => {
                self.stage = Stage::Shaking(Some(shaking));
                return Then::GoOn;
            }
            Ok(Progress::Done(shaken)) => *shaken,
            Err(err) => {
                counters.handshakes_failed.one();
                tracing::debug!(%err, "a handshake failed");
                self.leave();
                return Then::GoOn;
            }
        };
        let kind = if shaken.is_resumed {
            &counters.handshakes_resumed
        } else {
            &counters.handshakes_full
        };
        kind.one();
        // This engine speaks nothing else, so nothing else was offered.
        if protocol_of(shaken.alpn.as_deref(), &[Protocol::Http1]).is_none() {
            return Then::Cut;
        }
        let mut open = Box::new(Open::new(shaken.session));
        let mut sealed = shaken.sealed;
        open.take_in(&mut sealed);
        self.stage = Stage::Open(open);
        self.wind(core);
        Then::GoOn
    }

    /// Nothing more will be answered: what is to be sent is sent, then the end.
    pub(super) fn leave(&mut self) {
        self.stage = Stage::Leaving { lingers: LINGER_BYTES, has_shut: false };
    }
}

impl Open {
    fn take_in(&mut self, bytes: &mut [u8]) {
        if self.sealed.is_empty() {
            let opened = self.open_records(bytes);
            self.sealed.extend_from_slice(bytes.get(opened..).unwrap_or_default());
        } else {
            self.sealed.extend_from_slice(bytes);
            let mut sealed = std::mem::take(&mut self.sealed);
            let opened = self.open_records(&mut sealed);
            sealed.drain(..opened);
            self.sealed = sealed;
        }
        if self.sealed.is_empty() && self.sealed.capacity() > 0 {
            self.sealed = Vec::new();
        }
    }

    /// Opens all whole records at the front of `bytes`; gives their length.
    fn open_records(&mut self, bytes: &mut [u8]) -> usize {
        let mut at = 0;
        while !self.is_over() {
            let Some(rest) = bytes.get_mut(at..) else { break };
            let len = match record_len(rest) {
                Ok(Some(len)) if len <= rest.len() => len,
                Ok(_) => return at,
                Err(_) => {
                    self.end_with(Reply::Fatal(AlertCode::UnexpectedMessage));
                    break;
                }
            };
            let Some(record) = rest.get_mut(..len) else { break };
            self.open_record(record);
            at += len;
        }
        // What comes after the end is nobody's.
        if self.is_over() { bytes.len() } else { at }
    }

    fn open_record(&mut self, record: &mut [u8]) {
        match self.session.receive(record) {
            Incoming::Content(content) => {
                self.plain.extend_from_slice(record.get(content).unwrap_or_default());
            }
            Incoming::Nothing => {}
            Incoming::Closed => self.has_closed = true,
            Incoming::Reply(reply @ Reply::Fatal(_)) => self.end_with(reply),
            // RFC 8446 §4.6.3: several that came while an answer could not be sealed need one
            // reply; a client that reads nothing would have them pile up here, and clients
            // give up on a server that changes its key again and again.
            Incoming::Reply(reply) if self.replies.contains(&reply) => {}
            Incoming::Reply(reply) => self.replies.push(reply),
        }
    }

    /// The client broke the protocol: it is told so, and nothing else.
    fn end_with(&mut self, reply: Reply) {
        self.replies.push(reply);
        self.stand = Stand::Done;
    }

    fn is_over(&self) -> bool {
        matches!(self.stand, Stand::Done)
    }

    /// Whether the client is so far ahead that it is not listened to for now.
    pub(super) fn is_ahead(&self, core: &Core) -> bool {
        let limits = &core.shared.limits;
        let head = limits.max_request_line_bytes.0 + limits.max_header_bytes.0;
        self.plain.len() > usize::try_from(head).unwrap_or(usize::MAX).saturating_add(AHEAD_BYTES)
    }
}
