//! What networks have left.

use super::records::{Key, numbers};
use super::{List, Problem};
use crate::server::App;
use axum::Json;
use axum::extract::{RawQuery, State};
use inventory::records::{Left, all_left, left};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whoever wants more takes some of these first.
const MOST_FREE: i64 = 1000;
const USUAL_FREE: i64 = 10;

/// What every reader of JSON takes for a whole number.
const MOST_COUNTED: u64 = 1 << 53;

/// What a network has left.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct LeftItem {
    /// The network.
    pub(crate) prefix: String,
    /// Where it is.
    pub(crate) site: Option<String>,
    /// So many addresses devices can have; nothing where they are more than anybody counts.
    pub(crate) usable: Option<u64>,
    /// So many are taken.
    pub(crate) taken: usize,
    /// How much that is.
    pub(crate) taken_percent: f64,
    /// The first that nobody has, where they were asked for.
    pub(crate) free: Vec<String>,
}

impl From<Left> for LeftItem {
    fn from(left: Left) -> Self {
        let text = |field: &str| left.prefix.get(field).as_str().map(str::to_owned);
        Self {
            prefix: text("prefix").unwrap_or_default(),
            site: text("site"),
            usable: Some(left.usable).filter(|usable| *usable <= MOST_COUNTED),
            taken: left.taken,
            taken_percent: left.taken_percent,
            free: left.free.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What all networks have left that give addresses, those with the least first.
#[utoipa::path(get, path = "/api/v1/prefix-usage", tag = "inventory",
    params(("taken_percent__gte" = Option<i64>, Query, description = "Those alone of which so much is taken.", minimum = 0, maximum = 100)),
    responses((status = 200, body = List<LeftItem>)))]
pub(super) async fn list_left(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Json<List<LeftItem>>, Problem> {
    let [least] = numbers(query.as_deref(), [("taken_percent__gte", 0, 0, 100)])?;
    let is_meant =
        |left: &Left| left.taken_percent >= f64::from(i32::try_from(least).unwrap_or(i32::MAX));
    let all = all_left(app.inventory.db()).await?.into_iter();
    let items = all.filter(is_meant).map(LeftItem::from).collect();
    Ok(Json(List { items }))
}

/// What a network has left, and the first addresses of it that nobody has.
#[utoipa::path(get, path = "/api/v1/prefixes/{key}/available-ips", tag = "inventory",
    params(("key" = String, Path, description = "The network."),
        ("limit" = Option<u64>, Query, description = "At most so many.", minimum = 1, maximum = 1000)),
    responses((status = 200, body = LeftItem)))]
pub(super) async fn show_left(
    State(app): State<Arc<App>>,
    Key(prefix): Key,
    RawQuery(query): RawQuery,
) -> Result<Json<LeftItem>, Problem> {
    let [most] = numbers(query.as_deref(), [("limit", USUAL_FREE, 1, MOST_FREE)])?;
    let found = left(app.inventory.db(), &prefix, usize::try_from(most).unwrap_or(usize::MAX));
    let found = found.await?;
    let says = || Problem::new(404, format!("there is no prefix {prefix}"));
    found.map(|left| Json(left.into())).ok_or_else(says)
}
