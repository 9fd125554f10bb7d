//! The server: bound first, then run until it is told to end.

use crate::access_log::AccessLog;
use crate::bind::{self, Bound};
use crate::certificates::Certificates;
use crate::counters::{AllCounters, Counters};
use crate::engine::Engine;
use crate::error::BindError;
use crate::http::miss_limit::MissLimit;
use crate::http::policy::Policy;
use crate::http::session_hash::SessionKey;
use crate::room::Room;
use crate::shared::{Shared, now};
use crate::tls::Tls;
use crate::topology::Survey;
use crate::{portable, uring};
use cache::Cache;
use contract::config::{ApplianceConfig, Listener, ListenerRole};
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

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
    addresses: Vec<BoundAddress>,
    engine: Engine,
    how: uring::How,
    portable: Vec<(TcpListener, portable::Entrance)>,
    /// For each thread its own.
    uring: Vec<(Shared, Vec<uring::Entrance>)>,
    survey: Survey,
    room: Arc<Room>,
    shared: Arc<Shared>,
    counters: AllCounters,
    certificates: Certificates,
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
        let engine = Engine::choose(&config.serving)?;
        let how =
            uring::How { kernel_tls: engine.kernel_tls(), zero_copy: config.serving.zero_copy };
        let tls = Tls::load(config)?;
        let survey = Survey::with(config, &engine);
        let bound = bind::bind_all(config, |listener| engine.sockets_of(listener))?;
        let mut counters = AllCounters::default();
        let shared = shared(config, cache, access_log, &mut counters);
        let thread = |_| (shared.on(uring::ENGINE, &mut counters), Vec::new());
        let mut server = Self {
            addresses: Vec::new(),
            portable: Vec::new(),
            uring: (0..engine.threads()).map(thread).collect(),
            engine,
            how,
            survey,
            room: Room::new(config.limits.max_connections.into()),
            shared: Arc::new(shared),
            counters,
            certificates: tls.certificates.clone(),
        };
        for each in bound {
            if let Some(listener) = config.listeners.get(each.listener) {
                server.open(each, listener, &tls);
            }
        }
        Ok(server)
    }

    fn open(&mut self, bound: Bound, listener: &Listener, tls: &Tls) {
        let Some(tls) = tls.of(listener) else { return };
        let (role, address) = (listener.role, bound.address);
        self.addresses.push(BoundAddress { listener: bound.listener, role, address });
        if self.engine.carries(listener) {
            if let Err(err) = uring::steer::by_plan(&bound.sockets, &self.survey.plan) {
                tracing::warn!(%err, %address, "connections go to any thread");
            }
            for ((_, thread), socket) in self.uring.iter_mut().zip(bound.sockets) {
                thread.push(uring::Entrance { socket, tls: Arc::clone(&tls), role });
            }
            return;
        }
        for socket in bound.sockets {
            let entrance = portable::Entrance {
                shared: Arc::clone(&self.shared),
                acceptor: Arc::clone(&tls).into(),
                role,
                protocols: listener.protocols.clone(),
            };
            self.portable.push((socket, entrance));
        }
    }

    /// Where it listens, in the order of the configuration.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<BoundAddress> {
        self.addresses.clone()
    }

    /// What carries HTTP/1.1, and why.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What it shows to clients, to be read again at any time.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    /// What is counted; stays readable while the server runs and after.
    #[must_use]
    pub fn counters(&self) -> AllCounters {
        self.counters.clone()
    }

    /// Serves until `shutdown` completes, then drains: nothing new is accepted, idle
    /// connections are closed, answers in flight are finished, and what is left after
    /// `patience` is cut.
    ///
    /// # Errors
    /// When an engine cannot begin; nothing was accepted then. Or when a thread of one has
    /// ended before its time.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()>,
        patience: Duration,
    ) -> io::Result<()> {
        self.survey.log();
        let portable = portable::Crew::start(self.portable, &self.room, patience)?;
        let uring = uring::Crew::start(self.uring, &self.room, self.how, &self.survey.plan)?;
        shutdown.await;
        uring.drain();
        portable.drain().await;
        uring.end(patience).await
    }
}

fn shared(
    config: &ApplianceConfig,
    cache: Arc<Cache>,
    access_log: Option<Arc<dyn AccessLog>>,
    counters: &mut AllCounters,
) -> Shared {
    let policy = Policy::new(config);
    let groups = policy.groups().iter().map(|group| group.name.clone());
    Shared {
        counters: counters.add(Counters::new(portable::ENGINE, groups)),
        policy: Arc::new(policy),
        limits: Arc::new(config.limits.clone()),
        pacing: Arc::new(config.pacing.clone()),
        cache,
        access_log,
        session_key: Arc::new(SessionKey::new(rand::random(), now())),
        misses: Arc::new(MissLimit::new(config.limits.misses_per_prefix_per_s)),
    }
}

impl Shared {
    /// The same for another thread, with counters of its own.
    fn on(&self, engine: &'static str, counters: &mut AllCounters) -> Self {
        let groups = self.policy.groups().iter().map(|group| group.name.clone());
        Self { counters: counters.add(Counters::new(engine, groups)), ..self.clone() }
    }
}
