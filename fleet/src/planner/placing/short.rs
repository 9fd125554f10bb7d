//! What will not be enough days ahead, said once for each placement that comes into force.

use super::answering::threads;
use super::placed::{Before, Placed};
use crate::server::App;
use prefill::plan::Prices;
use prefill::question::{Enough, SiteShort, short_ahead};
use std::collections::HashSet;
use std::sync::Arc;

/// In any currency: what a TB of disk, a Gb/s that boxes can send, and a TB a day that windows let in cost, where
/// nobody says so.
const PRICES: Prices = Prices { disk_byte: 20e-12, byte_per_s: 100.0 * 8e-9, new_byte: 50e-12 };

/// When a site is short, where nobody says so: when it serves a percent less than today.
pub(crate) fn usual_enough() -> Enough {
    Enough { offload: None, prices: PRICES }
}

/// What will not be enough, by a placement: of each site that is short the first day on which it is.
#[derive(Debug, Default)]
pub(crate) struct Short {
    pub(crate) version: u64,
    pub(crate) sites: Vec<SiteShort>,
}

/// Looks ahead from what is in force, if that has not been done; tells of each site that is short once.
pub(super) async fn look_ahead(app: &App, live: &Placed) -> anyhow::Result<()> {
    let before = app.short.load_full();
    if before.version == live.version {
        return Ok(());
    }
    let run = app.runs.one(live.version).await?;
    let Some(run) = run else { return Ok(()) };
    let held = Before::of(&app.runs, &live.question, run.parent()).await?;
    let pins: Vec<(usize, u32)> = run.outcome.somewhere().collect();
    let question = Arc::clone(&live.question);
    let turn = app.solving.acquire().await?;
    let sites = tokio::task::spawn_blocking(move || {
        short_ahead(&question, &held, &pins, &usual_enough(), threads())
    })
    .await??;
    drop(turn);
    // Of each site the nearest day: days come one after the other.
    let mut named = HashSet::new();
    let sites: Vec<SiteShort> =
        sites.into_iter().filter(|short| named.insert(short.site.clone())).collect();
    let is_new = |short: &&SiteShort| before.sites.iter().all(|it| it.site != short.site);
    for SiteShort { site, days, offload, enough, .. } in sites.iter().filter(is_new) {
        tracing::warn!(
            %site, days, offload, enough,
            "something will not be enough there: see `fleet prefill shortfall`"
        );
    }
    app.short.store(Arc::new(Short { version: live.version, sites }));
    Ok(())
}
