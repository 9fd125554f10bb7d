//! The API for people and their tools: `/api/v1`, described by an OpenAPI document.
//!
//! Nobody is told anything who does not show a token, but that he may log in: everybody who is known
//! may look (a partner at what is his provider's), and what else he may says his role. Errors are problem
//! documents (RFC 9457). One file per resource; all kinds of records are one.

mod appliances;
mod body;
mod caller;
mod commands;
mod config;
mod disks;
mod fill;
mod hardware;
mod imports;
mod inventories;
mod join_tokens;
mod late_reports;
mod left;
mod names;
mod people;
mod prefill;
mod problem;
mod purges;
mod records;
mod said;
mod sessions;
mod ssh;
mod status;
mod terms;
mod titles;
mod trust;
mod versions;
mod zones;

pub(crate) use appliances::{ApplianceDetail, ApplianceItem, RevocationRequest};
pub(crate) use commands::{CommandAll, CommandDisk, CommandItem, CommandRequest};
pub(crate) use config::{
    BackupAsked, BackupItem, BackupRequest, CauseItem, ConfigFileItem, DriftItem, FindingItem,
    HitItem, HitList, RevisionDetail, RevisionItem, SettingItem, SettingSaidItem,
};
pub(crate) use disks::{DiskHealthItem, DiskItem, ScrubItem};
pub(crate) use fill::{ApplianceFill, FillSourceItem, FillTitleItem};
#[cfg(test)]
pub(crate) use fill::{FillFailureItem, FillWaitingItem};
pub(crate) use hardware::{HardwareItem, PartItem};
pub(crate) use imports::{
    ImportBatch, ImportCreated, ImportRequest, ImportResult, NewFile, PlaylistText,
};
pub(crate) use join_tokens::{JoinTokenItem, JoinTokenRequest, configuration, own_values};
pub(crate) use late_reports::LateReportItem;
pub(crate) use left::LeftItem;
pub(crate) use names::named;
pub(crate) use people::{NewPassword, NewPerson, NewRole, PersonItem};
pub(crate) use prefill::{
    BoxChange, BudgetName, ChangeRequest, DemandRequest, DemandRow, DemandTaken, DifferenceItem,
    EffectItem, ExpectRequest, FreezeRequest, KindName, PlacementDetail, PlacementDocument,
    PlacementReason, PolicyItem, ReleaseItem, RuleItem, RuleName, RuleRequest, RunItem, ShadowDay,
    ShortItem, SimulateRequest, SumsItem, TrialItem, TrialRequest, TuningItem, TuningRequest,
};
pub(crate) use problem::{Problem, ProblemItem};
pub(crate) use purges::{
    ObjectVersion, PurgeItem, PurgeMade, PurgeRequest, PurgeTaken, PurgeWhat, PurgedBox,
};
pub(crate) use sessions::{LogIn, SessionItem};
pub(crate) use ssh::{SshAuthorityItem, SshCertified, SshIssuedItem, SshRequest};
pub(crate) use status::{
    ApplianceStatus, CertificateWaitsItem, DocumentItem, EventItem, FilledItem, LimitItem,
    NotSteeredItem,
};
pub(crate) use terms::{LivenessItem, TermsItem};
pub(crate) use titles::{ObjectItem, TitleDetail, TitleItem, Window};
pub(crate) use trust::{DraftRequest, TrustItem, TrustKeyItem};
pub(crate) use versions::{
    AnnounceRequest, PinItem, PinRequest, TitleChange, TitleHistoryItem, VersionItem,
};

use crate::server::App;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::{OpenApi as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest but for a batch of an import: a title with two playlists.
const MAX_BODY_BYTES: usize = 4 << 20;

/// Nothing here takes long; what does is stuck.
const DEADLINE: Duration = Duration::from_secs(30);

/// A list, in an object so that it can grow siblings.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) items: Vec<T>,
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Headend fleet",
        description = "Sites, appliances and content of a Headend fleet.",
        license(name = "Apache-2.0")
    ),
    components(schemas(Problem))
)]
struct Document;

fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(appliances::list_appliances, appliances::create_appliance))
        .routes(routes!(appliances::show_appliance, appliances::delete_appliance))
        .routes(routes!(inventories::ansible_inventory))
        .routes(routes!(inventories::http_sd))
        .routes(routes!(join_tokens::make_token))
        .routes(routes!(appliances::revoke_appliance))
        .routes(routes!(commands::list_commands, commands::make_command))
        .routes(routes!(commands::show_command))
        .routes(routes!(config::settings::list_settings))
        .routes(routes!(config::settings::device_settings))
        .routes(routes!(config::files::device_files))
        .routes(routes!(config::findings::list_findings))
        .routes(routes!(config::backups::list_backups, config::backups::ask_for_backups))
        .routes(routes!(config::drift::device_drift))
        .routes(routes!(config::revisions::list_revisions))
        .routes(routes!(config::revisions::list_texts))
        .routes(routes!(config::revisions::show_revision))
        .routes(routes!(config::revisions::search))
        .routes(routes!(disks::list_disks))
        .routes(routes!(hardware::show_hardware))
        .routes(routes!(left::list_left))
        .routes(routes!(left::show_left))
        .routes(routes!(titles::list_titles))
        .routes(routes!(titles::show_title, titles::remove_title))
        .routes(routes!(titles::list_objects))
        .routes(routes!(titles::set_window))
        .routes(routes!(versions::list_versions))
        .routes(routes!(versions::show_version))
        .routes(routes!(versions::announce_version))
        .routes(routes!(versions::list_changes))
        .routes(routes!(versions::title_history))
        .routes(routes!(versions::list_pins, versions::set_pin, versions::remove_pin))
        .routes(routes!(terms::list_terms, terms::set_terms, terms::remove_terms))
        .routes(routes!(terms::title_liveness))
        .routes(routes!(prefill::list_runs))
        .routes(routes!(prefill::show_plan))
        .routes(routes!(prefill::document::show_document))
        .routes(routes!(prefill::changes::list_changes))
        .routes(routes!(prefill::explain::explain_object))
        .routes(routes!(prefill::simulate::simulate))
        .routes(routes!(prefill::demand::put_demand))
        .routes(routes!(
            prefill::expect::list_releases,
            prefill::expect::put_expectation,
            prefill::expect::remove_expectation
        ))
        .routes(routes!(prefill::shortfall::list_shortfall))
        .routes(routes!(prefill::policy::show_policy))
        .routes(routes!(prefill::policy::list_policies))
        .routes(routes!(
            prefill::shadow::show_shadow,
            prefill::shadow::put_shadow,
            prefill::shadow::remove_shadow
        ))
        .routes(routes!(prefill::shadow::adopt_shadow))
        .routes(routes!(
            prefill::trial::show_trial,
            prefill::trial::start_trial,
            prefill::trial::stop_trial
        ))
        .routes(routes!(prefill::freeze::freeze, prefill::freeze::unfreeze))
        .routes(routes!(
            prefill::rules::list_rules,
            prefill::rules::put_rule,
            prefill::rules::remove_rule
        ))
        .routes(routes!(purges::list_purges, purges::make_purge))
        .routes(routes!(purges::preview_purge))
        .routes(routes!(purges::show_purge))
        .routes(routes!(imports::begin_import))
        .routes(routes!(imports::commit_import))
        .routes(routes!(status::list_status))
        .routes(routes!(late_reports::list_late_reports))
        .routes(routes!(trust::show_trust, trust::install_trust))
        .routes(routes!(trust::list_versions))
        .routes(routes!(trust::draw_up))
        .routes(routes!(fill::list_fill))
        .routes(routes!(sessions::who_am_i, sessions::log_out))
        .routes(routes!(people::list_people, people::create_person))
        .routes(routes!(people::delete_person))
        .routes(routes!(people::set_role))
        .routes(routes!(people::set_password))
        .routes(routes!(ssh::show_authority))
        .routes(routes!(ssh::list_certificates, ssh::certify))
        .routes(routes!(zones::list_zones))
        .routes(routes!(zones::show_zone))
        .routes(routes!(zones::zone_file))
        .merge(batches())
}

/// What whoever asks for it is not known yet.
fn log_in() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(sessions::log_in))
}

fn batches() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(imports::add_objects))
        .layer(DefaultBodyLimit::max(imports::MAX_BATCH_BYTES))
}

/// The OpenAPI document.
pub(crate) fn openapi() -> serde_json::Result<Value> {
    let (_, mut document) = described().merge(log_in()).split_for_parts();
    let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_default().add_security_scheme("token", token);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    let mut document = serde_json::to_value(document)?;
    records::describe(&mut document);
    refusals(&mut document);
    Ok(document)
}

/// Whatever is asked may be refused, and what is not answered in time is.
fn refusals(document: &mut Value) {
    let problem = |about: &str| {
        json!({"description": about, "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}})
    };
    document["components"]["responses"] = json!({
        "Refused": problem("Why not."), "Busy": problem("Too much else is going on: try again.")});
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|all| all.values_mut()) {
        for (status, name) in [("4XX", "Refused"), ("503", "Busy")] {
            let response = json!({"$ref": format!("#/components/responses/{name}")});
            operation["responses"][status] = response;
        }
    }
}

/// Everything on the listener for people: the API, what players ask, and the console.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (api, _) = described().split_for_parts();
    let (open, _) = log_in().split_for_parts();
    let api = api
        .route(
            "/api/v1/openapi.json",
            get(async || openapi().map(axum::Json).map_err(Problem::internal)),
        )
        .merge(records::router())
        .route_layer(from_fn_with_state(Arc::clone(&app), caller::known))
        .merge(open)
        .route("/healthz", get(async || "ok\n"))
        .route("/ca.pem", get(join_tokens::ca_pem))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::clone(&app));
    api.merge(crate::viewer::router(app))
        .fallback(async || Problem::new(404, "there is nothing here"))
        .method_not_allowed_fallback(async || Problem::new(405, "not done this way here"))
        .layer(from_fn(nothing_cached))
        .layer(from_fn(deadline))
}

/// Ends what takes too long.
pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(503, "this took too long; try again").into_response(),
    }
}

/// What the fleet says is true now; whoever may keep it says so itself.
async fn nothing_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let no_store = http::HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Of a parameter its place and name: there are a thousand filters.
    fn in_short(value: &mut Value) {
        match value {
            Value::Array(all) => all.iter_mut().for_each(in_short),
            Value::Object(fields) => {
                if let Some(Value::Array(all)) = fields.get_mut("parameters") {
                    for one in all.iter_mut() {
                        *one = format!("{}: {}", one["in"], one["name"]).replace('"', "").into();
                    }
                }
                fields.values_mut().for_each(in_short);
            }
            _ => {}
        }
    }

    #[test]
    fn the_document_is_the_one_that_clients_know() {
        let mut document = super::openapi().expect("JSON");
        in_short(&mut document);
        insta::assert_json_snapshot!(document);
    }
}
