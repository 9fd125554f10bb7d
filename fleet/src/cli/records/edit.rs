//! `edit`: by flags, several at once; or one in an editor.

use super::history::differences;
use super::{Ordered, ask, fields, target};
use crate::cli::Usage;
use crate::cli::client::{Client, Refusal};
use crate::cli::output::Output;
use anyhow::{Context, bail};
use clap::ArgMatches;
use http::Method;
use inventory::schema::{Kind, Need};
use serde_json::{Map, Value};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;

pub(super) async fn run(
    kind: &'static Kind,
    matches: &ArgMatches,
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let mut patch = fields::read(kind, matches)?;
    for name in matches.get_many::<String>("unset").into_iter().flatten() {
        let field = kind.field(&name.replace('-', "_"));
        let field = field
            .ok_or_else(|| Usage(format!("--unset {name}: a {} has no such field", kind.name)))?;
        patch.insert(field.name.to_owned(), Value::Null);
    }
    let meant = target::meant(kind, matches, client).await?;
    match (patch.is_empty(), &meant[..]) {
        (true, [one]) => in_editor(kind, one, (matches, client), output).await,
        (true, _) => {
            Err(Usage("what is to be changed? With several, say it by flags".into()).into())
        }
        (false, []) => output.done("none passes the filters"),
        (false, _) => by_flags(kind, &meant, &patch, (matches, client), output).await,
    }
}

async fn by_flags(
    kind: &'static Kind,
    meant: &[Value],
    patch: &Map<String, Value>,
    (matches, client): (&ArgMatches, &Client),
    output: &Output,
) -> anyhow::Result<()> {
    let keys: Vec<&str> = meant.iter().filter_map(|it| it["key"].as_str()).collect();
    target::is_sure(matches, &format!("{} would change: {}", keys.len(), keys.join(", ")))?;
    let patched = |record: &Value| {
        let mut one = ask::named(record);
        if let Some(one) = one.as_object_mut() {
            one.extend(patch.clone());
        }
        one
    };
    let body = Value::Array(meant.iter().map(patched).collect());
    let path = ask::path(kind, &[], &ask::beside(matches))?;
    let made = ask::change(client, (Method::PATCH, &path), Some(&body), None).await?;
    if matches.get_flag("dry-run") {
        return output.write(&made, preview);
    }
    output.records(kind, &made, |_| {
        format!("{} {} changed", kind.name.replace('-', " "), keys.join(", "))
    })
}

/// What would be changed, for people.
pub(super) fn preview(made: &Value) -> String {
    let changes = made["changes"].as_array().into_iter().flatten();
    let one = |change: &Value| {
        let (kind, key) = (change["kind"].as_str(), change["key"].as_str());
        let what = match change["action"].as_str().unwrap_or_default() {
            "update" => differences(change).join("; "),
            action => format!("would be {action}d"),
        };
        format!("{} {}: {what}", kind.unwrap_or_default(), key.unwrap_or_default())
    };
    let lines: Vec<String> = changes.map(one).collect();
    if lines.is_empty() { "nothing would be changed".to_owned() } else { lines.join("\n") }
}

/// As YAML, without what nobody writes.
fn written(kind: &Kind, record: &Value) -> Map<String, Value> {
    let fields = kind.fields.iter().filter(|field| field.need != Need::Ours);
    fields.map(|field| (field.name.to_owned(), record[field.name].clone())).collect()
}

async fn in_editor(
    kind: &'static Kind,
    record: &Value,
    (matches, client): (&ArgMatches, &Client),
    output: &Output,
) -> anyhow::Result<()> {
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
        let tried = apply(kind, record, &before, &text, (matches, client)).await;
        let wrong = match tried {
            Ok(made) if made.is_null() => return output.done("nothing was changed"),
            Ok(made) if matches.get_flag("dry-run") => return output.write(&made, preview),
            Ok(made) => {
                return output.records(kind, &made, |_| format!("{} {key} changed", kind.name));
            }
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
    kind: &'static Kind,
    record: &Value,
    before: &Map<String, Value>,
    text: &str,
    (matches, client): (&ArgMatches, &Client),
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
    let path = ask::path(kind, &[key], &ask::beside(matches))?;
    let version = record["version"].as_i64();
    ask::change(client, (Method::PATCH, &path), Some(&Value::Object(patch)), version).await
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
