//! What one placement has boxes hold otherwise than another.

use super::placement::Placement;
use crate::api::said::Query;
use crate::api::{List, Problem};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::names::{DeviceName, GroupName, TitleName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

/// What a box is to hold otherwise.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BoxChange {
    /// The box.
    pub(crate) device: String,
    /// Titles that are new, as `group/title`, in the order in which they are fetched.
    pub(crate) added: Vec<String>,
    /// What they take.
    pub(crate) added_bytes: u64,
    /// Titles that go.
    pub(crate) removed: Vec<String>,
    /// What they took.
    pub(crate) removed_bytes: u64,
}

/// Between which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Between {
    from: u64,
    to: u64,
}

/// What boxes are to hold in one placement otherwise than in another one.
#[utoipa::path(get, path = "/api/v1/prefill/changes", tag = "prefill",
    params(("from" = u64, Query, description = "The version before"),
        ("to" = u64, Query, description = "The version after")),
    responses((status = 200, body = List<BoxChange>)))]
pub(in crate::api) async fn list_changes(
    State(app): State<Arc<App>>,
    Query(between): Query<Between>,
) -> Result<Json<List<BoxChange>>, Problem> {
    let from = Placement::read(&app, Some(between.from)).await?;
    let to = Placement::read(&app, Some(between.to)).await?;
    let none = Vec::new();
    let devices: BTreeSet<&DeviceName> = from.holds.keys().chain(to.holds.keys()).collect();
    let change = |device: &DeviceName| {
        let was = held(&from, from.holds.get(device).unwrap_or(&none));
        let is = held(&to, to.holds.get(device).unwrap_or(&none));
        let (added, added_bytes) = beyond(&is, &was);
        let (removed, removed_bytes) = beyond(&was, &is);
        let device = device.to_string();
        BoxChange { device, added, added_bytes, removed, removed_bytes }
    };
    let changes = devices.into_iter().map(change);
    let items = changes.filter(|it| !it.added.is_empty() || !it.removed.is_empty()).collect();
    Ok(Json(List { items }))
}

type Held<'a> = Vec<((&'a GroupName, &'a TitleName), u64)>;

fn held<'a>(placement: &'a Placement, numbers: &[u32]) -> Held<'a> {
    let titles = numbers.iter().filter_map(|number| placement.question.title(*number));
    titles.map(|title| (title.key(), title.size_bytes)).collect()
}

/// Those that the other has not, and what they take.
fn beyond(one: &Held, other: &Held) -> (Vec<String>, u64) {
    let other: BTreeMap<_, u64> = other.iter().copied().collect();
    let beyond = || one.iter().filter(|(title, _)| !other.contains_key(title));
    let names = beyond().map(|((group, title), _)| format!("{group}/{title}"));
    (names.collect(), beyond().map(|(_, size_bytes)| size_bytes).sum())
}
