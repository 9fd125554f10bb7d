//! What an appliance's own file is rendered from: what the inventory, its content groups and enrolment say.

use crate::intent::{Intent, MIN_APPLIANCE_VERSION};
use contract::bucket::CredentialsPlace;
use contract::config::{Fill, FillWindow, OnMiss, SourceCaps};
use contract::exchange::FLEET_IDENTITY_NAME;
use contract::join::files;
use inventory::zones::host_names;
use inventory::{Appliance, ContentGroup, Disk, PlayerListener, S3Origin};
use minijinja::{Value, context};
use serde_json::Value as JsonValue;
use std::path::Path;

/// Why there is nothing to be rendered.
#[derive(Debug, thiserror::Error)]
pub enum NoValues {
    /// A box without content groups would serve nothing, and its own checker says so.
    #[error("there is no content group yet: create one first")]
    NoContentGroup,
    /// They cannot be written as JSON: a fault of ours.
    #[error("the values cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// What the template of an appliance's own file reads as `box`.
///
/// # Errors
/// [`NoValues`].
pub fn appliance_values(intent: &Intent<'_>) -> Result<JsonValue, NoValues> {
    if intent.groups.is_empty() {
        return Err(NoValues::NoContentGroup);
    }
    Ok(serde_json::to_value(values(intent))?)
}

fn values(intent: &Intent<'_>) -> Value {
    let Appliance { name, players, peers, disks, .. } = intent.appliance;
    let file = |name: &str| text(&intent.files.folder.join(name));
    let peers: Vec<String> = peers.iter().map(ToString::to_string).collect();
    let groups: Vec<Value> =
        intent.groups.iter().map(|group| group_values(group, intent)).collect();
    let players: Vec<Value> = players.iter().map(listener_values).collect();
    let disks: Vec<Value> = disks.iter().map(disk_values).collect();
    context! {
        min_appliance_version => MIN_APPLIANCE_VERSION,
        name => name.as_str(),
        state_folder => text(&intent.appliance.state_folder),
        players,
        peers,
        disks,
        ram_budget_bytes => intent.appliance.ram_budget_bytes,
        groups,
        player => file(files::PLAYER),
        identity => file(files::IDENTITY),
        control => intent.fleet.control.to_string(),
        tls_name => FLEET_IDENTITY_NAME,
        report_interval_s => intent.fleet.report_interval_s,
        trust => file(files::TRUST),
        fill => intent.fill.map(|fill| fill_values(&fill.of_box(&intent.appliance.disks))),
        access_log_folder => intent.appliance.access_log_folder.as_deref().map(text),
    }
}

fn group_values(group: &ContentGroup, intent: &Intent<'_>) -> Value {
    context! {
        name => group.name.as_str(),
        owner => group.owner.as_str(),
        host_names => host_names(intent.appliance, group, intent.groups),
        cors_origins => group.cors_origins.clone(),
        log_requests => group.log_requests,
        redirects => group.on_miss == OnMiss::Redirect,
        demand => demand_values(group, intent),
        origin_credentials => group.origin_s3.as_ref().map(credentials_values),
    }
}

/// Where they are; nothing, for a bucket that asks for none.
fn credentials_values(store: &S3Origin) -> Value {
    match &store.credentials {
        None => Value::from(()),
        Some(CredentialsPlace::File(file)) => context! { file => text(file) },
        Some(CredentialsPlace::Environment { access_key_id, secret_access_key, session_token }) => {
            context! { access_key_id, secret_access_key, session_token }
        }
    }
}

/// `None`: the group is not filled by demand, or its origin is nowhere.
fn demand_values(group: &ContentGroup, intent: &Intent<'_>) -> Option<Value> {
    let origin = intent.origins.get(&group.name).filter(|_| group.on_miss == OnMiss::Proxy)?;
    let disks: u64 = intent.appliance.disks.iter().map(|disk| disk.capacity_bytes).sum();
    let share_bytes = u128::from(disks) * u128::from(group.demand_share_percent) / 100;
    Some(context! {
        address => origin.address.to_string(),
        tls_name => origin.tls_name.as_deref(),
        host => origin.path.host.as_str(),
        prefix => origin.path.prefix.as_str(),
        share_bytes => u64::try_from(share_bytes).unwrap_or(u64::MAX),
    })
}

fn listener_values(listener: &PlayerListener) -> Value {
    let addresses: Vec<String> = listener.addresses.iter().map(ToString::to_string).collect();
    context! { addresses, http2 => listener.http2 }
}

fn disk_values(disk: &Disk) -> Value {
    context! {
        folder => text(&disk.folder),
        class => disk.class.as_str(),
        capacity_bytes => disk.capacity_bytes,
        rated_write_bytes => disk.rated_write_bytes,
        service_life_days => disk.service_life_days,
    }
}

fn fill_values(fill: &Fill) -> Value {
    let windows: Vec<Value> = fill.windows.iter().map(window_values).collect();
    let emergency_cap = fill.emergency_fill.cap_bits_per_s().map(|cap| cap.0);
    context! {
        time_zone => fill.time_zone.as_ref().map(ToString::to_string),
        windows,
        source_caps => source_caps_values(fill.source_caps_bits_per_s),
        emergency_cap,
        widen_network_s => fill.widen_after_s.network.0,
        widen_origin_s => fill.widen_after_s.origin.0,
    }
}

fn source_caps_values(caps: SourceCaps) -> Vec<Value> {
    caps.each().map(|(kind, cap)| context! { kind, bits_per_s => cap.0 }).collect()
}

fn window_values(window: &FillWindow) -> Value {
    let days: Vec<&str> = window.days.iter().map(|day| day.as_str()).collect();
    context! {
        opens => window.opens.to_string(),
        closes => window.closes.to_string(),
        days,
        cap_bits_per_s => window.cap_bits_per_s.map(|cap| cap.0),
    }
}

/// The inventory takes no path that is not text.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
