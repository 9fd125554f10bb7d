//! `appliance run`: the table of contents of a box.

use crate::admin::{self, Seen};
use crate::control::Control;
use crate::disk_io::ThreadIo;
use crate::documents::Documents;
use crate::fleet_link::FleetLink;
use crate::holding::Holding;
use crate::journal::Journal;
use crate::reporter::Reporter;
use crate::{access_files, pem};
use anyhow::{Context, Result};
use cache::{Cache, DiskSetup, OpenError};
use contract::config::{ApplianceConfig, Document};
use fill::Filler;
use fill::fetch::Patience;
use serve::{Certificates, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long transfers under way may go on after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(15);

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

/// Runs until SIGTERM or Ctrl-C.
pub(crate) fn run(document: &Document) -> Result<()> {
    start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(serve(document));
    // A read that hangs on a dying disk must not keep the process alive.
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}

async fn serve(document: &Document) -> Result<()> {
    let config = Arc::new(document.config.clone());
    let cannot_start = |path: &str, reason: String| CannotStart::at(document, path, &reason);
    let journal = Journal::new();
    let cache = open_cache(&config, &journal)
        .map_err(|err| cannot_start(&place_of(&err), err.to_string()))?;
    for (node, shortfall) in cache.ram_shortfalls() {
        tracing::warn!(node, %shortfall, "the memory of the RAM tier could serve better");
    }
    let access_log = access_files::open(&config.log)
        .map_err(|err| cannot_start("log.access_folder", err.to_string()))?;
    let server = Server::bind(&config, Arc::clone(&cache), access_log)
        .map_err(|err| cannot_start(err.path(), err.to_string()))?;
    let admin_socket = TcpListener::bind(config.admin.address)
        .await
        .map_err(|err| cannot_start("admin.address", format!("{}: {err}", config.admin.address)))?;

    let filler = Filler::new(fill::Setup {
        cache: Arc::clone(&cache),
        device: config.name.to_string(),
        patience: Patience {
            connect: config.fill.connect_timeout_s.duration(),
            stall: config.fill.stall_timeout_s.duration(),
        },
        tls: pem::box_tls(&config.identity)?,
        parallel: config.fill.parallel.into(),
        watch: journal.clone(),
    });
    let reporter = Reporter::new(
        Arc::clone(&config),
        Arc::clone(&cache),
        filler.ledger(),
        server.counters(),
        server.engine().clone(),
    );
    let link = FleetLink::new(&config)?;
    let mut control = Control {
        documents: Documents::open(&config)?,
        holding: Holding::open(&config.state_folder)?,
        config,
        cache,
        filler: Arc::clone(&filler),
        journal: Arc::clone(&journal),
        reporter: reporter.clone(),
        purged_up_to: 0,
    };
    control.restore();

    let engine = server.engine().clone();
    let reloading = tokio::spawn(reload_when_told(server.certificates())?);
    let (stopper, stop) = watch::channel(false);
    let is_ready = Arc::new(AtomicBool::new(true));
    let seen = Seen { reporter, is_ready: Arc::clone(&is_ready) };
    let admin = tokio::spawn(admin::serve(admin_socket, seen, stopped(stop.clone())));
    let refill = tokio::spawn(refill_what_was_lost(journal, Arc::clone(&filler)));
    let filling = tokio::spawn(filler.run(stop.clone()));
    let talking = link.map(|link| tokio::spawn(control.run(link, stop.clone())));
    let serving = tokio::spawn(server.run(stopped(stop), DRAIN));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), ?engine, "serving");

    wait_for_stop().await?;
    tracing::info!("stopping: what is in flight may finish");
    is_ready.store(false, Ordering::Relaxed);
    stopper.send_replace(true);
    refill.abort();
    reloading.abort();
    serving.await.context("serving")??;
    filling.await.context("filling")?;
    if let Some(talking) = talking {
        talking.await.context("talking to the fleet")?;
    }
    Ok(admin.await.context("admin listener")??)
}

fn open_cache(config: &ApplianceConfig, journal: &Arc<Journal>) -> Result<Arc<Cache>, OpenError> {
    let disks = config.disks.iter().map(|disk| DiskSetup {
        folder: disk.folder.clone(),
        capacity_bytes: disk.capacity_bytes.0,
        reserve_bytes: disk.reserve_bytes.0,
    });
    Cache::open(cache::Setup {
        disks: disks.collect(),
        ram_budget_bytes: config.ram.budget_bytes.0,
        io: Arc::new(ThreadIo(Handle::current())),
        watch: journal.clone(),
    })
}

/// The place in the configuration that a person has to look at.
fn place_of(err: &OpenError) -> String {
    match err {
        OpenError::Disk { disk, .. } => format!("disks[{disk}].folder"),
        OpenError::Ram { .. } => "ram.budget_bytes".to_owned(),
    }
}

/// An object that a disk lost is missing again: the filler looks at once.
async fn refill_what_was_lost(journal: Arc<Journal>, filler: Arc<Filler>) {
    loop {
        journal.lost.notified().await;
        filler.wake();
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender has gone: the process is ending as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// SIGHUP: certificates and keys are read again. What cannot be read stays as it was.
fn reload_when_told(certificates: Certificates) -> Result<impl Future<Output = ()>> {
    let mut told = signal(SignalKind::hangup())?;
    Ok(async move {
        while told.recv().await.is_some() {
            match certificates.reload() {
                Ok(()) => tracing::info!("certificates were read again"),
                Err(err) => tracing::error!(%err, key = err.path(), "the old certificates stay"),
            }
        }
    })
}

async fn wait_for_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
