//! What was heard of boxes, by whichever manager, and for how long nothing.

use super::budgets::Heard;
use crate::server::{App, now};
use contract::names::{DeviceName, GroupName, TitleName};
use contract::time::TimeUs;
use inventory::Inventory;
use prefill::question::Question;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// After a start boxes have this long to come back, before it is said that one does not: what was said of it
/// before holds until then.
const GRACE_S: f64 = 300.0;

/// When this manager began to listen.
#[derive(Debug)]
pub(super) struct Hearing {
    since: TimeUs,
}

impl Hearing {
    pub(super) fn new(since: TimeUs) -> Self {
        Self { since }
    }

    /// What is known of the boxes of an inventory. `before` is what was asked last.
    pub(super) async fn hear(
        &self,
        app: &App,
        inventory: &Inventory,
        before: Option<&Question>,
    ) -> Result<HashMap<DeviceName, Heard>, db::Error> {
        let heard_at = app.collector.heard_at().await?;
        // While nobody was heard of, it was the fleet that was away.
        let newest = heard_at.values().max().copied().unwrap_or(TimeUs(0));
        let is_early = now().since_s(self.since) < GRACE_S;
        let before: HashMap<&DeviceName, bool> = before
            .into_iter()
            .flat_map(Question::boxes)
            .map(|(_, budgets)| (&budgets.device, budgets.said.is_some()))
            .collect();
        let heard = |device: &DeviceName| {
            let at = *heard_at.get(device)?;
            let silent_s = newest.since_s(at).max(0.0);
            let was_silent = before.get(device).copied();
            let is_taken_as_before = is_early && was_silent == Some(false);
            let latest = app.collector.latest(device);
            let holds = latest.as_ref().map_or_else(HashSet::new, |it| holds(it));
            Some(Heard {
                report: latest.map(|latest| Arc::new(latest.report.clone())),
                holds,
                silent_s: if is_taken_as_before { 0 } else { whole(silent_s) },
            })
        };
        let boxes = inventory.appliances.iter();
        Ok(boxes.filter_map(|it| Some((it.name.clone(), heard(&it.name)?))).collect())
    }
}

/// Titles that a box holds whole, in whatever revision.
fn holds(latest: &health_collector::Latest) -> HashSet<(GroupName, TitleName)> {
    latest.holds.iter().map(|held| (held.group.clone(), held.title.clone())).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}
