//! Paths under which boxes ask each other: `/peer/v1/{group}{path}` for what one holds,
//! `/served/v1/{group}{path}` for what a viewer would be given, and `/demanded/v1/{group}{path}`
//! for what nobody ordered and one is the home of.

use super::fields::{Fields, Single};
use super::policy::{GroupPolicy, Policy};
use contract::exchange::{DEMANDED_PREFIX, PEER_PREFIX, SERVED_PREFIX};
use contract::path::{self, BadPath};
use contract::tombstones::{BadPurgedUpTo, PurgedUpTo};
use std::borrow::Cow;

/// What a sibling asks for.
#[derive(Debug)]
pub(super) struct PeerObject<'p, 'a> {
    pub(super) group: &'p GroupPolicy,
    pub(super) path: Cow<'a, str>,
    pub(super) what: Wish,
}

/// What it wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// What a manifest names, and this box holds, or takes in.
    Held,
    /// What a viewer would be given.
    ForViewer,
    /// What nobody ordered.
    Demanded,
}

const WISHES: [(&str, Wish); 3] = [
    (PEER_PREFIX, Wish::Held),
    (SERVED_PREFIX, Wish::ForViewer),
    (DEMANDED_PREFIX, Wish::Demanded),
];

/// Reads a peer path; `None` when it is no peer path or names no group of this box. The
/// query, if there is one, is part of the key already, as the catalogue has it.
pub(super) fn object_of<'p, 'a>(
    policy: &'p Policy,
    path: &'a str,
    query: Option<&str>,
) -> Result<Option<PeerObject<'p, 'a>>, BadPath> {
    let wished = WISHES.iter().find_map(|(prefix, what)| Some((path.strip_prefix(prefix)?, *what)));
    let found = wished.and_then(|(rest, what)| {
        let (name, path) = rest.split_at_checked(rest.find('/')?)?;
        Some((policy.group_named(name)?, path, what))
    });
    let Some((group, path, what)) = found else { return Ok(None) };
    let path = path::normalise(path)?;
    let path = match query {
        Some(query) => Cow::Owned(format!("{path}?{query}")),
        None => path,
    };
    Ok(Some(PeerObject { group, path, what }))
}

/// How far a sibling that asks has carried purges out; `None` where it does not say.
pub(super) fn purged_up_to(fields: &Fields<'_>) -> Result<Option<PurgedUpTo>, BadPurgedUpTo> {
    let field = fields.purged_up_to;
    match field {
        Single::Absent => Ok(None),
        Single::Value(_) | Single::Repeated => field.text().ok_or(BadPurgedUpTo)?.parse().map(Some),
    }
}
