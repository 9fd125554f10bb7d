//! The devices as other tools want them: Ansible's dynamic inventory, Prometheus' service discovery. Each
//! in one answer, for these tools ask for all there is, every time.

mod ansible;
mod http_sd;
mod names;
mod reach;

use super::Problem;
use super::records::pairs;
use crate::server::App;
use axum::Json;
use axum::extract::{RawQuery, State};
use inventory::kinds::{DEVICE, INTERFACE, IP_ADDRESS, SITE};
use inventory::records::{self, Kept};
use inventory::schema::Record;
use reach::Reach;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Where exporters for machines usually listen.
const USUAL_PORT: u16 = 9100;

/// What these are made of.
struct Devices {
    devices: Vec<Record>,
    sites: HashMap<String, Record>,
    reach: Reach,
}

impl Devices {
    /// Those that pass the filters of a question.
    async fn read<'a>(
        app: &App,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Problem> {
        let db = app.inventory.db();
        let records = |all: Vec<Kept>| all.into_iter().map(|kept| kept.record);
        let asked = DEVICE.filters(pairs)?;
        let devices = records(records::all(db, &DEVICE, &asked).await?).collect();
        let sites = records(records::all(db, &SITE, &SITE.everything()).await?);
        let sites = sites.map(|site| (SITE.key(&site), site)).collect();
        let used = INTERFACE.query([("enabled", "true")])?;
        let interfaces = records::all(db, &INTERFACE, &used).await?;
        let used = IP_ADDRESS.query([("interface__empty", "false"), ("status", "active")])?;
        let addresses = records::all(db, &IP_ADDRESS, &used).await?;
        let reach = Reach::new(records(interfaces), records(addresses));
        Ok(Self { devices, sites, reach })
    }

    /// What is said of a device, or of its site.
    fn value<'a>(&'a self, device: &'a Record, field: &str) -> Option<&'a str> {
        match field {
            "region" | "provider" => text(self.sites.get(text(device, "site")?)?, field),
            field => text(device, field),
        }
    }
}

fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.get(field).as_str()
}

/// Devices in groups, with what Ansible has to know of each.
#[utoipa::path(get, path = "/api/v1/ansible-inventory", tag = "inventory",
    responses((status = 200, body = Object,
        description = "What `ansible-inventory` reads from a script: groups, and `_meta`.")))]
pub(super) async fn ansible_inventory(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let pairs = pairs(query.as_deref())?;
    let pairs = pairs.iter().map(|(name, value)| (&**name, &**value));
    Ok(Json(ansible::told(&Devices::read(&app, pairs).await?)))
}

/// Devices as targets of Prometheus.
#[utoipa::path(get, path = "/api/v1/http-sd", tag = "inventory",
    params(("port" = Option<u16>, Query, description = "Where they are asked; 9100 without it.")),
    responses((status = 200, body = Vec<Object>,
        description = "Groups of targets with their labels, as `http_sd_config` reads them.")))]
pub(super) async fn http_sd(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let pairs = pairs(query.as_deref())?;
    let (ports, filters): (Vec<_>, Vec<_>) = pairs.iter().partition(|(name, _)| name == "port");
    let port = match ports.last() {
        None => USUAL_PORT,
        Some((_, text)) => text
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| Problem::new(400, "port: expected 1 to 65535"))?,
    };
    let filters = filters.into_iter().map(|(name, value)| (&**name, &**value));
    Ok(Json(http_sd::told(&Devices::read(&app, filters).await?, port)))
}
