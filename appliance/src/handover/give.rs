//! The old side, step by step.

use super::Patience;
use super::message::Handover;
use super::successor::{Program, Successor};
use crate::duties::Duties;
use crate::process::This;
use crate::signals::{Signals, Told};
use crate::supervisor;
use anyhow::{Context, Result};
use cache::Cache;
use serve::Listening;
use std::sync::Arc;
use tokio::runtime::Handle;

/// All that changes hands.
pub(crate) struct Giver {
    pub(crate) program: Program,
    pub(crate) this: This,
    pub(crate) patience: Patience,
    pub(crate) listening: Listening,
    pub(crate) cache: Arc<Cache>,
    pub(crate) duties: Duties,
    /// Where those go on that no viewer waits for, when this process goes on after all.
    pub(crate) background: Handle,
}

/// How a restart came out.
pub(crate) enum Outcome {
    /// The new process is the appliance. It learns of our end when this is dropped.
    HandedOver(Box<Successor>),
    /// Everything is as it was.
    GoesOn,
    /// A stop was asked for meanwhile.
    Stop,
}

impl Giver {
    /// Hands over to a new process, or goes on as before and says why.
    pub(crate) async fn restart(&mut self, signals: &mut Signals) -> Outcome {
        if !self.this.begin_restart() {
            tracing::warn!("refused to restart: the process before has not ended yet");
            return Outcome::GoesOn;
        }
        tracing::info!(program = ?self.program, "a restart was asked for");
        let successor = match Successor::start(&self.program) {
            Ok(successor) => successor,
            Err(err) => {
                self.came_to_nothing(&format!("{err:#}"));
                return Outcome::GoesOn;
            }
        };
        let (given, is_stopping) = self.give_unless_stopped(&successor, signals).await;
        match given {
            Ok(version) => {
                tracing::info!(pid = successor.pid(), version, "handed over");
                Outcome::HandedOver(Box::new(successor))
            }
            Err(err) => {
                // Whatever it still does must have ended before this one writes again.
                let ended = successor.end(self.patience).await;
                let ended = ended.map_or_else(|err| err.to_string(), |status| status.to_string());
                self.cache.take_back();
                self.came_to_nothing(&format!("{err:#} ({ended})"));
                if is_stopping {
                    return Outcome::Stop;
                }
                self.duties.begin(&self.background);
                Outcome::GoesOn
            }
        }
    }

    fn came_to_nothing(&self, reason: &str) {
        tracing::error!(reason, "the restart came to nothing: this process goes on");
        self.this.failed(reason.to_owned());
    }

    /// A stop ends the new process; whatever step waits for it fails then, and none is left
    /// half done.
    async fn give_unless_stopped(
        &mut self,
        successor: &Successor,
        signals: &mut Signals,
    ) -> (Result<String>, bool) {
        let mut is_stopping = false;
        let mut giving = std::pin::pin!(self.give(successor));
        loop {
            tokio::select! {
                given = &mut giving => return (given, is_stopping),
                told = signals.next() => match told {
                    Told::Stop => {
                        is_stopping = true;
                        successor.ask_to_end();
                    }
                    Told::Restart => tracing::warn!("refused: a restart is under way already"),
                }
            }
        }
    }

    /// Gives its version.
    async fn give(&mut self, successor: &Successor) -> Result<String> {
        let version = successor.hello(self.patience).await?;
        self.duties.cease().await?;
        let (handover, descriptors) = self.pack().await?;
        successor.give(handover, &descriptors, self.patience).await?;
        drop(descriptors);
        let kept = successor.ready(self.patience).await?;
        // Before the new process says that it is ready: it may speak only as the main one.
        supervisor::main_process(successor.pid());
        if let Err(err) = successor.go().await {
            supervisor::main_process(std::process::id());
            return Err(err);
        }
        self.listening.passed_on(&kept);
        Ok(version)
    }

    async fn pack(&self) -> Result<(Handover, Vec<std::os::fd::OwnedFd>)> {
        let (cache, patience) = (Arc::clone(&self.cache), self.patience.quiet);
        let disks = tokio::task::spawn_blocking(move || cache.hand_over(patience)).await?;
        let disks = disks.context("giving the disks away")?;
        let serving = self.listening.duplicate().context("duplicating sockets")?;
        Ok(Handover::pack(serving, disks))
    }
}
