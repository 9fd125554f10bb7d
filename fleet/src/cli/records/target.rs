//! Which records are meant: named by their keys, or all that pass filters.

use super::given::Given;
use crate::cli::Usage;
use clap::{Arg, ArgAction, ArgMatches};
use inventory::schema::Kind;
use serde_json::Value;

/// How a key is written.
pub(super) fn shape(kind: &Kind) -> String {
    let parts: Vec<String> =
        kind.key.iter().map(|name| name.replace('_', "-").to_ascii_uppercase()).collect();
    parts.join(":")
}

pub(super) fn filter() -> Arg {
    Arg::new("filter")
        .short('f')
        .long("filter")
        .value_name("FIELD=VALUE")
        .action(ArgAction::Append)
        .help(
            "Those alone of which this is so, such as status=active or name__ic=oca. The same field \
             several times: any of them; several fields: all of them.",
        )
}

/// By name, or by filter.
pub(super) fn args(kind: &Kind) -> [Arg; 3] {
    let keys = Arg::new("keys").value_name(shape(kind)).action(ArgAction::Append).num_args(0..);
    let yes = Arg::new("yes").short('y').long("yes").action(ArgAction::SetTrue);
    [
        keys.help("Which ones."),
        filter().conflicts_with("keys"),
        yes.help("Do it to all that pass the filters, without asking."),
    ]
}

/// The filters as pairs of a query.
pub(super) fn filters(matches: &ArgMatches) -> anyhow::Result<Vec<(String, String)>> {
    matches.get_many::<String>("filter").into_iter().flatten().map(|it| pair(it)).collect()
}

/// One of them.
pub(in crate::cli) fn pair(text: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Usage(format!("--filter {text}: expected FIELD=VALUE, such as status=active"))
    })?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Those that are meant, as they are.
pub(super) async fn meant(given: Given<'_>) -> anyhow::Result<Vec<Value>> {
    let keys: Vec<&String> =
        given.matches.get_many::<String>("keys").into_iter().flatten().collect();
    let filters = filters(given.matches)?;
    if keys.is_empty() && filters.is_empty() {
        return Err(Usage(format!("which? Name {}, or give --filter", given.kind.plural)).into());
    }
    if !filters.is_empty() {
        return given.all(&filters, u32::MAX).await;
    }
    let mut all = Vec::new();
    for key in keys {
        all.push(given.one(key).await?);
    }
    Ok(all)
}

/// Whether what a filter has found is meant: who does not see it first says so.
pub(super) fn is_sure(matches: &ArgMatches, what: &str) -> anyhow::Result<()> {
    let is_by_filter = matches.get_many::<String>("filter").is_some();
    if !is_by_filter || matches.get_flag("yes") || matches.get_flag("dry-run") {
        return Ok(());
    }
    let says = format!("{what}: say --yes, or see with --dry-run what it would do");
    Err(Usage(says).into())
}
