//! `edit`: by flags, several at once; or one in an editor.

use super::given::{Given, named};
use super::{Ordered, fields, target};
use crate::cli::Usage;
use crate::cli::client::Refusal;
use crate::paths;
use anyhow::{Context, bail};
use http::Method;
use inventory::schema::{Kind, one};
use serde_json::{Map, Value};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let Given { kind, matches, output, .. } = given;
    let mut patch = fields::read(kind, matches)?;
    for name in matches.get_many::<String>("unset").into_iter().flatten() {
        let field = kind.field(&name.replace('-', "_"));
        let field = field.ok_or_else(|| {
            Usage(format!("--unset {name}: {} has no such field", one(kind.name)))
        })?;
        patch.insert(field.name.to_owned(), Value::Null);
    }
    let meant = target::meant(given).await?;
    match (patch.is_empty(), &meant[..]) {
        (true, [one]) => in_editor(given, one).await,
        (true, _) => {
            Err(Usage("what is to be changed? With several, say it by flags".into()).into())
        }
        (false, []) => output.done("none passes the filters"),
        (false, _) => by_flags(given, &meant, &patch).await,
    }
}

async fn by_flags(
    given: Given<'_>,
    meant: &[Value],
    patch: &Map<String, Value>,
) -> anyhow::Result<()> {
    let keys: Vec<&str> = meant.iter().filter_map(|it| it["key"].as_str()).collect();
    target::is_sure(given.matches, &format!("{} would change: {}", keys.len(), keys.join(", ")))?;
    let patched = |record: &Value| {
        let mut one = named(record);
        if let Some(one) = one.as_object_mut() {
            one.extend(patch.clone());
        }
        one
    };
    let body = Value::Array(meant.iter().map(patched).collect());
    let made = given.change((Method::PATCH, paths::of_all(given.kind)), &body, None).await?;
    given.tell(&made, &format!("{} {} changed", given.words(), keys.join(", ")))
}

/// As YAML, without what nobody writes.
fn written(kind: &Kind, record: &Value) -> Map<String, Value> {
    let fields = kind.written_fields();
    fields.map(|field| (field.name.to_owned(), record[field.name].clone())).collect()
}

async fn in_editor(given: Given<'_>, record: &Value) -> anyhow::Result<()> {
    let Given { kind, output, .. } = given;
    let before = written(kind, record);
    let key = record["key"].as_str().unwrap_or_default();
    let mut text = format!(
        "# {} {key}. What you change is applied when you save and leave; null takes away what stands in \
         a field.\n{}",
        kind.name,
        serde_yaml::to_string(&Ordered(kind, &Value::Object(before.clone())))?
    );
    let file = tempfile::Builder::new().prefix("fleet-").suffix(".yaml").tempfile()?;
    loop {
        std::fs::write(file.path(), &text)?;
        open(file.path())?;
        text = std::fs::read_to_string(file.path()).context("cannot read what was edited")?;
        let tried = apply(given, record, &before, &text).await;
        let wrong = match tried {
            Ok(made) if made.is_null() => return output.done("nothing was changed"),
            Ok(made) => return given.tell(&made, &format!("{} {key} changed", given.words())),
            Err(err) => err,
        };
        let is_mine = wrong.is::<Usage>()
            || wrong.downcast_ref::<Refusal>().is_some_and(|it| matches!(it.status, 409 | 422));
        if !is_mine || !again(&wrong)? {
            let (_, kept) = file.keep()?;
            return Err(wrong.context(format!("what you wrote is in {}", kept.display())));
        }
        let comment =
            format!("{wrong:#}").lines().map(|line| format!("# ! {line}\n")).collect::<String>();
        let rest: String = text
            .lines()
            .filter(|line| !line.starts_with("# ! "))
            .map(|line| format!("{line}\n"))
            .collect();
        text = comment + &rest;
    }
}

/// Whether whoever sits there wants to mend it.
fn again(wrong: &anyhow::Error) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut err = std::io::stderr();
    write!(err, "{wrong:#}\nEdit it again? [Y/n] ")?;
    err.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(!answer.trim().eq_ignore_ascii_case("n"))
}

/// Sends what differs; null where nothing does.
async fn apply(
    given: Given<'_>,
    record: &Value,
    before: &Map<String, Value>,
    text: &str,
) -> anyhow::Result<Value> {
    let after: Map<String, Value> =
        serde_yaml::from_str(text).map_err(|err| Usage(format!("this is no YAML: {err}")))?;
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in after {
        if before.get(&name) != Some(&value) {
            patch.insert(name, value);
        }
    }
    patch.retain(|name, value| !(value.is_null() && before.get(name).is_some_and(Value::is_null)));
    if patch.is_empty() {
        return Ok(Value::Null);
    }
    let key = record["key"].as_str().unwrap_or_default();
    let (path, version) = (paths::of_one(given.kind, key), record["version"].as_i64());
    given.change((Method::PATCH, path), &Value::Object(patch), version).await
}

/// What the user edits with. It may be several words.
fn open(file: &Path) -> anyhow::Result<()> {
    let editor = ["VISUAL", "EDITOR"].iter().find_map(std::env::var_os);
    let editor = editor.unwrap_or_else(|| "vi".into());
    let ended = Command::new("sh").args(["-c", "exec $0 \"$1\""]).arg(&editor).arg(file).status();
    let ended = ended.context("cannot start a shell")?;
    if !ended.success() {
        bail!("{} has ended with {ended}: nothing was changed", editor.to_string_lossy());
    }
    Ok(())
}
