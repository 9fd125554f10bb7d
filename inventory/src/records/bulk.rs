//! Many records in few statements.

use super::row::{self, Asked};
use super::statements::{self, Columns};
use crate::changes::{Author, Difference};
use crate::schema::{Kind, Record};
use db::{Engine, Error, Tx};
use futures_util::future::join;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeSet, HashSet};

/// Both databases bind at least so much in one statement.
const BINDS: usize = 30_000;

/// More rows make a statement longer, and nothing faster.
const ROWS: usize = 500;

/// Which of these keys there are.
pub(super) async fn existing<'a>(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<HashSet<String>, Error> {
    let distinct: BTreeSet<&str> = keys.into_iter().collect();
    if distinct.is_empty() {
        return Ok(HashSet::new());
    }
    let asked = sqlx::query(AssertSqlSafe(statements::existing(kind, engine)));
    let rows = asked.bind(statements::together(distinct)).fetch_all(&mut **tx).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Adds records whose keys are free.
pub(super) async fn insert(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    records: &[Record],
    (version, now_us): (i64, i64),
) -> Result<(), Error> {
    let (table, columns) = (kind.table(), statements::of_records(kind));
    let rows = records.iter().map(|record| {
        let begin = [kind.key(record).into(), version.into(), now_us.into(), now_us.into()];
        begin.into_iter().chain(row::values(kind, record)).collect()
    });
    fill((tx, engine), &table, &columns, rows).await
}

/// How many rows.
fn at_once(engine: Engine, width: usize) -> usize {
    match engine {
        Engine::Sqlite => (BINDS / width).clamp(1, ROWS),
        Engine::Postgres => ROWS,
    }
}

/// Adds rows to a table. While the database does what it was told, the next of them are put into words.
async fn fill(
    (tx, engine): (&mut Tx, Engine),
    table: &str,
    columns: &Columns<'_>,
    mut rows: impl Iterator<Item = Vec<Value>>,
) -> Result<(), Error> {
    let most = at_once(engine, columns.len());
    let mut next = move || {
        let some: Vec<Vec<Value>> = rows.by_ref().take(most).collect();
        (!some.is_empty()).then(|| Told::new((table, columns), some, engine))
    };
    let mut told = next();
    while let Some(now) = told {
        let added = now.asked(columns).execute(&mut **tx);
        let (done, then) = join(added, async { next() }).await;
        done?;
        told = then;
    }
    Ok(())
}

/// Rows as they are told to a database: a statement, and what is bound in it.
struct Told {
    statement: String,
    bound: Bound,
}

enum Bound {
    /// Each value by itself.
    Apart(Vec<Vec<Value>>),
    /// All of them as one JSON text.
    Together(String),
}

impl Told {
    fn new((table, columns): (&str, &Columns<'_>), rows: Vec<Vec<Value>>, engine: Engine) -> Self {
        let statement = statements::insert(table, columns, rows.len(), engine);
        let bound = match engine {
            Engine::Sqlite => Bound::Apart(rows),
            Engine::Postgres => Bound::Together(json(columns, &rows)),
        };
        Self { statement, bound }
    }

    fn asked(&self, columns: &Columns<'_>) -> Asked<'_> {
        let asked: Asked<'_> = sqlx::query(AssertSqlSafe(self.statement.as_str()));
        match &self.bound {
            Bound::Apart(rows) => {
                let all = rows.iter().flat_map(|row| columns.iter().zip(row));
                all.fold(asked, |asked, ((_, column), value)| row::bind(asked, *column, value))
            }
            Bound::Together(text) => asked.bind(text.as_str()),
        }
    }
}

/// A list of objects, without what is nothing.
fn json(columns: &Columns<'_>, rows: &[Vec<Value>]) -> String {
    let object = |row: &Vec<Value>| {
        let there = columns.iter().zip(row).filter(|(_, value)| !value.is_null());
        let fields: Vec<String> =
            there.map(|((name, _), value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    };
    format!("[{}]", rows.iter().map(object).collect::<Vec<_>>().join(","))
}

/// What was done to a record, as it is written down.
pub(super) struct Line {
    pub(super) key: String,
    pub(super) action: &'static str,
    pub(super) before: Value,
    pub(super) after: Value,
}

impl Line {
    pub(super) fn new(key: String, made: Difference) -> Self {
        let Difference { action, before, after } = made;
        let (before, after) = (Value::Object(before), Value::Object(after));
        Self { key, action: action.as_str(), before, after }
    }
}

/// Writes down what was done; `place` is that of the last line before.
pub(super) async fn write_down(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    lines: &[Line],
    (author, version, now_us): (&Author, i64, i64),
    place: &mut i64,
) -> Result<(), Error> {
    let rows = lines.iter().map(|Line { key, action, before, after }| {
        *place += 1;
        vec![
            version.into(),
            (*place).into(),
            now_us.into(),
            author.who.as_str().into(),
            author.request_id.as_str().into(),
            author.message.clone().into(),
            kind.name.into(),
            key.as_str().into(),
            (*action).into(),
            before.to_string().into(),
            after.to_string().into(),
        ]
    });
    fill((tx, engine), "changes", &statements::OF_CHANGES, rows).await
}
