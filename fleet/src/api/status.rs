//! What boxes hold, from whom they got it, and what happened to them.

use super::appliances::ApplianceItem;
use super::{List, Problem};
use crate::planner::Head;
use crate::purging;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::names::DeviceName;
use contract::report::{FilledFrom, Held, Report, TrustState};
use contract::sources::SourceKind;
use contract::time::TimeUs;
use health_collector::{Latest, RecordedEvent};
use inventory::{Appliance, ContentGroup};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Enough to see what just happened; a box has more.
const RECENT_EVENTS: i64 = 20;

/// An appliance as seen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ApplianceStatus {
    /// In short.
    #[serde(flatten)]
    pub(crate) item: ApplianceItem,
    /// What it serves with.
    pub(crate) engine: Option<String>,
    /// What of it ends first, if anything does: until then it serves without a fleet.
    #[serde(default)]
    pub(crate) first_limit: Option<LimitItem>,
    /// Reports that it keeps because it could tell nobody.
    #[serde(default)]
    pub(crate) late_reports_waiting: u64,
    /// Where the bytes that it holds came from.
    pub(crate) filled_from: Vec<FilledItem>,
    /// Documents in force on the box, and what it refused.
    pub(crate) documents: Vec<DocumentItem>,
    /// Why its identity counts no more, if it does not.
    #[serde(default)]
    pub(crate) barred: Option<String>,
    /// What its certificate for viewers waits for, if it asks for one and an authority elsewhere
    /// issues it.
    #[serde(default)]
    pub(crate) certificate_waits: Option<CertificateWaitsItem>,
    /// Content groups whose viewers are not sent to it, though it may speak.
    #[serde(default)]
    pub(crate) not_steered_to: Vec<NotSteeredItem>,
    /// What it should hold and has no room for.
    pub(crate) not_placed: Vec<NotPlacedItem>,
    /// What happened to it, newest first.
    pub(crate) events: Vec<EventItem>,
}

/// A certificate that has not been issued yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct CertificateWaitsItem {
    /// What it waits for, or what went wrong and what would help.
    pub(crate) reason: String,
    /// When it is tried again, as far as can be known (RFC 3339).
    pub(crate) until: String,
}

/// Something of a box that ends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct LimitItem {
    /// `certificate`, `document` or `rights`.
    pub(crate) kind: String,
    /// Which one.
    pub(crate) subject: String,
    /// When (RFC 3339).
    pub(crate) until: String,
}

/// Bytes that came from one source.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FilledItem {
    /// `origin`, `peer NAME` or `parent NAME`.
    pub(crate) source: String,
    /// Objects.
    pub(crate) objects: u64,
    /// Their bytes, all verified.
    pub(crate) bytes: u64,
    /// Attempts that failed.
    pub(crate) failures: u64,
}

/// A document on a box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct DocumentItem {
    /// Its kind.
    pub(crate) kind: String,
    /// The generation in force on the box.
    pub(crate) in_force: Option<String>,
    /// The generation that the fleet has for it.
    pub(crate) issued: Option<String>,
    /// What the box could not carry out, and why.
    pub(crate) rejected: Option<String>,
    /// What came last and the box did not believe, and why.
    #[serde(default)]
    pub(crate) refused: Option<String>,
    /// Why the box may stand on another document than this fleet thinks.
    #[serde(default)]
    pub(crate) doubt: Option<String>,
}

/// A content group whose viewers are not sent to a box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct NotSteeredItem {
    /// The group.
    pub(crate) group: String,
    /// Why not.
    pub(crate) reason: String,
}

/// Objects that a box should hold and cannot.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct NotPlacedItem {
    /// Why not.
    pub(crate) reason: String,
    /// How many.
    pub(crate) objects: usize,
}

/// Something that happened to a box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct EventItem {
    /// When, by the box's clock (RFC 3339).
    pub(crate) at: String,
    /// `info`, `warning` or `critical`.
    pub(crate) severity: String,
    /// A stable name.
    pub(crate) kind: String,
    /// What it happened to.
    pub(crate) subject: String,
    /// In words.
    pub(crate) detail: String,
}

/// What the collector knows of a box now.
pub(super) struct Seen {
    pub(super) state: health_collector::State,
    pub(super) age_s: Option<f64>,
    pub(super) latest: Option<Arc<Latest>>,
}

impl Seen {
    pub(super) fn held(&self) -> Held {
        self.latest.as_ref().map(|latest| latest.report.held.clone()).unwrap_or_default()
    }

    /// Bytes from origins, or from everybody else.
    pub(super) fn bytes_from(&self, origin: bool) -> u64 {
        let filled = self.held().filled_from;
        let wanted = filled.iter().filter(|each| (each.source == SourceKind::Origin) == origin);
        wanted.map(|each| each.bytes).sum()
    }
}

pub(super) fn seen(app: &App, device: &DeviceName) -> Seen {
    let at = now();
    let latest = app.collector.latest(device);
    let age_s = latest.as_ref().map(|latest| at.since_s(latest.received_at).max(0.0));
    Seen { state: app.collector.state(device, at), age_s, latest }
}

pub(super) async fn read(
    app: &App,
    appliance: &Appliance,
    groups: &[ContentGroup],
) -> Result<ApplianceStatus, Problem> {
    let seen = seen(app, &appliance.name);
    let events = app.collector.events(&appliance.name, RECENT_EVENTS).await?;
    let reason = |(reason, objects): &(prefill::Reason, usize)| NotPlacedItem {
        reason: reason.to_string(),
        objects: *objects,
    };
    Ok(ApplianceStatus {
        item: ApplianceItem::new(appliance, groups, &seen),
        engine: seen.latest.as_ref().map(|latest| latest.report.engine.clone()),
        first_limit: seen.latest.as_ref().and_then(|latest| first_limit(&latest.report)),
        late_reports_waiting: seen.latest.as_ref().map_or(0, |it| it.report.spool.reports),
        filled_from: seen.held().filled_from.iter().map(filled).collect(),
        documents: documents(app, &appliance.name, &seen),
        barred: app.barring.now().why(&appliance.name).map(str::to_owned),
        certificate_waits: certificate_waits(app, &appliance.name),
        not_steered_to: not_steered_to(app, &appliance.name, groups),
        not_placed: app.view().not_placed(&appliance.name).iter().map(reason).collect(),
        events: events.iter().map(event).collect(),
    })
}

fn certificate_waits(app: &App, device: &DeviceName) -> Option<CertificateWaitsItem> {
    let waiting = app.ordering.as_ref()?.waiting(device)?;
    Some(CertificateWaitsItem { reason: waiting.why, until: rfc3339(waiting.until) })
}

fn first_limit(report: &Report) -> Option<LimitItem> {
    let first = report.autonomy.first()?;
    let (kind, until) = (first.kind.to_string(), rfc3339(first.until_us));
    Some(LimitItem { kind, subject: first.subject.clone(), until })
}

fn not_steered_to(app: &App, device: &DeviceName, groups: &[ContentGroup]) -> Vec<NotSteeredItem> {
    let (view, at) = (app.view(), now());
    if let Some(state) = view.out_of_service(device) {
        let reason = format!("it is not in service: {state}");
        let groups = groups.iter().map(|group| group.name.to_string());
        return groups.map(|group| NotSteeredItem { group, reason: reason.clone() }).collect();
    }
    let confirmed = purging::confirmed(app, &view, device);
    let item = |group: &ContentGroup| {
        let purge = purging::doubt(app, &view, device, &group.name, at)?;
        let (version, subject) = (purge.purge.version, &purge.subject);
        let reason = format!(
            "purge {version} ({subject}) is not confirmed: the box has purged up to {confirmed}"
        );
        Some(NotSteeredItem { group: group.name.to_string(), reason })
    };
    groups.iter().filter_map(item).collect()
}

fn filled(from: &FilledFrom) -> FilledItem {
    FilledItem {
        source: from.source.to_string(),
        objects: from.objects,
        bytes: from.bytes,
        failures: from.failures,
    }
}

fn documents(app: &App, device: &DeviceName, seen: &Seen) -> Vec<DocumentItem> {
    let reported = seen.latest.as_ref().map(|latest| latest.report.documents.as_slice());
    let view = app.view();
    let item = |head: &Head| {
        let state = reported.unwrap_or_default().iter().find(|state| state.kind == head.kind);
        let told = |(generation, why): &(_, String)| format!("{generation}: {why}");
        DocumentItem {
            kind: head.kind.to_string(),
            in_force: state.and_then(|state| state.in_force).map(|it| it.to_string()),
            issued: Some(head.generation.to_string()),
            rejected: state.and_then(|state| state.rejected.as_ref()).map(told),
            refused: state.and_then(|state| state.refused.as_ref()).map(told),
            doubt: state.and_then(|state| head.doubt(state)),
        }
    };
    let trust = seen.latest.as_ref().map(|latest| trust(app, &latest.report.trust));
    trust.into_iter().chain(view.documents(device).iter().map(item)).collect()
}

/// What the box has heard of the root, in the shape of a document.
fn trust(app: &App, state: &TrustState) -> DocumentItem {
    let issued = app.said.last().map_or(0, |said| said.trust.version);
    let ahead = state.version > issued;
    let doubt = ahead.then(|| {
        let known = state.version;
        format!("the root has spoken since version {issued}: `fleet ca install` version {known}")
    });
    DocumentItem {
        kind: "trust".to_owned(),
        in_force: Some(state.version.to_string()),
        issued: Some(issued.to_string()),
        rejected: None,
        refused: state.refused.clone(),
        doubt,
    }
}

fn event(recorded: &RecordedEvent) -> EventItem {
    let event = &recorded.event;
    EventItem {
        at: rfc3339(event.at_us),
        severity: format!("{:?}", event.severity).to_lowercase(),
        kind: event.kind.clone(),
        subject: event.subject.clone(),
        detail: event.detail.clone(),
    }
}

pub(super) fn rfc3339(at: TimeUs) -> String {
    let exact = jiff::Timestamp::from_microsecond(at.0);
    exact.map_or_else(|_| format!("{} us", at.0), |at| format!("{at:.3}"))
}

/// All appliances, as seen.
#[utoipa::path(get, path = "/api/v1/status", tag = "status",
    responses((status = 200, body = List<ApplianceStatus>)))]
pub(super) async fn list_status(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ApplianceStatus>>, Problem> {
    let groups = app.inventory.groups().await?;
    let mut items = Vec::new();
    for appliance in app.inventory.appliances().await? {
        items.push(read(&app, &appliance, &groups).await?);
    }
    Ok(Json(List { items }))
}
