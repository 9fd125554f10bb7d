//! Statements, put together from what is declared; all that anybody has written is bound.

use crate::query::{Condition, Query};
use crate::schema::Kind;
use db::{BYTEWISE, Engine, values};

/// The columns of a kind's fields, but that of the key.
fn columns(kind: &Kind) -> impl Iterator<Item = &'static str> {
    let all = kind.fields.iter().map(|field| kind.column(field));
    all.filter(|column| *column != "key")
}

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

/// How many values a record has in [`insert`].
pub(super) fn insert_width(kind: &Kind) -> usize {
    4 + columns(kind).count()
}

pub(super) fn insert(kind: &Kind, rows: usize, engine: Engine) -> String {
    let mut names = "\"key\", version, created_at_us, changed_at_us".to_owned();
    for column in columns(kind) {
        names += &format!(", \"{column}\"");
    }
    let values = values(rows, insert_width(kind), engine);
    format!("INSERT INTO {} ({names}) VALUES {values}", kind.table())
}

pub(super) fn write_down(rows: usize, engine: Engine) -> String {
    const NAMES: &str = "version, place, at_us, who, request_id, message, kind, \"key\", action, \
                         before_fields, after_fields";
    format!("INSERT INTO changes ({NAMES}) VALUES {}", values(rows, 11, engine))
}

/// Those for which something holds.
pub(super) fn select(kind: &Kind, condition: &str) -> String {
    format!("{} WHERE {condition} ORDER BY \"key\"", selected(kind))
}

/// Some of those for which something holds, by key.
pub(super) fn page(kind: &Kind, condition: &str, limit: usize) -> String {
    format!("{} LIMIT {limit}", select(kind, condition))
}

/// That one of so many values stands in a column.
pub(crate) fn is_one_of(column: &str, count: usize, engine: Engine) -> String {
    format!("\"{column}\" IN {}", values(1, count, engine))
}

pub(super) fn existing(kind: &Kind, keys: usize, engine: Engine) -> String {
    format!("SELECT \"key\" FROM {} WHERE {}", kind.table(), is_one_of("key", keys, engine))
}

pub(super) fn update(kind: &Kind) -> String {
    let mut set = String::new();
    for (at, column) in columns(kind).enumerate() {
        set += &format!(", \"{column}\" = ${}", at + 4);
    }
    let table = kind.table();
    format!("UPDATE {table} SET version = $2, changed_at_us = $3{set} WHERE \"key\" = $1")
}
