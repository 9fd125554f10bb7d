//! The spool for who must not wait for a disk: calls run on threads that may.

use super::pace;
use super::{Record, Spool};
use anyhow::{Context, Result};
use contract::late::{LateReport, MAX_LATE_BYTES, MAX_LATE_REPORTS};
use contract::report::SpoolReport;
use contract::time::TimeUs;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// Leaves room in a batch for what is around the reports.
const BATCH_BYTES: usize = MAX_LATE_BYTES / 2;

/// What is known without asking the disk.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    report: SpoolReport,
    made: Option<(TimeUs, TimeUs)>,
}

/// The spool. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SharedSpool {
    spool: Arc<Mutex<Spool>>,
    known: watch::Sender<Known>,
}

impl SharedSpool {
    pub(crate) fn new(spool: Spool) -> Self {
        let known = watch::Sender::new(known(&spool));
        Self { spool: Arc::new(Mutex::new(spool)), known }
    }

    /// What is in it.
    pub(crate) fn report(&self) -> SpoolReport {
        self.known.borrow().report
    }

    /// Whether a report that could not be sent is to be kept, for its age alone.
    pub(crate) fn is_due(&self, usual_s: u64, now: TimeUs) -> bool {
        let Some((oldest, newest)) = self.known.borrow().made else { return true };
        let cut_off_for_s = now.unix_s().saturating_sub(oldest.unix_s());
        pace::is_due(usual_s, cut_off_for_s, now.since_s(newest))
    }

    /// Waits until something is in it.
    pub(crate) async fn filled(&self) {
        let mut known = self.known.subscribe();
        // The sender is our own: it does not go.
        let _ = known.wait_for(|known| known.report.reports > 0).await;
    }

    /// Keeps a report.
    pub(crate) async fn append(&self, report: LateReport) -> Result<()> {
        self.call(move |spool| spool.append(report)).await
    }

    /// What is to be sent next.
    pub(crate) async fn batch(&self, most: usize) -> Result<Vec<Record>> {
        self.call(move |spool| spool.batch(most.min(MAX_LATE_REPORTS), BATCH_BYTES)).await
    }

    /// The fleet has everything up to a record.
    pub(crate) async fn delivered(&self, up_to: u64) -> Result<()> {
        self.call(move |spool| spool.delivered(up_to)).await
    }

    /// A record that can never be delivered.
    pub(crate) async fn give_up(&self, number: u64) -> Result<()> {
        self.call(move |spool| spool.give_up(number)).await
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Spool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        let called = spawn_blocking(move || {
            let mut spool = this.spool.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = call(&mut spool);
            this.known.send_replace(known(&spool));
            outcome
        });
        called.await.context("the spool")?
    }
}

fn known(spool: &Spool) -> Known {
    Known { report: spool.report(), made: spool.made() }
}
