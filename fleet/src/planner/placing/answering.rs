//! Has a question answered, and takes the answer down where it is another than the last of its line.

use super::Overtaken;
use super::placed::{Before, Placed, digest_of};
use super::runs::{Line, NewRun, Run};
use crate::server::{App, now};
use prefill::question::{Answer, Question, answer};

/// A question of a line.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) line: Line,
    /// The version of the policy that it follows from.
    pub(super) policy: u64,
    pub(super) question: Question,
    /// The last run of the line.
    pub(super) parent: Option<Run>,
    /// Whether it is in force by another word, also where boxes are to hold the same.
    pub(super) is_another: bool,
}

impl Asked {
    pub(super) async fn answer(self, app: &App) -> anyhow::Result<Placed> {
        let Self { line, policy, question, parent, is_another } = self;
        let last = parent.as_ref().map(|run| run.version);
        let before = Before::of(&app.runs, &question, last).await?;
        let (question, answer, digest) = tokio::task::spawn_blocking(move || {
            let answer: Answer = answer(&question, &before, threads())?;
            let digest = digest_of(&question, &answer)?;
            anyhow::Ok((question, answer, digest))
        })
        .await??;
        let is_same = |run: &&Run| run.answer_digest == digest && run.day == question.day;
        if let Some(run) = parent.as_ref().filter(is_same).filter(|_| !is_another) {
            return Ok(Placed::new(run.version, question, answer));
        }
        let new = NewRun { line, policy, parent, question, answer, digest };
        let (run, new) = app.runs.record(new, now()).await?.ok_or(Overtaken)?;
        let (offload, gap) = (run.outcome.offload(), run.outcome.gap);
        let (version, new_bytes, line) = (run.version, run.outcome.new_bytes, line.0);
        tracing::info!(version, line, offload, gap, new_bytes, "placed");
        Ok(Placed::new(version, new.question, new.answer))
    }
}

/// As many as answers are worked out on.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
