//! A server in this process, with everything around it.

use super::client::Client;
use super::keys::{Ca, Issued};
use super::shelf::{OBJECTS, Offer, Shelf};
use anyhow::{Context, Result, ensure};
use contract::config::{ApplianceConfig, EngineChoice, Limits, ListenerRole, Serving, ZeroCopy};
use serde::de::DeserializeOwned;
use serde_json::json;
use serve::{
    AccessLog, AllCounters, Certificates, Engine, Listening, PemFiles, Server, Setup, Tallies,
    TlsEngine,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The host of the group that everybody may read.
pub const OPEN_HOST: &str = "open.headend.test";
/// The host of the group that one web origin may read.
pub const LISTED_HOST: &str = "listed.headend.test";
/// A host that the certificate holds and no group has.
pub const STRAY_HOST: &str = "stray.headend.test";
/// A host with a certificate of its own, with an RSA key, in the open group.
pub const OTHER_HOST: &str = "other.headend.test";
/// The web origin that may read the listed group.
pub const LISTED_ORIGIN: &str = "https://www.headend.test";
/// The identity that the peer listener shows.
pub const IDENTITY: &str = "oca1.site-a.box.internal";
/// Where it stands.
pub const SITE: &str = "site-a.site.internal";

/// Lines of the request log, kept in memory.
#[derive(Default)]
pub struct Lines(Mutex<Vec<u8>>);

impl AccessLog for Lines {
    fn write_line(&self, line: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
    }
}

impl Lines {
    /// All of it so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A running server.
pub struct World {
    /// Files of this world; goes with it.
    pub folder: TempDir,
    /// What it holds.
    pub shelf: Shelf,
    /// Who issues everybody.
    pub ca: Ca,
    /// What the players' listener shows.
    pub site: Issued,
    /// Its configuration.
    pub config: ApplianceConfig,
    /// Where players connect, over HTTP/1.1 on the engine that was asked for: IPv4, then IPv6.
    pub players: [SocketAddr; 2],
    /// Where HTTP/2 is spoken as well.
    pub players_h2: [SocketAddr; 2],
    /// Where siblings connect.
    pub peers: SocketAddr,
    /// What carries its bytes.
    pub engine: Engine,
    /// What it shows.
    pub certificates: Certificates,
    /// Its listening sockets.
    pub listening: Listening,
    /// What it counted.
    pub counters: AllCounters,
    /// What it counted by title, for whoever takes it.
    pub tallies: Mutex<Tallies>,
    /// What it logged.
    pub lines: Arc<Lines>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<std::io::Result<()>>>,
}

impl World {
    /// Starts a server with this engine, these limits and a RAM tier of this size. Call it
    /// on a runtime.
    ///
    /// # Errors
    /// When anything that it needs cannot be had.
    pub fn start(engine: EngineChoice, limits: Limits, ram_budget_bytes: u64) -> Result<Self> {
        Self::holding(&OBJECTS, engine, limits, ram_budget_bytes)
    }

    /// The same, holding these objects.
    ///
    /// # Errors
    /// When anything that it needs cannot be had.
    pub fn holding(
        objects: &[Offer],
        engine: EngineChoice,
        limits: Limits,
        ram_budget_bytes: u64,
    ) -> Result<Self> {
        let disks = Vec::new();
        Self::with(disks, objects, engine, ram_budget_bytes, |config| config.limits = limits)
    }

    /// The same, holding these objects on these disks.
    ///
    /// # Errors
    /// When anything that it needs cannot be had.
    pub fn on_disks(
        disks: Vec<PathBuf>,
        objects: &[Offer],
        engine: EngineChoice,
        ram_budget_bytes: u64,
    ) -> Result<Self> {
        Self::with(disks, objects, engine, ram_budget_bytes, |_| ())
    }

    /// The same, with a configuration that differs from the usual one.
    ///
    /// # Errors
    /// When anything that it needs cannot be had.
    pub fn start_as(
        engine: EngineChoice,
        ram_budget_bytes: u64,
        differ: impl FnOnce(&mut ApplianceConfig),
    ) -> Result<Self> {
        Self::with(Vec::new(), &OBJECTS, engine, ram_budget_bytes, differ)
    }

    /// Without disks it has one in its folder.
    fn with(
        disks: Vec<PathBuf>,
        objects: &[Offer],
        engine: EngineChoice,
        ram_budget_bytes: u64,
        differ: impl FnOnce(&mut ApplianceConfig),
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let shelf = match disks.as_slice() {
            [] => Shelf::fill(folder.path(), ram_budget_bytes, objects)?,
            _ => Shelf::fill_on(disks, folder.path(), ram_budget_bytes, objects)?,
        };
        let ca = Ca::new(folder.path(), "ca")?;
        let site = ca.issue(&[OPEN_HOST, LISTED_HOST, STRAY_HOST])?;
        let other = ca.issue_rsa(&[OTHER_HOST])?;
        let identity = ca.issue(&[IDENTITY, SITE])?;
        let mut config = config([&site, &other], &identity)?;
        config.serving = Serving {
            engine,
            threads: 2,
            tls: chosen(TLS, "fused")?,
            zero_copy: chosen(ZERO_COPY, "off")?,
        };
        differ(&mut config);
        let lines = Arc::new(Lines::default());
        let log: Arc<dyn AccessLog> = Arc::clone(&lines) as _;
        let server = Server::bind(Setup {
            config: &config,
            cache: Arc::clone(&shelf.cache),
            access_log: Some(log),
            siblings: Some(ca.verifier()?),
            keys: Arc::new(PemFiles),
        })?;
        let bound = server.local_addrs();
        let of = |role, nth| {
            let mut found = bound.iter().filter(move |each| each.role == role);
            found.nth(nth).map(|each| each.address).context("not bound")
        };
        let players = [of(ListenerRole::Player, 0)?, of(ListenerRole::Player, 1)?];
        let players_h2 = [of(ListenerRole::Player, 2)?, of(ListenerRole::Player, 3)?];
        let peers = of(ListenerRole::Peer, 0)?;
        let (counters, certificates) = (server.counters(), server.certificates());
        let tallies = Mutex::new(server.tallies());
        let engine = server.engine().clone();
        let listening = server.listening();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let running = tokio::spawn(server.run(shutdown, Duration::from_secs(5)));
        let (stop, running) = (Some(stop), Some(running));
        let world = Self {
            folder,
            shelf,
            ca,
            site,
            config,
            players,
            players_h2,
            peers,
            engine,
            certificates,
            listening,
            counters,
            tallies,
            lines,
            stop,
            running,
        };
        Ok(world)
    }

    /// A client of the players' listener.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub fn client(&self) -> Result<Client> {
        Client::new(&self.ca, None)
    }

    /// Another server over the same cache.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub fn setup<'a>(&self, config: &'a ApplianceConfig) -> Result<Setup<'a>> {
        Ok(Setup {
            config,
            cache: Arc::clone(&self.shelf.cache),
            access_log: None,
            siblings: Some(self.ca.verifier()?),
            keys: Arc::new(PemFiles),
        })
    }

    /// Tells the server to drain.
    pub fn begin_drain(&mut self) {
        self.stop.take();
    }

    /// Waits until the server has ended.
    ///
    /// # Errors
    /// When it failed.
    pub async fn ended(&mut self) -> Result<()> {
        Ok(self.running.take().context("it has ended before")?.await??)
    }

    /// Whether the kernel seals, and cannot change its keys.
    #[must_use]
    pub fn keeps_its_keys(&self) -> bool {
        matches!(self.engine.tls(), Some(TlsEngine::Kernel(kernel)) if !kernel.can_change_keys)
    }

    /// Whether those sealed who were to: the kernel refused no connection that got an answer.
    #[must_use]
    pub fn sealed_as_told(&self) -> bool {
        let (total, is_told) = (self.counters.total(), self.is_kernels());
        let counted = &total.kernel_tls;
        counted.refused.get() == 0 && (counted.begun.get() > 0) == is_told
    }

    /// Whether batches were sent from where they stood, if they were to be.
    #[must_use]
    pub fn sent_as_told(&self) -> bool {
        let total = self.counters.total();
        let sends = total.zero_copy.as_is.get() + total.zero_copy.copied.get();
        let is_told = self.is_uring() && self.config.serving.zero_copy == ZeroCopy::On;
        (sends > 0) == is_told
    }

    fn is_uring(&self) -> bool {
        self.engine.tls().is_some()
    }

    fn is_kernels(&self) -> bool {
        matches!(self.engine.tls(), Some(TlsEngine::Kernel(_)))
    }

    /// Waits until no connection is open.
    ///
    /// # Errors
    /// When that takes more than ten seconds.
    pub async fn quiet(&self) -> Result<()> {
        ensure!(self.counters.total().kernel_tls.refused.get() == 0, "the kernel took no key");
        let what = "connections are open that nobody uses";
        wait_for(what, || self.counters.total().connections_open.get() == 0).await
    }
}

/// Our ends of TCP connections with this local port, whoever holds them: descriptors, or a
/// ring that was asked something about them.
///
/// # Errors
/// When the kernel does not say.
pub fn sockets_at(port: u16) -> Result<usize> {
    const LISTENING: &str = "0A";
    let mut count = 0;
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let text = std::fs::read_to_string(table)?;
        for row in text.lines().skip(1) {
            let columns: Vec<&str> = row.split_whitespace().collect();
            let &[_, local, _, state, _, _, _, _, _, inode, ..] = &columns[..] else { continue };
            let is_there = local.ends_with(&format!(":{port:04X}"));
            // In TIME_WAIT, or closed and not yet forgotten, it is nobody's: no inode.
            count += usize::from(is_there && state != LISTENING && inode != "0");
        }
    }
    Ok(count)
}

/// Waits until something is so, for ten seconds at most.
///
/// # Errors
/// Says what was not so.
pub async fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !is_so() {
        ensure!(begun.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

fn config(sites: [&Issued; 2], identity: &Issued) -> Result<ApplianceConfig> {
    let certificates: Vec<_> = sites
        .iter()
        .map(|site| json!({"chain_file": site.chain_file, "key_file": site.key_file}))
        .collect();
    Ok(serde_json::from_value(json!({
        "schema": 1,
        "min_appliance_version": "0.1.0",
        "name": "oca1.site-a",
        "state_folder": "/nonexistent",
        "listeners": [
            {"addresses": ["127.0.0.1:0", "[::1]:0"]},
            {"addresses": ["127.0.0.1:0", "[::1]:0"], "protocols": ["h2", "http/1.1"]},
            {"addresses": ["127.0.0.1:0"], "role": "peer"},
        ],
        "certificates": certificates,
        "identity": {"chain_file": identity.chain_file, "key_file": identity.key_file},
        "disks": [],
        "ram": {"budget_bytes": 1},
        "content_groups": [
            {"name": "open", "owner": "one", "host_names": [OPEN_HOST, OTHER_HOST]},
            {
                "name": "listed", "owner": "two", "host_names": [LISTED_HOST],
                "cors": {"allow_origins": [LISTED_ORIGIN], "max_age_s": 600},
                "query_keys": ["lang"], "max_age_s": 60,
            },
        ],
    }))?)
}

/// The variable that says who seals records, as the configuration has it.
pub const TLS: &str = "HEADEND_TLS";

/// The variable that says how records are sent, as the configuration has it.
pub const ZERO_COPY: &str = "HEADEND_ZERO_COPY";

fn chosen<T: DeserializeOwned>(variable: &str, usual: &str) -> Result<T> {
    let choice = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    Ok(serde_json::from_value(choice.into())?)
}

/// Makes a test of each of these functions on each engine: they carry the same HTTP.
#[macro_export]
macro_rules! on_each_engine {
    ($($name:ident)*) => {
        mod on_uring {
            $(#[tokio::test]
            async fn $name() -> anyhow::Result<()> {
                super::$name(contract::config::EngineChoice::Uring).await
            })*
        }
        mod on_portable {
            $(#[tokio::test]
            async fn $name() -> anyhow::Result<()> {
                super::$name(contract::config::EngineChoice::Portable).await
            })*
        }
    };
}

/// Makes one more test, which runs all those of the uring engine in a kernel that has TLS: it
/// seals for the engine.
#[macro_export]
macro_rules! on_kernel_tls {
    () => {
        #[test]
        fn on_kernel_tls() -> anyhow::Result<()> {
            let environment = [($crate::http_harness::world::TLS, "kernel")];
            $crate::uml::run_own_tests("on_uring::", &environment)
        }
    };
}

/// Makes one more test, which runs all those of the uring engine with every batch sent from
/// where it stands.
#[macro_export]
macro_rules! on_zero_copy {
    () => {
        #[test]
        fn on_zero_copy() -> anyhow::Result<()> {
            let environment = [($crate::http_harness::world::ZERO_COPY, "on")];
            $crate::process::run_own_tests("on_uring::", &environment)
        }
    };
}
