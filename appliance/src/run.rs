//! `appliance run`: the table of contents of a box.

use crate::admin::{self, Seen};
use crate::background;
use crate::endurance;
use crate::handover::give::{Giver, Outcome};
use crate::handover::predecessor::Meeting;
use crate::handover::{Patience, Predecessor, Program, Successor, Taken};
use crate::journal::Journal;
use crate::keys::Keys;
use crate::opening::{self, Opened};
use crate::process::This;
use crate::registers;
use crate::reload::Reload;
use crate::secrecy;
use crate::signals::{Signals, Told, hangups};
use crate::supervisor;
use anyhow::{Context, Result};
use cache::Cache;
use contract::config::Document;
use fill::Filler;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How long transfers under way may go on after a stop was asked for, or another process has
/// taken over.
const DRAIN: Duration = Duration::from_secs(15);

/// How long calls that block may take at the end.
const LAST_CALLS: Duration = Duration::from_secs(2);

/// Runs until SIGTERM, Ctrl-C, or until another process has taken over.
pub(crate) fn run(
    file: &Path,
    document: &Document,
    keys: &Keys,
    before: Option<&Predecessor>,
) -> Result<()> {
    start_log();
    for complaint in secrecy::keep() {
        tracing::warn!("{complaint}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let background = background::start()?;
    let outcome = runtime.block_on(serve(file, document, keys, before, background.handle()));
    // A read that hangs on a dying disk must not keep the process alive.
    runtime.shutdown_timeout(LAST_CALLS);
    background.shutdown_timeout(LAST_CALLS);
    outcome
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}

async fn serve(
    file: &Path,
    document: &Document,
    keys: &Keys,
    before: Option<&Predecessor>,
    background: &Handle,
) -> Result<()> {
    let (mut signals, told_to_reload) = (Signals::listen()?, hangups()?);
    let program = Program::this()?;
    let meeting = before.map(Predecessor::meet).transpose()?;
    let taken = match &meeting {
        Some(meeting) => meeting.take().await?,
        None => Taken::default(),
    };
    let opened = opening::open(document, keys, taken)?;
    // Whatever can fail has been done when the process before gives up.
    let reload = Reload {
        file: file.to_owned(),
        certificates: opened.certificates,
        identity: opened.identity,
        filler: Arc::clone(&opened.filler),
        cache: Arc::clone(&opened.cache),
        kept_out: opened.kept_out,
    };
    let reloading = reload.when_told(told_to_reload);
    if let Some(meeting) = &meeting {
        tokio::select! {
            given = meeting.ready(opened.kept.clone()) => given?,
            () = signals.stop() => return Ok(()),
        }
    }
    signals.forget_restart()?;

    let Opened {
        admin,
        cache,
        server,
        engine,
        journal,
        filler,
        demand,
        mut duties,
        reporter,
        titles,
        scrubbing,
        smart,
        known,
        ..
    } = opened;
    cache.may_write();
    // The process before has heard of everything until now.
    if meeting.is_none() {
        tokio::select! {
            () = duties.catch_up() => {}
            () = signals.stop() => return Ok(()),
        }
    }
    duties.begin(background);
    let this = This::new(meeting.is_some());
    let (stopper, stop) = watch::channel(false);
    let is_ready = Arc::new(AtomicBool::new(true));
    let seen = Seen { reporter, this: this.clone(), is_ready: Arc::clone(&is_ready) };
    let admin = admin.open().context("admin.socket")?;
    let admin = tokio::spawn(admin::serve(admin, seen, stopped(stop.clone())));
    let reloading = tokio::spawn(reloading);
    let scrubbing = background.spawn(scrubbing.run());
    let asking = tokio::spawn(smart.run());
    let looking = tokio::spawn(known.run());
    let counting = tokio::spawn(endurance::keep(Arc::clone(&cache)));
    let registering = tokio::spawn(registers::keep(Arc::clone(&cache)));
    let refill = tokio::spawn(refill_what_was_lost(journal, filler));
    // Until the last answer has gone: readers turn to it.
    let booking = tokio::spawn(Arc::clone(&demand).run(stop.clone()));
    let tallying = tokio::spawn(titles.run(stop.clone()));
    let serving = tokio::spawn(server.run(stopped(stop), DRAIN));
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        ?engine,
        "serving"
    );
    supervisor::ready();
    meeting.map(|meeting| tokio::spawn(outlive(meeting, Arc::clone(&cache), this.clone())));

    let mut giver = Giver {
        program,
        this,
        patience: Patience::default(),
        listening: opened.listening,
        cache,
        duties,
        background: background.clone(),
    };
    let successor = until_the_end(&mut giver, &mut signals).await;
    tracing::info!("stopping: what is in flight may finish");
    is_ready.store(false, Ordering::Relaxed);
    stopper.send_replace(true);
    let refusing = tokio::spawn(refuse_restarts(signals));
    giver.duties.cease().await?;
    drop(giver);
    refill.abort();
    scrubbing.abort();
    asking.abort();
    looking.abort();
    counting.abort();
    registering.abort();
    reloading.abort();
    serving.await.context("serving")??;
    booking.await.context("keeping the books")?;
    tallying.await.context("counting demand")?;
    drop(demand);
    admin.await.context("admin listener")??;
    refusing.abort();
    drop(successor);
    Ok(())
}

/// Waits until this process is to end; gives the one that has taken over, if one has.
async fn until_the_end(giver: &mut Giver, signals: &mut Signals) -> Option<Box<Successor>> {
    loop {
        match signals.next().await {
            Told::Stop => break,
            Told::Restart => match giver.restart(signals).await {
                Outcome::HandedOver(successor) => return Some(successor),
                Outcome::Stop => break,
                Outcome::GoesOn => {}
            },
        }
    }
    supervisor::stopping();
    None
}

/// The process before still sends what was in flight. Once it has ended, what it may have been
/// reading is removed, and there may be another restart.
async fn outlive(meeting: Meeting, cache: Arc<Cache>, this: This) {
    meeting.gone().await;
    let removed = tokio::task::spawn_blocking(move || cache.may_remove()).await;
    this.is_alone();
    match removed {
        Ok(()) => tracing::info!("the process before has ended"),
        Err(err) => tracing::error!(%err, "what the process before was reading stays"),
    }
}

async fn refuse_restarts(mut signals: Signals) {
    loop {
        if signals.next().await == Told::Restart {
            tracing::warn!("refused to restart: this process is ending");
        }
    }
}

/// An object that a disk lost is missing again, and viewers ask for it: the filler looks at once.
async fn refill_what_was_lost(journal: Arc<Journal>, filler: Arc<Filler>) {
    loop {
        for object in journal.lost().await {
            filler.lost(&object);
        }
        // A disk may have gone, with more than can be named, or come back.
        filler.wake();
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender has gone: the process is ending as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
