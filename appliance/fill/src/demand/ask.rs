//! One question to one origin: asked when the caps allow it, and with what it came to known to
//! whoever remembers which sources are well.

use super::draw::Draw;
use super::reply::Said;
use super::{Demand, PATIENCE};
use crate::freshness::Exchange;
use crate::health::Advice;
use crate::origins::{Asked, Condition, Reply};
use crate::transfer::{Failure, FillEvent};
use crate::upstream::FetchFailed;
use contract::object::ObjectKey;
use contract::slices::SLICE_BYTES;
use contract::sources::Source;
use std::ops::Range;
use tokio::time::{Instant, timeout_at};

/// An answer, and what it says.
pub(super) struct Answered<'a> {
    pub(super) said: Said,
    pub(super) reply: Reply,
    pub(super) exchange: Exchange,
    pub(super) draw: Draw<'a>,
}

impl Demand {
    /// Asks one origin. What it says counts, whatever it is, unless it cannot answer.
    pub(super) async fn ask<'a>(
        &'a self,
        source: &'a Source,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        condition: Condition<'_>,
        deadline: Instant,
    ) -> Result<Answered<'a>, Failure> {
        let began = Instant::now();
        let health = &self.transfers().health;
        if let Advice::Rest(silent_for) = health.advise(source.address, began) {
            return Err(Failure::Resting(silent_for));
        }
        let answered = timeout_at(deadline, self.question_to(source, key, range, condition)).await;
        let late = || Err(FetchFailed::Stalled(PATIENCE.as_secs()).into());
        let answered = answered.unwrap_or_else(|_| late());
        match &answered {
            Ok(_) => health.answered(source.address),
            Err(Failure::Waiting(_) | Failure::Interrupted) => {
                health.spared(source.address, began);
            }
            Err(failure) => self.failed(source, key, began, failure),
        }
        answered
    }

    async fn question_to<'a>(
        &'a self,
        source: &'a Source,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        condition: Condition<'_>,
    ) -> Result<Answered<'a>, Failure> {
        let bytes = range.as_ref().map_or(SLICE_BYTES, |range| range.end - range.start);
        let draw = Draw::granted(&self.transfers().caps, source, bytes).await?;
        let asked = self.now();
        let question = Asked { source, path: &key.path, range, condition };
        let reply = draw.unless_revoked(self.origins.ask(question)).await??;
        let exchange = Exchange { asked, answered: self.now() };
        match Said::by(&reply) {
            Said::Failed(status) => {
                draw.end();
                Err(FetchFailed::Status(status.as_u16()).into())
            }
            said => Ok(Answered { said, reply, exchange, draw }),
        }
    }

    /// A source has failed: it rests.
    pub(super) fn failed(
        &self,
        source: &Source,
        key: &ObjectKey,
        began: Instant,
        failure: &Failure,
    ) {
        let transfers = self.transfers();
        transfers.health.failed(source.address, began, Instant::now());
        transfers.ledger.failed(&source.kind);
        let source = &source.kind;
        transfers.watch.event(FillEvent::SourceFailed { object: key, source, failure });
    }
}
