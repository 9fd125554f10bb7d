//! Does a configuration make sense? Each complaint names the key that it is about.

use super::{
    ApplianceConfig, ContentGroup, ListenerRole, Log, Pacing, demand, disk, fill, hardware, moves,
    read_p99, scrub, smart,
};
use crate::bucket::CredentialsPlace;
use crate::names::no_host_name;
use std::collections::HashSet;
use std::fmt::Display;

/// A complaint: the path of the key, and what is wrong.
pub type Complaint = (String, String);

/// The most hours that raw request lines may stay on a box.
pub const MAX_LOG_RETENTION_H: u8 = 24;

/// The least multiple of a bitrate, in percent, that pacing may come down to: HTTP, TLS and
/// TCP take some 4 of it, and what is sent never quite fills the time.
pub const MIN_PACING_PERCENT: u16 = 110;

/// The most. What is steeper is no pacing.
pub const MAX_PACING_PERCENT: u16 = 2000;

/// The least rate in bit/s: a batch of records at a slower one would outlast the patience
/// of the write timeout.
pub const MIN_PACING_RATE: u64 = 100_000;

/// Everything about the configuration that cannot be meant.
#[must_use]
pub fn check(config: &ApplianceConfig) -> Vec<Complaint> {
    let mut found = Found(Vec::new());
    version(config, &mut found);
    admin(config, &mut found);
    listeners(config, &mut found);
    certificates(config, &mut found);
    disk::check(&config.disks, &mut found);
    ram(config, &mut found);
    groups(&config.content_groups, &mut found);
    demand::check(&config.content_groups, &config.disks, &mut found);
    fleet(config, &mut found);
    fill::check(&config.fill, &mut found);
    scrub::check(&config.scrub, &mut found);
    moves::check(&config.moves, &mut found);
    smart::check(&config.smart, &mut found);
    hardware::check(&config.hardware, &mut found);
    read_p99::check(&config.read_p99, &mut found);
    limits(config, &mut found);
    pacing(&config.pacing, &mut found);
    log(&config.log, &mut found);
    found.0
}

pub(super) struct Found(Vec<Complaint>);

impl Found {
    pub(super) fn add(&mut self, path: impl Display, message: impl Display) {
        self.0.push((path.to_string(), message.to_string()));
    }
}

fn version(config: &ApplianceConfig, found: &mut Found) {
    if config.schema != crate::SCHEMA {
        let message =
            format!("this software reads schema {}, not {}", crate::SCHEMA, config.schema);
        found.add("schema", message);
    }
    let ours = env!("CARGO_PKG_VERSION");
    match (parts(&config.min_appliance_version), parts(ours)) {
        (None, _) => found.add("min_appliance_version", "expected a version such as 0.1.0"),
        (Some(wanted), Some(have)) if wanted > have => found.add(
            "min_appliance_version",
            format!(
                "needs appliance {}, and this is {ours}: update first",
                config.min_appliance_version
            ),
        ),
        _ => {}
    }
}

fn parts(version: &str) -> Option<Vec<u64>> {
    let parts: Option<Vec<u64>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| parts.len() == 3)
}

fn admin(config: &ApplianceConfig, found: &mut Found) {
    let key = if config.admin.socket.is_some() { "admin.socket" } else { "state_folder" };
    let socket = config.admin_socket();
    let most = super::MAX_ADMIN_SOCKET_BYTES;
    if config.admin.socket.is_some() && !socket.is_absolute() {
        found.add(key, "expected an absolute path");
    }
    if socket.as_os_str().len() > most {
        let message =
            format!("the path of a socket has {most} bytes at most: {}", socket.display());
        found.add(key, message);
    }
}

fn listeners(config: &ApplianceConfig, found: &mut Found) {
    let mut seen = HashSet::new();
    let has_players = config.listeners.iter().any(|each| each.role == ListenerRole::Player);
    if !has_players {
        found.add("listeners", "no listener has role player: nobody could watch");
    }
    if has_players && config.certificates.is_empty() {
        found.add("certificates", "player listeners need at least one certificate");
    }
    for (at, listener) in config.listeners.iter().enumerate() {
        if listener.role == ListenerRole::Peer && config.fleet.is_none() {
            let message = "a box without a fleet believes no sibling: leave this out, or name one";
            found.add(format!("listeners[{at}].role"), message);
        }
        if listener.addresses.is_empty() {
            found.add(format!("listeners[{at}].addresses"), "name at least one address");
        }
        if listener.protocols.is_empty() {
            found.add(format!("listeners[{at}].protocols"), "name at least one of http/1.1 and h2");
        }
        for (which, address) in listener.addresses.iter().enumerate() {
            if !seen.insert(*address) && address.port() != 0 {
                let path = format!("listeners[{at}].addresses[{which}]");
                found.add(path, format!("{address} is listened on twice"));
            }
        }
    }
}

fn certificates(config: &ApplianceConfig, found: &mut Found) {
    let players = config.certificates.iter().enumerate();
    let players = players.map(|(at, files)| (format!("certificates[{at}]"), files));
    let identity = ("identity".to_owned(), &config.identity);
    for (path, files) in players.chain([identity]).filter(|(_, files)| files.renewed) {
        if config.fleet.is_none() {
            found.add(format!("{path}.renewed"), "there is no fleet that would renew it");
        }
        if files.chain_file != files.key_file {
            let message = "what is renewed is one file with key and chain, so that both are \
                           replaced at once";
            found.add(format!("{path}.key_file"), message);
        }
    }
}

fn ram(config: &ApplianceConfig, found: &mut Found) {
    if config.ram.budget_bytes.0 < 1 << 20 {
        found.add("ram.budget_bytes", "less than 1MiB holds no block");
    }
}

fn groups(groups: &[ContentGroup], found: &mut Found) {
    if groups.is_empty() {
        found.add("content_groups", "name at least one content group");
    }
    let mut names = HashSet::new();
    let mut hosts = HashSet::new();
    for (at, group) in groups.iter().enumerate() {
        if !names.insert(&group.name) {
            found.add(
                format!("content_groups[{at}].name"),
                format!("{} is named twice", group.name),
            );
        }
        if group.host_names.is_empty() {
            found.add(format!("content_groups[{at}].host_names"), "name at least one host");
        }
        for (which, host) in group.host_names.iter().enumerate() {
            let path = format!("content_groups[{at}].host_names[{which}]");
            if !is_host_name(host) {
                found.add(path, format!("{host:?} is not a host name in lower case"));
            } else if !hosts.insert(host) {
                found.add(path, format!("{host} already belongs to another content group"));
            }
        }
        if let Some(message) = group.origin_credentials.as_ref().and_then(CredentialsPlace::bad) {
            found.add(format!("content_groups[{at}].origin_credentials"), message);
        }
        for (which, origin) in group.cors.allow_origins.iter().enumerate() {
            if origin != "*" && !is_web_origin(origin) {
                let path = format!("content_groups[{at}].cors.allow_origins[{which}]");
                found.add(path, "expected * or an origin such as https://www.example.org");
            }
        }
    }
}

pub(super) fn is_host_name(host: &str) -> bool {
    no_host_name(host).is_none()
}

fn is_web_origin(origin: &str) -> bool {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', ' ', '*', ',']))
}

fn fleet(config: &ApplianceConfig, found: &mut Found) {
    let Some(fleet) = &config.fleet else { return };
    if !is_host_name(&fleet.tls_name) {
        found.add("fleet.tls_name", format!("{:?} is not a host name", fleet.tls_name));
    }
    if fleet.report_interval_s.0 == 0 {
        found.add("fleet.report_interval_s", "expected at least 1s");
    }
    if !fleet.trust_file.is_absolute() {
        found.add("fleet.trust_file", "expected an absolute path");
    }
}

fn limits(config: &ApplianceConfig, found: &mut Found) {
    let limits = &config.limits;
    let spans = [
        ("handshake_timeout_s", limits.handshake_timeout_s),
        ("header_timeout_s", limits.header_timeout_s),
        ("idle_timeout_s", limits.idle_timeout_s),
        ("write_timeout_s", limits.write_timeout_s),
    ];
    for (name, span) in spans {
        if span.0 == 0 || span.0 > 86_400 {
            found.add(format!("limits.{name}"), "expected 1s to 24h");
        }
    }
    let sizes = [
        ("max_request_line_bytes", limits.max_request_line_bytes),
        ("max_header_bytes", limits.max_header_bytes),
    ];
    for (name, size) in sizes {
        if !(1 << 10..=1 << 20).contains(&size.0) {
            found.add(format!("limits.{name}"), "expected 1KiB to 1MiB");
        }
    }
    if limits.max_connections == 0 {
        found.add("limits.max_connections", "expected at least 1");
    }
}

fn pacing(pacing: &Pacing, found: &mut Found) {
    let multiples = [
        ("gentle_percent", pacing.gentle_percent, MIN_PACING_PERCENT),
        ("steep_percent", pacing.steep_percent, pacing.gentle_percent.max(MIN_PACING_PERCENT)),
    ];
    for (name, percent, least) in multiples {
        if percent < least || percent > MAX_PACING_PERCENT {
            let message = format!("expected {least} to {MAX_PACING_PERCENT}");
            found.add(format!("pacing.{name}"), message);
        }
    }
    if pacing.low_buffer_ms >= pacing.full_buffer_ms {
        found.add("pacing.full_buffer_ms", "expected more than low_buffer_ms");
    }
    let least = pacing.client_min_rate_bits_per_s;
    if least.0 < MIN_PACING_RATE {
        found.add("pacing.client_min_rate_bits_per_s", "expected at least 100kb/s");
    }
    let caps = [
        ("client_max_rate_bits_per_s", pacing.client_max_rate_bits_per_s),
        ("box_max_rate_bits_per_s", pacing.box_max_rate_bits_per_s),
        ("peer_max_rate_bits_per_s", pacing.peer_max_rate_bits_per_s),
    ];
    for (name, cap) in caps {
        if cap.is_some_and(|cap| cap < least) {
            let message = "expected at least client_min_rate_bits_per_s";
            found.add(format!("pacing.{name}"), message);
        }
    }
}

fn log(log: &Log, found: &mut Found) {
    if log.retention_h.is_some_and(|hours| hours == 0 || hours > MAX_LOG_RETENTION_H) {
        let message = format!("expected 1 to {MAX_LOG_RETENTION_H}: raw lines are personal data");
        found.add("log.retention_h", message);
    }
}
