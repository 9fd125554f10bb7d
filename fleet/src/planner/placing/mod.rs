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
//! it (`shadow`), and told to nobody.
//!
//! A day is placed beside what boxes were to hold at the end of the day before: asked again on the same day,
//! however often, the same question has the same answer, and the budgets of a day are given once. A run whose
//! answer is another than that in force becomes the next version; it does so only if what was in force when it
//! was asked still is.

mod ahead;
mod asking;
mod budgets;
mod elsewhere;
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

pub(crate) use placed::{Before, Placed, digest_of};
pub(crate) use policy::{Frozen, Policies, Policy, PolicyVersion, Shadow};
pub(crate) use rules::{NotKept, Rule, RuleError, Rules, Says, Scope};
pub(crate) use runs::{Holds, Line, Run, Runs};
pub(crate) use short::{Short, usual_enough};

use super::cohorts::cohorts;
use super::inputs::Inputs;
use crate::server::{App, now};
use asking::Asking;
use budgets::Known;
use contract::demand::day_of;
use contract::time::TimeUs;
use elsewhere::{Elsewhere, PlayBytes};
use hearing::Hearing;
use learning::Learning;
use offered::Offered;
use prefill::question::{Answer, Question, Said, Tuning, answer};
use runs::NewRun;
use shadow::Beside;
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
    /// What is worked out beside it.
    beside: Beside,
    /// What viewers were sent elsewhere for.
    elsewhere: Elsewhere,
    play_bytes: PlayBytes,
}

/// What boxes were to hold when a day began.
#[derive(Debug)]
struct Base {
    run: Run,
    holds: Holds,
}

impl Placing {
    pub(super) fn new(now: TimeUs) -> Self {
        let (hearing, learning) = (Hearing::new(now), Learning::default());
        Self {
            hearing,
            learning,
            base: None,
            last: None,
            beside: Beside::default(),
            elsewhere: Elsewhere::default(),
            play_bytes: PlayBytes::new(),
        }
    }

    /// What each box is to hold now.
    pub(super) async fn place(
        &mut self,
        app: &App,
        inputs: Arc<Inputs>,
    ) -> anyhow::Result<Arc<Placed>> {
        let now = now();
        let policy = app.policies.in_force().await?.policy;
        let parent = app.runs.latest(Line::LIVE).await?;
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
        let beside = (parent.as_ref(), before, day, policy.tuning);
        let mut question = self.question(app, inputs, beside).await?;
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
            false => Arc::new(asked(app, Line::LIVE, question, parent, now).await?),
        };
        self.last = Some(Arc::clone(&placed));
        Ok(placed)
    }

    /// Works out what operators want to see beside what is in force, if that is something new: what will not be
    /// enough, and what another policy would do.
    pub(super) async fn follow(&mut self, app: &App) -> anyhow::Result<()> {
        self.elsewhere.tell(app, &self.play_bytes).await?;
        let Some(live) = self.last.as_ref().filter(|live| live.version > 0) else { return Ok(()) };
        short::look_ahead(app, live).await?;
        let policy = app.policies.in_force().await?.policy;
        match policy.shadow.filter(|_| policy.frozen.is_none()) {
            Some(shadow) => self.beside.follow(app, shadow, live).await,
            None => Ok(()),
        }
    }

    /// Takes down what would be forgotten with this process.
    pub(super) async fn end(&self, app: &App) -> anyhow::Result<()> {
        elsewhere::tell(app, &self.play_bytes).await
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
        inputs: Arc<Inputs>,
        (parent, before, day, tuning): (Option<&Run>, Option<Arc<Question>>, i32, Tuning),
    ) -> anyhow::Result<Question> {
        let offered = Arc::new(offered(&inputs).await?);
        self.play_bytes = offered.play_bytes();
        let forecaster = self.learning.learn(app, &inputs, &offered, day).await?;
        let base = self.base(app, parent, day).await?;
        let heard = self.hearing.hear(app, &inputs.inventory, before.as_deref()).await?;
        let rules = Arc::new(app.rules.list().await?);
        let said = (Arc::clone(&rules), Arc::clone(&inputs));
        let made = tokio::task::spawn_blocking(move || {
            let cohorts = cohorts(&inputs);
            let known = Known {
                states: Some(&inputs.inventory.states),
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
                tuning,
                before: before.as_deref(),
                base: base.as_ref().map(|base| (&base.run, &base.holds)),
            };
            asking.question()
        });
        let (question, (rules, inputs)) = (made.await??, said);
        let parent = parent.map(|run| run.version);
        let fitted = pinned::within(app, question, parent, &rules, &inputs.inventory).await?;
        let (question, not_kept) = fitted;
        app.rules.tell(not_kept);
        Ok(question)
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
    asked.is_some_and(|asked| asked.is_put_back() && asked.base == Some(version))
}

/// Asks for an older answer in place of a new one.
fn ask_again(question: &mut Question, version: u64) {
    question.base = Some(version);
    for site in &mut question.sites {
        (site.pins, site.more_copies) = (Vec::new(), Vec::new());
        let boxes = site.classes.iter_mut().flat_map(|class| &mut class.boxes);
        boxes.for_each(|one| one.said = Some(Said::PutBack));
    }
}

/// Answers a question, and takes it down where the answer is another than the last of its line.
async fn asked(
    app: &App,
    line: Line,
    question: Question,
    parent: Option<Run>,
    now: TimeUs,
) -> anyhow::Result<Placed> {
    let before = Before::of(&app.runs, &question, parent.as_ref().map(|run| run.version)).await?;
    let (question, answer, digest) = tokio::task::spawn_blocking(move || {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let answer: Answer = answer(&question, &before, threads)?;
        let digest = digest_of(&question, &answer)?;
        anyhow::Ok((question, answer, digest))
    })
    .await??;
    // What was put back is in force by another word, also where boxes hold the same.
    let is_same = |run: &&Run| {
        run.answer_digest == digest && run.day == question.day && !question.is_put_back()
    };
    if let Some(run) = parent.as_ref().filter(is_same) {
        return Ok(Placed::new(run.version, question, answer));
    }
    let new = NewRun { line, parent, question, answer, digest };
    let (run, new) = app.runs.record(new, now).await?.ok_or(Overtaken)?;
    let (offload, gap) = (run.outcome.offload(), run.outcome.gap);
    let (version, new_bytes) = (run.version, run.outcome.new_bytes);
    let line = line.0;
    tracing::info!(version, line, offload, gap, new_bytes, "placed");
    Ok(Placed::new(version, new.question, new.answer))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use forecaster::Forecaster;

    /// What is placed where nothing is known of viewers and boxes.
    pub(in crate::planner) fn placed(inputs: &Inputs) -> Placed {
        let cohorts = cohorts(inputs);
        let offered = Offered::of(&cohorts);
        let known = Known { largest_bytes: &offered.largest_bytes, ..Known::default() };
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
            rules: &[],
            tuning: Tuning::default(),
            before: None,
            base: None,
        };
        let question = asking.question().expect("a question");
        let answer = answer(&question, &Before::default(), 1).expect("an answer");
        Placed::new(1, question, answer)
    }
}
