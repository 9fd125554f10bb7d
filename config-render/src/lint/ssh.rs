//! A firewall that keeps us out as well: whoever sends it could not take it back.

use super::{Finding, Fleet, Subject};
use ipnet::IpNet;
use std::net::IpAddr;

pub(super) fn check(fleet: Fleet<'_>) -> Vec<Finding> {
    fleet.devices.iter().filter_map(|subject| cut_off(subject, fleet)).collect()
}

fn cut_off(subject: &Subject, fleet: Fleet<'_>) -> Option<Finding> {
    let said = subject.ssh_from.as_ref()?;
    let from = said.value.as_array()?;
    if from.is_empty() || fleet.ours.is_empty() {
        return None;
    }
    let from: Vec<IpNet> = from.iter().filter_map(|it| net(it.as_str()?)).collect();
    // Where it is known by which address we come to it, that of the other family does not help.
    let family = subject.facts.management_address().map(|it| it.is_ipv4());
    let ours = fleet.ours.iter().filter(|it| family.is_none_or(|is_4| it.is_ipv4() == is_4));
    let ours: Vec<&IpAddr> = ours.collect();
    if ours.is_empty() {
        return None;
    }
    let is_let_in = ours.iter().any(|ours| from.iter().any(|net| net.contains(*ours)));
    let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
    let by = &said.by;
    (!is_let_in).then(|| {
        let message = format!(
            "ssh.from (config context {by}) lets nobody of {} in: the fleet could not reach it any more",
            ours.join(", ")
        );
        Finding::new(&subject.facts, "the fleet is let in by SSH", message)
    })
}

/// A network, or an address alone.
fn net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
