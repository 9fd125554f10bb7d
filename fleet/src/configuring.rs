//! What devices are told: put together from the inventory, and rendered in processes that can do no harm.

use crate::api::{Problem, own_values};
use crate::server::{App, now};
use config_render::files::{Inputs, Service, Wanted, job, library};
use config_render::values::{Contexts, Settings};
use config_render::workers::{JobError, Pool, PoolOptions, Rendered, serve};
use config_render::{Facts, engine, facts_of, workers};
use contract::names::DeviceName;
use inventory::kinds::CONFIG_CONTEXT;
use inventory::records::all;
use serde_json::Value;
use std::io;
use std::process::{Command, ExitCode};
use std::sync::Arc;

/// What this program is told, where it is to render and to do nothing else.
pub(crate) const WORKER: &str = "config-worker";

/// The main function of a process that renders.
pub(crate) fn worker() -> ExitCode {
    match serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever has started it says what has become of it.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Processes that render, and the templates.
#[derive(Debug)]
pub(crate) struct Renderer {
    pool: Arc<Pool>,
    library: Arc<engine::Library>,
}

impl Renderer {
    /// Processes of this very program, also when another stands in its place by now.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let command = || {
            let mut command = Command::new("/proc/self/exe");
            command.arg(WORKER).env_clear();
            command
        };
        let pool = Arc::new(Pool::new(PoolOptions::default(), command)?);
        Ok(Self { pool, library: Arc::new(library()?) })
    }

    async fn render(&self, job: workers::Job) -> Result<Result<Vec<Rendered>, JobError>, Problem> {
        let (pool, library) = (Arc::clone(&self.pool), Arc::clone(&self.library));
        let rendered = tokio::task::spawn_blocking(move || {
            pool.render(&library, [job]).next().map(|answer| answer.result)
        });
        let answer = rendered.await.map_err(Problem::internal)?;
        answer.ok_or_else(|| Problem::internal("the renderer has gone"))
    }
}

/// What the inventory has of a device, and its settings.
pub(crate) async fn known(app: &App, device: &str) -> Result<(Facts, Settings), Problem> {
    let facts = facts_of(app.inventory.db(), device).await?;
    let facts = facts.ok_or_else(|| Problem::new(404, format!("there is no device {device}")))?;
    let contexts = contexts(app).await?;
    let settings = settings(app, &contexts, &facts);
    Ok((facts, settings))
}

/// What operators say of settings.
pub(crate) async fn contexts(app: &App) -> Result<Contexts, Problem> {
    let kept = all(app.inventory.db(), &CONFIG_CONTEXT, &CONFIG_CONTEXT.everything()).await?;
    Ok(Contexts::of(kept.iter().map(|kept| &kept.record)))
}

/// The settings of a device.
pub(crate) fn settings(app: &App, contexts: &Contexts, facts: &Facts) -> Settings {
    let mut layers = vec![app.known_settings.layer()];
    layers.extend(contexts.for_device(facts.place(), now().0));
    Settings::of(layers)
}

/// Files of a device with their texts, for people; in the place of one that cannot be rendered, why.
pub(crate) async fn rendered(
    app: &App,
    known: (&Facts, &Settings),
    mut files: Vec<Wanted>,
) -> Result<Vec<(Wanted, Result<String, String>)>, Problem> {
    // Where its own file cannot be, the others can.
    let (mut own, mut failed) = (None, None);
    if let Some(at) = files.iter().position(|file| file.service == Service::Appliance) {
        let name = DeviceName::new(known.0.name()).map_err(Problem::internal)?;
        match own_values(app, &name, "/etc/headend".as_ref()).await {
            Ok(values) => own = Some(values),
            Err(problem) => failed = Some((files.remove(at), Err(problem.detail))),
        }
    }
    let texts = texts(app, known, own.as_ref(), &files).await?;
    Ok(files.into_iter().zip(texts).chain(failed).collect())
}

/// Texts of files of a device, for people: where a secret is, they say that there is one.
pub(crate) async fn texts(
    app: &App,
    (facts, settings): (&Facts, &Settings),
    own: Option<&Value>,
    files: &[Wanted],
) -> Result<Vec<Result<String, String>>, Problem> {
    let inputs = Inputs { facts, settings, own, secrets: None };
    let job = job(inputs, files).map_err(|err| Problem::new(422, err))?;
    let rendered = app.renderer.render(job).await?.map_err(|err| Problem::new(422, err))?;
    let told = |(file, rendered): (&Wanted, Rendered)| {
        let text = rendered.map_err(|err| explained(settings, &err))?;
        file.service.read_back(&text).map_err(|refused| refused.to_string())?;
        Ok(text)
    };
    Ok(files.iter().zip(rendered).map(told).collect())
}

/// What went wrong, and who has said the values that it went wrong with.
fn explained(settings: &Settings, error: &engine::EngineError) -> String {
    let said = error.names.iter().filter_map(|name| {
        let said = settings.origin(name)?;
        Some(format!("{name} is said for {} by {}", said.rank.as_str(), said.by))
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { error.to_string() } else { format!("{error}; {}", said.join(", ")) }
}
