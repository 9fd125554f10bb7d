//! What viewers will want, learned from days that are over.

use super::forecaster::{Forecaster, KnownTitle, SiteRows};
use super::offered::Offered;
use super::placed::HeldThen;
use crate::planner::inputs::Inputs;
use crate::server::App;
use contract::names::SiteName;
use health_collector::SiteDemand;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Days of counters that a forecast is made from: six weeks of weekdays.
const LEARNED_DAYS: i32 = 42;

/// All that a forecast follows from: it is the same whoever makes it, and whenever.
#[derive(Debug, PartialEq)]
struct From {
    today: i32,
    /// Of what is known of days before today.
    version: i64,
    titles: Vec<KnownTitle>,
    regions: BTreeMap<SiteName, Option<String>>,
}

/// What was learned, and from what.
#[derive(Debug, Default)]
pub(super) struct Learning {
    from: Option<From>,
    forecaster: Arc<Forecaster>,
}

impl Learning {
    /// Learns all days anew where something is another: what came late counts as what came in time.
    pub(super) async fn learn(
        &mut self,
        app: &App,
        inputs: &Inputs,
        offered: &Arc<Offered>,
        today: i32,
    ) -> anyhow::Result<Arc<Forecaster>> {
        let of_site = |it: &inventory::Site| (it.name.clone(), it.region.clone());
        let expected = app.expectations.by_title().await?;
        let from = From {
            today,
            version: app.collector.demand_version().await?,
            titles: offered.known(&expected).collect(),
            regions: inputs.inventory.sites.iter().map(of_site).collect(),
        };
        if self.from.as_ref() != Some(&from) {
            self.forecaster = Arc::new(learned(app, &from).await?);
            self.from = Some(from);
        }
        Ok(Arc::clone(&self.forecaster))
    }
}

async fn learned(app: &App, from: &From) -> anyhow::Result<Forecaster> {
    let mut forecaster = Forecaster::default();
    forecaster.know(from.titles.iter().cloned());
    let mut held = HeldThen::default();
    let days = app.collector.demand_days(from.today - LEARNED_DAYS).await?;
    for day in days.into_iter().filter(|day| *day < from.today) {
        held.read(&app.runs, day).await?;
        let rows = rows(app.collector.demand_of(day).await?, &held, &from.regions);
        forecaster =
            tokio::task::spawn_blocking(move || forecaster.learn(day, &rows).map(|()| forecaster))
                .await??;
    }
    if let Some((day, score)) = forecaster.score() {
        let (error, held) = (score.wape(), score.coverage());
        tracing::info!(day, ?error, ?held, "demand is forecast; so good was the last day's");
    }
    Ok(forecaster)
}

/// Of sites that there are: what was wanted at others is wanted nowhere now.
fn rows(
    day: Vec<SiteDemand>,
    held: &HeldThen,
    regions: &BTreeMap<SiteName, Option<String>>,
) -> Vec<SiteRows> {
    let known: HashMap<&SiteName, &Option<String>> = regions.iter().collect();
    let rows = day.into_iter().filter_map(|of| {
        let region = known.get(&of.site).copied()?.clone();
        let SiteDemand { site, rows, elsewhere } = of;
        Some(SiteRows { held: held.at(&site), region, site, rows, elsewhere })
    });
    rows.collect()
}
