//! The bytes of a part of an object, asked of a source as the caps allow.
//!
//! Each request is for what was granted, so that a source sends no more than that. One that
//! knows no ranges sends all of it: then what is read is granted piece by piece, and the rest
//! waits in the network.

use crate::admission::Urgency;
use crate::caps::Caps;
use crate::failure::Failure;
use crate::grant::{Grant, Revoked};
use crate::upstream::{Body, Came, FetchFailed, Manner, Question, Upstream};
use contract::catalogue::CatalogueEntry;
use contract::sources::Source;
use std::ops::Range;

/// What is drawn, and from where.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) upstream: &'a dyn Upstream,
    pub(crate) caps: &'a Caps,
    pub(crate) source: &'a Source,
    pub(crate) entry: &'a CatalogueEntry,
    pub(crate) urgency: Urgency,
    /// Whether the source can be asked for a part.
    pub(crate) in_parts: bool,
    pub(crate) manner: Manner,
}

/// Bytes, as they come.
pub(crate) struct Draw<'a> {
    terms: Terms<'a>,
    /// What has not come yet.
    rest: Range<u64>,
    answer: Option<Answer<'a>>,
}

/// An answer under way.
struct Answer<'a> {
    body: Box<dyn Body>,
    grant: Grant<'a>,
    left: u64,
    expected: u64,
}

impl<'a> Draw<'a> {
    /// For this part of the object.
    pub(crate) fn new(terms: Terms<'a>, part: Range<u64>) -> Self {
        Self { terms, rest: part, answer: None }
    }

    /// The next piece, in this room or apart; `None` once all of it has come.
    pub(crate) async fn next(&mut self, room: &mut [u8]) -> Result<Option<Came>, Failure> {
        let terms = self.terms;
        loop {
            let mut answer = match self.answer.take() {
                Some(answer) => answer,
                None if self.rest.is_empty() => return Ok(None),
                None => match terms.ask(&self.rest).await? {
                    Some(answer) => answer,
                    None => continue,
                },
            };
            if !terms.in_parts && answer.grant.left() == 0 && answer.left > 0 {
                let more = terms.granted(answer.left).await?;
                answer.grant.add(more);
            }
            let piece = tokio::select! {
                // In this order: nothing is read once a window has closed.
                biased;
                revoked = answer.grant.revoked() => {
                    terms.revoked(revoked)?;
                    continue;
                }
                piece = answer.body.next_into(room) => piece?,
            };
            let Some(piece) = piece else {
                answer.check_end()?;
                continue;
            };
            let bytes = piece.len();
            answer.take(bytes)?;
            self.rest.start += bytes;
            self.answer = Some(answer);
            return Ok(Some(piece));
        }
    }
}

impl<'a> Terms<'a> {
    /// Waits for permission, and asks. `None`: the caps have changed meanwhile.
    async fn ask(self, rest: &Range<u64>) -> Result<Option<Answer<'a>>, Failure> {
        let grant = self.granted(rest.end - rest.start).await?;
        let end = if self.in_parts { rest.start + grant.left() } else { rest.end };
        let range = rest.start..end;
        let expected = range.end - range.start;
        let Self { source, entry, manner, .. } = self;
        let question = Question { source, entry, range, manner };
        let answered = tokio::select! {
            biased;
            revoked = grant.revoked() => return self.revoked(revoked).map(|()| None),
            answered = self.upstream.get(question) => answered,
        };
        match answered {
            Ok(body) => Ok(Some(Answer { body, grant, left: expected, expected })),
            Err(err) => {
                if is_nothing(&err) {
                    grant.give_back();
                }
                Err(err.into())
            }
        }
    }

    async fn granted(self, bytes: u64) -> Result<Grant<'a>, Failure> {
        self.caps.acquire(self.source, bytes, self.urgency).await.map_err(Failure::Waiting)
    }

    /// A request that may not go on: a part is asked for again, all of it from the beginning.
    fn revoked(self, revoked: Revoked) -> Result<(), Failure> {
        match revoked {
            Revoked::Closed(waiting) => Err(Failure::Waiting(waiting)),
            Revoked::Capped if self.in_parts => Ok(()),
            Revoked::Capped => Err(Failure::Interrupted),
        }
    }
}

impl Answer<'_> {
    fn take(&mut self, bytes: u64) -> Result<(), FetchFailed> {
        self.grant.arrived(bytes);
        if bytes > self.left {
            let offered = format!("more than {} bytes", self.expected);
            return Err(FetchFailed::Length { offered, expected: self.expected });
        }
        self.left -= bytes;
        Ok(())
    }

    fn check_end(&self) -> Result<(), FetchFailed> {
        let (expected, received) = (self.expected, self.expected - self.left);
        match self.left {
            0 => Ok(()),
            _ => Err(FetchFailed::EndedEarly { received, expected }),
        }
    }
}

/// Whether not a byte of content comes, not even too late.
fn is_nothing(err: &FetchFailed) -> bool {
    matches!(err, FetchFailed::NotThere | FetchFailed::Coming | FetchFailed::Unusable(_))
}
