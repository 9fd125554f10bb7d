//! What all connections of a server share, and the way from a request to an answer whose
//! first block is at hand.

use crate::access_log::AccessLog;
use crate::counters::Counters;
use crate::http::answer::{Answer, Body};
use crate::http::client::ClientPrefix;
use crate::http::miss_limit::MissLimit;
use crate::http::policy::Policy;
use crate::http::request::Request;
use crate::http::respond::{Context, Decision, respond};
use crate::http::session_hash::SessionKey;
use bytes::Bytes;
use cache::{Cache, Object, Tier};
use contract::config::{Limits, ListenerRole, Protocol};
use contract::time::TimeUs;
use std::sync::Arc;
use std::time::SystemTime;

use super::pull::{self, Pull};

/// What all connections share.
pub(super) struct Shared {
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) cache: Arc<Cache>,
    pub(super) counters: Arc<Counters>,
    pub(super) access_log: Option<Arc<dyn AccessLog>>,
    pub(super) session_key: SessionKey,
    pub(super) misses: MissLimit,
}

/// How a request came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Via {
    pub(super) role: ListenerRole,
    pub(super) client: ClientPrefix,
    pub(super) protocol: Protocol,
}

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
}

/// The time by the box's clock.
pub(super) fn now() -> TimeUs {
    SystemTime::now().into()
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
        let context = Context {
            policy: &self.policy,
            index: &*self.cache,
            misses: &self.misses,
            role: via.role,
            client: via.client,
            now: at,
        };
        let mut decision = respond(&context, request);
        let (answer, opened) = self.open(decision.answer).await;
        decision.answer = answer;
        Ready { decision, opened }
    }

    async fn open<'p>(
        &self,
        mut answer: Answer<'p, Arc<Object>>,
    ) -> (Answer<'p, Arc<Object>>, Option<Opened>) {
        let span = match std::mem::replace(&mut answer.body, Body::Empty) {
            Body::Span(span) => span,
            other => {
                answer.body = other;
                return (answer, None);
            }
        };
        let mut rest = Pull::new(Arc::clone(&self.cache), span);
        match pull::finish(rest.begin()).await {
            Some(Ok((first, tier))) => {
                answer.hit_from(tier);
                (answer, Some(Opened { first, tier, rest }))
            }
            Some(Err(failed)) => {
                tracing::warn!(%failed, "an object cannot be read");
                (answer.unreadable(), None)
            }
            None => (answer, None),
        }
    }
}
