//! Scrubbing: a pass over every disk in turn, as slowly as the configuration says. How far it
//! has come survives a restart.

use crate::journal::Journal;
use crate::keep;
use cache::{Cache, DiskSlot, Scrub};
use contract::config;
use contract::report::{ScrubReport, Severity};
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// How often it is written down how far it has come, and whether a pass is due is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What is known of the passes over one disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pass {
    /// When the pass began that is under way, or was the last.
    began_us: TimeUs,
    /// When it ended; `None` while it is under way.
    ended_us: Option<TimeUs>,
    /// The last object that it is through with.
    serial: u64,
    bytes_done: u64,
    bytes_total: u64,
    bad_blocks: u64,
    /// Somebody has asked for it, or for the next where it has ended.
    #[serde(default)]
    is_asked_for: bool,
}

/// Scrubs. Cheap to clone: who reports looks at the same.
#[derive(Clone)]
pub(crate) struct Scrubbing(Arc<Parts>);

struct Parts {
    cache: Arc<Cache>,
    journal: Arc<Journal>,
    config: config::Scrub,
    file: PathBuf,
    passes: Mutex<BTreeMap<PathBuf, Pass>>,
    is_asked: Notify,
}

impl Scrubbing {
    /// Goes on from what an earlier process has written to this file, if it can be read.
    pub(crate) fn open(
        cache: Arc<Cache>,
        journal: Arc<Journal>,
        config: config::Scrub,
        file: PathBuf,
    ) -> Self {
        let kept = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let passes = Mutex::new(kept.unwrap_or_default());
        let is_asked = Notify::new();
        Self(Arc::new(Parts { cache, journal, config, file, passes, is_asked }))
    }

    /// How far the pass over a disk is, or was.
    pub(crate) fn report(&self, folder: &Path) -> Option<ScrubReport> {
        let pass = self.0.passes().get(folder).cloned()?;
        Some(ScrubReport {
            began_us: pass.began_us,
            ended_us: pass.ended_us,
            bytes_done: pass.bytes_done,
            bytes_total: pass.bytes_total,
            bad_blocks: pass.bad_blocks,
        })
    }

    /// Has every disk read through, from now on and one after the other, also where the last pass
    /// was not long ago, or none is made unasked. A pass that is under way is the one.
    pub(crate) fn begin(&self) {
        let fresh = || Pass { began_us: now(), ..Pass::default() };
        for slot in self.0.cache.disk_slots().iter().filter(|slot| slot.in_use().is_some()) {
            let mut passes = self.0.passes();
            let pass = passes.entry(slot.setup.folder.clone()).or_insert_with(fresh);
            pass.is_asked_for = true;
        }
        self.0.write();
        self.0.is_asked.notify_one();
    }

    /// Scrubs until it is dropped.
    pub(crate) async fn run(self) {
        loop {
            let due = self.0.due(now());
            for slot in &due {
                self.0.pass(slot).await;
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = self.0.is_asked.notified() => {}
            }
        }
    }
}

impl Parts {
    fn passes(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Pass>> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disks whose pass is under way, or whose next one has its time.
    fn due(&self, now: TimeUs) -> Vec<DiskSlot> {
        let passes = self.passes();
        let every_s = i64::try_from(self.config.every_s.0).unwrap_or(i64::MAX);
        let is_time = |pass: &Pass| {
            // A clock that was wrong does not put a pass off for years.
            let age_s = now.unix_s() - pass.began_us.unix_s();
            pass.ended_us.is_none() || !(0..every_s).contains(&age_s)
        };
        let is_due = |slot: &&DiskSlot| {
            let pass = passes.get(&slot.setup.folder);
            let is_wanted = pass.is_some_and(|pass| pass.is_asked_for)
                || self.config.enabled && pass.is_none_or(is_time);
            slot.in_use().is_some() && is_wanted
        };
        self.cache.disk_slots().iter().filter(is_due).cloned().collect()
    }

    /// One pass over one disk, from where the last one was broken off.
    async fn pass(&self, slot: &DiskSlot) {
        let Some(disk) = slot.in_use() else { return };
        let folder = &slot.setup.folder;
        let before = self.passes().get(folder).cloned().unwrap_or_default();
        let is_asked_for = before.is_asked_for;
        let goes_on = before.ended_us.is_none() && before.began_us != TimeUs::default();
        let fresh = || Pass { began_us: now(), is_asked_for, ..Pass::default() };
        let before = if goes_on { before } else { fresh() };
        let (cache, disk, behind) = (Arc::clone(&self.cache), Arc::clone(disk), before.serial);
        let begun = tokio::task::spawn_blocking(move || cache.scrub(&disk, behind)).await;
        let Ok(mut scrub) = begun else { return };
        let mut next = Instant::now();
        let mut written = Instant::now();
        loop {
            let stepped = tokio::task::spawn_blocking(move || (scrub.step(), scrub)).await;
            let Ok((bytes, after)) = stepped else { return };
            scrub = after;
            self.note(folder, &before, &scrub, None);
            let Some(bytes) = bytes else { break };
            next = next.max(Instant::now()) + self.time_for(bytes);
            if written.elapsed() >= LOOK_EVERY {
                self.write();
                written = Instant::now();
            }
            sleep_until(next).await;
        }
        // Its disk may have gone in the middle: then the pass goes on when it is back.
        let is_over = scrub.is_over();
        self.note(folder, &before, &scrub, is_over.then(now));
        self.write();
        if is_over {
            let bad_blocks = self.passes().get(folder).map_or(0, |pass| pass.bad_blocks);
            let detail = format!("every block was read; {bad_blocks} did not match");
            self.journal.note(Severity::Info, "scrubbed", folder.display().to_string(), detail);
        }
    }

    fn time_for(&self, bytes: u64) -> Duration {
        let rate = self.config.rate_bits_per_s.bytes_per_s().max(1);
        Duration::from_micros(bytes.saturating_mul(1_000_000) / rate)
    }

    fn note(&self, folder: &Path, before: &Pass, scrub: &Scrub, ended_us: Option<TimeUs>) {
        let progress = scrub.progress();
        let pass = Pass {
            began_us: before.began_us,
            ended_us,
            serial: progress.serial,
            bytes_done: before.bytes_done + progress.bytes_done,
            bytes_total: before.bytes_done + progress.bytes_total,
            bad_blocks: before.bad_blocks + progress.bad_blocks,
            is_asked_for: before.is_asked_for && ended_us.is_none(),
        };
        self.passes().insert(folder.to_path_buf(), pass);
    }

    fn write(&self) {
        let passes = self.passes().clone();
        let written = serde_json::to_vec(&passes)
            .map_err(anyhow::Error::from)
            .and_then(|text| keep::write(&self.file, &text));
        if let Err(err) = written {
            tracing::warn!("a restart begins the scrub anew: {err:#}");
        }
    }
}

fn now() -> TimeUs {
    TimeUs::from(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_disk;
    use contract::config::Scrub;

    #[tokio::test]
    async fn a_disk_that_nobody_reads_unasked_is_read_when_somebody_asks() {
        let place = tempfile::tempdir().expect("folder");
        let file = place.path().join("scrub.json");
        let journal = Journal::new(Arc::new(|| TimeUs(0)));
        let cache = one_disk::open(place.path().join("disk"), &journal);
        let config = Scrub { enabled: false, ..Scrub::default() };
        let open = || {
            let (cache, journal) = (Arc::clone(&cache), Arc::clone(&journal));
            Scrubbing::open(cache, journal, config.clone(), file.clone())
        };
        let scrubbing = open();
        for _ in 0..2 {
            assert!(scrubbing.0.due(now()).is_empty());
            scrubbing.begin();
            // A restart forgets nothing.
            assert_eq!(open().0.due(now()).len(), 1);
            let due = scrubbing.0.due(now());
            scrubbing.0.pass(&due[0]).await;
            let report = scrubbing.report(&place.path().join("disk")).expect("a pass");
            assert!(report.ended_us >= Some(report.began_us));
        }
    }
}
