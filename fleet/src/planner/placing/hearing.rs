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
    /// When any box was heard last, at the last look.
    newest: Option<TimeUs>,
}

impl Hearing {
    pub(super) fn new(since: TimeUs) -> Self {
        Self { since, newest: None }
    }

    /// What is known of the boxes of an inventory. `before` is what was asked last.
    pub(super) async fn hear(
        &mut self,
        app: &App,
        inventory: &Inventory,
        before: Option<&Question>,
    ) -> Result<HashMap<DeviceName, Heard>, db::Error> {
        let heard_at = app.collector.heard_at().await?;
        // While nobody was heard of, it was the fleet that was away.
        let newest = self.newest(heard_at.values().max().copied().unwrap_or(TimeUs(0)), now());
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

impl Hearing {
    /// When any box was heard last; not later than now, whatever clock said so. Where nobody was heard for a while
    /// it is as after a start: boxes come back one by one.
    fn newest(&mut self, heard_at: TimeUs, now: TimeUs) -> TimeUs {
        let newest = heard_at.min(now);
        if self.newest.is_some_and(|before| newest.since_s(before) > GRACE_S) {
            self.since = now;
        }
        self.newest = Some(newest);
        newest
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_silence_of_all_boxes_come_back_one_by_one() {
        let at = |s: i64| TimeUs(0).plus_s(1_700_000_000 + s);
        let mut hearing = Hearing::new(at(0));
        assert_eq!(hearing.newest(at(1), at(5)), at(1));
        assert_eq!(hearing.newest(at(60), at(65)), at(60));
        assert_eq!(hearing.since, at(0));
        // Two hours of nothing, and the first is back.
        assert_eq!(hearing.newest(at(7200), at(7205)), at(7200));
        assert_eq!(hearing.since, at(7205));
        // A report from a clock that ran ahead makes nobody silent.
        assert_eq!(hearing.newest(at(1_000_000), at(7300)), at(7300));
    }
}
