//! Which title belongs on which box: asked anew whenever something is another, answered by
//! [`prefill::question`], and taken down with all that it follows from.
//!
//! ```text
//! counters of boxes, files ─> forecaster ──┐
//! catalogue, by cohort ──────> offered ────┼─> asking ─> Question ─> Answer ─> runs (SQL) ─> Placed
//! inventory, reports ────────> budgets ────┘                ▲
//! the answer of yesterday ──────────────────────────────────┘
//! ```
//!
//! A day is placed beside what boxes were to hold at the end of the day before: asked again on the same day,
//! however often, the same question has the same answer, and the budgets of a day are given once. A run whose
//! answer is another than that in force becomes the next version; it does so only if what was in force when it
//! was asked still is.

mod asking;
mod budgets;
mod forecaster;
mod offered;
mod packed;
mod placed;
mod runs;

pub(crate) use placed::{Before, Placed, digest_of};
pub(crate) use runs::{Holds, Run, Runs};

use super::cohorts::cohorts;
use super::inputs::Inputs;
use crate::server::{App, now};
use asking::Asking;
use budgets::{Heard, Known};
use contract::demand::day_of;
use contract::names::{DeviceName, SiteName};
use contract::time::TimeUs;
use forecaster::{Forecaster, SiteRows};
use offered::Offered;
use prefill::question::{Question, Tuning, answer};
use runs::NewRun;
use std::collections::HashMap;
use std::sync::Arc;

/// Days of counters that a forecast is made from: six weeks of weekdays.
const LEARNED_DAYS: i32 = 42;

/// Another manager was faster.
#[derive(Debug, thiserror::Error)]
#[error("another manager has placed something meanwhile: this is looked at again")]
struct Overtaken;

/// Places, and remembers what it was asked last.
#[derive(Debug)]
pub(super) struct Placing {
    /// Since when boxes could have reported.
    since: TimeUs,
    forecaster: Arc<Forecaster>,
    /// What the forecast was made from: today, and the version of what is known of days before it.
    learned: Option<(i32, i64)>,
    last: Option<Arc<Placed>>,
}

impl Placing {
    pub(super) fn new(now: TimeUs) -> Self {
        Self { since: now, forecaster: Arc::default(), learned: None, last: None }
    }

    /// What each box is to hold now.
    pub(super) async fn place(
        &mut self,
        app: &App,
        inputs: Arc<Inputs>,
    ) -> anyhow::Result<Arc<Placed>> {
        let now = now();
        let day = day_of(now);
        let offered = {
            let inputs = Arc::clone(&inputs);
            tokio::task::spawn_blocking(move || Offered::of(&cohorts(&inputs))).await?
        };
        let offered = Arc::new(offered);
        self.learn(app, &inputs, &offered, day).await?;
        let parent = app.runs.latest().await?;
        let base = match &parent {
            Some(run) if run.day < day => parent.clone(),
            Some(_) => app.runs.before_day(day).await?,
            None => None,
        };
        let version = parent.as_ref().map_or(0, |run| run.version);
        // Numbers of titles stay.
        let before = match self.last.as_ref().filter(|last| last.version == version) {
            Some(last) => Some(last.question.titles.clone()),
            None => app.runs.question(version).await?.map(|it| it.titles),
        };
        let question = {
            let (inputs, offered) = (Arc::clone(&inputs), Arc::clone(&offered));
            let (forecaster, base) = (Arc::clone(&self.forecaster), base.clone());
            let heard = self.heard(app, &inputs, now);
            tokio::task::spawn_blocking(move || {
                let known = Known {
                    states: Some(&inputs.inventory.states),
                    heard,
                    largest_bytes: offered.largest_bytes,
                };
                Asking {
                    day,
                    inventory: &inputs.inventory,
                    catalogue_version: inputs.catalog.version,
                    cohorts: &cohorts(&inputs),
                    offered: &offered,
                    forecaster: &forecaster,
                    known: &known,
                    tuning: Tuning::default(),
                    before: before.as_deref().unwrap_or_default(),
                    base: base.as_ref().map(|run| (run.version, &run.outcome)),
                }
                .question()
            })
            .await??
        };
        let same = |last: &&Arc<Placed>| last.version == version && *last.question == question;
        if let Some(last) = self.last.as_ref().filter(same) {
            return Ok(Arc::clone(last));
        }
        let placed = match parent.is_none() && question.sites.is_empty() {
            // Nobody to tell.
            true => Arc::default(),
            false => Arc::new(asked(app, question, parent, now).await?),
        };
        self.last = Some(Arc::clone(&placed));
        Ok(placed)
    }

    /// Learns all days anew when another day has begun, or something was said of one that is over: what came
    /// late counts as what came in time.
    async fn learn(
        &mut self,
        app: &App,
        inputs: &Inputs,
        offered: &Arc<Offered>,
        today: i32,
    ) -> anyhow::Result<()> {
        let version = app.collector.demand_version().await?;
        let mut forecaster = Forecaster::default();
        if self.learned == Some((today, version)) {
            // Titles that are new since then.
            forecaster = Arc::unwrap_or_clone(std::mem::take(&mut self.forecaster));
            forecaster.know(offered.known());
            self.forecaster = Arc::new(forecaster);
            return Ok(());
        }
        forecaster.know(offered.known());
        let regions: HashMap<&SiteName, Option<&String>> =
            inputs.inventory.sites.iter().map(|it| (&it.name, it.region.as_ref())).collect();
        let days = app.collector.demand_days(today - LEARNED_DAYS).await?;
        for day in days.into_iter().filter(|day| *day < today) {
            let rows = app.collector.demand_of(day).await?.into_iter().map(|of| SiteRows {
                region: regions.get(&of.site).copied().flatten().cloned(),
                site: of.site,
                rows: of.rows,
            });
            let rows: Vec<SiteRows> = rows.collect();
            forecaster = tokio::task::spawn_blocking(move || {
                forecaster.learn(day, &rows).map(|()| forecaster)
            })
            .await??;
        }
        if let Some((day, score)) = forecaster.score() {
            let (error, held) = (score.wape(), score.coverage());
            tracing::info!(day, ?error, ?held, "demand is forecast; so good was the last day's");
        }
        self.learned = Some((today, version));
        self.forecaster = Arc::new(forecaster);
        Ok(())
    }

    fn heard(&self, app: &App, inputs: &Inputs, now: TimeUs) -> HashMap<DeviceName, Heard> {
        let heard = |device: &DeviceName| {
            let latest = app.collector.latest(device)?;
            let silent_s = now.since_s(latest.received_at.max(self.since)).max(0.0);
            let report = Arc::new(latest.report.clone());
            Some((device.clone(), Heard { report, silent_s: whole(silent_s) }))
        };
        inputs.inventory.appliances.iter().filter_map(|it| heard(&it.name)).collect()
    }
}

/// Answers a question, and takes it down where the answer is another than that in force.
async fn asked(
    app: &App,
    question: Question,
    parent: Option<Run>,
    now: TimeUs,
) -> anyhow::Result<Placed> {
    let before = Before::of(&app.runs, &question, parent.as_ref().map(|run| run.version)).await?;
    let in_force = match &parent {
        Some(run) => app.runs.holds(run.version).await?,
        None => Holds::new(),
    };
    let (question, answer, digests) = tokio::task::spawn_blocking(move || {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let answer = answer(&question, &before, threads)?;
        let digests = (packed::digest(&question)?, digest_of(&answer)?);
        anyhow::Ok((question, answer, digests))
    })
    .await??;
    let is_same = |run: &&Run| run.answer_digest == digests.1 && run.day == question.day;
    if let Some(run) = parent.as_ref().filter(is_same) {
        return Ok(Placed::new(run.version, question, answer));
    }
    let answer_digest = digests.1;
    let new = NewRun {
        parent: parent.as_ref(),
        question: &question,
        answer: &answer,
        answer_digest,
        before: &in_force,
    };
    let run = app.runs.record(new, digests.0, now).await?.ok_or(Overtaken)?;
    let (offload, gap) = (run.outcome.offload(), run.outcome.gap);
    let (version, new_bytes) = (run.version, run.outcome.new_bytes);
    tracing::info!(version, offload, gap, new_bytes, "placed");
    Ok(Placed::new(version, question, answer))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What is placed where nothing is known of viewers and boxes.
    pub(in crate::planner) fn placed(inputs: &Inputs) -> Placed {
        let cohorts = cohorts(inputs);
        let offered = Offered::of(&cohorts);
        let known = Known { largest_bytes: offered.largest_bytes, ..Known::default() };
        let mut forecaster = Forecaster::default();
        forecaster.know(offered.known());
        let asking = Asking {
            day: 20_000,
            inventory: &inputs.inventory,
            catalogue_version: inputs.catalog.version,
            cohorts: &cohorts,
            offered: &offered,
            forecaster: &forecaster,
            known: &known,
            tuning: Tuning::default(),
            before: &[],
            base: None,
        };
        let question = asking.question().expect("a question");
        let answer = answer(&question, &Before::default(), 1).expect("an answer");
        Placed::new(1, question, answer)
    }
}
