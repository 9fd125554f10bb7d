//! What operators say of where titles belong.

use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::api::said::Query;
use crate::api::status::rfc3339;
use crate::api::{List, Problem, named};
use crate::planner::{NotKept, Rule, RuleError, Says, Scope};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::names::{GroupName, TitleName};
use http::StatusCode;
use inventory::Site;
use inventory::kinds::REGION;
use inventory::records::find;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The most copies of a title at one site.
const MOST_COPIES: u16 = 1000;

/// What can be said of a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleName {
    /// It must be there.
    Pin,
    /// It must not be there.
    Ban,
}

/// What is said of a title, and where that counts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RuleItem {
    /// The content group.
    pub(crate) group: String,
    /// The title.
    pub(crate) title: String,
    /// `everywhere`, `site NAME`, `tag NAME` or `region NAME`.
    pub(crate) r#where: String,
    /// What is said.
    pub(crate) rule: RuleName,
    /// Of a pin: at least so many copies at each site, where it has as many boxes.
    pub(crate) copies: Option<u16>,
    /// When it was said (RFC 3339).
    pub(crate) made_at: String,
    /// Who said it.
    pub(crate) made_by: String,
    /// Sites that cannot keep to it, by the placement that was made last.
    #[serde(default)]
    pub(crate) not_kept: Vec<RuleNotKept>,
}

/// A site that cannot keep to a rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RuleNotKept {
    /// The site.
    pub(crate) site: String,
    /// Why.
    pub(crate) why: String,
}

/// What to say of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleRequest {
    /// The content group.
    #[schema(value_type = String)]
    pub(crate) group: GroupName,
    /// The title.
    #[schema(value_type = String)]
    pub(crate) title: TitleName,
    /// `everywhere`, `site NAME`, `tag NAME` or `region NAME`.
    #[schema(example = "site oslo-1")]
    pub(crate) r#where: String,
    /// What is said.
    pub(crate) rule: RuleName,
    /// Of a pin: at least so many copies at each site; 1 without it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) copies: Option<u16>,
}

/// Which rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Which {
    group: String,
    title: String,
    r#where: String,
}

impl RuleItem {
    fn of(rule: Rule, not_kept: &[NotKept]) -> Self {
        let is_of_it = |it: &&NotKept| {
            it.group == rule.group && it.title == rule.title && it.scope == rule.scope
        };
        let of_it = not_kept.iter().filter(is_of_it);
        let not_kept =
            of_it.map(|it| RuleNotKept { site: it.site.to_string(), why: it.why.clone() });
        let (name, copies) = match rule.says {
            Says::Pin { copies } => (RuleName::Pin, Some(copies)),
            Says::Ban => (RuleName::Ban, None),
        };
        Self {
            not_kept: not_kept.collect(),
            group: rule.group.to_string(),
            title: rule.title.to_string(),
            r#where: rule.scope.to_string(),
            rule: name,
            copies,
            made_at: rfc3339(rule.made_at),
            made_by: rule.made_by,
        }
    }
}

/// What is said of where titles belong, by title. Of those that count at a site, what is said of the site itself
/// goes before its tags, those before its regions, the smallest first, and these before everywhere.
#[utoipa::path(get, path = "/api/v1/prefill/rules", tag = "prefill",
    responses((status = 200, body = List<RuleItem>)))]
pub(in crate::api) async fn list_rules(
    State(app): State<Arc<App>>,
) -> Result<Json<List<RuleItem>>, Problem> {
    let (rules, not_kept) = (app.rules.list().await?, app.rules.not_kept());
    Ok(Json(List { items: rules.into_iter().map(|rule| RuleItem::of(rule, &not_kept)).collect() }))
}

/// Say that a title must be somewhere, or must not; what was said of it there before goes.
#[utoipa::path(put, path = "/api/v1/prefill/rules", tag = "prefill", request_body = RuleRequest,
    responses((status = 200, body = RuleItem)))]
pub(in crate::api) async fn put_rule(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Body(request): Body<RuleRequest>,
) -> Result<Json<RuleItem>, Problem> {
    let RuleRequest { group, title, r#where, rule, copies } = request;
    let says = says(rule, copies).map_err(|why| Problem::new(422, why))?;
    let scope: Scope = r#where.parse().map_err(|why| Problem::new(422, format!("where: {why}")))?;
    is_there(&app, &scope).await?;
    app.catalog.title(&group, &title).await?;
    let made_by = caller.name.to_string();
    let rule = Rule { group, title, scope, says, made_at: now(), made_by };
    app.rules.put(&rule).await?;
    app.changed.notify_one();
    // Whether it can be kept is seen when it is placed.
    Ok(Json(RuleItem::of(rule, &[])))
}

/// Take back what was said of a title somewhere.
#[utoipa::path(delete, path = "/api/v1/prefill/rules", tag = "prefill",
    params(("group" = String, Query, description = "The content group"),
        ("title" = String, Query, description = "The title"),
        ("where" = String, Query, description = "`everywhere`, `site NAME`, `tag NAME` or `region NAME`")),
    responses((status = 204)))]
pub(in crate::api) async fn remove_rule(
    State(app): State<Arc<App>>,
    _: Operator,
    Query(which): Query<Which>,
) -> Result<StatusCode, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&which.group)?, named(&which.title)?);
    let scope: Scope =
        which.r#where.parse().map_err(|why| Problem::new(422, format!("where: {why}")))?;
    if !app.rules.remove(&group, &title, &scope).await? {
        return Err(Problem::new(404, format!("nothing is said of {group}/{title}: {scope}")));
    }
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

fn says(rule: RuleName, copies: Option<u16>) -> Result<Says, String> {
    match (rule, copies.unwrap_or(1)) {
        (RuleName::Ban, _) if copies.is_some() => {
            Err("copies: of what is banned there are none".to_owned())
        }
        (RuleName::Ban, _) => Ok(Says::Ban),
        (RuleName::Pin, copies @ 1..=MOST_COPIES) => Ok(Says::Pin { copies }),
        (RuleName::Pin, _) => Err(format!("copies: expected 1 to {MOST_COPIES}")),
    }
}

/// Whether there is such a place.
async fn is_there(app: &App, scope: &Scope) -> Result<(), Problem> {
    let sites = app.inventory.sites().await?;
    let (found, what) = match scope {
        Scope::Everywhere => return Ok(()),
        Scope::Site(name) => (
            sites.iter().any(|site| site.name == *name),
            format!("there is no site {name} with a place"),
        ),
        Scope::Tag(name) => {
            let has = |site: &Site| site.tags.iter().any(|tag| tag == name.as_str());
            (sites.iter().any(has), format!("no site has the tag {name}"))
        }
        Scope::Region(name) => (
            find(app.inventory.db(), &REGION, name).await?.is_some(),
            format!("there is no region {name}"),
        ),
    };
    if found { Ok(()) } else { Err(Problem::new(422, format!("where: {what}"))) }
}

impl From<RuleError> for Problem {
    fn from(err: RuleError) -> Self {
        match err {
            RuleError::Full => Self::new(409, err),
            RuleError::Db(err) => err.into(),
        }
    }
}
