//! What a device's templates read, put together; and the job that renders all of its files.

use super::Wanted;
use crate::facts::Facts;
use crate::values::{Rank, Settings};
use crate::workers::{Asked, Job};
use inventory::rules::settings::{SECRET, is_secret};
use serde::Serialize;
use serde_json::{Map, Value};

/// Where a text for people has a secret.
pub const HIDDEN: &str = "(secret)";

/// Settings that are the fleet's own: how it comes to the device is none of the device's business.
const NOT_FOR_DEVICES: [&str; 2] = ["management", "backup"];

/// All that is known of a device before its files are rendered.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// What the inventory has of it.
    pub facts: &'a Facts,
    /// Its settings.
    pub settings: &'a Settings,
    /// What an appliance's own file reads, as [`crate::appliance_values`] gives it; nothing for others.
    pub own: Option<&'a Value>,
    /// The secrets, by where they are; where there are none, texts say that there is one.
    pub secrets: Option<Secrets<'a>>,
}

/// What stands at the place of a secret, such as `file:/etc/headend/bgp`.
pub type Secrets<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why there is no job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoJob {
    /// A secret is not where it is said to be.
    #[error("{path}: there is no secret at {place}")]
    NoSecret {
        /// The setting.
        path: String,
        /// Where it is said to be.
        place: String,
    },
    /// It cannot be written as JSON: a fault of ours.
    #[error("the values cannot be written: {0}")]
    Json(String),
}

/// What renders these files of a device.
///
/// # Errors
/// [`NoJob`].
pub fn job(inputs: Inputs<'_>, files: &[Wanted]) -> Result<Job, NoJob> {
    let mut values = inputs.facts.values();
    let all = inputs.settings.tree().as_object().into_iter().flatten();
    for (name, value) in all.filter(|(name, _)| !NOT_FOR_DEVICES.contains(&name.as_str())) {
        values.insert(name.clone(), revealed(value, name, inputs.secrets)?);
    }
    let texts = files.iter().map(|file| {
        let item = file.item.as_ref().map(json).transpose()?;
        Ok(Asked { template: file.template.to_owned(), item })
    });
    let texts = texts.collect::<Result<_, NoJob>>()?;
    values.insert("box".to_owned(), inputs.own.cloned().unwrap_or_default());
    values.insert("said".to_owned(), said(inputs.settings));
    Ok(Job { device: inputs.facts.name().to_owned(), texts, values: json(&values)? })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, NoJob> {
    serde_json::to_vec(value).map_err(|err| NoJob::Json(err.to_string()))
}

/// Secrets in the places that say where they are.
fn revealed(value: &Value, path: &str, secrets: Option<Secrets<'_>>) -> Result<Value, NoJob> {
    if is_secret(value) {
        let place = value[SECRET].as_str().unwrap_or_default();
        let Some(secrets) = secrets else { return Ok(Value::from(HIDDEN)) };
        let missing = || NoJob::NoSecret { path: path.to_owned(), place: place.to_owned() };
        return secrets(place).map(Value::from).ok_or_else(missing);
    }
    let Value::Object(tree) = value else { return Ok(value.clone()) };
    let below = tree.iter().map(|(name, value)| {
        Ok((name.clone(), revealed(value, &format!("{path}.{name}"), secrets)?))
    });
    below.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// What somebody has said of the appliance's own settings, section by section: what is as it is shipped, boxes
/// do by themselves.
fn said(settings: &Settings) -> Value {
    let mut sections = Map::new();
    for each in settings.explain("appliance") {
        let is_shipped = each.said.first().is_none_or(|said| said.rank == Rank::Shipped);
        let [_, section, name] = each.path.split('.').collect::<Vec<_>>()[..] else { continue };
        if !is_shipped {
            let section = sections.entry(section).or_insert_with(|| Value::Object(Map::new()));
            section[name] = each.value.clone();
        }
    }
    Value::Object(sections)
}
