//! What NetBox tells, in files.

use super::{Found, files};
use crate::cli::Usage;
use crate::cli::output::Output;
use inventory::kinds::DEVICE;
use inventory::netbox::{Export, Imported, Roles, VERSIONS, read as converted};
use inventory::schema::Shape;
use std::path::PathBuf;

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
