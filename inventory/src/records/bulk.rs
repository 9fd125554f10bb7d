//! Many records in few statements.

use super::row::{self, Asked};
use super::statements::{self, Columns};
use crate::changes::{Author, Difference};
use crate::schema::{Kind, Record};
use db::{Engine, Error, Tx};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashSet;

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
    let distinct: HashSet<&str> = keys.into_iter().collect();
    let (keys, mut found): (Vec<&str>, _) = (distinct.into_iter().collect(), HashSet::new());
    for some in keys.chunks(ROWS) {
        let mut asked = sqlx::query(AssertSqlSafe(statements::existing(kind, some.len(), engine)));
        for key in some {
            asked = asked.bind(*key);
        }
        for row in asked.fetch_all(&mut **tx).await? {
            found.insert(row.try_get(0)?);
        }
    }
    Ok(found)
}

/// Adds records whose keys are free.
pub(super) async fn insert(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    records: &[Record],
    (version, now_us): (i64, i64),
) -> Result<(), Error> {
    let (table, columns) = (kind.table(), statements::of_records(kind));
    for some in records.chunks(at_once(engine, columns.len())) {
        let row = |record: &Record| {
            let begin = [kind.key(record).into(), version.into(), now_us.into(), now_us.into()];
            begin.into_iter().chain(row::values(kind, record)).collect()
        };
        let rows = some.iter().map(row).collect();
        fill((&mut *tx, engine), &table, &columns, rows).await?;
    }
    Ok(())
}

/// How many rows.
fn at_once(engine: Engine, width: usize) -> usize {
    match engine {
        Engine::Sqlite => (BINDS / width).clamp(1, ROWS),
        Engine::Postgres => ROWS,
    }
}

/// Adds rows to a table.
async fn fill(
    (tx, engine): (&mut Tx, Engine),
    table: &str,
    columns: &Columns<'_>,
    rows: Vec<Vec<Value>>,
) -> Result<(), Error> {
    let text = statements::insert(table, columns, rows.len(), engine);
    let mut asked: Asked<'_> = sqlx::query(AssertSqlSafe(text));
    asked = match engine {
        Engine::Sqlite => {
            let all = rows.iter().flat_map(|row| columns.iter().zip(row));
            all.fold(asked, |asked, ((_, column), value)| row::bind(asked, *column, value))
        }
        Engine::Postgres => asked.bind(told(columns, rows)),
    };
    asked.execute(&mut **tx).await?;
    Ok(())
}

/// As a list of objects, without what is nothing.
fn told(columns: &Columns<'_>, rows: Vec<Vec<Value>>) -> String {
    let object = |row: Vec<Value>| {
        let all = columns.iter().zip(row).filter(|(_, value)| !value.is_null());
        all.map(|((name, _), value)| ((*name).to_owned(), value)).collect::<Map<_, _>>().into()
    };
    Value::Array(rows.into_iter().map(object).collect()).to_string()
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
    let columns = &statements::OF_CHANGES;
    for some in lines.chunks(at_once(engine, columns.len())) {
        let row = |Line { key, action, before, after }: &Line| {
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
        };
        let rows = some.iter().map(row).collect();
        fill((&mut *tx, engine), "changes", columns, rows).await?;
    }
    Ok(())
}
