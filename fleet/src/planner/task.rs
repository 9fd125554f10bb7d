//! The planner's task: when to look, and what to do when looking fails.

use super::inputs::{Inputs, Kept};
use super::origin::{Origin, resolve_all};
use super::placing::{Following, News, Overtaken, Placed, Placing};
use super::plan::plan;
use super::publish::{Beside, publish};
use super::view::View;
use crate::purging;
use crate::server::{App, now};
use catalog::versions::Version;
use contract::envelope::FIRST_EPOCH;
use contract::names::{DeviceName, GroupName};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// How often versions are compared: another `fleet serve` on the same database may have
/// changed something without waking us.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often a plan is made although nothing changed: origins move, documents grow old.
const PLAN_EVERY: Duration = Duration::from_secs(60);

/// How often the first plan is tried where others are faster.
const FIRST_TRIES: usize = 5;

/// How often versions of the catalogue, and days of demand, are looked for that are too old.
const FORGET_EVERY: Duration = Duration::from_hours(24);

/// What a plan follows from, by versions that rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Versions {
    inventory: i64,
    /// Of the catalogue, as it was written.
    catalogue: u64,
    purges: u64,
    commands: i64,
    /// Of what the root says.
    trust: u64,
    /// Of which version of the catalogue is announced where.
    announcements: u64,
    /// Of what viewers asked for on days that are over.
    demand: i64,
    /// Of what operators say of where titles belong.
    rules: i64,
    /// Of how operators have everything placed.
    policy: i64,
}

/// Makes plans and publishes them.
#[derive(Debug)]
pub(crate) struct Planner {
    app: Arc<App>,
    planned: Option<(Versions, Instant)>,
    origins: BTreeMap<GroupName, Origin>,
    /// What sites stay with, or could not leave, as it was read: versions never change.
    kept: Kept,
    placing: Placing,
    news: watch::Sender<News>,
    /// The newest version of the catalogue that was told of as refused.
    refused: Option<u64>,
    /// When what is too old was forgotten last.
    forgotten: Option<Instant>,
}

impl Planner {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            planned: None,
            origins: BTreeMap::new(),
            kept: Kept::default(),
            placing: Placing::new(now()),
            news: watch::Sender::default(),
            refused: None,
            forgotten: None,
        }
    }

    /// Whoever follows what is placed: it looks at what boxes need not wait for.
    pub(crate) fn following(&self) -> Following {
        Following::new(Arc::clone(&self.app), self.news.subscribe())
    }

    /// Looks and plans until `stop` changes. What fails is tried again at the next look.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let app = Arc::clone(&self.app);
        loop {
            tokio::select! {
                () = app.changed.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => return,
            }
            if let Err(err) = self.look().await {
                tracing::error!("no plan this time: {err:#}");
            }
            if let Err(err) = self.forget().await {
                tracing::error!("what is too old stays: {err:#}");
            }
        }
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let app = &self.app;
        let known = app.said.last().map_or(0, |said| said.trust.version);
        app.said.read_again().await?;
        if app.said.last().map_or(0, |said| said.trust.version) > known {
            // Another process may have made the keys that are named now.
            app.ca.read_again(SystemTime::now())?;
        }
        app.barring.read_again(app).await?;
        let versions = Versions {
            inventory: app.inventory.version().await?,
            catalogue: app.catalog.version().await?,
            purges: app.catalog.purge_version().await?,
            commands: app.commands.version().await?,
            trust: app.said.last().map_or(0, |said| said.trust.version),
            announcements: app.catalog.announcements().await?,
            demand: app.collector.demand_version().await?,
            rules: app.rules.version().await?,
            policy: app.policies.version().await?,
        };
        let fresh = self
            .planned
            .is_some_and(|(planned, at)| planned == versions && at.elapsed() < PLAN_EVERY)
            && !purging::has_gap(app, &app.view());
        if fresh { Ok(()) } else { self.plan_now().await }
    }

    /// Makes the first plan; again, where another manager was faster or an operator said otherwise meanwhile.
    pub(crate) async fn first_plan(&mut self) -> anyhow::Result<()> {
        for _ in 1..FIRST_TRIES {
            match self.plan_now().await {
                Err(err) if err.is::<Overtaken>() => tracing::info!("{err:#}"),
                outcome => return outcome,
            }
        }
        self.plan_now().await
    }

    /// Makes a plan and publishes it.
    async fn plan_now(&mut self) -> anyhow::Result<()> {
        let app = Arc::clone(&self.app);
        let app = &app;
        let mut inputs = Inputs::read(app, &mut self.kept).await?;
        self.tell_refused(inputs.refused.as_ref());
        inputs.origins = resolve_all(&inputs.inventory.groups, &self.origins).await;
        self.origins.clone_from(&inputs.origins);
        let said = app.said.all();
        // Until the root has spoken nobody is told anything.
        let trust = said.last().map(|it| &it.trust);
        let (trust_version, epoch) =
            trust.map_or((0, FIRST_EPOCH), |trust| (trust.version, trust.epoch));
        let versions = Versions {
            inventory: inputs.inventory.version,
            catalogue: inputs.written,
            purges: inputs.purges.version,
            commands: inputs.commands_version,
            trust: trust_version,
            announcements: inputs.announcements,
            demand: app.collector.demand_version().await?,
            rules: app.rules.version().await?,
            policy: app.policies.version().await?,
        };
        let inputs = Arc::new(inputs);
        let (placed, is_new) = self.placed(Arc::clone(&inputs)).await?;
        let plan = {
            let (inputs, placed) = (Arc::clone(&inputs), Arc::clone(&placed));
            tokio::task::spawn_blocking(move || plan(&inputs, &placed)).await??
        };
        let inputs = Arc::unwrap_or_clone(inputs);
        app.catalog.publish_segments(&plan.segments, now()).await?;
        let confirmed = |device: &DeviceName, epoch| {
            app.collector.latest(device).map_or(0, |it| it.report.has_purged_up_to(epoch))
        };
        let command = |device: &DeviceName| inputs.commands.get(device).cloned();
        let (history, confirmed, command) = (&inputs.purges, &confirmed, &command);
        let dropped_in = &|role| ca::dropped_in(&said, role);
        let beside = Beside { epoch, history, confirmed, trust_version, dropped_in, command };
        let in_force = publish(&app.documents, &plan, beside, now()).await?;
        app.view.store(Arc::new(View::new(inputs, plan, placed, in_force, trust_version)));
        // What could not be placed is tried again at the next look.
        self.planned = is_new.then(|| (versions, Instant::now()));
        let Versions { inventory, catalogue, purges, commands, .. } = versions;
        tracing::debug!(inventory, catalogue, purges, commands, epoch, "plan in force");
        self.news.send_replace(self.placing.news());
        Ok(())
    }

    /// What is placed where, and whether it was worked out. What cannot be keeps nobody from being told of purges
    /// and commands: what is in force stays, and where nothing is, boxes keep what they were told.
    async fn placed(&mut self, inputs: Arc<Inputs>) -> anyhow::Result<(Arc<Placed>, bool)> {
        match self.placing.place(&self.app, inputs).await {
            Ok(placed) => Ok((placed, true)),
            Err(err) if err.is::<Overtaken>() => Err(err),
            Err(err) => {
                tracing::error!("nothing is placed anew: {err:#}");
                Ok((Arc::new(Placed::in_force(&self.app.runs).await?), false))
            }
        }
    }

    /// Once for each version: it is looked at again and again.
    fn tell_refused(&mut self, refused: Option<&Version>) {
        let number = refused.map(|version| version.version);
        if let Some(version) = refused.filter(|_| number != self.refused) {
            let found: Vec<String> = version.findings.iter().map(ToString::to_string).collect();
            let (number, found) = (version.version, found.join("; "));
            tracing::warn!(
                version = number,
                "not announced, version {} stays in force: {found}",
                version.parent
            );
        }
        self.refused = number;
    }

    /// Lets old versions of the catalogue go, and demand of long ago, now and then.
    async fn forget(&mut self) -> anyhow::Result<()> {
        if self.forgotten.is_none_or(|at| at.elapsed() > FORGET_EVERY) {
            self.forgotten = Some(Instant::now());
            let gone = self.app.catalog.forget_versions(now()).await?;
            tracing::debug!(gone, "old versions of the catalogue are forgotten");
            let gone = self.app.collector.forget_demand(now()).await?;
            tracing::debug!(gone, "demand of long ago is forgotten");
        }
        Ok(())
    }
}
