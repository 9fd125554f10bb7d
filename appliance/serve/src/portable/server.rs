//! The server: bound first, then run until it is told to end.

use super::bind::{self, Bound};
use super::connection::Entrance;
use super::drain;
use super::error::BindError;
use super::listener::Acceptor;
use super::tls::Tls;
use crate::access_log::AccessLog;
use crate::counters::Counters;
use crate::http::miss_limit::MissLimit;
use crate::http::policy::Policy;
use crate::http::session_hash::SessionKey;
use crate::shared::{Shared, now};
use cache::Cache;
use contract::config::{ApplianceConfig, ListenerRole};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// An address that is listened on, with the port that the kernel chose where the
/// configuration said 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundAddress {
    /// Which of the configuration's listeners.
    pub listener: usize,
    /// Who connects there.
    pub role: ListenerRole,
    /// Where.
    pub address: SocketAddr,
}

/// A server that has taken its addresses.
pub struct Server {
    bound: Vec<(Bound, Entrance)>,
    shared: Arc<Shared>,
}

impl Server {
    /// Reads certificates and takes all addresses. Nothing is accepted before
    /// [`Server::run`]. Lines of the request log go to `access_log`, where there is one.
    ///
    /// # Errors
    /// [`BindError`] names the key of the configuration that cannot be met.
    pub fn bind(
        config: &ApplianceConfig,
        cache: Arc<Cache>,
        access_log: Option<Arc<dyn AccessLog>>,
    ) -> Result<Self, BindError> {
        let tls = Tls::load(config)?;
        let policy = Policy::new(config);
        let groups = policy.groups().iter().map(|group| group.name.clone());
        let shared = Arc::new(Shared {
            counters: Arc::new(Counters::new(groups)),
            policy,
            limits: config.limits.clone(),
            cache,
            access_log,
            session_key: SessionKey::new(rand::random(), now()),
            misses: MissLimit::new(config.limits.misses_per_prefix_per_s),
        });
        let mut bound = Vec::new();
        for each in bind::bind_all(config)? {
            let listener = config.listeners.get(each.listener);
            let Some((listener, tls)) = listener.and_then(|its| Some((its, tls.of(its)?))) else {
                continue;
            };
            let entrance = Entrance {
                shared: Arc::clone(&shared),
                acceptor: TlsAcceptor::from(tls),
                role: listener.role,
                protocols: listener.protocols.clone(),
            };
            bound.push((each, entrance));
        }
        Ok(Self { bound, shared })
    }

    /// Where it listens, in the order of the configuration.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<BoundAddress> {
        let addresses = self.bound.iter().map(|(bound, entrance)| BoundAddress {
            listener: bound.listener,
            role: entrance.role,
            address: bound.address,
        });
        addresses.collect()
    }

    /// What is counted; stays readable while the server runs and after.
    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    /// Serves until `shutdown` completes, then drains: nothing new is accepted, idle
    /// connections are closed, answers in flight are finished, and what is left after
    /// `patience` is cut.
    ///
    /// # Errors
    /// When the runtime cannot take a socket over; nothing was accepted then.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()>,
        patience: Duration,
    ) -> io::Result<()> {
        let limit = usize::try_from(self.shared.limits.max_connections).unwrap_or(usize::MAX);
        let room = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        let (drainer, drain) = drain::channel();
        let mut acceptors = JoinSet::new();
        for (bound, entrance) in self.bound {
            let acceptor = Acceptor {
                socket: TcpListener::from_std(bound.socket)?,
                entrance,
                room: Arc::clone(&room),
                drain: drain.clone(),
            };
            acceptors.spawn(acceptor.run(patience));
        }
        shutdown.await;
        drainer.begin();
        while acceptors.join_next().await.is_some() {}
        Ok(())
    }
}
