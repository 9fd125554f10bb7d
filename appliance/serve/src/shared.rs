//! What all connections of a server share, whichever engine carries them.

use crate::access_log::AccessLog;
use crate::counters::Counters;
use crate::http::client::ClientPrefix;
use crate::http::demanded::{Miss, Whom};
use crate::http::miss_limit::MissLimit;
use crate::http::policy::Policy;
use crate::http::session_hash::SessionKey;
use crate::siblings::SiblingsPlace;
use crate::titles::Tally;
use cache::{Cache, Resolving};
use contract::config::{Limits, ListenerRole, Pacing, Protocol};
use contract::exchange::SIBLING_CONNECTION_AGE;
use contract::time::TimeUs;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// What all connections share. Each thread has one: the counters are its own.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) pacing: Arc<Pacing>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) access_log: Option<Arc<dyn AccessLog>>,
    pub(crate) session_key: Arc<SessionKey>,
    pub(crate) misses: Arc<MissLimit>,
    pub(crate) siblings: SiblingsPlace,
    /// What is asked for, by title; of each thread its own, too.
    pub(crate) tally: Arc<Tally>,
}

impl Shared {
    /// Has whoever it is asked about what is not here. `None`: nobody can be.
    pub(crate) fn ask(&self, miss: &Miss) -> Option<Resolving> {
        match miss.whom {
            Whom::Origins { offset, .. } => self.cache.resolve(&miss.key, offset),
            Whom::Filler { offset } => self.cache.hasten(&miss.key, offset),
            Whom::Siblings => self.siblings.get()?.ask(&miss.key),
        }
    }
}

/// How a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Via {
    pub(crate) role: ListenerRole,
    pub(crate) client: ClientPrefix,
    pub(crate) protocol: Protocol,
    /// The engine's name.
    pub(crate) engine: &'static str,
    /// No other connection of its [`Tally`] has it.
    pub(crate) connection: u64,
}

impl Via {
    /// Whether a connection that was opened then ends with the next answer, whatever the client
    /// would like. Viewers may stay.
    pub(crate) fn is_over(&self, since: Instant) -> bool {
        self.role == ListenerRole::Peer && since.elapsed() >= SIBLING_CONNECTION_AGE
    }
}

/// The time by the box's clock.
pub(crate) fn now() -> TimeUs {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    #[test]
    fn siblings_come_anew_after_a_while_and_viewers_may_stay() {
        let client = ClientPrefix::of(IpAddr::from(Ipv4Addr::LOCALHOST));
        let via = |role| {
            let protocol = Protocol::Http1;
            Via { role, client, protocol, engine: "none", connection: 0 }
        };
        let now = Instant::now();
        let ago = |age| now.checked_sub(age).expect("this machine runs for longer");
        let [young, old] = [Duration::ZERO, SIBLING_CONNECTION_AGE].map(ago);
        let peer = via(ListenerRole::Peer);
        assert_eq!([young, old].map(|since| peer.is_over(since)), [false, true]);
        assert!(!via(ListenerRole::Player).is_over(old));
    }
}
