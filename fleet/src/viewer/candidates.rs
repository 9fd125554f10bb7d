//! Who could serve this client, from what the planner and the collector know.

use crate::planner::View;
use crate::purging;
use crate::server::{App, now};
use contract::time::TimeUs;
use health_collector::{HeldTitle, State};
use inventory::Appliance;
use std::net::IpAddr;
use steer::{Liveness, Pathway, Problem, ServingBox, Solution, choose};

/// A steering question settled.
pub(super) struct Candidates {
    /// The appliances as pathways, best first.
    pub(super) pathways: Vec<Pathway>,
    /// With reasons.
    pub(super) solution: Solution,
}

/// Settles who serves `title` to `client`.
pub(super) fn candidates(
    app: &App,
    view: &View,
    title: &catalog::Title,
    client: IpAddr,
) -> Candidates {
    let wanted = HeldTitle {
        group: title.spec.group.clone(),
        title: title.spec.title.clone(),
        revision: title.revision,
    };
    let at = now();
    let boxes: Vec<ServingBox> =
        view.appliances.iter().map(|each| serving_box(app, view, each, &wanted, at)).collect();
    let key = format!("{}/{}", wanted.group, wanted.title);
    let (clients, sites) = (&view.clients, view.places.as_slice());
    let solution = choose(&Problem { client, title: &key, clients, sites, boxes: &boxes });
    let group = view.group(&wanted.group);
    let pathway = |choice: &steer::Choice| {
        let authority = group?.authority(view.appliance(&choice.device)?)?;
        Some(Pathway { id: choice.device.to_string(), authority })
    };
    Candidates { pathways: solution.ranked.iter().filter_map(pathway).collect(), solution }
}

fn serving_box(
    app: &App,
    view: &View,
    appliance: &Appliance,
    wanted: &HeldTitle,
    at: TimeUs,
) -> ServingBox {
    let liveness = match app.collector.state(&appliance.name, at) {
        State::Live => Liveness::Live,
        State::Late => Liveness::Late,
        State::Silent => Liveness::Silent,
        State::NeverSeen => Liveness::NeverSeen,
    };
    let latest = app.collector.latest(&appliance.name);
    ServingBox {
        device: appliance.name.clone(),
        site: appliance.site.clone(),
        liveness,
        may_serve_purged: purging::doubt(app, view, &appliance.name, &wanted.group, at).is_some(),
        is_in_service: view.out_of_service(&appliance.name).is_none(),
        is_barred: app.barring.now().why(&appliance.name).is_some(),
        holds_title: latest.is_some_and(|latest| latest.holds.contains(wanted)),
    }
}
