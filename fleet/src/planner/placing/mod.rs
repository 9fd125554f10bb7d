//! Which title belongs on which box: asked anew whenever something is another, answered by
//! [`prefill::question`], and taken down with all that it follows from.
//!
//! ```text
//! counters of boxes, files ─> learning ────┐
//! catalogue, by cohort ──────> offered ────┼─> asking ─> Question ─> Answer ─> runs (SQL) ─> Placed
//! inventory, reports ────────> budgets ────┤                ▲
//! what operators say ────────> ruled ──────┘                │
//! the answer of yesterday ──────────────────────────────────┘
//! ```
//!
//! Pins that no plan could keep are left out of the question (`pinned`), and told. While operators have frozen what
//! is in force (`policy`), nothing is asked, or an older answer is put in force again. Another tuning is asked beside
//! it (`shadow`), and told to nobody; that and whatever else is only looked at has a task of its own (`following`).
//!
//! A day is placed beside what boxes were to hold at the end of the day before: asked again on the same day,
//! however often, the same question has the same answer, and the budgets of a day are given once. A run whose
//! answer is another than that in force becomes the next version; it does so only if what was in force when it
//! was asked still is.

mod ahead;
mod answering;
mod asking;
mod budgets;
mod elsewhere;
mod expected;
mod following;
mod forecaster;
mod hearing;
mod learning;
mod offered;
mod packed;
mod pinned;
mod placed;
mod policy;
mod ruled;
mod rules;
mod runs;
mod shadow;
mod short;
mod trial;

pub(crate) use answering::threads;
pub(crate) use expected::{Expectation, Expectations, Expected};
pub(crate) use following::Following;
pub(crate) use placed::{Before, Placed, digest_of};
pub(crate) use policy::{Frozen, Policies, Policy, PolicyVersion, Shadow, TrialSaid};
pub(crate) use rules::{NotKept, Rule, RuleError, Rules, Says, Scope};
pub(crate) use runs::{Holds, Line, Run, Runs};
pub(crate) use short::{Short, usual_enough};
pub(crate) use trial::{candidates, next_day};

use super::cohorts::cohorts;
use super::inputs::Inputs;
use crate::server::{App, now};
use answering::Asked;
use asking::Asking;
use budgets::Known;
use contract::demand::day_of;
use contract::time::TimeUs;
use elsewhere::PlayBytes;
pub(super) use following::News;
use hearing::Hearing;
use learning::Learning;
use offered::Offered;
use prefill::question::Question;
use shadow::SitePins;
use std::sync::Arc;

/// Another manager was faster.
#[derive(Debug, thiserror::Error)]
#[error("another manager has placed something meanwhile: this is looked at again")]
pub(super) struct Overtaken;

/// Places, and remembers what it was asked last.
#[derive(Debug)]
pub(super) struct Placing {
    hearing: Hearing,
    learning: Learning,
    /// What a day begins with, as it was read.
    base: Option<Arc<Base>>,
    last: Option<Arc<Placed>>,
    /// What operators pin, and what plays come to, as it was asked last.
    pins: Arc<Vec<SitePins>>,
    play_bytes: Arc<PlayBytes>,
}

/// What boxes were to hold when a day began.
#[derive(Debug)]
struct Base {
    run: Run,
    holds: Holds,
}

/// What a question stands beside.
struct Standing<'a> {
    /// What is in force, and what was asked for it.
    parent: Option<&'a Run>,
    before: Option<Arc<Question>>,
    day: i32,
    policy: Policy,
}

impl Placing {
    pub(super) fn new(now: TimeUs) -> Self {
        let (hearing, learning) = (Hearing::new(now), Learning::default());
        let (pins, play_bytes) = (Arc::default(), Arc::default());
        Self { hearing, learning, base: None, last: None, pins, play_bytes }
    }

    /// What each box is to hold now.
    pub(super) async fn place(
        &mut self,
        app: &App,
        inputs: Arc<Inputs>,
    ) -> anyhow::Result<Arc<Placed>> {
        let now = now();
        let PolicyVersion { version: said, policy, .. } = app.policies.in_force().await?;
        let parent = app.runs.latest(Line::LIVE).await?;
        let offered = Arc::new(offered(&inputs).await?);
        self.play_bytes = Arc::new(offered.play_bytes());
        let before = self.asked_last(app, parent.as_ref()).await?;
        let put_back = policy.frozen.as_ref().and_then(|frozen| frozen.put_back);
        if let (Some(_), Some(run)) = (&policy.frozen, &parent) {
            let is_done = |version| is_put_back(before.as_deref(), version);
            if put_back.is_none_or(is_done) {
                return self.stays(app, run).await;
            }
        }
        // A clock that is behind that of another manager does not begin the day before anew; one that was
        // far ahead once stops no days.
        let today = day_of(now);
        let day = parent.as_ref().map_or(today, |run| run.day.clamp(today, today + 1));
        let was_put_back = before.as_ref().is_some_and(|before| before.put_back);
        let beside = Standing { parent: parent.as_ref(), before, day, policy };
        let (mut question, pins) = self.question(app, (inputs, offered), beside).await?;
        if let Some(version) = put_back {
            ask_again(&mut question, version);
        }
        let version = parent.as_ref().map_or(0, |run| run.version);
        let same = |last: &&Arc<Placed>| last.version == version && *last.question == question;
        if let Some(last) = self.last.as_ref().filter(same) {
            return Ok(Arc::clone(last));
        }
        let placed = match parent.is_none() && question.sites.is_empty() {
            // Nobody to tell.
            true => Arc::default(),
            false => {
                let is_another = was_put_back || put_back.is_some();
                let line = Line::LIVE;
                let asked = Asked { line, policy: said, question, parent, is_another };
                Arc::new(asked.answer(app).await?)
            }
        };
        self.last = Some(Arc::clone(&placed));
        self.pins = Arc::new(pins);
        Ok(placed)
    }

    /// What was placed last, for whoever follows.
    pub(super) fn news(&self) -> News {
        News {
            placed: self.last.clone().unwrap_or_default(),
            pins: Arc::clone(&self.pins),
            play_bytes: Arc::clone(&self.play_bytes),
        }
    }

    /// What is in force, as it was taken down.
    async fn stays(&mut self, app: &App, run: &Run) -> anyhow::Result<Arc<Placed>> {
        if let Some(last) = self.last.as_ref().filter(|last| last.version == run.version) {
            return Ok(Arc::clone(last));
        }
        let placed = Arc::new(Placed::in_force(&app.runs).await?);
        self.last = Some(Arc::clone(&placed));
        Ok(placed)
    }

    async fn question(
        &mut self,
        app: &App,
        (inputs, offered): (Arc<Inputs>, Arc<Offered>),
        Standing { parent, before, day, policy }: Standing<'_>,
    ) -> anyhow::Result<(Question, Vec<SitePins>)> {
        let forecaster = self.learning.learn(app, &inputs, &offered, day).await?;
        let base = self.base(app, parent, day).await?;
        let heard = self.hearing.hear(app, &inputs.inventory, before.as_deref()).await?;
        let rules = Arc::new(app.rules.list().await?);
        let is_frozen = policy.frozen.is_some();
        let said = (Arc::clone(&rules), Arc::clone(&inputs));
        let made = tokio::task::spawn_blocking(move || {
            let cohorts = cohorts(&inputs);
            let known = Known {
                states: Some(&inputs.inventory.states),
                viewer_bits_per_s: Some(&inputs.inventory.viewer_bits_per_s),
                heard,
                largest_bytes: &offered.largest_bytes,
            };
            let asking = Asking {
                day,
                inventory: &inputs.inventory,
                catalogue_version: inputs.catalog.version,
                cohorts: &cohorts,
                offered: &offered,
                forecaster: &forecaster,
                known: &known,
                rules: &rules,
                tuning: policy.tuning,
                trial: policy.trial(),
                before: before.as_deref(),
                base: base.as_ref().map(|base| (&base.run, &base.holds)),
            };
            asking.question()
        });
        let (question, (rules, inputs)) = (made.await??, said);
        let pins = question.sites.iter().map(|it| (it.pins.clone(), it.more_copies.clone()));
        let pins: Vec<SitePins> = pins.collect();
        let parent = parent.map(|run| run.version);
        let fitted = pinned::within(app, question, parent, &rules, &inputs.inventory).await?;
        let (question, not_kept) = fitted;
        // Nobody's pins are asked for where an older answer is put back.
        if !is_frozen {
            app.rules.tell(not_kept);
        }
        Ok((question, pins))
    }

    /// What a day begins with: the last run of a day before it.
    async fn base(
        &mut self,
        app: &App,
        parent: Option<&Run>,
        day: i32,
    ) -> anyhow::Result<Option<Arc<Base>>> {
        let run = match parent {
            Some(run) if run.day < day => Some(run.clone()),
            Some(_) => app.runs.before_day(Line::LIVE, day).await?,
            None => None,
        };
        let Some(run) = run else { return Ok(None) };
        if self.base.as_ref().is_none_or(|base| base.run.version != run.version) {
            let holds = app.runs.holds(run.version).await?;
            self.base = Some(Arc::new(Base { run, holds }));
        }
        Ok(self.base.clone())
    }

    /// The question of the run in force.
    async fn asked_last(
        &self,
        app: &App,
        parent: Option<&Run>,
    ) -> anyhow::Result<Option<Arc<Question>>> {
        let Some(run) = parent else { return Ok(None) };
        match self.last.as_ref().filter(|last| last.version == run.version) {
            Some(last) => Ok(Some(Arc::clone(&last.question))),
            None => Ok(app.runs.question(run.version).await?.map(Arc::new)),
        }
    }
}

async fn offered(inputs: &Arc<Inputs>) -> anyhow::Result<Offered> {
    let inputs = Arc::clone(inputs);
    Ok(tokio::task::spawn_blocking(move || Offered::of(&cohorts(&inputs))).await?)
}

/// Whether that was asked for.
fn is_put_back(asked: Option<&Question>, version: u64) -> bool {
    asked.is_some_and(|asked| asked.put_back && asked.base == Some(version))
}

/// Asks for an older answer in place of a new one.
fn ask_again(question: &mut Question, version: u64) {
    (question.base, question.put_back) = (Some(version), true);
    for site in &mut question.sites {
        (site.pins, site.more_copies) = (Vec::new(), Vec::new());
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use forecaster::Forecaster;
    use prefill::question::{Tuning, answer};

    /// What is placed where nothing is known of viewers and boxes.
    pub(in crate::planner) fn placed(inputs: &Inputs) -> Placed {
        let cohorts = cohorts(inputs);
        let offered = Offered::of(&cohorts);
        let known = Known { largest_bytes: &offered.largest_bytes, ..Known::default() };
        let mut forecaster = Forecaster::default();
        forecaster.know(offered.known(&expected::ByTitle::new()));
        let asking = Asking {
            day: 20_000,
            inventory: &inputs.inventory,
            catalogue_version: inputs.catalog.version,
            cohorts: &cohorts,
            offered: &offered,
            forecaster: &forecaster,
            known: &known,
            rules: &[],
            tuning: Tuning::default(),
            trial: None,
            before: None,
            base: None,
        };
        let question = asking.question().expect("a question");
        let answer = answer(&question, &Before::default(), 1).expect("an answer");
        Placed::new(1, question, answer)
    }
}
