//! A firewall that keeps us out as well: whoever sends it could not take it back.

use super::{Finding, Fleet, Subject};
use ipnet::IpNet;

pub(super) fn check(fleet: Fleet<'_>) -> Vec<Finding> {
    fleet.devices.iter().filter_map(|subject| cut_off(subject, fleet)).collect()
}

fn cut_off(subject: &Subject, fleet: Fleet<'_>) -> Option<Finding> {
    let from = subject.settings.get("ssh.from")?.as_array()?;
    if from.is_empty() || fleet.ours.is_empty() {
        return None;
    }
    let from: Vec<IpNet> = from.iter().filter_map(|it| it.as_str()?.parse().ok()).collect();
    let is_let_in = fleet.ours.iter().any(|ours| from.iter().any(|net| net.contains(ours)));
    let ours: Vec<String> = fleet.ours.iter().map(ToString::to_string).collect();
    let by = subject.settings.origin("ssh.from").map(|said| said.by).unwrap_or_default();
    (!is_let_in).then(|| {
        let message = format!(
            "ssh.from (config context {by}) lets nobody of {} in: the fleet could not reach it any more",
            ours.join(", ")
        );
        Finding::new(&subject.facts, "the fleet is let in by SSH", message)
    })
}
