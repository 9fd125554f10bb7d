//! One question to one origin: asked when the caps allow it, and with what it came to known to
//! whoever remembers which sources are well.

use super::draw::Draw;
use super::reply::Said;
use super::{Demand, HOME_PATIENCE, PATIENCE, PROBE_PATIENCE};
use crate::failure::Failure;
use crate::freshness::Exchange;
use crate::health::{Advice, Health};
use crate::origins::{Asked, Condition, Reply};
use crate::transfer::FillEvent;
use crate::upstream::FetchFailed;
use contract::object::ObjectKey;
use contract::slices::SLICE_BYTES;
use contract::sources::{Source, SourceKind};
use std::ops::Range;
use std::time::Duration;
use tokio::time::{Instant, timeout};

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
        let health = self.health_of(source);
        if let Advice::Rest(silent_for) = health.advise(source.address, began) {
            return Err(Failure::Resting(silent_for));
        }
        let drawn = timeout(PATIENCE, self.drawn_from(source, range.as_ref())).await;
        let answered = match drawn.unwrap_or(Err(Failure::Capped)) {
            // What the caps let wait is no fault of the source.
            Ok(draw) => {
                let asked = self.question_to(source, key, range, condition, draw);
                within(deadline.saturating_duration_since(began), asked).await
            }
            Err(failure) => Err(failure),
        };
        match &answered {
            Ok(_) | Err(Failure::Fetch(FetchFailed::NotThere)) => health.answered(source.address),
            Err(Failure::Waiting(_) | Failure::Interrupted | Failure::Capped) => {
                health.spared(source.address, began);
            }
            Err(failure) => self.failed(source, key, began, failure),
        }
        answered
    }

    /// Permission to draw a part, or the first slice of all of it.
    async fn drawn_from<'a>(
        &'a self,
        source: &'a Source,
        range: Option<&Range<u64>>,
    ) -> Result<Draw<'a>, Failure> {
        let bytes = range.map_or(SLICE_BYTES, |range| range.end - range.start);
        Draw::granted(&self.transfers().caps, source, bytes).await
    }

    async fn question_to<'a>(
        &'a self,
        source: &'a Source,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        condition: Condition<'_>,
        draw: Draw<'a>,
    ) -> Result<Answered<'a>, Failure> {
        let asked = self.now();
        let purged = self.cache.purging_up_to();
        let question = Asked { source, key, purged, range, condition };
        let reply = self.origins.ask(question);
        let reply = draw.unless_revoked(within(self.patience_with(source), reply)).await??;
        let exchange = Exchange { asked, answered: self.now() };
        let said = if is_home(source) { Said::by_home(&reply) } else { Said::by(&reply) };
        match said {
            Said::NotForUs => {
                draw.end();
                Err(FetchFailed::NotThere.into())
            }
            Said::Failed(status) => {
                draw.end();
                Err(FetchFailed::Status(status.as_u16()).into())
            }
            said => Ok(Answered { said, reply, exchange, draw }),
        }
    }

    /// Who is slow because an origin is slow may be as good as ever at what was ordered: what
    /// homes do counts for them as homes alone.
    fn health_of(&self, source: &Source) -> &Health {
        let transfers = self.transfers();
        if is_home(source) { &transfers.homes } else { &transfers.health }
    }

    /// How long one source may take to answer, once it may be asked.
    fn patience_with(&self, source: &Source) -> Duration {
        match is_home(source) {
            // Whoever waits for this box may be another box, with the patience of one.
            true if self.health_of(source).is_ailing(source.address) => PROBE_PATIENCE,
            true => HOME_PATIENCE,
            false => PATIENCE,
        }
    }

    /// A source has failed. It rests, unless it was only this that it could not give.
    pub(super) fn failed(
        &self,
        source: &Source,
        key: &ObjectKey,
        began: Instant,
        failure: &Failure,
    ) {
        let transfers = self.transfers();
        match failure.is_of_source() {
            true => self.health_of(source).failed(source.address, began, Instant::now()),
            false => self.health_of(source).answered(source.address),
        }
        transfers.ledger.failed(&source.kind);
        let source = &source.kind;
        transfers.watch.event(FillEvent::SourceFailed { object: key, source, failure });
    }
}

/// Whether a source is the home of a key, and no origin.
pub(super) fn is_home(source: &Source) -> bool {
    matches!(source.kind, SourceKind::Peer(_))
}

/// Whether a source has said nothing for all of its time: then no other box is waited for.
pub(super) fn is_late(failure: &Failure) -> bool {
    matches!(failure, Failure::Fetch(FetchFailed::Stalled(_) | FetchFailed::Slow(_)))
}

pub(super) async fn within<T, E: From<FetchFailed>>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let late = |_| Err(FetchFailed::Stalled(patience.as_secs()).into());
    timeout(patience, answer).await.unwrap_or_else(late)
}
