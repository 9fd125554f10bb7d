//! Paths under which boxes ask each other: `/peer/v1/{group}{path}`.

use super::policy::{GroupPolicy, Policy};
use contract::exchange::PEER_PREFIX;
use contract::path::{self, BadPath};
use std::borrow::Cow;

/// What a sibling asks for.
#[derive(Debug)]
pub(super) struct PeerObject<'p, 'a> {
    pub(super) group: &'p GroupPolicy,
    pub(super) path: Cow<'a, str>,
}

/// Reads a peer path; `None` when it is no peer path or names no group of this box. The
/// query, if there is one, is part of the key already, as the catalogue has it.
pub(super) fn object_of<'p, 'a>(
    policy: &'p Policy,
    path: &'a str,
    query: Option<&str>,
) -> Result<Option<PeerObject<'p, 'a>>, BadPath> {
    let found = path.strip_prefix(PEER_PREFIX).and_then(|rest| {
        let (name, path) = rest.split_at_checked(rest.find('/')?)?;
        Some((policy.group_named(name)?, path))
    });
    let Some((group, path)) = found else { return Ok(None) };
    let path = path::normalise(path)?;
    let path = match query {
        Some(query) => Cow::Owned(format!("{path}?{query}")),
        None => path,
    };
    Ok(Some(PeerObject { group, path }))
}
