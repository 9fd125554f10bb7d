//! Why a title is at a site, or is not.

use super::placement::{Placement, aside};
use crate::api::said::Query;
use crate::api::{Problem, named};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::names::{GroupName, SiteName, TitleName};
use prefill::question::{Explained, InClassExplained, explain};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Why a title is at a site, or is not.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PlacementReason {
    /// The placement.
    pub(crate) version: u64,
    /// The content group.
    pub(crate) group: String,
    /// The title.
    pub(crate) title: String,
    /// The site.
    pub(crate) site: String,
    /// Boxes of the site that are to hold it, copies on what is left of disks among them.
    pub(crate) boxes: Vec<String>,
    /// Other sites that are to hold it: the one that is asked first, then others; ten at most.
    pub(crate) elsewhere: Vec<String>,
    /// Why, in words.
    pub(crate) why: String,
    /// What all of it takes on disks.
    pub(crate) size_bytes: u64,
    /// What is wanted of it there, at the peak.
    pub(crate) demand_bytes_per_s: f64,
    /// That, for each byte of its size: what is compared with the cut-offs.
    pub(crate) density_per_s: f64,
    /// Its place among the titles by that.
    pub(crate) rank: u32,
    /// How many titles there are.
    pub(crate) titles: u32,
    /// By class of boxes.
    pub(crate) classes: Vec<ClassReason>,
}

/// A title in one class of boxes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ClassReason {
    /// The class.
    pub(crate) class: String,
    /// From which density on it is the best place; nowhere without it.
    pub(crate) cut_off_per_s: Option<f64>,
    /// The copies that it would hold.
    pub(crate) copies: u16,
    /// Whether it lay there when the day began.
    pub(crate) is_there: bool,
    /// What is scarce there.
    pub(crate) scarce: Option<String>,
}

impl ClassReason {
    fn of(it: &InClassExplained) -> Self {
        Self {
            class: it.class.clone(),
            cut_off_per_s: it.cut_off_per_s,
            copies: it.copies,
            is_there: it.is_there,
            scarce: it.scarce.clone(),
        }
    }
}

/// Of what, and where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct What {
    group: String,
    object: String,
    site: String,
    at: Option<u64>,
}

/// Why a title is at a site, or is not.
#[utoipa::path(get, path = "/api/v1/prefill/explain", tag = "prefill",
    params(("group" = String, Query, description = "The content group"),
        ("object" = String, Query, description = "A title, or the path of an object, which begins with `/`"),
        ("site" = String, Query, description = "The site"),
        ("at" = Option<u64>, Query, description = "In that placement, in place of the one in force")),
    responses((status = 200, body = PlacementReason)))]
pub(in crate::api) async fn explain_object(
    State(app): State<Arc<App>>,
    Query(what): Query<What>,
) -> Result<Json<PlacementReason>, Problem> {
    let (group, site): (GroupName, SiteName) = (named(&what.group)?, named(&what.site)?);
    let title = title(&app, &group, &what.object).await?;
    let placement = Placement::read(&app, what.at).await?;
    let version = placement.run.version;
    let missing = |what: String| Problem::new(404, format!("{what} is not in placement {version}"));
    let asked = &placement.question;
    let number =
        asked.number(&group, &title).ok_or_else(|| missing(format!("title {group}/{title}")))?;
    let place = asked.sites.iter().position(|it| it.site == site);
    let place = place.ok_or_else(|| missing(format!("site {site}")))?;
    let before = placement.before(&app).await?;
    let pins = placement.somewhere();
    let is_pinned = pins.contains(&(place, number));
    let question = placement.question.clone();
    let found = aside(&app, move || explain(&question, &before, &pins, (place, number))).await?;
    let found = found.map_err(|err| Problem::new(500, err))?;
    let (boxes, elsewhere) = holders(&placement, place, number);
    let why = match &found {
        Some(found) => why(found, is_pinned, !boxes.is_empty()),
        None => not_planned(&placement, place),
    };
    let titles = placement.question.titles.iter().flatten().count();
    let size_bytes = placement.question.title(number).map_or(0, |it| it.size_bytes);
    let found = found.as_ref();
    Ok(Json(PlacementReason {
        version,
        group: group.to_string(),
        title: title.to_string(),
        site: site.to_string(),
        boxes,
        elsewhere,
        why,
        size_bytes,
        demand_bytes_per_s: found.map_or(0.0, |it| it.demand_bytes_per_s),
        density_per_s: found.map_or(0.0, |it| it.density_per_s),
        rank: found.map_or(0, |it| it.rank),
        titles: u32::try_from(titles).unwrap_or(u32::MAX),
        classes: found
            .map(|it| it.classes.iter().map(ClassReason::of).collect())
            .unwrap_or_default(),
    }))
}

/// Of a site that was planned.
fn why(found: &Explained, is_pinned: bool, is_held: bool) -> String {
    let is_copy = is_held && found.classes.iter().all(|it| it.boxes.is_empty());
    match (is_pinned, is_copy) {
        (true, _) => "no other site would hold it, and it is to be somewhere".to_owned(),
        (false, true) => format!("{}; a copy is on what is left of disks", found.why),
        (false, false) => found.why.clone(),
    }
}

fn not_planned(placement: &Placement, place: usize) -> String {
    if placement.question.put_back {
        let version = placement.run.base;
        return format!("placement {version} is put back: boxes are to hold what they held then");
    }
    let refused = placement.run.outcome.sites.get(place).and_then(|site| site.refused.clone());
    refused.unwrap_or_else(|| "the site is not planned".to_owned())
}

/// The title that is named, or whose object is.
async fn title(app: &App, group: &GroupName, object: &str) -> Result<TitleName, Problem> {
    if !object.starts_with('/') {
        return named(object);
    }
    let found = app.catalog.title_of_path(group, object).await?;
    found.ok_or_else(|| Problem::new(404, format!("group {group} has no object {object}")))
}

/// The boxes of a site that are to hold a title, and the other sites whose boxes are.
fn holders(placement: &Placement, place: usize, number: u32) -> (Vec<String>, Vec<String>) {
    let sites = &placement.question.sites;
    let boxes = |at: usize| {
        let boxes = sites[at].boxes();
        let holds = |it: &&prefill::question::Budgets| {
            placement.holds.get(&it.device).is_some_and(|titles| titles.contains(&number))
        };
        boxes.filter(holds).map(|it| it.device.to_string()).collect::<Vec<String>>()
    };
    let above = |at: &usize| sites.get(*at).and_then(|site| site.parent);
    let up: Vec<usize> = std::iter::successors(above(&place), above).take(sites.len()).collect();
    let others = (0..sites.len()).filter(|at| *at != place && !up.contains(at));
    let elsewhere = up.iter().copied().chain(others).filter(|at| !boxes(*at).is_empty());
    (boxes(place), elsewhere.take(10).map(|at| sites[at].site.to_string()).collect())
}
