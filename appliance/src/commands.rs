//! What the fleet asks the box to do once: one command at a time, carried out beside the
//! conversation, which goes on meanwhile. How the last ones ended is told with every report, so
//! that no answer is lost with one.
//!
//! A command that was cut off, by a restart say, comes again: each can be carried out twice.

use crate::keep;
use crate::kept_out::KeptOut;
use crate::scrubbing::Scrubbing;
use cache::{Cache, DiskRefused};
use contract::command::{Action, Command, CommandResult, MAX_RESULTS, Outcome};
use contract::envelope::Envelope;
use fill::Clock;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What commands are about.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) cache: Arc<Cache>,
    pub(crate) scrubbing: Scrubbing,
    pub(crate) kept_out: KeptOut,
}

/// The commands of this box.
pub(crate) struct Commands {
    means: Means,
    clock: Clock,
    file: PathBuf,
    /// Oldest first.
    ended: VecDeque<CommandResult>,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    envelope: Envelope,
    command: Command,
    task: JoinHandle<Outcome>,
}

/// Where a command is that has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has ended, before this.
    Ended,
    /// It has begun, or waits for another to end. It comes again until it stands.
    Pending,
}

impl Commands {
    /// Goes on from what an earlier process has written to this file, if it can be read.
    pub(crate) fn open(means: Means, clock: Clock, file: PathBuf) -> Self {
        let kept = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Self { means, clock, file, ended: kept.unwrap_or_default(), under_way: None }
    }

    /// How the last ones ended.
    pub(crate) fn results(&self) -> Vec<CommandResult> {
        self.ended.iter().cloned().collect()
    }

    /// Begins what has not begun yet.
    pub(crate) fn begin(&mut self, envelope: &Envelope, command: Command) -> Stage {
        if self.ended.iter().any(|result| result.id == command.id) {
            return Stage::Ended;
        }
        if self.under_way.is_none() {
            let means = self.means.clone();
            let is_late = (self.clock)() > command.deadline_us;
            let action = command.action.clone();
            let task = tokio::task::spawn_blocking(move || match is_late {
                true => Outcome::Refused("it came after its time".to_owned()),
                false => means.carry_out(&action),
            });
            self.under_way = Some(UnderWay { envelope: envelope.clone(), command, task });
        }
        Stage::Pending
    }

    /// Waits until the command that is under way ends; for ever where none is. May be dropped
    /// while it waits.
    pub(crate) async fn end(&mut self) -> (Envelope, Action, Outcome) {
        let outcome = match &mut self.under_way {
            Some(under_way) => (&mut under_way.task).await,
            None => std::future::pending().await,
        };
        let outcome = outcome.unwrap_or_else(|err| Outcome::Failed(err.to_string())).bounded();
        let Some(UnderWay { envelope, command, .. }) = self.under_way.take() else {
            return std::future::pending().await;
        };
        let result =
            CommandResult { id: command.id, at_us: (self.clock)(), outcome: outcome.clone() };
        self.ended.push_back(result);
        self.ended.drain(..self.ended.len().saturating_sub(MAX_RESULTS));
        let written = serde_json::to_vec(&self.ended)
            .map_err(anyhow::Error::from)
            .and_then(|text| keep::write(&self.file, &text));
        if let Err(err) = written {
            tracing::warn!("a restart carries a command out again: {err:#}");
        }
        (envelope, command.action, outcome)
    }
}

impl Means {
    /// Blocks: a disk that is readmitted is read through.
    fn carry_out(&self, action: &Action) -> Outcome {
        match action {
            Action::EjectDisk { folder } => self.eject(Path::new(folder)),
            Action::ReadmitDisk { folder } => self.readmit(Path::new(folder)),
            Action::Scrub => {
                self.scrubbing.begin();
                Outcome::Done
            }
            Action::Drain | Action::Undrain | Action::FillNow | Action::CollectBundle => {
                let version = env!("CARGO_PKG_VERSION");
                Outcome::Refused(format!("appliance {version} does not do this"))
            }
        }
    }

    fn eject(&self, folder: &Path) -> Outcome {
        if !self.has(folder) {
            return Outcome::Refused(DiskRefused::Unknown.to_string());
        }
        if let Err(err) = self.kept_out.put(folder) {
            return Outcome::Failed(format!("{err:#}"));
        }
        self.kept_out.enforce(&self.cache);
        Outcome::Done
    }

    /// Let in before it is tried: whoever enforces meanwhile would eject it again.
    fn readmit(&self, folder: &Path) -> Outcome {
        let was_kept_out = self.kept_out.has(folder);
        if let Err(err) = self.kept_out.take(folder) {
            return Outcome::Failed(format!("{err:#}"));
        }
        let err = match self.cache.readmit(folder) {
            Ok(_) | Err(DiskRefused::Already(_)) => return Outcome::Done,
            Err(err) => err,
        };
        if was_kept_out && let Err(err) = self.kept_out.put(folder) {
            tracing::warn!("a reload or a restart will try the disk: {err:#}");
        }
        match err {
            DiskRefused::Unusable(_) => Outcome::Failed(err.to_string()),
            _ => Outcome::Refused(err.to_string()),
        }
    }

    fn has(&self, folder: &Path) -> bool {
        self.cache.disk_slots().iter().any(|slot| slot.setup.folder == *folder)
    }
}

#[cfg(test)]
mod tests;
