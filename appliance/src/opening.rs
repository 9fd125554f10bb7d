//! Everything that a box opens before it serves: anew, or as the process before has left it.
//! What must not be done twice at once is not begun here.

use crate::access_files;
use crate::admin_door::AdminDoor;
use crate::autonomy::Rights;
use crate::commands::{Commands, Means};
use crate::control::Control;
use crate::demand;
use crate::disk_io::ThreadIo;
use crate::documents::Documents;
use crate::duties::{Duties, Resting};
use crate::fleet_link::FleetLink;
use crate::handover::Taken;
use crate::holding::Holding;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::kept_out::KeptOut;
use crate::keys::Keys;
use crate::machine::Known;
use crate::moving::Moving;
use crate::purging::Purging;
use crate::redirecting::Redirecting;
use crate::renewing::{Issuer, Renewing};
use crate::reporter::{Asked, Reporter};
use crate::revoked::RevokedList;
use crate::s3::Origins;
use crate::scrubbing::Scrubbing;
use crate::slices::Slices;
use crate::smart::Smart;
use crate::spool::{self, SharedSpool, Spool};
use crate::titles::Titles;
use anyhow::Result;
use cache::storage::Kernel;
use cache::{Cache, DiskHandover, DiskSetup, OpenError, Rating};
use contract::config::{ApplianceConfig, Document};
use contract::time::TimeUs;
use fill::fetch::{Fetcher, Patience, Tls};
use fill::{Clock, Demand, Filler, Neighbours, Rules};
use serve::{Certificates, Engine, Listening, Prepared, Server};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// A port is taken, a disk cannot be written: said before anything was begun.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CannotStart(String);

impl CannotStart {
    /// What is wrong with a key of the configuration.
    pub(crate) fn at(document: &Document, path: &str, reason: &str) -> Self {
        Self(document.problem(path, reason).to_string())
    }
}

/// A box that could serve.
pub(crate) struct Opened {
    pub(crate) cache: Arc<Cache>,
    pub(crate) server: Prepared,
    pub(crate) engine: Engine,
    pub(crate) certificates: Certificates,
    pub(crate) identity: Identity,
    pub(crate) listening: Listening,
    pub(crate) admin: AdminDoor,
    pub(crate) journal: Arc<Journal>,
    pub(crate) filler: Arc<Filler>,
    pub(crate) demand: Arc<Demand>,
    pub(crate) reporter: Reporter,
    pub(crate) titles: Titles,
    pub(crate) scrubbing: Scrubbing,
    pub(crate) smart: Smart,
    pub(crate) known: Known,
    pub(crate) kept_out: KeptOut,
    pub(crate) duties: Duties,
    /// The addresses of the process before at which this one accepts.
    pub(crate) kept: Vec<SocketAddr>,
}

/// Opens it all. Whatever cannot be had is named by its place in the configuration.
pub(crate) fn open(document: &Document, keys: &Keys, taken: Taken) -> Result<Opened> {
    let config = Arc::new(document.config.clone());
    let cannot_start = |path: &str, reason: String| CannotStart::at(document, path, &reason);
    let Taken { mut serving, disks } = taken;
    let mut kept = serving.addresses();
    let journal = Journal::new(wall_clock());
    if let Some(complaint) = crate::memory::complaint(&config) {
        tracing::warn!("{complaint}");
    }
    for warning in crate::check::warnings(document) {
        tracing::warn!("{warning}");
    }
    let mut documents = Documents::open(&config, wall_clock())?;
    let identity = Identity::open(&config.identity, keys)?;
    if let Some(Err(err)) = documents.trust().map(|trust| identity.believe(trust)) {
        // Viewers are served all the same.
        tracing::error!("nobody is believed: {err:#}");
    }
    let purging = Purging::restore(&mut documents, &config, &journal);
    let cache = open_cache(&config, &journal, disks, purging)
        .map_err(|err| cannot_start(&place_of(&err), err.to_string()))?;
    let kept_out = KeptOut::open(config.state_folder.join("ejected.json"));
    kept_out.enforce(&cache);
    for (node, shortfall) in cache.ram_shortfalls() {
        tracing::warn!(node, %shortfall, "the memory of the RAM tier could serve better");
    }
    let access_log = access_files::open(&config.log)
        .map_err(|err| cannot_start("log.access_folder", err.to_string()))?;
    let setup = serve::Setup {
        config: &config,
        cache: Arc::clone(&cache),
        access_log,
        siblings: Some(identity.siblings()),
        keys: Arc::new(keys.clone()),
    };
    let server = Server::bind_after(setup, &mut serving)
        .map_err(|err| cannot_start(err.path(), err.to_string()))?;
    let socket = config.admin_socket();
    let admin = AdminDoor::make(socket.clone())
        .map_err(|err| cannot_start("admin.socket", format!("{}: {err}", socket.display())))?;
    let left = serving.addresses();
    kept.retain(|address| !left.contains(address));

    let link = FleetLink::new(&config, &identity)?.map(Arc::new);
    let rules =
        Rules::of(&config.fill).map_err(|err| cannot_start("fill.time_zone", err.to_string()))?;
    // What viewers wait for has connections apart from those of the background.
    let fetcher = fetcher(&config, &identity, link.clone())?;
    let sources = Arc::new(Origins::new(Arc::new(fetcher.apart()), &config));
    let filler = filler(rules, &cache, &journal, sources);
    let neighbours =
        Neighbours::new(Arc::clone(&filler), Arc::clone(&fetcher) as _, Handle::current());
    server.turn_to(Arc::new(Redirecting(neighbours)));
    let demand = demand::open(&config, &cache, &filler, fetcher);
    let scrubbing = Scrubbing::open(
        Arc::clone(&cache),
        Arc::clone(&journal),
        config.scrub.clone(),
        config.state_folder.join("scrub.json"),
    );
    let moving = Moving::new(Arc::clone(&cache), Arc::clone(&filler), config.moves.clone());
    let known = Known::new(config.hardware.clone());
    let smart = Smart::new(Arc::clone(&cache), Arc::clone(&journal), config.smart.clone());
    let spool = Spool::open(config.state_folder.join("spool"), spool::LIMITS)?;
    let spool = SharedSpool::new(spool);
    let reporter = Reporter::new(Asked {
        config: Arc::clone(&config),
        cache: Arc::clone(&cache),
        scrubbing: scrubbing.clone(),
        moving: moving.clone(),
        smart: smart.clone(),
        known: known.clone(),
        filler: Arc::clone(&filler),
        journal: Arc::clone(&journal),
        counters: server.counters(),
        engine: server.engine().clone(),
        certificates: server.certificates(),
        keys: keys.clone(),
        spool: spool.clone(),
        clock: wall_clock(),
    });
    let titles = Titles::new(server.tallies(), wall_clock());
    let renewing = Renewing {
        config: Arc::clone(&config),
        identity: identity.clone(),
        certificates: server.certificates(),
        keys: keys.clone(),
        journal: Arc::clone(&journal),
        clock: wall_clock(),
        players: watch::Sender::new(Issuer::NotSaid),
    };
    let means = Means {
        cache: Arc::clone(&cache),
        scrubbing: scrubbing.clone(),
        kept_out: kept_out.clone(),
    };
    let commands = config.state_folder.join("commands.json");
    let mut control = Control {
        commands: Commands::open(means, wall_clock(), commands),
        documents,
        revoked: RevokedList::open(&config, &identity),
        players: renewing.players.clone(),
        identity: identity.clone(),
        holding: Holding::open(&config.state_folder)?,
        config,
        cache: Arc::clone(&cache),
        filler: Arc::clone(&filler),
        journal: Arc::clone(&journal),
        reporter: reporter.clone(),
        titles: titles.clone(),
        purging,
        rights: Rights::default(),
        spool,
        wants_parts: false,
        coming_since: None,
        spool_fails: false,
    };
    control.restore();
    Ok(Opened {
        cache,
        engine: server.engine().clone(),
        certificates: server.certificates(),
        identity,
        listening: server.listening(),
        server: server.prepare()?,
        admin,
        journal,
        filler: Arc::clone(&filler),
        demand,
        reporter,
        titles,
        scrubbing,
        smart,
        known,
        kept_out,
        duties: Duties::Resting(Box::new(Resting { control, link, filler, moving, renewing })),
        kept,
    })
}

/// The clock, read at the edge; the simulation of a day has another.
fn wall_clock() -> Clock {
    Arc::new(|| TimeUs::from(SystemTime::now()))
}

fn open_cache(
    config: &ApplianceConfig,
    journal: &Arc<Journal>,
    before: Vec<DiskHandover>,
    purging: Purging,
) -> Result<Arc<Cache>, OpenError> {
    let setup = cache::Setup {
        disks: disk_setups(config),
        ram_budget_bytes: config.ram.budget_bytes.0,
        storage: Arc::new(Kernel),
        io: Arc::new(ThreadIo(Handle::current())),
        watch: journal.clone(),
        purged: purging.up_to(),
    };
    let cache = Cache::open_after(setup, before)?;
    cache.set_read_p99(config.read_p99);
    cache.set_ratings(ratings(config), TimeUs::from(SystemTime::now()));
    Ok(cache)
}

/// The disks of a configuration, as the cache takes them.
pub(crate) fn disk_setups(config: &ApplianceConfig) -> Vec<DiskSetup> {
    let setup = |disk: &contract::config::Disk| DiskSetup {
        folder: disk.folder.clone(),
        class: disk.class,
        capacity_bytes: disk.capacity_bytes.0,
        reserve_bytes: disk.reserve_bytes.0,
    };
    config.disks.iter().map(setup).collect()
}

/// What they are rated for, by folder.
pub(crate) fn ratings(config: &ApplianceConfig) -> BTreeMap<PathBuf, Rating> {
    let rating = |disk: &contract::config::Disk| {
        let rating = Rating::new(disk.rated_write_bytes?.0, disk.service_life_days);
        Some((disk.folder.clone(), rating))
    };
    config.disks.iter().filter_map(rating).collect()
}

/// The place in the configuration that a person has to look at.
fn place_of(err: &OpenError) -> String {
    match err {
        OpenError::Disk { disk, .. } => format!("disks[{disk}].folder"),
        OpenError::Ram { .. } => "ram.budget_bytes".to_owned(),
    }
}

fn fetcher(
    config: &ApplianceConfig,
    identity: &Identity,
    link: Option<Arc<FleetLink>>,
) -> Result<Arc<Fetcher>> {
    let patience = Patience {
        connect: config.fill.connect_timeout_s.duration(),
        stall: config.fill.stall_timeout_s.duration(),
    };
    let tls = Tls { boxes: identity.client()?, origins: identity.origins() };
    let (device, knowledge) = (config.name.to_string(), Arc::new(Slices::asked_of(link)));
    Ok(Arc::new(Fetcher::new(&device, patience, tls, knowledge)))
}

fn filler(
    rules: Rules,
    cache: &Arc<Cache>,
    journal: &Arc<Journal>,
    upstream: Arc<Origins>,
) -> Arc<Filler> {
    Filler::new(fill::Setup {
        cache: Arc::clone(cache),
        upstream,
        offload: Arc::new(fill::Threads),
        seed: rand::random(),
        rules,
        clock: wall_clock(),
        watch: journal.clone(),
    })
}
