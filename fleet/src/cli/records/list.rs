//! `list`: a table that fits, or all of it for programs.

use super::given::Given;
use super::target;
use crate::cli::output::{Mood, Output, Shown, number, text};
use anyhow::Context;
use inventory::schema::{Kind, Need, Shape};
use serde_json::{Value, json};

/// Of one cell so much is shown where there are many.
const MAX_CELL_CHARS: usize = 40;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let Given { kind, matches, output, .. } = given;
    let mut asked = target::filters(matches)?;
    for name in ["sort", "fields"] {
        asked.extend(given.text(name).map(|it| (name.to_owned(), it.to_owned())));
    }
    let most = matches.get_one::<u32>("limit").copied().context("a limit")?;
    let columns: Option<Vec<&str>> =
        given.text("fields").map(|it| it.split(',').map(str::trim).collect());
    let all = json!({ "items": given.all(&asked, most).await? });
    output.records(kind, &all, |all| {
        let items = all["items"].as_array().map_or(&[][..], Vec::as_slice);
        table(kind, items, columns.as_deref(), output)
    })
}

/// The fields that are asked for; else as many as fit, in the order in which people read them, without
/// those in which nothing stands.
pub(super) fn table(
    kind: &Kind,
    items: &[Value],
    wanted: Option<&[&str]>,
    output: &Output,
) -> String {
    let columns: Vec<&str> = match wanted {
        Some(wanted) => wanted.to_vec(),
        None => fitting(kind, items, output.width()),
    };
    let header: Vec<String> = columns.iter().map(|name| name.replace('_', " ")).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = output.columns(&header);
    for item in items {
        table.row(columns.iter().map(|name| shown(kind, name, &item[*name], wanted.is_none())));
    }
    table.render()
}

fn fitting(kind: &Kind, items: &[Value], width: usize) -> Vec<&'static str> {
    let is_said = |name: &str| items.iter().any(|item| !item[name].is_null());
    let is_worth = |name: &str, need: Need| {
        kind.key.contains(&name) || need == Need::Required || is_said(name)
    };
    let (mut columns, mut taken) = (Vec::new(), 0);
    for field in kind.fields.iter().filter(|field| is_worth(field.name, field.need)) {
        if matches!(field.shape, Shape::Notes) {
            continue;
        }
        let cells = items.iter().map(|item| cell(&item[field.name], true).chars().count());
        let own = cells.max().unwrap_or_default().max(field.name.len()) + 3;
        if taken + own > width && !kind.key.contains(&field.name) {
            continue;
        }
        taken += own;
        columns.push(field.name);
    }
    columns
}

fn shown(kind: &Kind, name: &str, value: &Value, is_cut: bool) -> Shown {
    let text_of = cell(value, is_cut);
    match kind.field(name).map(|field| field.shape) {
        Some(Shape::Integer(..) | Shape::Decimal(..) | Shape::Half(..)) => number(&text_of),
        Some(Shape::Choice(_)) if name == "status" => {
            let mood = match text_of.as_str() {
                "active" | "connected" | "available" => Mood::Good,
                "failed" | "rma" => Mood::Bad,
                "maintenance" | "draining" | "offline" | "deprecated" => Mood::Doubtful,
                _ => return text(&text_of),
            };
            Shown::State(text_of, mood)
        }
        _ => text(&text_of),
    }
}

/// As people read it: lists with commas, nothing as nothing.
pub(super) fn cell(value: &Value, is_cut: bool) -> String {
    let whole = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(all) if all.iter().all(|it| !it.is_object() && !it.is_array()) => {
            all.iter().map(|it| cell(it, false)).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    if !is_cut || whole.chars().count() <= MAX_CELL_CHARS {
        return whole;
    }
    whole.chars().take(MAX_CELL_CHARS - 1).chain(['…']).collect()
}
