//! What NetBox tells, in files.

use super::{Found, files};
use crate::cli::Usage;
use crate::cli::client::Client;
use crate::cli::output::Output;
use crate::cli::records::given;
use inventory::kinds::DEVICE;
use inventory::netbox::{Export, Imported, Roles, VERSIONS, read as converted};
use inventory::rules::life_cycle::LifeCycle;
use inventory::schema::Shape;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;

/// Of devices that stay as they are so many are named.
const MOST_NAMED: usize = 10;

pub(super) fn read(
    files: &[PathBuf],
    roles: &[String],
    output: &Output,
) -> anyhow::Result<Vec<Found>> {
    let roles = read_roles(roles)?;
    let mut export = Export::default();
    for path in files {
        for file in files::within(path, &["json"], 0)? {
            let wrong = |what: String| Usage(format!("{}: {what}", file.display()));
            let whole = serde_json::from_str(&files::text(&file)?);
            let whole = whole.map_err(|err| wrong(format!("this is no JSON: {err}")))?;
            let says = |what: String| wrong(format!("{what} (versions {VERSIONS} are known)"));
            export.add(whole).map_err(says)?;
        }
    }
    let Imported { records, notes } = converted(&export, &roles);
    for note in notes {
        output.warn(&note);
    }
    let found = |(kind, fields)| Found { kind, fields, file: String::new(), line: 0 };
    Ok(records.into_iter().map(found).collect())
}

/// How far a device is that has begun its life here is known here: NetBox, which is told of it by hand, would have
/// boxes that somebody took away from viewers back among them. All else that it says is taken over.
pub(super) async fn keep_states(
    records: &mut [Found],
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let fields = [("fields".to_owned(), "name,status".to_owned())];
    let known = given::all(client, &DEVICE, &fields, u32::MAX).await?;
    let of =
        |record: &Value| Some((record["name"].as_str()?.to_owned(), state(&record["status"])?));
    let known: HashMap<String, LifeCycle> = known.iter().filter_map(of).collect();
    let mut stays = Vec::new();
    for found in records.iter_mut().filter(|it| std::ptr::eq(it.kind, &DEVICE)) {
        if let Some(says) = stays_as_it_is(&found.fields, &known) {
            found.fields.remove("status");
            stays.push(says);
        }
    }
    stays.iter().take(MOST_NAMED).for_each(|says| output.warn(says));
    if let more @ 1.. = stays.len().saturating_sub(MOST_NAMED) {
        output.warn(&format!("{more} more devices stay what they are, as those do"));
    }
    Ok(())
}

fn stays_as_it_is(told: &Map<String, Value>, known: &HashMap<String, LifeCycle>) -> Option<String> {
    let (name, to) = (told.get("name")?.as_str()?, state(told.get("status")?)?);
    let is = *known.get(name)?;
    let is_taken = is == LifeCycle::Planned && is.step(to).is_ok();
    (is != to && !is_taken).then(|| {
        format!("device {name}: stays {is}, though NetBox says {to}: fleet device edit, where that is so")
    })
}

fn state(text: &Value) -> Option<LifeCycle> {
    text.as_str().and_then(LifeCycle::of)
}

fn read_roles(roles: &[String]) -> anyhow::Result<Roles> {
    let known = match DEVICE.field("role").map(|field| field.shape) {
        Some(Shape::Choice(words)) => words,
        _ => &[],
    };
    let one = |text: &String| match text.split_once('=') {
        Some((slug, role)) if known.contains(&role) => {
            Ok((slug.to_ascii_lowercase(), role.to_owned()))
        }
        _ => Err(Usage(format!(
            "--role {text}: expected SLUG=ROLE, with one of {}",
            known.join(", ")
        ))),
    };
    Ok(roles.iter().map(one).collect::<Result<Roles, Usage>>()?)
}
