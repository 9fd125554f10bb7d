//! Some devices at a time, those first that somebody asks for.

use super::due::{due_at, is_there};
use super::visit::{Errand, Knowing, Visit, visit};
use crate::api::Problem;
use crate::configuring;
use crate::server::{App, now};
use config_render::archive::Redacted;
use config_render::reading::Said;
use config_render::revisions::{BackupState, Cause, FileRead, Kept, Reading};
use config_render::values::Settings;
use config_render::{Facts, all_facts};
use contract::time::TimeUs;
use serde_json::Value;
use ssh::{Cancel, Device, Limits, Session, SshFailure, each};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Devices of a round: who asks waits for no more than these.
const MOST_OF_A_ROUND: usize = 1000;

/// Devices that are visited at once. Each may hold what it says in memory, with what becomes of it.
const AT_ONCE: usize = 64;

/// Between two looks at whose turn it is; the longer only where nobody wakes us.
const LEAST_REST: Duration = Duration::from_secs(1);
const MOST_REST: Duration = Duration::from_secs(60);

/// What came of a visit: texts, or why there are none.
type Outcome = Result<Vec<(String, Redacted)>, String>;

/// Takes copies until it is stopped.
pub(crate) async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    loop {
        let rest = round(&app, &mut stopped).await.unwrap_or_else(|problem| {
            tracing::error!("no copies of configurations: {}", problem.detail);
            MOST_REST
        });
        let look = async {
            // Whoever changes many records wakes us with each.
            tokio::time::sleep(LEAST_REST).await;
            let rest = rest.saturating_sub(LEAST_REST);
            let _ = tokio::time::timeout(rest, app.archiving.woken.notified()).await;
        };
        tokio::select! {
            _ = stopped.wait_for(|is_stopped| *is_stopped) => return,
            () = look => {}
        }
    }
}

/// Those whose turn it is. Says for how long nothing is to be done.
async fn round(app: &Arc<App>, stopped: &mut watch::Receiver<bool>) -> Result<Duration, Problem> {
    let begun = now();
    let turns = turns(app, begun).await?;
    let rest = turns.rest(begun);
    let mut visits = Vec::new();
    let mut knowing = Knowing::default();
    for turn in turns.now {
        app.archiving.taken(turn.facts.name());
        let known = (&turn.facts, &turn.settings);
        match visit(app, known, turn.cause, &mut knowing).await {
            Ok(visit) => visits.push(visit),
            Err(why) => failed(app, turn.facts.name(), &why.to_string()).await?,
        }
    }
    make(app, visits, stopped).await?;
    Ok(rest)
}

/// A device whose turn it is.
struct Turn {
    facts: Facts,
    settings: Settings,
    cause: Cause,
    due_at: TimeUs,
}

/// Whose turn it is, and when somebody's is next.
struct Turns {
    now: Vec<Turn>,
    /// Of whom is left over.
    next_at: Option<TimeUs>,
}

impl Turns {
    fn rest(&self, now: TimeUs) -> Duration {
        let us = self.next_at.map_or(i64::MAX, |it| it.0.saturating_sub(now.0).max(0));
        Duration::from_micros(us.unsigned_abs()).clamp(LEAST_REST, MOST_REST)
    }
}

async fn turns(app: &App, now: TimeUs) -> Result<Turns, Problem> {
    let states = app.archiving.revisions.states().await.map_err(Problem::internal)?.into_iter();
    let states: HashMap<String, BackupState> = states.map(|it| (it.device.clone(), it)).collect();
    let contexts = configuring::contexts(app).await?;
    let mut turns: Vec<Turn> = Vec::new();
    let mut next_at: Option<TimeUs> = None;
    for facts in all_facts(app.inventory.db()).await? {
        let is_asked = app.archiving.is_asked(facts.name());
        if !is_asked && (facts.management_address().is_none() || !is_there(facts.status())) {
            continue;
        }
        let settings = configuring::settings(app, &contexts, &facts);
        let every_s = settings.get("backup.every_s").and_then(Value::as_u64).unwrap_or(86_400);
        let is_on = settings.get("backup.enabled").and_then(Value::as_bool).unwrap_or(true);
        let (cause, due_at) = match is_asked {
            true => (Cause::Asked, TimeUs(i64::MIN)),
            false if !is_on => continue,
            false => (Cause::Schedule, due_at(states.get(facts.name()), every_s)),
        };
        match due_at <= now {
            true => turns.push(Turn { facts, settings, cause, due_at }),
            false => next_at = Some(next_at.map_or(due_at, |it| it.min(due_at))),
        }
    }
    turns.sort_by_key(|turn| turn.due_at);
    if turns.len() > MOST_OF_A_ROUND {
        turns.truncate(MOST_OF_A_ROUND);
        next_at = Some(now);
    }
    Ok(Turns { now: turns, next_at })
}

/// Makes visits, and keeps what comes of each as it comes.
async fn make(
    app: &Arc<App>,
    visits: Vec<Visit>,
    stopped: &mut watch::Receiver<bool>,
) -> Result<(), Problem> {
    if visits.is_empty() {
        return Ok(());
    }
    let cancel = Cancel::new().map_err(Problem::internal)?;
    let (errands, mut results) = begin(visits, cancel.clone());
    loop {
        let result = tokio::select! {
            result = results.recv() => result,
            _ = stopped.wait_for(|is_stopped| *is_stopped) => {
                cancel.cancel();
                return Ok(());
            }
        };
        let Some((device, outcome)) = result else { return Ok(()) };
        let Some(errand) = errands.get(&device.name) else { continue };
        keep(app, &device.name, errand, outcome).await?;
    }
}

type Errands = Arc<HashMap<String, Errand>>;

/// Has threads make them.
fn begin(visits: Vec<Visit>, cancel: Cancel) -> (Errands, mpsc::Receiver<(Device, Outcome)>) {
    let errands = visits.iter().map(|it| (it.device.name.clone(), it.errand.clone()));
    let errands: Errands = Arc::new(errands.collect());
    let devices: Vec<Device> = visits.into_iter().map(|it| it.device).collect();
    let (sender, results) = mpsc::channel(AT_ONCE);
    let at_device = Arc::clone(&errands);
    tokio::task::spawn_blocking(move || {
        let limits = Limits::default();
        let asked = Arc::clone(&at_device);
        let work = move |session: &mut Session| {
            let errand = asked.get(&session.device().name);
            errand.map(|errand| errand.to_read.ask(session, &limits)).transpose()
        };
        let fit = |device: &Device, said: Result<Option<Said>, SshFailure>| -> Outcome {
            let (said, errand) =
                (said.map_err(|why| why.to_string())?, at_device.get(&device.name));
            let (said, errand) = said.zip(errand).ok_or("nobody has asked it")?;
            said.fit(&errand.known).map_err(|why| format!("{}: {why}", device.name))
        };
        let threads = AT_ONCE.min(devices.len());
        match each(devices, threads, limits, cancel, work) {
            // Who has gone is told nothing more; the visits are called off with the crowd.
            Ok(crowd) => {
                for (device, said) in crowd {
                    let outcome = fit(&device, said);
                    if sender.blocking_send((device, outcome)).is_err() {
                        break;
                    }
                }
            }
            Err(err) => tracing::error!("no thread to visit devices: {err}"),
        }
    });
    (errands, results)
}

async fn keep(app: &App, device: &str, errand: &Errand, outcome: Outcome) -> Result<(), Problem> {
    let texts = match outcome {
        Ok(texts) => texts,
        Err(why) => return failed(app, device, &why).await,
    };
    let files = texts.into_iter().map(|(path, redacted)| FileRead { path, redacted }).collect();
    let reading = Reading {
        device: device.to_owned(),
        kind: errand.to_read.kind(),
        taken_at: now(),
        cause: errand.cause,
        files,
    };
    match app.archiving.revisions.keep(&reading).await {
        Ok(Kept::New(head)) => {
            tracing::info!("{device}: revision {} of its configuration", head.number);
            Ok(())
        }
        Ok(Kept::Unchanged(_)) => Ok(()),
        Err(why) => failed(app, device, &why.to_string()).await,
    }
}

async fn failed(app: &App, device: &str, why: &str) -> Result<(), Problem> {
    tracing::warn!("no copy of the configuration of {device}: {why}");
    app.archiving.revisions.failed(device, now(), why).await.map_err(Problem::internal)
}
