//! Asks disks for their health, by `smartctl`, now and then. A disk that says nothing (a virtual
//! one, or where the program or the right to ask is missing) is no worse for it.
//!
//! [`device`] says which device a folder stands on, [`answer`] reads what the program prints.

mod answer;
mod device;

use crate::journal::Journal;
use answer::Answer;
use cache::Cache;
use contract::config;
use contract::report::Severity;
use contract::smart::SmartReport;
use contract::time::TimeUs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// A disk that takes longer to answer has other worries.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is read of an answer; a whole one has some 30 KiB.
const MOST_OCTETS: u64 = 1 << 20;

/// Asks. Cheap to clone: who reports looks at the same.
#[derive(Clone)]
pub(crate) struct Smart(Arc<Parts>);

struct Parts {
    cache: Arc<Cache>,
    journal: Arc<Journal>,
    config: config::Smart,
    /// By the folder of the disk.
    answers: Mutex<BTreeMap<PathBuf, SmartReport>>,
}

impl Smart {
    pub(crate) fn new(cache: Arc<Cache>, journal: Arc<Journal>, config: config::Smart) -> Self {
        Self(Arc::new(Parts { cache, journal, config, answers: Mutex::default() }))
    }

    /// What a disk said when it was last asked.
    pub(crate) fn report(&self, folder: &Path) -> Option<SmartReport> {
        self.0.answers().get(folder).cloned()
    }

    /// Asks until it is dropped.
    pub(crate) async fn run(self) {
        if !self.0.config.enabled {
            return;
        }
        loop {
            self.0.ask_all().await;
            tokio::time::sleep(self.0.config.every_s.duration()).await;
        }
    }
}

impl Parts {
    fn answers(&self) -> MutexGuard<'_, BTreeMap<PathBuf, SmartReport>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask_all(&self) {
        let folders: Vec<PathBuf> =
            self.cache.disk_slots().iter().map(|slot| slot.setup.folder.clone()).collect();
        self.answers().retain(|folder, _| folders.contains(folder));
        for folder in folders {
            let Some(device) = device::of(&folder) else { continue };
            let disk = self.cache.disks().into_iter().find(|disk| disk.folder() == folder);
            let unseen_bytes = disk.as_ref().map_or(0, |disk| disk.unseen_bytes());
            match ask(&self.config.program, &device).await {
                Ok(report) => {
                    if let (Some(disk), Some(bytes)) = (disk, report.written_bytes) {
                        disk.counted(bytes, unseen_bytes);
                    }
                    self.answered(&folder, &report);
                }
                Err(why) => {
                    let folder = folder.display();
                    tracing::debug!(%folder, device = %device.display(), %why, "no SMART");
                }
            }
        }
    }

    /// Takes an answer, and tells of what is new and bad in it.
    fn answered(&self, folder: &Path, report: &SmartReport) {
        let before = self.answers().insert(folder.to_owned(), report.clone());
        let was_worrying = before.as_ref().is_some_and(SmartReport::is_worrying);
        let has_changed = before.is_none_or(|before| before.warnings != report.warnings);
        if report.is_worrying() && (!was_worrying || has_changed) {
            let subject = folder.display().to_string();
            self.journal.note(Severity::Warning, "disk_health", subject, complaint(report));
        }
    }
}

/// What to tell of a disk that is worrying.
fn complaint(report: &SmartReport) -> String {
    let judged = (report.is_healthy == Some(false)).then(|| "it says that it fails".to_owned());
    let worn = report.wear_percent.filter(|percent| *percent >= 100);
    let worn = worn.map(|percent| format!("{percent} % of its rated endurance is used up"));
    judged
        .into_iter()
        .chain(worn)
        .chain(report.warnings.iter().cloned())
        .collect::<Vec<_>>()
        .join("; ")
}

/// What of a disk's rated endurance is used up, by what `smartctl` has printed.
pub(crate) fn wear_percent(printed: &[u8]) -> Option<u64> {
    Answer::parse(printed).ok()?.report(TimeUs(0)).ok()?.wear_percent
}

async fn ask(program: &Path, device: &Path) -> anyhow::Result<SmartReport> {
    let mut child = Command::new(program)
        .args(["--json=c", "--xall"])
        .arg(device)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut text = Vec::new();
    let read = async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MOST_OCTETS).read_to_end(&mut text).await?;
        }
        // Its status is a set of flags, most of which speak of the disk and are in the answer, too.
        child.wait().await
    };
    tokio::time::timeout(PATIENCE, read).await??;
    let asked_at_us = TimeUs::from(SystemTime::now());
    Ok(Answer::parse(&text)?.report(asked_at_us)?)
}
