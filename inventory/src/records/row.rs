//! A row as a record, and values as what is bound.

use super::Kept;
use crate::schema::{Column, Kind, Record};
use db::{Error, NO_DOUBLE};
use serde_json::{Map, Value};
use sqlx::Row;
use sqlx::any::{AnyArguments, AnyRow};

pub(super) type Asked<'q> = sqlx::query::Query<'q, sqlx::Any, AnyArguments>;

/// Nothing has a type as well.
pub(super) fn bind<'q>(asked: Asked<'q>, column: Column, value: &Value) -> Asked<'q> {
    match column {
        Column::Text => asked.bind(value.as_str().map(str::to_owned)),
        Column::Integer => asked.bind(value.as_i64()),
        Column::Decimal => match value.as_f64() {
            Some(number) => asked.bind(number),
            None => asked.bind(NO_DOUBLE),
        },
    }
}

/// What stands in the fields of a record, but the key.
pub(super) fn values(kind: &Kind, record: &Record) -> impl Iterator<Item = Value> {
    let fields = kind.fields.iter().filter(|field| kind.column(field) != "key");
    fields.map(|field| field.shape.to_column(record.get(field.name)))
}

/// The same, bound.
pub(super) fn bind_fields<'q>(asked: Asked<'q>, kind: &Kind, record: &Record) -> Asked<'q> {
    let fields = kind.fields.iter().filter(|field| kind.column(field) != "key");
    let columns = fields.map(|field| field.shape.column());
    let all = columns.zip(values(kind, record));
    all.fold(asked, |asked, (column, value)| bind(asked, column, &value))
}

pub(super) fn read(kind: &Kind, row: &AnyRow) -> Result<Kept, Error> {
    let key: String = row.try_get(0)?;
    let mut fields = Map::new();
    let mut at = 4;
    for field in kind.fields {
        let value = if kind.column(field) == "key" {
            Some(Value::from(key.as_str()))
        } else {
            let found = column(row, at, field.shape.column())?;
            at += 1;
            field.shape.from_column(found)
        };
        let corrupt = || Error::corrupt(format!("{} {key}", kind.name), field.name);
        fields.insert(field.name.to_owned(), value.ok_or_else(corrupt)?);
    }
    let record = kind.kept(fields);
    let (version, created_at_us) = (row.try_get(1)?, row.try_get(2)?);
    Ok(Kept { record, version, created_at_us, changed_at_us: row.try_get(3)? })
}

fn column(row: &AnyRow, at: usize, column: Column) -> Result<Value, Error> {
    Ok(match column {
        Column::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::from),
        Column::Integer => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::from),
        Column::Decimal => row.try_get::<Option<f64>, _>(at)?.map_or(Value::Null, Value::from),
    })
}
