//! What is expected of titles that nobody has watched yet.

use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::api::said::Query;
use crate::api::status::rfc3339;
use crate::api::{List, Problem, named};
use crate::planner::{Expectation, Expected};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::names::{GroupName, TitleName};
use http::StatusCode;
use prefill::demand::Kind;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a title is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KindName {
    /// It is watched once.
    #[default]
    Film,
    /// It is watched episode by episode.
    Series,
}

/// A title that is to come, or of which something is expected.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReleaseItem {
    /// The content group.
    pub(crate) group: String,
    /// The title.
    pub(crate) title: String,
    /// From when on it is served (RFC 3339); nothing where it is served already, or there is no such title yet.
    pub(crate) serve_from: Option<String>,
    /// What it is; a film where nobody has said so.
    pub(crate) kind: KindName,
    /// What part of all that is watched it is expected to be in its first days, in percent; without it, what others
    /// of its kind were.
    pub(crate) share_percent: Option<f64>,
    /// When that was said (RFC 3339).
    pub(crate) made_at: Option<String>,
    /// Who said it.
    pub(crate) made_by: Option<String>,
}

/// What to expect of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectRequest {
    /// The content group.
    #[schema(value_type = String)]
    pub(crate) group: GroupName,
    /// The title.
    #[schema(value_type = String)]
    pub(crate) title: TitleName,
    /// What it is.
    #[serde(default)]
    pub(crate) kind: KindName,
    /// What part of all that is watched it will be in its first days, in percent.
    #[serde(default)]
    #[schema(exclusive_minimum = 0, maximum = 99)]
    pub(crate) share_percent: Option<f64>,
}

/// Of which title.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Which {
    group: String,
    title: String,
}

impl From<Kind> for KindName {
    fn from(of: Kind) -> Self {
        match of {
            Kind::Film => Self::Film,
            Kind::Series => Self::Series,
        }
    }
}

impl From<KindName> for Kind {
    fn from(of: KindName) -> Self {
        match of {
            KindName::Film => Self::Film,
            KindName::Series => Self::Series,
        }
    }
}

/// The release calendar: titles that are to come, the next first, then others of which something is expected.
#[utoipa::path(get, path = "/api/v1/prefill/releases", tag = "prefill",
    responses((status = 200, body = List<ReleaseItem>)))]
pub(in crate::api) async fn list_releases(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ReleaseItem>>, Problem> {
    let mut said: HashMap<(GroupName, TitleName), Expectation> = HashMap::new();
    for one in app.expectations.list().await? {
        said.insert((one.group.clone(), one.title.clone()), one);
    }
    let at = now();
    let mut coming = Vec::new();
    for title in app.catalog.titles().await? {
        if let Some(from) = title.window.serve_from.filter(|from| *from > at) {
            coming.push((from, title.spec.group.clone(), title.spec.title.clone()));
        }
    }
    coming.sort();
    let mut items = Vec::new();
    for (from, group, title) in coming {
        let one = said.remove(&(group.clone(), title.clone()));
        items.push(ReleaseItem::of((&group, &title), Some(rfc3339(from)), one.as_ref()));
    }
    let mut others: Vec<Expectation> = said.into_values().collect();
    others.sort_by(|a, b| (&a.group, &a.title).cmp(&(&b.group, &b.title)));
    items.extend(
        others.iter().map(|one| ReleaseItem::of((&one.group, &one.title), None, Some(one))),
    );
    Ok(Json(List { items }))
}

impl ReleaseItem {
    fn of(
        (group, title): (&GroupName, &TitleName),
        serve_from: Option<String>,
        said: Option<&Expectation>,
    ) -> Self {
        let expected = said.map(|said| said.expected).unwrap_or_default();
        Self {
            group: group.to_string(),
            title: title.to_string(),
            serve_from,
            kind: expected.kind.into(),
            share_percent: expected.share.map(|share| share * 100.0),
            made_at: said.map(|said| rfc3339(said.made_at)),
            made_by: said.map(|said| said.made_by.clone()),
        }
    }
}

/// Say what to expect of a title until it has been watched; it need not be there yet.
#[utoipa::path(put, path = "/api/v1/prefill/releases", tag = "prefill", request_body = ExpectRequest,
    responses((status = 200, body = ReleaseItem)))]
pub(in crate::api) async fn put_expectation(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Body(request): Body<ExpectRequest>,
) -> Result<Json<ReleaseItem>, Problem> {
    let ExpectRequest { group, title, kind, share_percent } = request;
    if share_percent.is_some_and(|percent| !(percent > 0.0 && percent <= 99.0)) {
        return Err(Problem::new(422, "share_percent: expected more than 0, up to 99"));
    }
    let share = share_percent.map(|percent| percent / 100.0);
    let expected = Expected { kind: kind.into(), share };
    let made_by = caller.name.to_string();
    let said = Expectation { group, title, expected, made_at: now(), made_by };
    app.expectations.put(&said).await?;
    app.changed.notify_one();
    let known = app.view();
    let known = known.title(&said.group, &said.title);
    let coming = known.and_then(|title| title.window.serve_from).filter(|from| *from > now());
    Ok(Json(ReleaseItem::of((&said.group, &said.title), coming.map(rfc3339), Some(&said))))
}

/// Expect nothing of a title but what others were.
#[utoipa::path(delete, path = "/api/v1/prefill/releases", tag = "prefill",
    params(("group" = String, Query, description = "The content group"),
        ("title" = String, Query, description = "The title")),
    responses((status = 204)))]
pub(in crate::api) async fn remove_expectation(
    State(app): State<Arc<App>>,
    _: Operator,
    Query(which): Query<Which>,
) -> Result<StatusCode, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&which.group)?, named(&which.title)?);
    if !app.expectations.remove(&group, &title).await? {
        return Err(Problem::new(404, format!("nothing is expected of {group}/{title}")));
    }
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
