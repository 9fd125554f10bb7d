//! The planner's task: when to look, and what to do when looking fails.

use super::inputs::Inputs;
use super::origin::{Origin, resolve_all};
use super::plan::plan;
use super::publish::{Beside, publish};
use super::view::View;
use crate::purging;
use crate::server::{App, now};
use contract::names::{DeviceName, GroupName};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often versions are compared: another `fleet serve` on the same database may have
/// changed something without waking us.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often a plan is made although nothing changed: origins move, documents grow old.
const PLAN_EVERY: Duration = Duration::from_secs(60);

/// Versions of inventory, catalogue, purges and commands, and the epoch.
type Versions = (i64, u64, u64, i64, u32);

/// Makes plans and publishes them.
#[derive(Debug)]
pub(crate) struct Planner {
    app: Arc<App>,
    planned: Option<(Versions, Instant)>,
    origins: BTreeMap<GroupName, Origin>,
}

impl Planner {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, planned: None, origins: BTreeMap::new() }
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
        }
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let app = &self.app;
        let versions = (
            app.inventory.version().await?,
            app.catalog.version().await?,
            app.catalog.purge_version().await?,
            app.commands.version().await?,
            app.epochs.current().await?,
        );
        let fresh = self
            .planned
            .is_some_and(|(planned, at)| planned == versions && at.elapsed() < PLAN_EVERY)
            && !purging::has_gap(app, &app.view());
        if fresh { Ok(()) } else { self.plan_now().await }
    }

    /// Makes a plan and publishes it.
    pub(crate) async fn plan_now(&mut self) -> anyhow::Result<()> {
        let app = &self.app;
        let mut inputs = Inputs::read(app).await?;
        inputs.origins = resolve_all(&inputs.inventory.groups, &self.origins).await;
        self.origins.clone_from(&inputs.origins);
        let epoch = app.epochs.current().await?;
        let versions = (
            inputs.inventory.version,
            inputs.catalog.version,
            inputs.purges.version,
            inputs.commands_version,
            epoch,
        );
        let (inputs, plan) = tokio::task::spawn_blocking(move || {
            let plan = plan(&inputs);
            plan.map(|plan| (inputs, plan))
        })
        .await??;
        app.catalog.publish_segments(&plan.segments, now()).await?;
        let confirmed = |device: &DeviceName, epoch| {
            app.collector.latest(device).map_or(0, |it| it.report.has_purged_up_to(epoch))
        };
        let command = |device: &DeviceName| inputs.commands.get(device).cloned();
        let (history, confirmed, command) = (&inputs.purges, &confirmed, &command);
        let beside = Beside { epoch, history, confirmed, command };
        let in_force = publish(&app.documents, &plan, beside, now()).await?;
        app.view.store(Arc::new(View::new(inputs, plan, in_force)));
        self.planned = Some((versions, Instant::now()));
        let (inventory, catalogue, purges, commands, _) = versions;
        tracing::debug!(inventory, catalogue, purges, commands, epoch, "plan in force");
        Ok(())
    }
}
