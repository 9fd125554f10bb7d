//! Whose language a device speaks, and what it is asked in it.

use super::to_read::{How, NothingToRead, Part};
use crate::archive::DeviceKind;
use crate::facts::Facts;
use crate::files::{Wanted, wanted};
use crate::values::Settings;
use serde_json::Value;

/// What `show running-config`, or what stands for it, is kept as.
const RUNNING: &str = "running-config";

/// What its settings say, else its role.
pub(super) fn platform(facts: &Facts, settings: &Settings) -> Result<DeviceKind, NothingToRead> {
    match settings.get("management.platform").and_then(Value::as_str) {
        Some(name) => Ok(name.parse()?),
        None => match facts.role() {
            "appliance" => Ok(DeviceKind::Linux),
            "router" => Ok(DeviceKind::Frr),
            role => Err(NothingToRead::NoPlatform { role: role.to_owned() }),
        },
    }
}

/// What is usually asked. A machine of ours has files, whatever else speaks on it.
pub(super) fn usual(facts: &Facts, kind: DeviceKind) -> Result<Vec<Part>, NothingToRead> {
    let running = |command: &str| vec![command_for(RUNNING, kind, command)];
    let file = |path: &str| vec![Part { path: path.to_owned(), kind, how: How::File }];
    match kind {
        DeviceKind::Linux => Ok(ours(facts)),
        DeviceKind::Frr => {
            let running = running("vtysh -c 'show running-config'");
            Ok(ours(facts).into_iter().chain(running).collect())
        }
        DeviceKind::Bird => Ok(file("/etc/bird/bird.conf")),
        DeviceKind::NetSnmp => Ok(file("/etc/snmp/snmpd.conf")),
        DeviceKind::CiscoIos | DeviceKind::AristaEos => Ok(running("show running-config")),
        DeviceKind::Junos => Ok(running("show configuration | no-more")),
        DeviceKind::Generic => Err(NothingToRead::NoCommands),
    }
}

pub(super) fn command_for(name: &str, kind: DeviceKind, command: &str) -> Part {
    Part { path: name.to_owned(), kind, how: How::Command(command.to_owned()) }
}

/// The files that we write.
fn ours(facts: &Facts) -> Vec<Part> {
    let part = |file: Wanted| Part { kind: file.service.kind(), path: file.path, how: How::File };
    wanted(facts).into_iter().map(part).collect()
}

/// Whether a shell hears commands there, so that whoever is not root can become it.
pub(super) const fn has_shell(kind: DeviceKind) -> bool {
    matches!(kind, DeviceKind::Frr | DeviceKind::Bird | DeviceKind::NetSnmp | DeviceKind::Linux)
}

/// What of these settings no device can be asked by, and where.
#[must_use]
pub fn complaints(settings: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let platform = settings["management"]["platform"].as_str();
    if let Some(Err(wrong)) = platform.map(str::parse::<DeviceKind>) {
        found.push(("management.platform".to_owned(), wrong.to_string()));
    }
    for row in settings["backup"]["commands"].as_array().into_iter().flatten() {
        if let Err(wrong) = said(row) {
            found.push(("backup.commands".to_owned(), wrong.to_owned()));
        }
    }
    found
}

/// Name and command of a row that somebody has said.
pub(super) fn said(row: &Value) -> Result<(&str, &str), &'static str> {
    let both =
        (row["name"].as_str(), row["command"].as_str(), row.as_object().map_or(0, |it| it.len()));
    match both {
        (Some(name), Some(command), 2) if !name.is_empty() && !command.is_empty() => {
            Ok((name, command))
        }
        _ => Err("each is {name: running-config, command: show running-config}"),
    }
}
