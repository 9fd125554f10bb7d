//! The way from a request to an answer whose first block is at hand.

use super::pull::{self, Pull};
use crate::http::answer::{Answer, Body};
use crate::http::demanded::Before;
use crate::http::request::Request;
use crate::http::respond::{Context, Decision, respond};
use crate::shared::{self, Shared, Via};
use crate::viewed::{Asker, Viewed};
use bytes::Bytes;
use cache::{Object, Tier};
use contract::time::TimeUs;
use std::sync::Arc;

/// The first block of a body, and how to get the others.
pub(super) struct Opened {
    pub(super) first: Bytes,
    pub(super) tier: Tier,
    pub(super) rest: Pull,
}

/// A decision whose body, if it has one, has been opened.
pub(super) struct Ready<'p, 'a> {
    pub(super) decision: Decision<'p, 'a, Arc<Object>>,
    pub(super) opened: Option<Opened>,
    /// Whose title it is, where it is of one.
    pub(super) viewed: Option<Viewed>,
}

impl Shared {
    /// Decides, and reads the first block before anything is said: a block that cannot be
    /// read is then a 404, while after the header only the connection could be cut.
    pub(super) async fn answer<'p, 'a>(
        &'p self,
        request: &Request<'a>,
        via: Via,
        at: TimeUs,
    ) -> Ready<'p, 'a> {
        let mut decision = self.decide(request, via, at).await;
        let object = match &decision.answer.body {
            Body::Span(span) => Some(Arc::clone(&span.object)),
            Body::Empty | Body::Words(_) => None,
        };
        let (answer, opened) = self.open(decision.answer).await;
        decision.answer = answer;
        let object = object.as_ref().filter(|_| opened.is_some());
        let asker = Asker { via, at, request, said: None };
        let viewed = Viewed::of(self, asker, &decision, object);
        Ready { decision, opened, viewed }
    }

    /// Decides, and once more when origins or siblings have said what they have.
    async fn decide<'p, 'a>(
        &'p self,
        request: &Request<'a>,
        via: Via,
        at: TimeUs,
    ) -> Decision<'p, 'a, Arc<Object>> {
        let (mut before, mut now) = (None, at);
        loop {
            let context = Context {
                policy: &self.policy,
                index: &*self.cache,
                siblings: self.siblings.get(),
                misses: &self.misses,
                role: via.role,
                client: via.client,
                now,
                before,
            };
            let mut decision = respond(&context, request);
            let Some(miss) = decision.miss.take() else { return decision };
            let Some(resolving) = self.ask(&miss) else { return decision };
            before = Some(Before::after(before, &miss, resolving.is_first(), at));
            resolving.await;
            now = shared::now();
        }
    }

    async fn open<'p>(
        &self,
        mut answer: Answer<'p, Arc<Object>>,
    ) -> (Answer<'p, Arc<Object>>, Option<Opened>) {
        let Some(span) = answer.take_span() else { return (answer, None) };
        let mut rest = Pull::new(Arc::clone(&self.cache), span);
        match pull::finish(rest.begin()).await {
            Some(Ok((first, tier))) => {
                answer.hit_from(tier);
                (answer, Some(Opened { first, tier, rest }))
            }
            Some(Err(failed)) => {
                tracing::warn!(%failed, "an object cannot be read");
                (answer.unreadable(&failed), None)
            }
            None => (answer, None),
        }
    }
}
