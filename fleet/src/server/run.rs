//! Starting, running and stopping.

use super::connections::{Acceptor, serve};
use super::{App, FrontSource, FrontTls, Settings, bind, token};
use crate::archiving::Archiving;
use crate::barring::Barring;
use crate::cli::Usage;
use crate::issuing::IssuingGate;
use crate::observing::Observing;
use crate::ordering::Ordering;
use crate::planner::{Commands, Documents, Expectations, Planner, Policies, Rules, Runs, View};
use crate::plays::Plays;
use crate::secrets::Secrets;
use crate::{api, archiving, control, join, viewer};
use anyhow::Context;
use arc_swap::ArcSwap;
use ca::{Ca, Front, IssuedStore, SaidStore, TokenStore};
use db::{Db, OpenError};
use health_collector::Collector;
use people::{HostKeyStore, PeopleStore, SourceNet, SshAuthority, SshStore};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// After the drain: whatever hangs then is left behind.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);

/// What the operator asks of `fleet serve`.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) data: PathBuf,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) viewers: Vec<SocketAddr>,
    pub(crate) front: FrontOptions,
    pub(crate) control: Vec<SocketAddr>,
    pub(crate) advertise_control: Option<SocketAddr>,
    pub(crate) join: Vec<SocketAddr>,
    pub(crate) advertise_join: Option<SocketAddr>,
    pub(crate) database_url: Option<String>,
    pub(crate) console_assets: Option<PathBuf>,
    pub(crate) report_interval_s: u64,
    pub(crate) ssh_from: Vec<SourceNet>,
    /// The folder with secrets of devices.
    pub(crate) secrets: PathBuf,
    pub(crate) steering_ttl_s: u64,
    pub(crate) elsewhere: Option<Elsewhere>,
}

/// What is shown to people and players.
#[derive(Debug, Clone)]
pub(crate) struct FrontOptions {
    /// Host names beside those that go without saying.
    pub(crate) names: Vec<String>,
    /// The chain and the key that somebody else keeps good.
    pub(crate) files: Option<(PathBuf, PathBuf)>,
}

/// Who issues what viewers see, if not the fleet, and how much of it.
#[derive(Debug, Clone)]
pub(crate) struct Elsewhere {
    /// Its folder is where the fleet's keys are.
    pub(crate) settings: acme::Settings,
    pub(crate) budget: acme::Budget,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    // Ports first: a second start by mistake must touch nothing.
    let listen = bind(&options.listen)?;
    let viewers = bind(&options.viewers)?;
    let control = bind(&options.control)?;
    let join = bind(&options.join)?;
    let brought = options.front.files.clone().map(front_of_files).transpose()?;
    let data = data_folder(&options.data)?;
    let own = || own_front(&options.front.names, &data, listen.iter().chain(&viewers));
    let front = Arc::new(brought.map_or_else(own, Ok)?);
    let app = Arc::new(open(&options, &data, &control, &join).await?);
    app.barring.read_again(&app).await?;
    let mut planner = Planner::new(Arc::clone(&app));
    planner.first_plan().await.context("cannot make the first plan")?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let urls = addresses(&listen);
    let tls = Arc::new(control::ControlTls::new(Arc::clone(&app)));
    let listeners = listen
        .into_iter()
        .map(|listener| {
            (listener, Acceptor::Front(Arc::clone(&front)), api::router(Arc::clone(&app)))
        })
        .chain(viewers.into_iter().map(|listener| {
            let acceptor = Acceptor::Front(Arc::clone(&front));
            (listener, acceptor, viewer::players(Arc::clone(&app)))
        }))
        .chain(control.into_iter().map(|listener| {
            let acceptor = Acceptor::Mutual(Arc::clone(&tls));
            (listener, acceptor, control::router(Arc::clone(&app)))
        }))
        .chain(join.into_iter().map(|listener| {
            (listener, Acceptor::Shown(Arc::clone(&tls)), join::router(Arc::clone(&app)))
        }));
    for (listener, acceptor, router) in listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tasks.spawn(serve(listener, acceptor, router, stopped.clone()));
    }
    tasks.spawn(planner.following().run(stopped.clone()));
    tasks.spawn(archiving::run(Arc::clone(&app), stopped.clone()));
    tasks.spawn(planner.run(stopped));
    if let Some(ordering) = app.ordering.clone() {
        tokio::spawn(async move { ordering.clear_up().await });
    }
    announce(&urls, &data)?;
    stop_signal().await?;
    tracing::info!("stopping");
    let _ = stop.send(true);
    let _ =
        tokio::time::timeout(STOP_TIMEOUT, async { while tasks.join_next().await.is_some() {} })
            .await;
    Ok(())
}

fn data_folder(said: &Path) -> anyhow::Result<PathBuf> {
    let data = std::path::absolute(said)?;
    let usable = ca::make_folder(&data);
    usable.map_err(|err| Usage(format!("cannot use {} for data: {err}", data.display())))?;
    Ok(data)
}

async fn open(
    options: &Options,
    data: &Path,
    control: &[TcpListener],
    join: &[TcpListener],
) -> anyhow::Result<App> {
    let db = open_database(options.database_url.as_deref(), data).await?;
    let ca = Ca::open(&data.join("ca"), SystemTime::now())?;
    let said = SaidStore::open(db.clone()).await?;
    let token = token::open(data)?;
    let observing = Observing::open(db.clone()).await?;
    let collector = Collector::open(db.clone(), options.report_interval_s).await?;
    Ok(App {
        inventory: inventory::Store::new(db.clone()),
        renderer: crate::configuring::Renderer::new().context("what renders configuration")?,
        known_settings: config_render::values::Known::shipped().context("the shipped settings")?,
        archiving: Archiving::new(config_render::revisions::Store::new(db.clone())),
        secrets: Secrets::in_folder(&options.secrets),
        catalog: catalog::Store::new(db.clone()),
        documents: Documents::new(db.clone()),
        commands: Commands::new(db.clone()),
        runs: Runs::new(db.clone()),
        solving: Semaphore::new(1),
        rules: Rules::new(db.clone()),
        expectations: Expectations::new(db.clone()),
        policies: Policies::new(db.clone()),
        short: ArcSwap::default(),
        instance: format!("{:x}-{}", super::now().0, std::process::id()),
        plays: Plays::default(),
        tokens: TokenStore::new(db.clone()),
        ordering: ordering(options.elsewhere.as_ref(), data, db.clone()).await?,
        people: PeopleStore::new(db.clone()),
        ssh: SshAuthority::open(&data.join("ssh"))?,
        ssh_issued: SshStore::new(db.clone()),
        host_keys: HostKeyStore::new(db.clone()),
        issued: IssuedStore::new(db),
        issuing: IssuingGate::default(),
        barring: Barring::default(),
        collector,
        observing,
        late_gate: control::LateGate::new(Instant::now()),
        ca,
        said,
        view: ArcSwap::from_pointee(View::default()),
        changed: Notify::new(),
        token,
        settings: Settings {
            control_address: options.advertise_control.or_else(|| reachable(control)),
            join_address: options.advertise_join.or_else(|| reachable(join)),
            report_interval_s: options.report_interval_s,
            ssh_from: options.ssh_from.clone(),
            steering_ttl_s: options.steering_ttl_s,
            console_assets: options.console_assets.clone(),
        },
    })
}

/// Shows what somebody else keeps good.
fn front_of_files((certificate, key): (PathBuf, PathBuf)) -> anyhow::Result<FrontTls> {
    let front = FrontTls::open(FrontSource::Files { certificate, key });
    front.map_err(|err| Usage(format!("nothing to show: {err:#}")).into())
}

/// Shows what we issue. Loopback goes without saying, and so does every address that is listened at.
fn own_front<'a>(
    names: &[String],
    data: &Path,
    listeners: impl Iterator<Item = &'a TcpListener>,
) -> anyhow::Result<FrontTls> {
    let local = listeners.filter_map(|it| it.local_addr().ok()).map(|it| it.ip());
    let local = local.filter(|it| !it.is_unspecified()).map(|it| it.to_string());
    let always = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let all: BTreeSet<_> = always.into_iter().chain(local).chain(names.iter().cloned()).collect();
    let front = Front::open(&data.join("ca"), SystemTime::now())?;
    let front = FrontTls::open(FrontSource::Own(Box::new(front), all.into_iter().collect()));
    front.map_err(|err| Usage(format!("--name: {err:#}")).into())
}

async fn open_database(url: Option<&str>, data: &Path) -> anyhow::Result<Db> {
    let opened = match url {
        Some(url) => Db::open(url).await,
        None => Db::open_file(&data.join("fleet.db")).await,
    };
    opened.map_err(|err| match err {
        OpenError::Address(_) | OpenError::Path(_) => Usage(err.to_string()).into(),
        other => other.into(),
    })
}

async fn ordering(
    elsewhere: Option<&Elsewhere>,
    data: &Path,
    db: Db,
) -> anyhow::Result<Option<Arc<Ordering>>> {
    let Some(Elsewhere { settings, budget }) = elsewhere else { return Ok(None) };
    let settings = acme::Settings { folder: data.join("ca"), ..settings.clone() };
    let issuer = acme::Acme::new(settings).map_err(|err| Usage(err.to_string()))?;
    Ok(Some(Arc::new(Ordering::open(Arc::new(issuer), db, *budget).await?)))
}

/// The first address that could be told to somebody else.
fn reachable(listeners: &[TcpListener]) -> Option<SocketAddr> {
    let mut addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    addresses.find(|address| !address.ip().is_unspecified())
}

fn addresses(listeners: &[TcpListener]) -> Vec<String> {
    let local = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    local.map(|address| format!("https://{address}")).collect()
}

/// One line on standard output says that everything is up, for whoever started us.
fn announce(urls: &[String], data: &Path) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let data = data.display();
    writeln!(
        out,
        "ready {} (token in {data}/{}, authority in {data}/ca/{})",
        urls.join(" "),
        token::FILE,
        Front::FILE
    )?;
    Ok(out.flush()?)
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
