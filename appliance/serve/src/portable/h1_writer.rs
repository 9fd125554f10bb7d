//! Writes answers as HTTP/1.1 (RFC 9112), against the clock.

use crate::http::answer::{Answer, FieldSink};
use crate::http::date::DateText;
use std::io::{self, IoSlice};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// What the answer says of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// It goes on, as HTTP/1.1 has it by default.
    GoesOn,
    /// It goes on, which HTTP/1.0 must be told.
    KeepAlive,
    /// It ends after this answer.
    Close,
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
pub(super) fn write_head<H>(
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

/// Writes all of `head` and `body`, together where they fit, and says how much of the body
/// was taken. The clock begins again whenever the client takes something.
pub(super) async fn write_all(
    stream: &mut (impl AsyncWrite + Unpin),
    mut head: &[u8],
    body: &[u8],
    patience: Duration,
    taken: &mut u64,
) -> io::Result<()> {
    let mut left = body;
    while !head.is_empty() || !left.is_empty() {
        let slices = [IoSlice::new(head), IoSlice::new(left)];
        let count = timeout(patience, stream.write_vectored(&slices)).await??;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_head = count.min(head.len());
        head = head.get(of_head..).unwrap_or_default();
        left = left.get(count - of_head..).unwrap_or_default();
        *taken += (count - of_head) as u64;
    }
    Ok(())
}

/// Hands what the layers below still hold to the kernel.
pub(super) async fn flush(
    stream: &mut (impl AsyncWrite + Unpin),
    patience: Duration,
) -> io::Result<()> {
    timeout(patience, stream.flush()).await?
}
