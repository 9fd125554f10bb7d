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
use crate::listening::{Inherited, Listening};
use crate::private_keys::PrivateKeys;
use crate::room::Room;
use crate::shared::{Shared, now};
use crate::siblings::{Siblings, SiblingsPlace};
use crate::titles::{Tallies, Tally};
use crate::tls::Tls;
use crate::topology::Survey;
use crate::{portable, uring};
use cache::Cache;
use contract::config::{ApplianceConfig, Listener, ListenerRole};
use contract::demand::day_of;
use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
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

/// What a server is made of.
#[derive(Clone)]
pub struct Setup<'a> {
    /// What it is told to be.
    pub config: &'a ApplianceConfig,
    /// What it serves from.
    pub cache: Arc<Cache>,
    /// Where lines of the request log go, if anywhere.
    pub access_log: Option<Arc<dyn AccessLog>>,
    /// Who is a box of the fleet, where there are listeners for such; that it stands on the same
    /// site is seen to beside that.
    pub siblings: Option<Arc<dyn ClientCertVerifier>>,
    /// Who reads the keys of what it shows.
    pub keys: Arc<dyn PrivateKeys>,
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
    listening: Listening,
    room: Arc<Room>,
    shared: Arc<Shared>,
    counters: AllCounters,
    certificates: Certificates,
}

/// A server whose threads stand ready. Nobody was accepted yet.
pub struct Prepared {
    portable: portable::Crew,
    uring: uring::Crew,
    listening: Listening,
}

impl Server {
    /// Reads certificates and takes all addresses. Nothing is accepted before
    /// [`Server::run`].
    ///
    /// # Errors
    /// [`BindError`] names the key of the configuration that cannot be met.
    pub fn bind(setup: Setup<'_>) -> Result<Self, BindError> {
        Self::bind_after(setup, &mut Inherited::default())
    }

    /// The same, with the sockets that another process has left. Those that the
    /// configuration has no use for stay in `inherited`.
    ///
    /// # Errors
    /// [`BindError`] names the key of the configuration that cannot be met.
    pub fn bind_after(setup: Setup<'_>, inherited: &mut Inherited) -> Result<Self, BindError> {
        let Setup { config, cache, access_log, siblings, keys } = setup;
        let engine = Engine::choose(&config.serving)?;
        let how =
            uring::How { kernel_tls: engine.kernel_tls(), zero_copy: config.serving.zero_copy };
        let tls = Tls::load(config, siblings, &keys, &inherited.tickets)?;
        let survey = Survey::with(config, &engine);
        let bound = bind::bind_all(config, inherited, |listener| engine.sockets_of(listener))?;
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
            listening: Listening::new(Arc::clone(&tls.tickets)),
            room: Room::new(config.limits.max_connections.into()),
            shared: Arc::new(shared),
            counters,
            certificates: tls.certificates.clone(),
        };
        for each in bound {
            if let Some(listener) = config.listeners.get(each.listener) {
                server.open(each, listener, &tls)?;
            }
        }
        Ok(server)
    }

    fn open(&mut self, bound: Bound, listener: &Listener, tls: &Tls) -> Result<(), BindError> {
        let Some(tls) = tls.of(listener) else { return Ok(()) };
        let (role, address) = (listener.role, bound.address);
        self.listening.add(bound.asked, &bound.sockets).map_err(|source| BindError::Address {
            path: format!("listeners[{}]", bound.listener),
            address,
            source,
        })?;
        self.addresses.push(BoundAddress { listener: bound.listener, role, address });
        if self.engine.carries(listener) {
            self.give_to_threads(bound, role, &tls);
            return Ok(());
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
        Ok(())
    }

    /// To each thread its socket. Where the process before had more of them, new connections
    /// are steered to the first ones, and the others are accepted from as well: somebody may
    /// stand in their queues.
    fn give_to_threads(&mut self, bound: Bound, role: ListenerRole, tls: &Arc<ServerConfig>) {
        let threads = self.uring.len();
        let own = bound.sockets.get(..threads).unwrap_or(&bound.sockets);
        if let Err(err) = uring::steer::by_plan(own, &self.survey.plan) {
            tracing::warn!(%err, address = %bound.address, "connections go to any thread");
        }
        for (at, socket) in bound.sockets.into_iter().enumerate() {
            if let Some((_, thread)) = self.uring.get_mut(at % threads.max(1)) {
                thread.push(uring::Entrance { socket, tls: Arc::clone(tls), role });
            }
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

    /// Who knows what the other boxes of the site would serve.
    pub fn turn_to(&self, siblings: Arc<dyn Siblings>) {
        self.shared.siblings.set(siblings);
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

    /// What is asked for by title; taken from while the server runs and after. What is taken here
    /// is found by nobody else.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        let of_threads = self.uring.iter().map(|(shared, _)| shared);
        let all = std::iter::once(&*self.shared).chain(of_threads);
        Tallies::new(all.map(|shared| Arc::clone(&shared.tally)).collect())
    }

    /// The sockets that it listens on.
    #[must_use]
    pub fn listening(&self) -> Listening {
        self.listening.clone()
    }

    /// Starts the threads, each with what it needs to serve. Nobody is accepted yet.
    ///
    /// # Errors
    /// When an engine cannot begin.
    pub fn prepare(self) -> io::Result<Prepared> {
        self.survey.log();
        Ok(Prepared {
            portable: portable::Crew::prepare(self.portable, &self.room)?,
            uring: uring::Crew::prepare(self.uring, &self.room, self.how, &self.survey.plan)?,
            listening: self.listening,
        })
    }

    /// Prepares, and serves: see [`Prepared::run`].
    ///
    /// # Errors
    /// When an engine cannot begin; nothing was accepted then. Or when a thread of one has
    /// ended before its time.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()>,
        patience: Duration,
    ) -> io::Result<()> {
        self.prepare()?.run(shutdown, patience).await
    }
}

impl Prepared {
    /// Serves until `shutdown` completes, then drains: nothing new is accepted, idle
    /// connections are closed, answers in flight are finished, who has just connected is
    /// answered once, and what is left after `patience` is cut.
    ///
    /// # Errors
    /// When a thread of an engine has ended before its time.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()>,
        patience: Duration,
    ) -> io::Result<()> {
        let Self { mut portable, mut uring, listening } = self;
        portable.begin(patience);
        uring.begin();
        shutdown.await;
        uring.drain();
        portable.drain();
        listening.end();
        portable.end().await;
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
        siblings: SiblingsPlace::default(),
        tally: Tally::new(threads(), day_of(now())),
    }
}

impl Shared {
    /// The same for another thread, with counters of its own.
    fn on(&self, engine: &'static str, counters: &mut AllCounters) -> Self {
        let groups = self.policy.groups().iter().map(|group| group.name.clone());
        let counters = counters.add(Counters::new(engine, groups));
        Self { counters, tally: Tally::new(1, day_of(now())), ..self.clone() }
    }
}

/// How many threads the runtime of the portable engine has, as a rule.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
