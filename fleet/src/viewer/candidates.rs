//! Who could serve this client, from what the planner and the collector know.

use crate::api::Problem as Refusal;
use crate::planner::View;
use crate::purging;
use crate::server::{App, now};
use catalog::Title;
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

/// Outside of what was agreed nobody is offered anything, whatever boxes hold.
pub(super) fn may_be_shown(view: &View, title: &Title, client: IpAddr) -> Result<(), Refusal> {
    let name = format!("title {}/{}", title.spec.group, title.spec.title);
    let terms = view.terms_at(title, view.clients.site_of(client));
    let Some(window) = terms.window(title.window) else {
        return Err(Refusal::new(451, format!("{name} may not be shown where you are")));
    };
    if !window.is_open_at(now()) {
        return Err(Refusal::new(404, format!("{name} is not served at this time")));
    }
    match terms.lacks() {
        [] => Ok(()),
        _ => Err(Refusal::new(404, format!("{name} is not offered where you are yet"))),
    }
}

/// Settles who serves `title` to `client`.
pub(super) fn candidates(app: &App, view: &View, title: &Title, client: IpAddr) -> Candidates {
    let wanted = HeldTitle {
        group: title.spec.group.clone(),
        title: title.spec.title.clone(),
        revision: title.revision,
    };
    let at = now();
    let boxes: Vec<ServingBox> = view
        .appliances
        .iter()
        .map(|each| serving_box(app, view, each, (title, &wanted), at))
        .collect();
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
    (title, wanted): (&Title, &HeldTitle),
    at: TimeUs,
) -> ServingBox {
    let liveness = match app.collector.state(&appliance.name, at) {
        State::Live => Liveness::Live,
        State::Late => Liveness::Late,
        State::Silent => Liveness::Silent,
        State::NeverSeen => Liveness::NeverSeen,
    };
    // It may hold it ahead of the time at which it may show it.
    let may_show = || {
        let there = view.terms_at(title, Some(&appliance.site)).window(title.window);
        there.is_some_and(|window| window.is_open_at(at))
    };
    let latest = app.collector.latest(&appliance.name);
    ServingBox {
        device: appliance.name.clone(),
        site: appliance.site.clone(),
        liveness,
        may_serve_purged: purging::doubt(app, view, &appliance.name, &wanted.group, at).is_some(),
        is_in_service: view.out_of_service(&appliance.name).is_none(),
        is_barred: app.barring.now().why(&appliance.name).is_some(),
        holds_title: latest.is_some_and(|latest| latest.holds.contains(wanted)) && may_show(),
    }
}
