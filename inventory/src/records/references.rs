//! What records name, and by whom they are named.

use super::bulk;
use super::refused::NAMED;
use super::settle::At;
use crate::Complaint;
use crate::kinds::ALL;
use crate::query::holding_tag;
use crate::schema::{Kind, Record, Shape};
use db::Error;
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{HashMap, HashSet};

/// Of what some records name, what there is: by kind.
pub(super) struct Known(HashMap<&'static str, HashSet<String>>);

impl Known {
    /// Looks it up. Those of one request may name each other.
    pub(super) async fn of(
        (tx, engine): At<'_>,
        kind: &Kind,
        records: &[Record],
    ) -> Result<Self, Error> {
        let mut known = HashMap::new();
        for other in ALL.iter().filter(|other| kind.names(other)) {
            let named = records.iter().flat_map(|record| record.references(kind));
            let named = named.filter(|(_, name, _)| *name == other.name).map(|(_, _, key)| key);
            known.insert(other.name, bulk::existing((&mut *tx, engine), other, named).await?);
        }
        if let Some(own) = known.get_mut(kind.name) {
            own.extend(records.iter().map(|record| kind.key(record)));
        }
        Ok(Self(known))
    }

    /// What one names that is not there.
    pub(super) fn complaints(&self, kind: &Kind, record: &Record) -> Vec<Complaint> {
        let is_there =
            |other: &str, key: &str| self.0.get(other).is_some_and(|it| it.contains(key));
        let unknown = record.references(kind).filter(|(_, other, key)| !is_there(other, key));
        unknown
            .map(|(field, other, key)| Complaint::new(field, format!("there is no {other} {key}")))
            .collect()
    }
}

/// Who names a record, of whichever kind.
pub(super) async fn named_by(
    (tx, _): At<'_>,
    kind: &Kind,
    key: &str,
) -> Result<Vec<String>, Error> {
    let mut others = Vec::new();
    for other in ALL {
        for field in other.fields {
            if field.shape.names() != Some(kind.name) {
                continue;
            }
            let (holds, value) = match field.shape {
                Shape::Tags => ("LIKE", holding_tag(key)),
                _ => ("=", key.to_owned()),
            };
            let (table, column) = (other.table(), other.column(field));
            let text = format!(
                "SELECT \"key\" FROM {table} WHERE \"{column}\" {holds} $1 ORDER BY \"key\" LIMIT {NAMED}"
            );
            let rows = sqlx::query(AssertSqlSafe(text)).bind(value);
            for row in rows.fetch_all(&mut **tx).await? {
                others.push(format!("{} {}", other.name, row.try_get::<String, _>(0)?));
            }
        }
    }
    others.truncate(NAMED);
    Ok(others)
}
