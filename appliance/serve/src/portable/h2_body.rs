//! A body on an HTTP/2 stream: pulled when the stream has room, cut off before a wrong byte.

use super::h2_activity::OpenStream;
use super::open::Opened;
use super::pull::{PieceRead, Pull};
use crate::account::{self, Account, Asked};
use crate::http::answer::Body;
use crate::http::cmcd::Cmcd;
use crate::shared::Shared;
use bytes::Bytes;
use cache::{Object, ReadFailed};
use hyper::body::{Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A body, and what remains to be done when it is over.
pub(super) struct BodyOnStream {
    /// At hand.
    first: Option<Bytes>,
    /// On its way.
    reading: Option<PieceRead>,
    /// Not begun.
    rest: Option<Pull>,
    /// Bytes not yet handed over.
    left: u64,
    ending: Ending,
}

impl BodyOnStream {
    pub(super) fn new(body: Body<Arc<Object>>, opened: Option<Opened>, mut ending: Ending) -> Self {
        let (first, rest) = match (opened, body) {
            (Some(opened), _) => {
                ending.account.piece_from(opened.tier);
                (Some(opened.first), Some(opened.rest))
            }
            (None, Body::Words(words)) if !words.is_empty() => (Some(account::words(words)), None),
            (None, _) => (None, None),
        };
        let left = first.as_ref().map_or(0, |first| first.len() as u64)
            + rest.as_ref().map_or(0, Pull::left);
        ending.account.complete = left == 0;
        Self { first, reading: None, rest, left, ending }
    }

    fn hand_over(&mut self, bytes: Bytes) -> Frame<Bytes> {
        let count = bytes.len() as u64;
        self.left = self.left.saturating_sub(count);
        self.ending.account.bytes_sent += count;
        self.ending.account.complete = self.left == 0;
        self.ending.open.made_progress();
        // One block ahead of the stream.
        self.reading = self.rest.as_mut().and_then(Pull::begin);
        Frame::data(bytes)
    }
}

impl hyper::body::Body for BodyOnStream {
    type Data = Bytes;
    type Error = ReadFailed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReadFailed>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(self.hand_over(first))));
        }
        let Some(reading) = self.reading.as_mut() else { return Poll::Ready(None) };
        match ready!(Pin::new(reading).poll(context)) {
            Ok((bytes, tier)) => {
                self.ending.account.piece_from(tier);
                Poll::Ready(Some(Ok(self.hand_over(bytes))))
            }
            Err(failed) => {
                tracing::warn!(%failed, "an answer is cut off before a wrong byte");
                self.ending.shared.counters.answers_cut.one();
                self.reading = None;
                Poll::Ready(Some(Err(failed)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Counts and logs a request when its body is dropped: taken whole, reset or cut.
pub(super) struct Ending {
    shared: Arc<Shared>,
    account: Account,
    group: Option<usize>,
    asked: Option<Remembered>,
    open: OpenStream,
}

/// What the log says, kept beyond the request.
struct Remembered {
    method: String,
    path: String,
    user_agent: Option<String>,
    cmcd: Option<Cmcd>,
}

impl Ending {
    pub(super) fn new(
        shared: Arc<Shared>,
        account: Account,
        group: Option<usize>,
        asked: Option<&Asked<'_>>,
        open: OpenStream,
    ) -> Self {
        let asked = asked.map(|asked| Remembered {
            method: asked.method.to_owned(),
            path: asked.path.to_owned(),
            user_agent: asked.user_agent.map(str::to_owned),
            cmcd: asked.cmcd,
        });
        Self { shared, account, group, asked, open }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.account.count(&self.shared, self.group);
        let group = self.group.and_then(|group| self.shared.policy.groups().get(group));
        if let Some((group, asked)) = group.zip(self.asked.as_ref()) {
            let asked = Asked {
                method: &asked.method,
                path: &asked.path,
                user_agent: asked.user_agent.as_deref(),
                cmcd: asked.cmcd,
            };
            self.account.log(&self.shared, group, &asked, &mut Vec::new());
        }
    }
}
