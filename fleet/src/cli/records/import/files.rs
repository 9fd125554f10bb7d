//! Files of records: which form each has, and how much of it is read.

use super::{Found, Wrong, csv, library, refuse, yaml};
use crate::cli::Usage;
use anyhow::Context;
use inventory::kinds::DEVICE_TYPE;
use inventory::schema::Kind;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the manager takes in one request.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// Folders in folders are not deeper than this.
const DEEPEST: usize = 8;

/// All that stands in them; nothing where something in one is wrong.
pub(super) fn read(kind: Option<&'static Kind>, files: &[PathBuf]) -> anyhow::Result<Vec<Found>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::<Wrong>::new());
    let files = files.iter().map(|file| within(file, &["yaml", "yml", "json", "csv"], 0));
    for file in files.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten() {
        let (name, text) = (file.display().to_string(), text(&file)?);
        match of_one(kind, &file, &text) {
            Ok(found) => all.extend(found.into_iter().map(|(kind, fields, line)| Found {
                kind,
                fields,
                file: name.clone(),
                line,
            })),
            Err(more) => {
                wrong.extend(more.into_iter().map(|(line, what)| (name.clone(), line, what)));
            }
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(refuse(&wrong)) }
}

/// A record in a file, and its line.
pub(super) type InFile = (&'static Kind, serde_json::Map<String, serde_json::Value>, u64);

fn of_one(
    kind: Option<&'static Kind>,
    file: &Path,
    text: &str,
) -> Result<Vec<InFile>, Vec<(u64, String)>> {
    let is_csv = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    match (is_csv, kind) {
        (true, Some(kind)) => csv::read(kind, text),
        (true, None) => {
            Err(vec![(0, "CSV has one kind of record: `fleet KIND import`".to_owned())])
        }
        (false, Some(kind)) if kind.name == DEVICE_TYPE.name => {
            library::read(text).map_or_else(|| yaml::read(Some(kind), text), |one| Ok(vec![one]))
        }
        (false, kind) => yaml::read(kind, text),
    }
}

/// The file itself; of a folder all with such an ending, in order.
pub(super) fn within(path: &Path, endings: &[&str], depth: usize) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let cannot = || format!("cannot list {}", path.display());
    let entries = path.read_dir().with_context(cannot)?;
    let mut entries: Vec<PathBuf> =
        entries.map(|it| Ok(it?.path())).collect::<std::io::Result<_>>().with_context(cannot)?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let ending = entry.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if entry.is_dir() && depth < DEEPEST {
            files.extend(within(&entry, endings, depth + 1)?);
        } else if endings.contains(&ending.to_ascii_lowercase().as_str()) {
            files.push(entry);
        }
    }
    Ok(files)
}

/// What stands in a file, or comes by standard input.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let name = file.display();
    let mut bytes = Vec::new();
    let opened: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => {
            Box::new(std::fs::File::open(file).map_err(|err| Usage(format!("{name}: {err}")))?)
        }
    };
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(|| name.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        let most = MAX_BYTES >> 20;
        return Err(Usage(format!(
            "{name}: more than {most} MiB: split it, each part is taken whole"
        ))
        .into());
    }
    String::from_utf8(bytes).map_err(|err| {
        let good = &err.as_bytes()[..err.utf8_error().valid_up_to()];
        let line = good.iter().filter(|it| **it == b'\n').count() + 1;
        Usage(format!("{name}:{line}: this is not UTF-8")).into()
    })
}
