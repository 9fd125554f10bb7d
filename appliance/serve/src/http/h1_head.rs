//! Writes the head of an answer as HTTP/1.1 has it (RFC 9112 §4).

use super::answer::{Answer, FieldSink};
use super::date::DateText;

/// What the answer says of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It goes on, as HTTP/1.1 has it by default.
    GoesOn,
    /// It goes on, which HTTP/1.0 must be told.
    KeepAlive,
    /// It ends after this answer.
    Close,
}

impl Connection {
    /// What follows from the request's framing, and whether the server is leaving.
    #[must_use]
    pub fn after(framing: super::framing::Framing, is_leaving: bool) -> Self {
        if !framing.keeps_alive || is_leaving {
            Self::Close
        } else if framing.is_http_1_0 {
            Self::KeepAlive
        } else {
            Self::GoesOn
        }
    }
}

struct Lines<'a>(&'a mut Vec<u8>);

impl FieldSink for Lines<'_> {
    fn field_of(&mut self, name: &'static str, value: &[&[u8]]) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        for part in value {
            self.0.extend_from_slice(part);
        }
        self.0.extend_from_slice(b"\r\n");
    }
}

/// Writes status line and fields into `head`, in place of what it held.
pub fn write<H>(
    answer: &Answer<'_, H>,
    date: &DateText,
    connection: Connection,
    head: &mut Vec<u8>,
) {
    head.clear();
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(answer.status.as_str().as_bytes());
    head.push(b' ');
    let reason = answer.status.canonical_reason().unwrap_or_default();
    head.extend_from_slice(reason.as_bytes());
    head.extend_from_slice(b"\r\n");
    let mut lines = Lines(head);
    answer.write_fields(date, &mut lines);
    match connection {
        Connection::GoesOn => {}
        Connection::KeepAlive => lines.field("Connection", b"keep-alive"),
        Connection::Close => lines.field("Connection", b"close"),
    }
    head.extend_from_slice(b"\r\n");
}
