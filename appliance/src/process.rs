//! Which process is the appliance, and what became of restarts: told at `/process`.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// When it began, in the kernel's ticks: with the number, one process and no other.
    pub(crate) began_ticks: u64,
    pub(crate) version: String,
    /// Two processes share the box: a handover is under way, or the old one still drains.
    pub(crate) is_restarting: bool,
    pub(crate) restarts_failed: u64,
    pub(crate) last_failure: Option<String>,
}

impl Process {
    /// Whether it runs on this machine.
    pub(crate) fn is_here(&self) -> bool {
        began_ticks(&self.pid.to_string()).is_ok_and(|ticks| ticks == self.began_ticks)
    }
}

/// Field 22 of proc_pid_stat(5), counted behind the name, which may hold anything.
fn began_ticks(pid: &str) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    Ok(fields.split_whitespace().nth(19).context("too short")?.parse()?)
}

/// This process. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct This(Arc<Mutex<Process>>);

impl This {
    /// `is_restarting`: there is another one still.
    pub(crate) fn new(is_restarting: bool) -> Self {
        Self(Arc::new(Mutex::new(Process {
            pid: std::process::id(),
            began_ticks: began_ticks("self").unwrap_or_default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            is_restarting,
            ..Process::default()
        })))
    }

    fn state(&self) -> MutexGuard<'_, Process> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn told(&self) -> Process {
        self.state().clone()
    }

    /// `false` while an earlier restart is not over.
    pub(crate) fn begin_restart(&self) -> bool {
        !std::mem::replace(&mut self.state().is_restarting, true)
    }

    /// The restart came to nothing.
    pub(crate) fn failed(&self, reason: String) {
        let mut state = self.state();
        state.is_restarting = false;
        state.restarts_failed += 1;
        state.last_failure = Some(reason);
    }

    /// The other process has gone.
    pub(crate) fn is_alone(&self) {
        self.state().is_restarting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_number_and_beginning() {
        let this = This::new(false).told();
        assert!(this.is_here() && this.began_ticks > 0);
        assert!(!Process { began_ticks: this.began_ticks + 1, ..this.clone() }.is_here());
        assert!(!Process { pid: 0, ..this }.is_here());
    }

    #[test]
    fn one_restart_at_a_time() {
        let this = This::new(true);
        assert!(!this.begin_restart(), "the one before still drains");
        this.is_alone();
        assert!(this.begin_restart() && !this.begin_restart());
        this.failed("no".to_owned());
        assert_eq!((this.told().restarts_failed, this.begin_restart()), (1, true));
    }
}
