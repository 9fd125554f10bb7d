//! Statements, put together from what is declared; all that anybody has written is bound.

use crate::query::{Condition, Query};
use crate::schema::{Column, Kind};
use db::{BYTEWISE, Engine, values};
use serde_json::Value;

/// Columns of a table, and what they hold.
pub(super) type Columns<'a> = [(&'a str, Column)];

/// The columns of a kind's fields, but that of the key.
fn columns(kind: &Kind) -> impl Iterator<Item = &'static str> {
    typed_columns(kind).map(|(column, _)| column)
}

fn typed_columns(kind: &Kind) -> impl Iterator<Item = (&'static str, Column)> {
    let all = kind.fields.iter().map(|field| (kind.column(field), field.shape.column()));
    all.filter(|(column, _)| *column != "key")
}

/// All that a record has: its key, its versions and times, its fields.
pub(super) fn of_records(kind: &Kind) -> Vec<(&'static str, Column)> {
    let versions = ["version", "created_at_us", "changed_at_us"];
    let begin = versions.map(|name| (name, Column::Integer));
    [("key", Column::Text)].into_iter().chain(begin).chain(typed_columns(kind)).collect()
}

/// All that is written down of a change.
pub(super) const OF_CHANGES: [(&str, Column); 11] = [
    ("version", Column::Integer),
    ("place", Column::Integer),
    ("at_us", Column::Integer),
    ("who", Column::Text),
    ("request_id", Column::Text),
    ("message", Column::Text),
    ("kind", Column::Text),
    ("key", Column::Text),
    ("action", Column::Text),
    ("before_fields", Column::Text),
    ("after_fields", Column::Text),
];

fn selected(kind: &Kind) -> String {
    let mut text = "SELECT \"key\", version, created_at_us, changed_at_us".to_owned();
    for column in columns(kind) {
        text += &format!(", \"{column}\"");
    }
    text += &format!(" FROM {}", kind.table());
    text
}

pub(super) fn find(kind: &Kind) -> String {
    selected(kind) + " WHERE \"key\" = $1"
}

pub(super) fn list(
    kind: &Kind,
    query: &Query,
    (condition, limit): (&Condition, Option<u32>),
    engine: Engine,
) -> String {
    let (text, order) = (&condition.text, query.order(kind));
    let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
    let text = format!("{} WHERE {text} ORDER BY {order}{limit}", selected(kind));
    match engine {
        // It compares so by itself.
        Engine::Sqlite => text.replace(BYTEWISE, ""),
        Engine::Postgres => text,
    }
}

/// Many rows at once: each value in a place of its own, or, to PostgreSQL, all of them as one JSON text, a list of
/// objects. It takes longer to read a statement with thousands of places than to do what it says.
pub(super) fn insert(table: &str, columns: &Columns<'_>, rows: usize, engine: Engine) -> String {
    let listed = |each: &dyn Fn(&(&str, Column)) -> String| {
        columns.iter().map(each).collect::<Vec<_>>().join(", ")
    };
    let names = listed(&|(name, _)| format!("\"{name}\""));
    let from = match engine {
        Engine::Sqlite => format!("VALUES {}", values(rows, columns.len(), engine)),
        Engine::Postgres => {
            let typed = listed(&|(name, column)| format!("\"{name}\" {}", column.sql()));
            format!("SELECT {names} FROM json_to_recordset($1::json) AS told ({typed})")
        }
    };
    format!("INSERT INTO {table} ({names}) {from}")
}

/// Those for which something holds.
pub(super) fn select(kind: &Kind, condition: &str) -> String {
    format!("{} WHERE {condition} ORDER BY \"key\"", selected(kind))
}

/// Some of those for which something holds, by key.
pub(super) fn page(kind: &Kind, condition: &str, limit: usize) -> String {
    format!("{} LIMIT {limit}", select(kind, condition))
}

/// That one of several values stands in a column: they are bound as one, [`together`]. Of hundreds that are
/// bound each by itself PostgreSQL compares every row with every one, and sees no index.
pub(crate) fn is_one_of(column: &str, engine: Engine) -> String {
    let told = match engine {
        Engine::Sqlite => "SELECT value FROM json_each($1)",
        Engine::Postgres => "SELECT json_array_elements_text($1::json)",
    };
    format!("\"{column}\" IN ({told})")
}

/// Texts as they are bound together.
pub(crate) fn together<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().collect::<Value>().to_string()
}

pub(super) fn existing(kind: &Kind, engine: Engine) -> String {
    format!("SELECT \"key\" FROM {} WHERE {}", kind.table(), is_one_of("key", engine))
}

pub(super) fn update(kind: &Kind) -> String {
    let mut set = String::new();
    for (at, column) in columns(kind).enumerate() {
        set += &format!(", \"{column}\" = ${}", at + 4);
    }
    let table = kind.table();
    format!("UPDATE {table} SET version = $2, changed_at_us = $3{set} WHERE \"key\" = $1")
}
