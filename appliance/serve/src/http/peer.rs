//! Paths under which boxes ask each other: `/peer/v1/{group}{path}` for what one holds, and
//! `/served/v1/{group}{path}` for what a viewer would be given.

use super::fields::{Fields, Single};
use super::policy::{GroupPolicy, Policy};
use contract::exchange::{PEER_PREFIX, SERVED_PREFIX};
use contract::path::{self, BadPath};
use contract::tombstones::{BadPurgedUpTo, PurgedUpTo};
use std::borrow::Cow;

/// What a sibling asks for.
#[derive(Debug)]
pub(super) struct PeerObject<'p, 'a> {
    pub(super) group: &'p GroupPolicy,
    pub(super) path: Cow<'a, str>,
    /// As a viewer would.
    pub(super) for_viewers: bool,
}

/// Reads a peer path; `None` when it is no peer path or names no group of this box. The
/// query, if there is one, is part of the key already, as the catalogue has it.
pub(super) fn object_of<'p, 'a>(
    policy: &'p Policy,
    path: &'a str,
    query: Option<&str>,
) -> Result<Option<PeerObject<'p, 'a>>, BadPath> {
    let (rest, for_viewers) = match path.strip_prefix(SERVED_PREFIX) {
        Some(rest) => (Some(rest), true),
        None => (path.strip_prefix(PEER_PREFIX), false),
    };
    let found = rest.and_then(|rest| {
        let (name, path) = rest.split_at_checked(rest.find('/')?)?;
        Some((policy.group_named(name)?, path))
    });
    let Some((group, path)) = found else { return Ok(None) };
    let path = path::normalise(path)?;
    let path = match query {
        Some(query) => Cow::Owned(format!("{path}?{query}")),
        None => path,
    };
    Ok(Some(PeerObject { group, path, for_viewers }))
}

/// How far a sibling that asks has carried purges out; `None` where it does not say.
pub(super) fn purged_up_to(fields: &Fields<'_>) -> Result<Option<PurgedUpTo>, BadPurgedUpTo> {
    let field = fields.purged_up_to;
    match field {
        Single::Absent => Ok(None),
        Single::Value(_) | Single::Repeated => field.text().ok_or(BadPurgedUpTo)?.parse().map(Some),
    }
}
