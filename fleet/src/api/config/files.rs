//! The files of a device, as they would be rendered now.

use crate::api::said::{Path, Query};
use crate::api::{List, Problem};
use crate::configuring;
use crate::server::App;
use axum::Json;
use axum::extract::State;
use config_render::files::{Wanted, wanted};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A file that a device is to have.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ConfigFileItem {
    /// Where, on the device.
    pub(crate) path: String,
    /// Its permissions, in octal.
    #[schema(example = "0644")]
    pub(crate) mode: String,
    /// Its user and group.
    #[schema(example = "root:root")]
    pub(crate) owner: String,
    /// Of which template it is.
    pub(crate) template: String,
    /// What stands in it, where that can be rendered. A secret is not told: `(secret)`.
    pub(crate) text: Option<String>,
    /// Why it cannot be rendered, where it cannot.
    pub(crate) error: Option<String>,
}

/// Which of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Which {
    path: Option<String>,
}

/// The files of a device, as they would be rendered now.
#[utoipa::path(get, path = "/api/v1/config/devices/{device}/files", tag = "config",
    params(("device" = String, Path, description = "The device."),
        ("path" = Option<String>, Query, description = "This file alone.")),
    responses((status = 200, body = List<ConfigFileItem>)))]
pub(in crate::api) async fn device_files(
    State(app): State<Arc<App>>,
    Path(device): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<List<ConfigFileItem>>, Problem> {
    let (facts, settings) = configuring::known(&app, &device).await?;
    let files = wanted(&facts).into_iter();
    let is_meant = |file: &Wanted| which.path.as_ref().is_none_or(|path| *path == file.path);
    let files: Vec<Wanted> = files.filter(is_meant).collect();
    if let (true, Some(path)) = (files.is_empty(), which.path) {
        return Err(Problem::new(404, format!("{device} has no file {path}")));
    }
    let rendered = configuring::rendered(&app, (&facts, &settings), files).await?;
    let items = rendered.into_iter().map(|(file, text)| item(file, text));
    Ok(Json(List { items: items.collect() }))
}

fn item(file: Wanted, text: Result<String, String>) -> ConfigFileItem {
    let (text, error) = match text {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(error)),
    };
    let Wanted { path, mode, owner, template, .. } = file;
    let (mode, owner, template) = (format!("{mode:04o}"), owner.to_owned(), template.to_owned());
    ConfigFileItem { path, mode, owner, template, text, error }
}
