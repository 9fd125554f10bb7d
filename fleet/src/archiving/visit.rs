//! What takes to a device, and what is asked there.

use crate::secrets::Secrets;
use crate::server::App;
use crate::visiting::{NoWay, way};
use config_render::Facts;
use config_render::archive::Known;
use config_render::reading::{NothingToRead, ToRead};
use config_render::revisions::Cause;
use config_render::values::Settings;
use inventory::rules::settings::{SECRET, leaves};
use serde_json::Value;
use ssh::Device;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A visit to be made.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) device: Device,
    pub(super) errand: Errand,
}

/// What it is for.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub(super) to_read: ToRead,
    /// The device's secrets, which are kept nowhere.
    pub(super) known: Arc<Known>,
    pub(super) cause: Cause,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoVisit {
    #[error(transparent)]
    NoWay(#[from] NoWay),
    #[error(transparent)]
    NothingToRead(#[from] NothingToRead),
    #[error(transparent)]
    TooMany(#[from] config_render::archive::TooMany),
}

pub(super) async fn visit(
    app: &App,
    (facts, settings): (&Facts, &Settings),
    cause: Cause,
    knowing: &mut Knowing,
) -> Result<Visit, NoVisit> {
    let device = way(app, facts, settings).await?;
    let to_read = ToRead::of(facts, settings)?;
    let known = knowing.of(settings, &app.secrets)?;
    Ok(Visit { device, errand: Errand { to_read, known, cause } })
}

/// What is looked for in texts, by where the secrets are: devices of a site have the same.
#[derive(Debug, Default)]
pub(super) struct Knowing(HashMap<BTreeSet<String>, Arc<Known>>);

impl Knowing {
    /// A secret that is not where it is said to be was told to no device.
    fn of(
        &mut self,
        settings: &Settings,
        secrets: &Secrets,
    ) -> Result<Arc<Known>, config_render::archive::TooMany> {
        let place = |value: &Value| value.get(SECRET)?.as_str().map(str::to_owned);
        let leaves = leaves(settings.tree()).into_iter();
        let places: BTreeSet<String> = leaves.filter_map(|(_, value)| place(value)).collect();
        if let Some(known) = self.0.get(&places) {
            return Ok(Arc::clone(known));
        }
        let told: Vec<String> = places.iter().filter_map(|it| secrets.at(it).ok()).collect();
        let known = Arc::new(Known::new(told.iter().map(String::as_str))?);
        self.0.insert(places, Arc::clone(&known));
        Ok(known)
    }
}
