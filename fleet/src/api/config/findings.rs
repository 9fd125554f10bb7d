//! What is wrong with the configuration of the whole fleet.

use crate::api::{List, Problem};
use crate::configuring;
use crate::server::App;
use axum::Json;
use axum::extract::State;
use config_render::all_facts;
use config_render::lint::{Finding, Fleet, Subject, lint};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::ToSchema;

/// Something that is wrong, though each device would take its own.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct FindingItem {
    /// The device; of settings that nobody reads, the config context.
    pub(crate) device: String,
    /// Which rule says so.
    pub(crate) rule: String,
    /// What.
    pub(crate) message: String,
}

impl From<Finding> for FindingItem {
    fn from(Finding { device, rule, message }: Finding) -> Self {
        Self { device, rule: rule.to_owned(), message }
    }
}

/// What is wrong with what devices are told, looked at over all of them.
#[utoipa::path(get, path = "/api/v1/config/findings", tag = "config",
    responses((status = 200, body = List<FindingItem>)))]
pub(in crate::api) async fn list_findings(
    State(app): State<Arc<App>>,
) -> Result<Json<List<FindingItem>>, Problem> {
    let (contexts, facts) =
        (configuring::contexts(&app).await?, all_facts(app.inventory.db()).await?);
    // Some twenty thousand devices: others go on meanwhile.
    let ours: Vec<IpAddr> = app.settings.control_address.iter().map(|it| it.ip()).collect();
    let looked = tokio::task::spawn_blocking(move || {
        let unread = contexts.layers().flat_map(|layer| {
            let wrong = app.known_settings.check(&layer.data).into_iter();
            let rule = "settings that somebody reads".to_owned();
            wrong.map(move |it| FindingItem {
                device: layer.name.clone(),
                rule: rule.clone(),
                message: it.to_string(),
            })
        });
        let mut items: Vec<FindingItem> = unread.collect();
        let subject = |facts| {
            let settings = configuring::settings(&app, &contexts, &facts);
            Subject::new(facts, &settings)
        };
        let devices: Vec<Subject> = facts.into_iter().map(subject).collect();
        let found = lint(Fleet { devices: &devices, ours: &ours });
        items.extend(found.into_iter().map(FindingItem::from));
        items
    });
    Ok(Json(List { items: looked.await.map_err(Problem::internal)? }))
}
