//! HTTP/1.1 over a connection: read a head, answer it, and again.
//!
//! The framing is ours, not hyper's, because every engine must refuse the same requests:
//! a bare LF, two lengths, a head that does not end (RFC 9112, RFC 9110 §15.5.9).

use super::drain::Drain;
use super::h1_writer as writer;
use super::head_reader::{HeadReader, Next};
use super::linger::linger;
use super::open::{Opened, Ready};
use super::pull;
use crate::account::{self, Account, Asked};
use crate::http::answer::{Answer, Body};
use crate::http::date::DateText;
use crate::http::framing::Framing;
use crate::http::h1_head::{self, Connection};
use crate::http::head::{self, BadHead};
use crate::http::refuse;
use crate::http::request::Request;
use crate::shared::{Shared, Via, now};
use bytes::Bytes;
use cache::Object;
use std::io;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};

/// What follows an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// The next request.
    GoOn,
    /// Goodbye.
    Close,
    /// The end without a goodbye: an answer is incomplete, and the client must see that.
    Cut,
}

/// One connection.
pub(super) struct Http1<'s, S> {
    stream: S,
    shared: &'s Shared,
    via: Via,
    drain: Drain,
    since: Instant,
    /// The header of the answer being written; kept to be used again.
    out: Vec<u8>,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Http1<'s, S> {
    pub(super) fn new(stream: S, shared: &'s Shared, via: Via, drain: Drain) -> Self {
        Self { stream, shared, via, drain, since: Instant::now(), out: Vec::with_capacity(1024) }
    }

    /// Serves until one side ends it.
    pub(super) async fn serve(mut self) {
        let mut reader = HeadReader::new(&self.shared.limits);
        let timeouts = &self.shared.counters.timeouts;
        let after = loop {
            match reader.next(&mut self.stream, &mut self.drain).await {
                Next::Head(length) => {
                    let after = self.answer_head(reader.head(length)).await;
                    if after != After::GoOn {
                        break after;
                    }
                    reader.consume(length);
                }
                Next::Refused(bad) => {
                    break self.refuse(refuse::bad_head(&self.shared.policy, bad)).await;
                }
                Next::TooSlow => {
                    timeouts.header.one();
                    break self.refuse(refuse::too_slow(&self.shared.policy)).await;
                }
                Next::Idle => {
                    timeouts.idle.one();
                    break After::Close;
                }
                Next::Ended => break After::Close,
            }
        };
        match after {
            After::Close => linger(&mut self.stream).await,
            After::Cut | After::GoOn => {}
        }
    }

    async fn answer_head(&mut self, bytes: &[u8]) -> After {
        let began = Instant::now();
        match head::parse(bytes) {
            Ok(head) => self.answer(&head.request, head.framing, began).await,
            Err(bad) => self.refuse_head(bad).await,
        }
    }

    async fn refuse_head(&mut self, bad: BadHead) -> After {
        self.refuse(refuse::bad_head(&self.shared.policy, bad)).await
    }

    /// Answers what is no request, and ends the connection.
    async fn refuse(&mut self, answer: Answer<'s, Arc<Object>>) -> After {
        let at = now();
        let mut account = Account::new(self.via, at, Instant::now());
        account.decided(&answer);
        account.count(self.shared, None);
        h1_head::write(&answer, &DateText::of(at), Connection::Close, &mut self.out);
        match self.send(answer, None, &mut account).await {
            Ok(()) => After::Close,
            Err(_) => After::Cut,
        }
    }

    async fn answer(&mut self, request: &Request<'_>, framing: Framing, began: Instant) -> After {
        let at = now();
        let Ready { decision, opened, viewed } = self.shared.answer(request, self.via, at).await;
        let mut account = Account::new(self.via, at, began);
        account.decided(&decision.answer);
        account.viewed = viewed;
        let connection =
            Connection::after(framing, self.drain.has_begun() || self.via.is_over(self.since));
        h1_head::write(&decision.answer, &DateText::of(at), connection, &mut self.out);
        let sent = self.send(decision.answer, opened, &mut account).await;
        account.complete = sent.is_ok();
        account.count(self.shared, decision.group.map(|group| group.ordinal));
        let asked = Asked::of(self.shared, decision.group, request, &decision.path);
        if let Some((group, asked)) = decision.group.zip(asked) {
            account.log(self.shared, group, &asked, &mut Vec::new());
        }
        match (sent, connection) {
            (Ok(()), Connection::Close) => After::Close,
            (Ok(()), _) => After::GoOn,
            (Err(_), _) => After::Cut,
        }
    }

    /// Sends the header in `out` and a body, and counts a client that takes neither.
    async fn send(
        &mut self,
        answer: Answer<'_, Arc<Object>>,
        opened: Option<Opened>,
        account: &mut Account,
    ) -> io::Result<()> {
        let sent = match (opened, answer.body) {
            (Some(opened), _) => self.send_span(opened, account).await,
            (None, Body::Words(words)) => self.send_bytes(account::words(words), account).await,
            (None, _) => self.send_bytes(Bytes::new(), account).await,
        };
        match &sent {
            Err(err) if err.kind() == io::ErrorKind::TimedOut => {
                self.shared.counters.timeouts.write.one();
            }
            _ => {}
        }
        sent
    }

    async fn send_bytes(&mut self, body: Bytes, account: &mut Account) -> io::Result<()> {
        let patience = self.shared.limits.write_timeout_s.duration();
        let taken = &mut account.bytes_sent;
        writer::write_all(&mut self.stream, &self.out, &body, patience, taken).await?;
        writer::flush(&mut self.stream, patience).await
    }

    async fn send_span(&mut self, opened: Opened, account: &mut Account) -> io::Result<()> {
        let patience = self.shared.limits.write_timeout_s.duration();
        let Opened { first, tier, mut rest } = opened;
        let (mut piece, mut head) = (first, self.out.as_slice());
        account.piece_from(tier);
        loop {
            let next = pull::finish(rest.begin());
            let taken = &mut account.bytes_sent;
            writer::write_all(&mut self.stream, head, &piece, patience, taken).await?;
            head = &[];
            // It may be long in coming, and nothing of this one waits for it.
            match writer::flush_until(&mut self.stream, patience, next).await? {
                Some(Ok((bytes, tier))) => {
                    account.piece_from(tier);
                    piece = bytes;
                }
                Some(Err(failed)) => {
                    tracing::warn!(%failed, "an answer is cut off before a wrong byte");
                    self.shared.counters.answers_cut.one();
                    return Err(io::Error::other(failed));
                }
                None => return Ok(()),
            }
        }
    }
}
