//! What would be placed with another tuning: worked out beside what is in force, from the same inputs, each day
//! beside its own day before, and told to nobody.

use super::answering::Asked;
use super::following::News;
use super::placed::Before;
use super::runs::{Line, Run};
use crate::server::App;
use prefill::question::{Question, Tuning, fit_pins};
use std::sync::Arc;

/// The pins of a site, and of which there must be more copies.
pub(super) type SitePins = (Vec<u32>, Vec<(u32, u16)>);

/// Remembers beside what it asked last.
#[derive(Debug, Default)]
pub(super) struct Beside {
    last: Option<(Line, Arc<Question>)>,
}

impl Beside {
    /// Asks what was asked live, with another tuning, if there is one; nothing where it did so already.
    pub(super) async fn follow(&mut self, app: &App, news: &News) -> anyhow::Result<()> {
        let said = app.policies.in_force().await?;
        let shadow = said.policy.shadow.filter(|_| said.policy.frozen.is_none());
        let Some(shadow) = shadow else {
            self.last = None;
            return Ok(());
        };
        let (line, live) = (Line(shadow.line), &news.placed.question);
        let is_done = |last: &(Line, Arc<Question>)| last.0 == line && Arc::ptr_eq(&last.1, live);
        if self.last.as_ref().is_some_and(is_done) || live.put_back {
            return Ok(());
        }
        let parent = app.runs.latest(line).await?;
        // Another manager is in another day already.
        if parent.as_ref().is_some_and(|run| run.day > live.day) {
            return Ok(());
        }
        let base = app.runs.before_day(line, live.day).await?;
        let question = question(app, news, shadow.tuning, (base, parent.as_ref())).await?;
        let asked = Asked { line, policy: said.version, question, parent, is_another: false };
        asked.answer(app).await?;
        self.last = Some((line, Arc::clone(live)));
        Ok(())
    }
}

/// With the pins that fit by this tuning.
async fn question(
    app: &App,
    news: &News,
    tuning: Tuning,
    (base, parent): (Option<Run>, Option<&Run>),
) -> anyhow::Result<Question> {
    let (live, pins) = (Arc::clone(&news.placed.question), Arc::clone(&news.pins));
    let made = tokio::task::spawn_blocking(move || beside(&live, &pins, tuning, base.as_ref()));
    let mut question = made.await?;
    let before = Before::of(&app.runs, &question, parent.map(|run| run.version)).await?;
    let fitted = tokio::task::spawn_blocking(move || {
        fit_pins(&mut question, &before);
        question
    });
    Ok(fitted.await?)
}

/// On its first day it stands beside what boxes held in truth; from then on, beside what it would have had them
/// hold.
fn beside(live: &Question, pins: &[SitePins], tuning: Tuning, base: Option<&Run>) -> Question {
    let mut question = Question { tuning, ..live.clone() };
    for (site, (pins, more_copies)) in question.sites.iter_mut().zip(pins) {
        (site.pins, site.more_copies) = (pins.clone(), more_copies.clone());
    }
    question.sites.iter_mut().for_each(|site| site.tuning = None);
    let Some(base) = base else { return question };
    question.base = Some(base.version);
    let worth = base.outcome.byte_worths();
    for site in &mut question.sites {
        site.byte_worth = worth.get(&site.site).copied().unwrap_or(0.0);
    }
    question
}
