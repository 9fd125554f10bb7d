//! A box reports; the answer carries what is new for it.

use crate::api::Problem;
use crate::barring;
use crate::planner::View;
use crate::purging;
use crate::server::{App, now};
use axum::body::Bytes;
use axum::extract::State;
use axum::{Extension, Json};
use ca::Said;
use contract::SCHEMA;
use contract::command::CommandResult;
use contract::demand::DemandReport;
use contract::envelope::{Envelope, Generation, Header, Kind};
use contract::exchange::Answer;
use contract::names::DeviceName;
use contract::report::{Report, TrustState};
use contract::trust::{SignedTrust, Trust};
use health_collector::order::Order;
use health_collector::{Collector, DemandError, ReportError};
use serde_json::value::RawValue;
use std::sync::Arc;

/// A box that was away for longer comes back for the rest a fifth of a second later.
const MAX_VERSIONS_AT_ONCE: usize = 16;

/// What the root says is told after this time, whether the plan reckons with it or not.
const LONGEST_PLANNING_S: i64 = 60;

pub(super) async fn post_report(
    State(app): State<Arc<App>>,
    Extension(identity): Extension<DeviceName>,
    body: Bytes,
) -> Result<Json<Answer>, Problem> {
    let mut report = Collector::read(&body, &identity).map_err(refused)?;
    let demand = report.demand.take().map(|demand| (report.boot_id.clone(), demand));
    let view = app.view();
    let epoch = manifest_epoch(&report);
    let whole_titles = |version| view.whole_titles(&identity, epoch?, version);
    let mut documents_wanted = wanted(&view, &report);
    let lacks_purges = purging::lacks(&view, &report);
    let heard = report.trust.clone();
    let ended = view.command(&identity).and_then(|id| result_of(&report, id));
    let accepted = app.collector.accept(report, whole_titles, now()).await.map_err(refused)?;
    let wants_parts = match accepted.order {
        Order::New => app.observing.hear(&accepted.latest.report).await,
        Order::Repeated | Order::Stale => false,
    };
    if let Some(result) = ended {
        app.commands.settle(&identity, &result).await?;
        app.changed.notify_one();
    }
    if accepted.is_doubled {
        let because = "two machines have shown its identity at once: a disk was copied, or a key \
                       was stolen";
        barring::bar(&app, &identity, because).await?;
        return Err(Problem::new(403, because));
    }
    if let Some((boot_id, demand)) = demand {
        keep(&app, &identity, &boot_id, demand).await?;
    }
    if lacks_purges {
        // What is in force for it begins too late; the planner issues another.
        documents_wanted.retain(|kind| *kind != Kind::Tombstones);
        app.changed.notify_one();
    }
    let Told { trust, believed, is_all } = told(&app, &view, &heard)?;
    let mut documents = Vec::new();
    // What is sealed on the way would be sealed by keys that the next versions may drop.
    for kind in documents_wanted.into_iter().filter(|_| is_all) {
        match sealed(&app, &believed.trust, &identity, kind).await {
            Ok(document) => documents.extend(document),
            // It is told what the root says all the same.
            Err(problem) => {
                tracing::error!(device = %identity, %kind, "not told: {}", problem.detail);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds to hours")]
    let next_report_in_s = app.settings.report_interval_s as f64;
    let events_recorded = accepted.events_recorded;
    let revoked = app.barring.now().news(heard.revoked).cloned();
    let schema = SCHEMA;
    Ok(Json(Answer {
        schema,
        next_report_in_s,
        events_recorded,
        trust,
        revoked,
        players_elsewhere: app.ordering.is_some(),
        wants_parts,
        documents,
    }))
}

/// A box whose clock is wrong, or that names more titles than are kept, is a box all the same, and does
/// not say it again. What the database failed to keep it does.
async fn keep(
    app: &App,
    device: &DeviceName,
    boot_id: &str,
    demand: DemandReport,
) -> Result<(), Problem> {
    match app.collector.accept_demand((device, boot_id), demand, now()).await {
        Ok(()) => Ok(()),
        Err(DemandError::Db(err)) => Err(err.into()),
        Err(err) => {
            tracing::warn!(%device, "what it says of demand is not kept: {err}");
            Ok(())
        }
    }
}

/// How the command ended that a box is to carry out, if it has.
fn result_of(report: &Report, id: &str) -> Option<CommandResult> {
    report.results.iter().find(|result| result.id == id).cloned()
}

/// The kinds of which there is something newer than the box has. What it has refused is not
/// sent again: only another generation can help.
fn wanted(view: &View, report: &Report) -> Vec<Kind> {
    let state = |kind| report.documents.iter().find(|state| state.kind == kind);
    let newer = |kind, generation: Generation| match state(kind) {
        None => true,
        Some(state) => {
            let rejected = state.rejected.as_ref().map(|(rejected, _)| *rejected);
            state.in_force < Some(generation) && rejected != Some(generation)
        }
    };
    view.documents(&report.device)
        .iter()
        .filter(|head| newer(head.kind, head.generation))
        .map(|head| head.kind)
        .collect()
}

/// What a box is told of the root.
struct Told {
    trust: Vec<SignedTrust>,
    /// What it believes when it has heard that.
    believed: Arc<Said>,
    /// There is nothing more to be told.
    is_all: bool,
}

/// A box is told what the root has said as far as the plan reckons with it: what a key had signed
/// that counts no more has been issued anew by then. One that believes what is not known here is
/// told nothing: somebody must tell this fleet.
fn told(app: &App, view: &View, heard: &TrustState) -> Result<Told, Problem> {
    let last = app.said.last().ok_or_else(|| Problem::new(503, "the root has said nothing yet"))?;
    // A plan that cannot be made keeps nobody from hearing that a key was stolen.
    let is_late = now() > last.installed_at.plus_s(LONGEST_PLANNING_S);
    let planned = if is_late { last.trust.version } else { view.trust_version };
    let left = planned.saturating_sub(heard.version);
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(MAX_VERSIONS_AT_ONCE);
    let trust = app.said.after(heard.version, most);
    let told = heard.version.saturating_add(trust.len() as u64);
    // One that has refused what follows is told on with the keys that it knows.
    let believes = if heard.refused.is_some() { heard.version } else { told };
    let believed = app.said.version(believes).unwrap_or(last);
    Ok(Told { trust, believed, is_all: told >= planned || heard.refused.is_some() })
}

async fn sealed(
    app: &App,
    believed: &Trust,
    device: &DeviceName,
    kind: Kind,
) -> Result<Option<Envelope>, Problem> {
    let Some((head, body)) = app.documents.body(device, kind).await? else { return Ok(None) };
    let header = Header {
        schema: SCHEMA,
        kind,
        addressee: device.clone(),
        generation: head.generation,
        issued_at_us: head.issued_at,
        not_after_us: head.not_after,
    };
    let body = RawValue::from_string(body).map_err(Problem::internal)?;
    let key = app.ca.signing_key(kind.role(), believed)?;
    Ok(Some(Envelope::seal(header, &body, &key).map_err(Problem::internal)?))
}

/// In which epoch the version of its manifest is counted.
fn manifest_epoch(report: &Report) -> Option<u32> {
    let manifest = report.documents.iter().find(|state| state.kind == Kind::Manifest)?;
    manifest.in_force.map(|generation| generation.epoch)
}

pub(super) fn refused(err: ReportError) -> Problem {
    match err {
        ReportError::TooLarge => Problem::new(413, err),
        ReportError::OtherDevice { .. } | ReportError::UnknownDevice(_) => Problem::new(403, err),
        ReportError::Unreadable(_) | ReportError::Schema(_) | ReportError::Beyond(_) => {
            Problem::new(400, err)
        }
        ReportError::Db(err) => err.into(),
    }
}
