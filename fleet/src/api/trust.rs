//! What the root says: looked at, drawn up for it to sign, and taken once it has signed.

use super::body::Body;
use super::caller::Admin;
use super::status::rfc3339;
use super::{List, Problem};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use ca::{Change, KeyKind, NoDraft, authority_id};
use contract::trust::{MAX_TRUST_BYTES, Root, SignedTrust, Trust};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;
use utoipa::ToSchema;

/// What the root says, and how far it has come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct TrustItem {
    /// Its version.
    pub(crate) version: u64,
    /// The epoch in which documents are counted.
    pub(crate) epoch: u32,
    /// When the fleet was told (RFC 3339).
    pub(crate) installed_at: String,
    /// Until when it counts.
    pub(crate) not_after: String,
    /// How many of the root's keys have to sign the next.
    pub(crate) threshold: u8,
    /// Everybody whose word counts.
    pub(crate) keys: Vec<TrustKeyItem>,
    /// How many boxes believe which version; 0 stands for those that have said nothing.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub(crate) boxes_by_version: BTreeMap<u64, usize>,
}

/// A key whose word counts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct TrustKeyItem {
    /// Its name.
    pub(crate) id: String,
    /// `root`, `config`, `control`, `image`, `boxes` or `players`.
    pub(crate) role: String,
    /// `newest` of its role, `older` (who knows no newer one is still told with it) or `retired`.
    pub(crate) state: String,
}

/// What is to be another in the next version.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DraftRequest {
    /// Another root; the first version needs one.
    #[schema(value_type = Option<Object>)]
    pub(crate) root: Option<Root>,
    /// New keys to make: `config`, `control`, `boxes`, `players`.
    pub(crate) rotate: Vec<String>,
    /// Document keys that sign nothing new from then on.
    pub(crate) retire: Vec<String>,
    /// Keys and authorities whose word counts no more.
    pub(crate) drop: Vec<String>,
    /// Begin an epoch: this fleet was restored from a backup.
    pub(crate) new_epoch: bool,
    /// How long the root's word is to count, in days.
    pub(crate) life_days: Option<i64>,
}

/// What the root says.
#[utoipa::path(get, path = "/api/v1/trust", tag = "trust",
    responses((status = 200, body = TrustItem)))]
pub(super) async fn show_trust(State(app): State<Arc<App>>) -> Result<Json<TrustItem>, Problem> {
    item(&app).map(Json).ok_or_else(nothing_said)
}

/// All versions of what the root has said, oldest first, as they were signed.
#[utoipa::path(get, path = "/api/v1/trust/versions", tag = "trust",
    responses((status = 200, body = List<Object>)))]
pub(super) async fn list_versions(State(app): State<Arc<App>>) -> Json<List<SignedTrust>> {
    let items = app.said.all().iter().map(|said| said.signed.clone()).collect();
    Json(List { items })
}

/// Draw up the next version, for the root to sign.
#[utoipa::path(post, path = "/api/v1/trust/draft", tag = "trust", request_body = DraftRequest,
    responses((status = 200, body = Object)))]
pub(super) async fn draw_up(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(request): Body<DraftRequest>,
) -> Result<Json<SignedTrust>, Problem> {
    let said: Vec<Trust> = app.said.all().iter().map(|said| said.trust.clone()).collect();
    let change = request.change(said.last()).map_err(|err| Problem::new(422, err))?;
    // No key is made for a request that makes no sense.
    let without = Change { rotate: Vec::new(), ..change.clone() };
    match ca::draft(&said, &app.ca.offer(), &without, now()) {
        Ok(_) | Err(NoDraft::NothingLeft(_)) => {}
        Err(err) => return Err(Problem::new(422, err)),
    }
    for kind in &change.rotate {
        // One that a ceremony was cut off for is as good.
        if !ca::new_keys(&said, &app.ca.offer()).has(*kind) {
            app.ca.make(*kind, SystemTime::now())?;
        }
    }
    let draft = ca::draft(&said, &app.ca.offer(), &change, now());
    let draft = draft.map_err(|err| Problem::new(422, err))?;
    Ok(Json(SignedTrust::draft(&draft).map_err(|err| Problem::new(422, err))?))
}

impl DraftRequest {
    /// What is to be another than before.
    ///
    /// # Errors
    /// When a kind of key is none, or no epoch is left.
    pub(crate) fn change(&self, before: Option<&Trust>) -> Result<Change, String> {
        let kinds: Result<BTreeSet<KeyKind>, _> =
            self.rotate.iter().map(|kind| kind.parse()).collect();
        let kinds = kinds.map_err(|err| err.to_string())?;
        let known = before.map_or(0, |it| it.epoch);
        let next = || known.checked_add(1).ok_or_else(|| "there is no epoch left".to_owned());
        Ok(Change {
            root: self.root.clone(),
            rotate: kinds.into_iter().collect(),
            retire: self.retire.clone(),
            drop: self.drop.clone(),
            epoch: self.new_epoch.then(next).transpose()?,
            life_d: self.life_days,
        })
    }
}

/// Take the next version of what the root says.
#[utoipa::path(post, path = "/api/v1/trust", tag = "trust", request_body = Object,
    responses((status = 201, body = TrustItem)))]
pub(super) async fn install_trust(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(signed): Body<SignedTrust>,
) -> Result<(StatusCode, Json<TrustItem>), Problem> {
    if signed.body.get().len() > MAX_TRUST_BYTES {
        return Err(Problem::new(413, format!("more than {MAX_TRUST_BYTES} bytes")));
    }
    let trust = app.said.install(signed, now()).await?;
    tracing::warn!(version = trust.version, epoch = trust.epoch, "the root has spoken");
    app.changed.notify_one();
    let item = item(&app).ok_or_else(nothing_said)?;
    Ok((StatusCode::CREATED, Json(item)))
}

/// What to say where the root's word is needed.
pub(super) fn nothing_said() -> Problem {
    let help = "`fleet ca init --root FOLDER` makes a root and has it name this fleet's keys";
    Problem::new(409, format!("the root has said nothing yet, so no box can believe us: {help}"))
}

fn item(app: &App) -> Option<TrustItem> {
    let said = app.said.last()?;
    let trust = &said.trust;
    let key = |id: String, role: &str, state: &str| TrustKeyItem {
        id,
        role: role.to_owned(),
        state: state.to_owned(),
    };
    let root = trust.root.keys.iter().map(|it| key(it.id.clone(), "root", "newest"));
    let documents = trust.keys.iter().map(|it| {
        let newest = trust.signers(it.role).next_back().is_some_and(|newest| newest.id == it.id);
        let state = match (it.is_retired, newest) {
            (true, _) => "retired",
            (false, true) => "newest",
            (false, false) => "older",
        };
        key(it.id.clone(), it.role.as_str(), state)
    });
    let authorities = |kind: KeyKind, all: &[String]| {
        let items = all.iter().enumerate().map(|(at, pem)| {
            let state = if at + 1 == all.len() { "newest" } else { "older" };
            key(authority_id(kind, pem), kind.as_str(), state)
        });
        items.collect::<Vec<_>>()
    };
    let keys = root
        .chain(documents)
        .chain(authorities(KeyKind::Boxes, &trust.authorities.boxes))
        .chain(authorities(KeyKind::Players, &trust.authorities.players))
        .collect();
    Some(TrustItem {
        version: trust.version,
        epoch: trust.epoch,
        installed_at: rfc3339(said.installed_at),
        not_after: rfc3339(trust.not_after_us),
        threshold: trust.root.threshold,
        keys,
        boxes_by_version: boxes_by_version(app),
    })
}

fn boxes_by_version(app: &App) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for each in &app.view().appliances {
        let latest = app.collector.latest(&each.name);
        let version = latest.map_or(0, |latest| latest.report.trust.version);
        *counts.entry(version).or_insert(0) += 1;
    }
    counts
}
