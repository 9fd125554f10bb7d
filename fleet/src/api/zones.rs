//! Names under which boxes are reached, as zones of the DNS.

use super::records::pairs;
use super::said::Path;
use super::{List, Problem};
use crate::server::App;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header;
use inventory::zones::{BadSoa, Called, Names, NoZone, Soa, Zone, called_for, render, zone};
use std::sync::Arc;

/// A box that moves is found again within minutes, and no resolver asks all the time.
const USUAL_TTL_S: u32 = 300;

/// More authorities issue for nobody.
const MAX_ISSUERS: usize = 20;

/// So much fits into a text of the DNS.
const MAX_ISSUER_CHARS: usize = 255;

/// The zones that host patterns and networks call for.
#[utoipa::path(get, path = "/api/v1/zones", tag = "zones",
    responses((status = 200, body = List<Called>)))]
pub(super) async fn list_zones(State(app): State<Arc<App>>) -> Result<Json<List<Called>>, Problem> {
    let items = worked_out(&app, |names| called_for(&names)).await?;
    Ok(Json(List { items }))
}

/// What stands in a zone by the rule, and what is the fleet's there.
#[utoipa::path(get, path = "/api/v1/zones/{zone}", tag = "zones",
    params(("zone" = String, Path, description = "Its name: one of those that are called for, or one above."),
        ("caa" = Option<Vec<String>>, Query, description = "Who may issue certificates for boxes.")),
    responses((status = 200, body = Zone)))]
pub(super) async fn show_zone(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Zone>, Problem> {
    let asked = Asked::read(query.as_deref(), &name, &["caa"])?;
    let zone = worked_out(&app, move |names| zone(&name, &names, &asked.issuers)).await?;
    Ok(Json(zone?))
}

/// A zone as a file (RFC 1035 §5).
#[utoipa::path(get, path = "/api/v1/zones/{zone}/file", tag = "zones",
    params(("zone" = String, Path, description = "Its name."),
        ("name_server" = Vec<String>, Query, description = "Who answers for it, the first where it is changed: NAME, or NAME=ADDRESS,… where the name stands in the zone itself."),
        ("hostmaster" = Option<String>, Query, description = "Whom one writes to; hostmaster@ZONE without it."),
        ("ttl_s" = Option<u32>, Query, description = "How long an answer is believed; 300 without it."),
        ("caa" = Option<Vec<String>>, Query, description = "Who may issue certificates for boxes.")),
    responses((status = 200, body = String, content_type = "text/dns")))]
pub(super) async fn zone_file(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let all = ["caa", "name_server", "hostmaster", "ttl_s"];
    let Asked { issuers, soa } = Asked::read(query.as_deref(), &name, &all)?;
    let file = worked_out(&app, move |names| {
        let zone = zone(&name, &names, &issuers)?;
        Ok::<_, Problem>(render(&zone, &soa)?)
    });
    Ok(([(header::CONTENT_TYPE, "text/dns")], file.await??).into_response())
}

/// There may be a hundred thousand names: others go on meanwhile.
async fn worked_out<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(Names) -> T + Send + 'static,
) -> Result<T, Problem> {
    let sources = app.inventory.names().await?;
    let done = tokio::task::spawn_blocking(move || work(Names::new(sources)));
    done.await.map_err(Problem::internal)
}

/// What is said of a zone that the inventory does not know.
struct Asked {
    issuers: Vec<String>,
    soa: Soa,
}

impl Asked {
    fn read(query: Option<&str>, zone: &str, known: &[&str]) -> Result<Self, Problem> {
        let zone = zone.strip_suffix('.').unwrap_or(zone);
        let hostmaster = format!("hostmaster@{zone}");
        let soa = Soa { name_servers: Vec::new(), hostmaster, ttl_s: USUAL_TTL_S };
        let mut asked = Self { issuers: Vec::new(), soa };
        for (name, value) in pairs(query)? {
            match &*name {
                other if !known.contains(&other) => {
                    let other: String = other.chars().take(80).collect();
                    return Err(Problem::new(400, format!("{other}: unknown here")));
                }
                "caa" => asked.issuers.push(issuer(&value)?),
                "name_server" => asked.soa.name_servers.push(value.parse()?),
                "hostmaster" => asked.soa.hostmaster = value.into_owned(),
                _ => {
                    let bad = |_| Problem::new(400, "ttl_s: expected seconds");
                    asked.soa.ttl_s = value.parse().map_err(bad)?;
                }
            }
        }
        match asked.issuers.len() {
            0..=MAX_ISSUERS => Ok(asked),
            _ => Err(Problem::new(400, format!("caa: more than {MAX_ISSUERS}"))),
        }
    }
}

fn issuer(value: &str) -> Result<String, Problem> {
    let is_printed = value.bytes().all(|it| it == b' ' || it.is_ascii_graphic());
    match is_printed && (1..=MAX_ISSUER_CHARS).contains(&value.len()) {
        true => Ok(value.to_owned()),
        false => Err(Problem::new(400, "caa: expected a name such as letsencrypt.org")),
    }
}

impl From<NoZone> for Problem {
    fn from(err: NoZone) -> Self {
        Self::new(400, err)
    }
}

impl From<BadSoa> for Problem {
    fn from(err: BadSoa) -> Self {
        Self::new(400, err)
    }
}
