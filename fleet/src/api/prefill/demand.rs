//! Demand that operators bring: of days in which boxes counted nothing yet.

use crate::api::Problem;
use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::demand::{TitleDemand, day_of};
use contract::names::{GroupName, SiteName, TitleName};
use health_collector::DemandError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// The most rows of one request.
const MOST_ROWS: usize = 10_000;

/// Older days count for nothing.
const MOST_DAYS: i32 = 60;

/// What viewers asked for, by a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemandRequest {
    /// What the rows are from: what the same name said of the same day and site before is replaced.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// All rows of their days and sites.
    #[schema(min_items = 1, max_items = 10_000)]
    pub(crate) rows: Vec<DemandRow>,
}

/// What viewers asked for of one title at a site on a day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemandRow {
    /// The day, in UTC.
    #[schema(example = "2026-11-30")]
    pub(crate) day: String,
    /// The site.
    #[schema(value_type = String)]
    pub(crate) site: SiteName,
    /// The content group.
    #[schema(value_type = String)]
    pub(crate) group: GroupName,
    /// The title.
    #[schema(value_type = String)]
    pub(crate) title: TitleName,
    /// Bytes that viewers asked for.
    pub(crate) bytes: u64,
}

/// What was taken.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DemandTaken {
    /// Days of sites.
    pub(crate) days: usize,
    /// Rows.
    pub(crate) rows: usize,
}

/// Bring what viewers asked for, title by title, of days in which boxes counted nothing.
#[utoipa::path(put, path = "/api/v1/prefill/demand", tag = "prefill", request_body = DemandRequest,
    responses((status = 200, body = DemandTaken)))]
pub(in crate::api) async fn put_demand(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(request): Body<DemandRequest>,
) -> Result<Json<DemandTaken>, Problem> {
    let rows = request.rows.len();
    if !(1..=MOST_ROWS).contains(&rows) {
        return Err(Problem::new(422, format!("rows: expected 1 to {MOST_ROWS}")));
    }
    let sites = app.inventory.sites().await?;
    let mut by_place: BTreeMap<(i32, SiteName), Vec<TitleDemand>> = BTreeMap::new();
    for (at, row) in request.rows.into_iter().enumerate() {
        let day =
            day(&row.day).map_err(|why| Problem::new(422, format!("rows[{at}].day: {why}")))?;
        if sites.iter().all(|site| site.name != row.site) {
            let why = format!("rows[{at}].site: there is no site {} with a place", row.site);
            return Err(Problem::new(422, why));
        }
        let DemandRow { group, title, bytes, .. } = row;
        let demand = TitleDemand { group, title: Some(title), bytes_sent: bytes, bytes_missed: 0 };
        by_place.entry((day, row.site)).or_default().push(demand);
    }
    let days = by_place.len();
    for ((day, site), rows) in by_place {
        app.collector.put_demand(day, &site, &request.name, rows, now()).await.map_err(refused)?;
    }
    app.changed.notify_one();
    Ok(Json(DemandTaken { days, rows }))
}

fn refused(err: DemandError) -> Problem {
    match err {
        DemandError::Db(err) => err.into(),
        _ => Problem::new(422, err),
    }
}

fn day(text: &str) -> Result<i32, String> {
    let expected = || format!("expected a day such as 2026-11-30, not {text:?}");
    let date: jiff::civil::Date = text.parse().map_err(|_| expected())?;
    let since = date.since(jiff::civil::date(1970, 1, 1)).map_err(|_| expected())?;
    let (day, today) = (since.get_days(), day_of(now()));
    if !(today - MOST_DAYS..today).contains(&day) {
        return Err(format!("{text} is none of the {MOST_DAYS} days before today"));
    }
    Ok(day)
}
