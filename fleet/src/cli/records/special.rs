//! Kinds that are created with flags of their own, for what people say otherwise than it is kept.

use super::fields;
use crate::cli::{group, site};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use inventory::kinds::{CONTENT_GROUP, SITE};
use inventory::schema::Kind;
use serde::Serialize;
use serde_json::{Map, Value};

/// What the flags of a site say.
const OF_SITE: [&str; 5] = ["latitude", "longitude", "client_prefixes", "fill", "time_zone"];

/// The command, where it is one of these.
pub(super) fn create(kind: &'static Kind, command: Command) -> Option<Command> {
    match kind.name {
        name if name == SITE.name => {
            Some(site::Create::augment_args(command).args(fields::flags_but(kind, true, &OF_SITE)))
        }
        name if name == CONTENT_GROUP.name => Some(group::Create::augment_args(command)),
        _ => None,
    }
}

/// What was typed.
pub(super) fn read(
    kind: &'static Kind,
    matches: &ArgMatches,
) -> anyhow::Result<Option<Map<String, Value>>> {
    match kind.name {
        name if name == SITE.name => {
            let mut site = object(&site::Create::from_arg_matches(matches)?.told())?;
            site.retain(|_, value| !value.is_null());
            let mut rest = fields::read(kind, matches)?;
            rest.retain(|name, _| name != "name" && !OF_SITE.contains(&name.as_str()));
            site.extend(rest);
            Ok(Some(site))
        }
        name if name == CONTENT_GROUP.name => {
            Ok(Some(object(&group::Create::from_arg_matches(matches)?.into_group()?)?))
        }
        _ => Ok(None),
    }
}

fn object<T: Serialize>(record: &T) -> anyhow::Result<Map<String, Value>> {
    Ok(serde_json::from_value(serde_json::to_value(record)?)?)
}
