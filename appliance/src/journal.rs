//! What happened on this box: numbered, bounded, kept until the fleet has it.

use crate::failing::Failing;
use cache::{CacheEvent, Watch};
use contract::object::ObjectKey;
use contract::progress::SourceFailure;
use contract::report::{Event, MAX_EVENTS, Severity};
use fill::{Clock, FillEvent, FillWatch};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Events beyond this push the oldest out: a box that is cut off for long says in the end
/// what happened last.
const KEPT_EVENTS: usize = 4096;

#[derive(Debug, Default)]
struct Entries {
    last: u64,
    /// Events up to this number are in the spool too.
    spooled: u64,
    events: VecDeque<Event>,
}

/// The journal.
pub(crate) struct Journal {
    clock: Clock,
    entries: Mutex<Entries>,
    /// Objects that went missing while somebody asked for them: whoever fills should look.
    lost: Mutex<Vec<ObjectKey>>,
    is_lost: Notify,
    failing: Failing,
}

impl Journal {
    pub(crate) fn new(clock: Clock) -> Arc<Self> {
        let (entries, lost, is_lost, failing) = Default::default();
        Arc::new(Self { clock, entries, lost, is_lost, failing })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until objects go missing, and says which.
    pub(crate) async fn lost(&self) -> Vec<ObjectKey> {
        self.is_lost.notified().await;
        std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_lost(&self, object: ObjectKey) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.len() < KEPT_EVENTS {
            lost.push(object);
        }
        drop(lost);
        self.is_lost.notify_one();
    }

    /// The sources whose last word was a failure.
    pub(crate) fn failing(&self) -> Vec<SourceFailure> {
        self.failing.list((self.clock)())
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
        let (at_us, kind) = ((self.clock)(), kind.to_owned());
        entries.events.push_back(Event { sequence, at_us, severity, kind, subject, detail });
        if entries.events.len() > KEPT_EVENTS {
            entries.events.pop_front();
        }
    }

    /// A document that was in force cannot be read any more.
    pub(crate) fn lost_document(&self, err: &anyhow::Error) {
        let (subject, detail) = ("state folder".to_owned(), format!("{err:#}"));
        self.note(Severity::Warning, "document_lost", subject, detail);
    }

    /// The oldest events that the fleet does not have yet.
    pub(crate) fn unreported(&self) -> Vec<Event> {
        self.entries().events.iter().take(MAX_EVENTS).cloned().collect()
    }

    /// The oldest events that the spool does not have yet.
    pub(crate) fn unspooled(&self) -> Vec<Event> {
        let entries = self.entries();
        let events = entries.events.iter().filter(|event| event.sequence > entries.spooled);
        events.take(MAX_EVENTS).cloned().collect()
    }

    /// The spool has everything up to this number.
    pub(crate) fn spooled(&self, up_to: u64) {
        let mut entries = self.entries();
        entries.spooled = entries.spooled.max(up_to);
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
                self.has_lost(object);
            }
            CacheEvent::DiskError { object, file, reason } => {
                let detail = format!("{}: {reason}; to be fetched again", file.display());
                self.note(Severity::Warning, "disk_error", object.to_string(), detail);
                self.has_lost(object);
            }
            CacheEvent::DiskEjected { folder, reason, objects } => {
                let detail = format!("{reason}; {objects} objects to be fetched again elsewhere");
                self.note(Severity::Critical, "disk_ejected", folder.display().to_string(), detail);
                self.is_lost.notify_one();
            }
            CacheEvent::DiskReadmitted { folder, objects } => {
                let detail = format!("in use again, with {objects} objects");
                self.note(Severity::Info, "disk_readmitted", folder.display().to_string(), detail);
                self.is_lost.notify_one();
            }
            CacheEvent::DiskMissedPurges { folder, objects } => {
                let detail = format!(
                    "it was not in use when something was purged: {objects} objects to be fetched again"
                );
                let subject = folder.display().to_string();
                self.note(Severity::Warning, "disk_missed_purges", subject, detail);
                self.is_lost.notify_one();
            }
            CacheEvent::FileUnreadable { file, reason } => {
                self.note(Severity::Warning, "disk_error", file.display().to_string(), reason);
            }
            CacheEvent::WritesForgotten { file, reason } => {
                let detail = format!("{reason}; what was written to the disk is counted anew");
                let subject = file.display().to_string();
                self.note(Severity::Warning, "writes_forgotten", subject, detail);
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
                self.failing.gave(object, source);
            }
            FillEvent::SourceFailed { object, source, failure } => {
                self.failing.failed(object, source, &failure.to_string(), (self.clock)());
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
        let journal = Journal::new(Arc::new(|| contract::time::TimeUs(0)));
        for at in 0..5000 {
            journal.note(Severity::Info, "test", at.to_string(), String::new());
        }
        let first = journal.unreported();
        assert_eq!((first.len(), first[0].sequence), (MAX_EVENTS, 5001 - KEPT_EVENTS as u64));
        journal.recorded(4999);
        let left: Vec<u64> = journal.unreported().iter().map(|event| event.sequence).collect();
        assert_eq!(left, [5000]);

        assert_eq!(journal.unspooled().len(), 1);
        journal.spooled(5000);
        assert!(journal.unspooled().is_empty());
        assert_eq!(journal.unreported().len(), 1, "the fleet has not heard of it");
    }
}
