//! The configuration as requests need it: which host is whose, and what its owner allows.

use super::stack_text::StackText;
use contract::config::{ApplianceConfig, ContentGroup, LogPolicy, OnMiss};
use contract::names::GroupName;
use std::collections::HashMap;

/// The longest DNS name.
const MAX_HOST_LEN: usize = 255;

/// What every request is held against.
#[derive(Debug)]
pub struct Policy {
    /// This box in `Cache-Status`: a Structured Fields string, quotes included, since a
    /// device name may begin with a digit, which a token may not (RFC 8941 §3.3.4).
    pub cache_name: String,
    /// The longest request target; beyond it 414, over every protocol.
    pub max_target_bytes: usize,
    groups: Vec<GroupPolicy>,
    by_host: HashMap<String, usize>,
    by_name: HashMap<GroupName, usize>,
}

/// What one content group's owner allows.
#[derive(Debug)]
pub struct GroupPolicy {
    /// The group.
    pub name: GroupName,
    /// Its place among the groups, for counters.
    pub ordinal: usize,
    /// Who may read.
    pub origins: Origins,
    /// How long a browser keeps the answer to a preflight, as text.
    pub preflight_max_age_s: String,
    /// The query arguments of the cache key, sorted.
    pub query_keys: Vec<String>,
    /// How long what is immutable may be kept.
    pub max_age_s: u64,
    /// What happens to requests for what no manifest names.
    pub on_miss: OnMiss,
    /// Whether requests are logged.
    pub is_logged: bool,
}

/// Which web origins may read.
#[derive(Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every one, `null` included.
    Any,
    /// These.
    Listed(Vec<String>),
}

impl Policy {
    /// Reads a configuration that has been checked.
    #[must_use]
    pub fn new(config: &ApplianceConfig) -> Self {
        let groups: Vec<_> =
            config.content_groups.iter().enumerate().map(GroupPolicy::of).collect();
        let mut by_host = HashMap::new();
        for (ordinal, group) in config.content_groups.iter().enumerate() {
            by_host
                .extend(group.host_names.iter().map(|host| (host.to_ascii_lowercase(), ordinal)));
        }
        let by_name = groups.iter().map(|group| (group.name.clone(), group.ordinal)).collect();
        let line = config.limits.max_request_line_bytes.0;
        Self {
            cache_name: format!("\"{}\"", config.name),
            max_target_bytes: usize::try_from(line).unwrap_or(usize::MAX),
            groups,
            by_host,
            by_name,
        }
    }

    /// All groups, by ordinal.
    #[must_use]
    pub fn groups(&self) -> &[GroupPolicy] {
        &self.groups
    }

    /// The group that a host belongs to, whatever the host's case.
    #[must_use]
    pub fn group_of_host(&self, host: &str) -> Option<&GroupPolicy> {
        let mut lower = StackText::<MAX_HOST_LEN>::empty();
        if !host.bytes().all(|octet| lower.push(octet.to_ascii_lowercase())) {
            return None;
        }
        self.by_host.get(lower.as_str()).and_then(|&ordinal| self.groups.get(ordinal))
    }

    /// The group of this name.
    #[must_use]
    pub fn group_named(&self, name: &str) -> Option<&GroupPolicy> {
        self.by_name.get(name).and_then(|&ordinal| self.groups.get(ordinal))
    }
}

impl GroupPolicy {
    fn of((ordinal, group): (usize, &ContentGroup)) -> Self {
        let mut query_keys = group.query_keys.clone();
        query_keys.sort();
        query_keys.dedup();
        let listed = &group.cors.allow_origins;
        let is_any = listed.iter().any(|origin| origin == "*");
        Self {
            name: group.name.clone(),
            ordinal,
            origins: if is_any { Origins::Any } else { Origins::Listed(listed.clone()) },
            preflight_max_age_s: group.cors.max_age_s.0.to_string(),
            query_keys,
            max_age_s: group.max_age_s.0,
            on_miss: group.on_miss,
            is_logged: group.log == LogPolicy::Requests,
        }
    }
}
