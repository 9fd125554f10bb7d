//! Settings: which there are, and what they are for a device.

use crate::api::said::{Path, Query};
use crate::api::status::rfc3339;
use crate::api::{List, Problem};
use crate::configuring;
use crate::server::App;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use config_render::values::{Explained, Known, Said};
use contract::time::TimeUs;
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// A setting of a device.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SettingItem {
    /// The names that lead to it: `bgp.hold_time_s`.
    pub(crate) path: String,
    /// What it is. Of a secret, where it is.
    pub(crate) value: Value,
    /// Who has said so; after him who would have, did he not.
    pub(crate) said: Vec<SettingSaidItem>,
}

/// What somebody has said of a setting.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SettingSaidItem {
    /// For how many devices: `shipped`, `all`, `model`, `site` or `device`.
    pub(crate) rank: String,
    /// The config context; of what is shipped, the file.
    pub(crate) by: String,
    /// Until when it counts, if not for good (RFC 3339).
    pub(crate) expires: Option<String>,
    /// What.
    pub(crate) value: Value,
}

/// Which of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Which {
    path: Option<String>,
}

impl From<Said> for SettingSaidItem {
    fn from(said: Said) -> Self {
        Self {
            rank: said.rank.as_str().to_owned(),
            by: said.by,
            expires: said.expires_at_us.map(|at| rfc3339(TimeUs(at))),
            value: said.value,
        }
    }
}

impl From<Explained> for SettingItem {
    fn from(Explained { path, value, said }: Explained) -> Self {
        Self { path, value, said: said.into_iter().map(SettingSaidItem::from).collect() }
    }
}

/// Every setting there is, with what it usually is and what it is about: as YAML.
#[utoipa::path(get, path = "/api/v1/config/settings", tag = "config",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(in crate::api) async fn list_settings() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], Known::text()).into_response()
}

/// The settings of a device, and who has said them.
#[utoipa::path(get, path = "/api/v1/config/devices/{device}/settings", tag = "config",
    params(("device" = String, Path, description = "The device."),
        ("path" = Option<String>, Query, description = "This one alone, or those below this name.")),
    responses((status = 200, body = List<SettingItem>)))]
pub(in crate::api) async fn device_settings(
    State(app): State<Arc<App>>,
    Path(device): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<List<SettingItem>>, Problem> {
    let path = which.path.unwrap_or_default();
    let (_, settings) = configuring::known(&app, &device).await?;
    let explained = settings.explain(&path);
    if explained.is_empty() {
        let says = "there is no such setting: `fleet config settings` lists them";
        return Err(Problem::new(404, format!("{path}: {says}")));
    }
    Ok(Json(List { items: explained.into_iter().map(SettingItem::from).collect() }))
}
