//! Which thread serves where: processors, queues of the network, memory and disks are
//! learned from the kernel, and threads are placed among them.
//!
//! Reading is apart from deciding: [`read()`] knows files and nothing else, [`Plan::of`] is
//! pure. Made-up machines in `tests` go through both. A [`Survey`] is both for the machine
//! that this is, and tells it to a person ([`Survey::map`]).
//!
//! Read in this order: [`machine`], [`cpu_list`], `tree` and `read`, [`plan`], `map`.

pub mod cpu_list;
pub mod machine;
mod map;
pub mod plan;
mod read;
#[cfg(test)]
mod tests;
mod tree;

pub use cpu_list::CpuList;
pub use machine::Topology;
pub use plan::Plan;
pub use read::read;

use crate::engine::Engine;
use crate::error::BindError;
use contract::config::ApplianceConfig;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// A card whose queues all go astray has one complaint for each: a log is not the place.
const MOST_WARNINGS: usize = 16;

/// A machine, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// What carries HTTP/1.1, and so whether there are threads to place.
    pub engine: &'static str,
    /// What the machine is made of.
    #[serde(flatten)]
    pub topology: Topology,
    /// Who serves where.
    #[serde(flatten)]
    pub plan: Plan,
}

impl Survey {
    /// Looks at this machine, and decides as a server with this configuration would.
    ///
    /// # Errors
    /// When the configuration demands an engine that cannot be had.
    pub fn of(config: &ApplianceConfig) -> Result<Self, BindError> {
        Ok(Self::with(config, &Engine::choose(&config.serving)?))
    }

    pub(crate) fn with(config: &ApplianceConfig, engine: &Engine) -> Self {
        let folders: Vec<PathBuf> = config.disks.iter().map(|disk| real(&disk.folder)).collect();
        let topology = read(Path::new("/"), &folders);
        let plan = Plan::of(&topology, engine.threads());
        Self { engine: engine.name(), topology, plan }
    }

    /// Tells it once in the log: what is so in one line, and what a person should look at.
    pub(crate) fn log(&self) {
        tracing::info!("{}", self.summary());
        let complaints = &self.plan.complaints;
        for complaint in complaints.iter().take(MOST_WARNINGS) {
            tracing::warn!("{complaint}");
        }
        if let Some(more) = complaints.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
            tracing::warn!(more, "appliance topology tells the rest");
        }
    }
}

/// A folder without links, as far as it exists: it is made at the first start.
fn real(folder: &Path) -> PathBuf {
    let resolve = |above: &Path| {
        let rest = folder.strip_prefix(above).ok()?;
        Some(fs::canonicalize(above).ok()?.join(rest))
    };
    folder.ancestors().find_map(resolve).unwrap_or_else(|| folder.to_path_buf())
}
