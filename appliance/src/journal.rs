//! What happened on this box: numbered, bounded, kept until the fleet has it.

use cache::{CacheEvent, Watch};
use contract::report::{Event, MAX_EVENTS, Severity};
use contract::time::TimeUs;
use fill::{FillEvent, FillWatch};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::Notify;

/// Events beyond this push the oldest out: a box that is cut off for long says in the end
/// what happened last.
const KEPT_EVENTS: usize = 4096;

#[derive(Debug, Default)]
struct Entries {
    last: u64,
    events: VecDeque<Event>,
}

/// The journal.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<Entries>,
    /// An object went missing: whoever fills should look.
    pub(crate) lost: Notify,
}

impl Journal {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event down, and into the log.
    pub(crate) fn note(&self, severity: Severity, kind: &str, subject: String, detail: String) {
        match severity {
            Severity::Info => tracing::info!(kind, subject, detail),
            Severity::Warning | Severity::Critical => tracing::warn!(kind, subject, detail),
        }
        let mut entries = self.entries();
        entries.last += 1;
        let sequence = entries.last;
        let (at_us, kind) = (TimeUs::from(SystemTime::now()), kind.to_owned());
        entries.events.push_back(Event { sequence, at_us, severity, kind, subject, detail });
        if entries.events.len() > KEPT_EVENTS {
            entries.events.pop_front();
        }
    }

    /// The oldest events that the fleet does not have yet.
    pub(crate) fn unreported(&self) -> Vec<Event> {
        self.entries().events.iter().take(MAX_EVENTS).cloned().collect()
    }

    /// The fleet has recorded everything up to this number.
    pub(crate) fn recorded(&self, up_to: u64) {
        self.entries().events.retain(|event| event.sequence > up_to);
    }
}

impl Watch for Journal {
    fn event(&self, event: CacheEvent) {
        match event {
            CacheEvent::BlockCorrupt { object, block, file } => {
                let detail = format!(
                    "block {block} of {} did not match its checksum; refused, to be fetched again",
                    file.display()
                );
                self.note(Severity::Warning, "block_corrupt", object.to_string(), detail);
                self.lost.notify_one();
            }
            CacheEvent::DiskError { object, file, reason } => {
                let detail = format!("{}: {reason}; to be fetched again", file.display());
                self.note(Severity::Warning, "disk_error", object.to_string(), detail);
                self.lost.notify_one();
            }
            CacheEvent::DiskEjected { folder, reason, objects } => {
                let detail = format!("{reason}; {objects} objects to be fetched again elsewhere");
                self.note(Severity::Critical, "disk_ejected", folder.display().to_string(), detail);
                self.lost.notify_one();
            }
            CacheEvent::DiskReadmitted { folder, objects } => {
                let detail = format!("in use again, with {objects} objects");
                self.note(Severity::Info, "disk_readmitted", folder.display().to_string(), detail);
                self.lost.notify_one();
            }
            CacheEvent::FileUnreadable { file, reason } => {
                self.note(Severity::Warning, "disk_error", file.display().to_string(), reason);
            }
            CacheEvent::TableDamaged { object, file } => {
                let detail = format!("{}: slices to be fetched again", file.display());
                self.note(Severity::Warning, "table_damaged", object.to_string(), detail);
            }
            CacheEvent::FileDiscarded { file, reason } => {
                self.note(Severity::Warning, "file_discarded", file.display().to_string(), reason);
            }
        }
    }
}

impl FillWatch for Journal {
    fn event(&self, event: FillEvent<'_>) {
        match event {
            FillEvent::Published { object, source, bytes } => {
                tracing::debug!(%object, %source, bytes, "published");
            }
            FillEvent::SourceFailed { object, source, failure } => {
                let detail = format!("{source}: {failure}");
                self.note(Severity::Warning, failure.kind(), object.to_string(), detail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stay_until_they_are_recorded_and_never_grow_without_bound() {
        let journal = Journal::new();
        for at in 0..5000 {
            journal.note(Severity::Info, "test", at.to_string(), String::new());
        }
        let first = journal.unreported();
        assert_eq!((first.len(), first[0].sequence), (MAX_EVENTS, 5001 - KEPT_EVENTS as u64));
        journal.recorded(4999);
        let left: Vec<u64> = journal.unreported().iter().map(|event| event.sequence).collect();
        assert_eq!(left, [5000]);
    }
}
