//! Late reports go to the fleet, in order, once it is there again: behind the conversation, which
//! never waits for them, and slowly enough for a fleet to which everybody comes back at once.

use crate::fleet::{Fleet, Refusal};
use crate::journal::Journal;
use crate::spool::{Record, SharedSpool, pace};
use anyhow::Result;
use contract::late::{LateReports, MAX_LATE_REPORTS};
use contract::names::DeviceName;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// The fleet may ask for the next batch no sooner and no later than this.
const PAUSE_S: RangeInclusive<f64> = 0.05..=600.0;

/// Who delivers.
pub(crate) struct CatchingUp {
    pub(crate) device: DeviceName,
    /// Of this process: its events are in the journal as well.
    pub(crate) boot_id: String,
    pub(crate) spool: SharedSpool,
    pub(crate) journal: Arc<Journal>,
    /// Between reports.
    pub(crate) usual: Duration,
}

impl CatchingUp {
    /// Delivers whenever there is something and the fleet answers. Never ends.
    pub(crate) async fn run(&self, link: &impl Fleet, mut is_reachable: watch::Receiver<bool>) {
        loop {
            self.spool.filled().await;
            if is_reachable.wait_for(|is| *is).await.is_err() {
                // The conversation has ended, and this with it.
                return std::future::pending().await;
            }
            sleep(pace::spread(self.usual).mul_f64(rand::random())).await;
            self.deliver(link, &is_reachable).await;
        }
    }

    /// Until the spool is empty, or the fleet gone.
    async fn deliver(&self, link: &impl Fleet, is_reachable: &watch::Receiver<bool>) {
        let (mut failures, mut most) = (0, MAX_LATE_REPORTS);
        while self.spool.report().reports > 0 && *is_reachable.borrow() {
            let sent = self.send(link, most).await;
            let pause = match sent {
                Ok(next) => {
                    (failures, most) = (0, MAX_LATE_REPORTS);
                    next.mul_f64(rand::random_range(0.8..1.2))
                }
                Err(err) => {
                    tracing::info!("late reports wait: {err:#}");
                    let refusal = err.downcast_ref::<Refusal>();
                    if refusal.is_some_and(Refusal::is_for_good) {
                        // One of them is the cause: the others go alone.
                        most = 1;
                    }
                    failures += 1;
                    pace::longest_pause(failures - 1).mul_f64(rand::random())
                }
            };
            sleep(pause).await;
        }
    }

    /// Sends a batch; gives the pause that the fleet asks for.
    async fn send(&self, link: &impl Fleet, most: usize) -> Result<Duration> {
        let batch = self.spool.batch(most).await?;
        let Some(last) = batch.last().map(|record| record.number) else {
            // Whatever waited has rotted.
            return Ok(Duration::ZERO);
        };
        let events = self.last_event(&batch);
        let reports: Vec<_> = batch.into_iter().map(|record| record.report).collect();
        let count = reports.len();
        let late = LateReports { schema: contract::SCHEMA, device: self.device.clone(), reports };
        match link.late_reports(&late).await {
            Ok(answer) => {
                self.spool.delivered(last).await?;
                self.journal.recorded(events);
                tracing::info!(count, last, "late reports delivered");
                // `max` and `min` in this order turn NaN into a number.
                let (least, most) = (*PAUSE_S.start(), *PAUSE_S.end());
                Ok(Duration::from_secs_f64(answer.next_in_s.max(least).min(most)))
            }
            Err(err) => {
                let refusal = err.downcast_ref::<Refusal>();
                if count == 1 && refusal.is_some_and(Refusal::is_for_good) {
                    tracing::error!(number = last, "a late report is given up: {err:#}");
                    self.spool.give_up(last).await?;
                    return Ok(Duration::ZERO);
                }
                Err(err)
            }
        }
    }

    /// The last event of this process in a batch.
    fn last_event(&self, batch: &[Record]) -> u64 {
        let own = batch.iter().filter(|record| record.report.boot_id == self.boot_id);
        own.flat_map(|record| &record.report.events).map(|it| it.sequence).max().unwrap_or(0)
    }
}
