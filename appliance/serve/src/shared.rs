//! What all connections of a server share, whichever engine carries them.

use crate::access_log::AccessLog;
use crate::counters::Counters;
use crate::http::client::ClientPrefix;
use crate::http::demanded::{Miss, Whom};
use crate::http::miss_limit::MissLimit;
use crate::http::policy::Policy;
use crate::http::session_hash::SessionKey;
use crate::siblings::SiblingsPlace;
use cache::{Cache, Resolving};
use contract::config::{Limits, ListenerRole, Pacing, Protocol};
use contract::time::TimeUs;
use std::sync::Arc;
use std::time::SystemTime;

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
}

/// The time by the box's clock.
pub(crate) fn now() -> TimeUs {
    SystemTime::now().into()
}
