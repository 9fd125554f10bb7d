//! What would be placed with another tuning: worked out beside what is in force, from the same inputs, each day
//! beside its own day before, and told to nobody.

use super::asked;
use super::placed::Placed;
use super::policy::Shadow;
use super::runs::{Line, Run};
use crate::server::{App, now};
use contract::names::SiteName;
use prefill::question::{Question, Tuning};
use std::collections::HashMap;
use std::sync::Arc;

/// Remembers what it asked last.
#[derive(Debug, Default)]
pub(super) struct Beside {
    last: Option<(Line, Arc<Question>)>,
}

impl Beside {
    /// Asks what was asked live, with another tuning; nothing where that is what it asked last.
    pub(super) async fn follow(
        &mut self,
        app: &App,
        shadow: Shadow,
        live: &Placed,
    ) -> anyhow::Result<()> {
        if live.question.sites.is_empty() || live.question.is_put_back() {
            return Ok(());
        }
        let line = Line(shadow.line);
        let base = app.runs.before_day(line, live.question.day).await?;
        let question = Arc::new(question(&live.question, shadow.tuning, base.as_ref()));
        if self.last.as_ref().is_some_and(|last| *last == (line, Arc::clone(&question))) {
            return Ok(());
        }
        let parent = app.runs.latest(line).await?;
        asked(app, line, Question::clone(&question), parent, now()).await?;
        self.last = Some((line, question));
        Ok(())
    }
}

/// On its first day it stands beside what boxes held in truth; from then on, beside what it would have had them
/// hold.
fn question(live: &Question, tuning: Tuning, base: Option<&Run>) -> Question {
    let mut question = Question { tuning, ..live.clone() };
    let Some(base) = base else { return question };
    question.base = Some(base.version);
    let worth: HashMap<&SiteName, f64> = base
        .outcome
        .sites
        .iter()
        .filter_map(|site| Some((site.site.as_ref()?, site.byte_worth)))
        .collect();
    for site in &mut question.sites {
        site.byte_worth = worth.get(&site.site).copied().unwrap_or(0.0);
    }
    question
}
