//! Changing records: all of one request together or nothing of it, and all of it written down.

use super::bulk::{self, Line};
use super::{Kept, row, statements};
use crate::Complaint;
use crate::changes::{Author, Difference, difference};
use crate::kinds::ALL;
use crate::schema::{Kind, Record, Shape};
use db::counters::{self, Counter};
use db::{Db, Engine, Tx};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::HashMap;

/// Of those that are in the way so many are named.
const NAMED: usize = 5;

/// Why a record is not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It makes no sense.
    #[error("{}", said(.0))]
    Invalid(Vec<Complaint>),
    /// Its key is taken.
    #[error("there is a {0} {1} already")]
    Duplicate(&'static str, String),
    /// There is none.
    #[error("there is no {0} {1}")]
    NotFound(&'static str, String),
    /// Somebody else has changed it meanwhile.
    #[error("{key} is version {now} and not {wanted} any more: somebody has changed it")]
    Stale {
        /// Which.
        key: String,
        /// What was changed.
        wanted: i64,
        /// What it is.
        now: i64,
    },
    /// Others name it.
    #[error("{key} is named by {}: change them first", others.join(", "))]
    InUse {
        /// Which.
        key: String,
        /// By whom: kinds and keys.
        others: Vec<String>,
    },
    /// Of many, these.
    #[error("{} of them cannot be: {}", .0.len(), rows(.0))]
    Rows(Vec<Row>),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// What is wrong with one of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which, counted from 0.
    pub at: usize,
    /// Its key is taken, by another of them or before.
    pub is_duplicate: bool,
    /// What else.
    pub complaints: Vec<Complaint>,
}

/// The first of them, in words.
fn rows(rows: &[Row]) -> String {
    let row = |row: &Row| {
        let taken = row.is_duplicate.then(|| "its key is taken".to_owned());
        let all: Vec<String> =
            taken.into_iter().chain(row.complaints.iter().map(ToString::to_string)).collect();
        format!("number {}: {}", row.at + 1, all.join("; "))
    };
    rows.iter().take(NAMED).map(row).collect::<Vec<_>>().join(", ")
}

impl From<sqlx::Error> for Refused {
    fn from(err: sqlx::Error) -> Self {
        Self::Database(err.into())
    }
}

fn said(complaints: &[Complaint]) -> String {
    complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A request that changes records. Dropped, it has changed nothing.
#[derive(Debug)]
pub struct Changing {
    tx: Tx,
    engine: Engine,
    version: i64,
    now_us: i64,
    author: Author,
    place: i64,
}

impl Changing {
    /// Begins one. Others that write wait for its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(db: &Db, author: Author, now_us: i64) -> Result<Self, Refused> {
        let mut tx = db.begin().await?;
        let version = counters::raise(&mut tx, Counter::Inventory, 1).await?;
        Ok(Self { tx, engine: db.engine(), version, now_us, author, place: 0 })
    }

    /// Makes it so; gives the version of what there is from here on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn commit(self) -> Result<i64, Refused> {
        self.tx.commit().await?;
        Ok(self.version)
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn create(
        &mut self,
        kind: &'static Kind,
        wanted: &Map<String, Value>,
    ) -> Result<Record, Refused> {
        let record = kind.read(wanted).map_err(Refused::Invalid)?;
        let all = std::slice::from_ref(&record);
        let refused = self.in_the_way(kind, all).await?;
        if let Some(row) = refused.into_iter().next() {
            let key = kind.key(&record);
            return Err(match row.is_duplicate {
                true => Refused::Duplicate(kind.name, key),
                false => Refused::Invalid(row.complaints),
            });
        }
        self.insert(kind, all).await?;
        Ok(record)
    }

    /// Adds many, or none of them.
    ///
    /// # Errors
    /// [`Refused::Rows`], with all that is wrong with each of them.
    pub async fn create_all<'a>(
        &mut self,
        kind: &'static Kind,
        wanted: impl IntoIterator<Item = &'a Map<String, Value>>,
    ) -> Result<Vec<Record>, Refused> {
        let (mut records, mut wrong) = (Vec::new(), Vec::new());
        for (at, wanted) in wanted.into_iter().enumerate() {
            match kind.read(wanted) {
                Ok(record) => records.push((at, record)),
                Err(complaints) => wrong.push(Row { at, is_duplicate: false, complaints }),
            }
        }
        let (places, records): (Vec<usize>, Vec<Record>) = records.into_iter().unzip();
        let refused = self.in_the_way(kind, &records).await?;
        wrong.extend(refused.into_iter().map(|row| Row { at: places[row.at], ..row }));
        if !wrong.is_empty() {
            wrong.sort_by_key(|row| row.at);
            return Err(Refused::Rows(wrong));
        }
        self.insert(kind, &records).await?;
        Ok(records)
    }

    async fn insert(&mut self, kind: &'static Kind, records: &[Record]) -> Result<(), Refused> {
        bulk::insert((&mut self.tx, self.engine), kind, records, (self.version, self.now_us))
            .await?;
        let line = |record: &Record| {
            let Difference { action, before, after } = difference(None, Some(record))?;
            let (before, after) = (Value::Object(before), Value::Object(after));
            Some(Line { key: kind.key(record), action: action.as_str(), before, after })
        };
        let lines: Vec<Line> = records.iter().filter_map(line).collect();
        self.write_lines(kind, &lines).await
    }

    async fn write_lines(&mut self, kind: &Kind, lines: &[Line]) -> Result<(), Refused> {
        let by = (&self.author, self.version, self.now_us);
        Ok(bulk::write_down((&mut self.tx, self.engine), kind, lines, by, &mut self.place).await?)
    }

    /// What is in the way of new records: keys that are taken, and names of what is not there. Among
    /// themselves they may name those that stand before them.
    async fn in_the_way(
        &mut self,
        kind: &'static Kind,
        records: &[Record],
    ) -> Result<Vec<Row>, Refused> {
        let keys: Vec<String> = records.iter().map(|record| kind.key(record)).collect();
        let mut taken =
            bulk::existing((&mut self.tx, self.engine), kind, keys.iter().map(String::as_str))
                .await?;
        let mut known = HashMap::new();
        for other in ALL.iter().filter(|other| kind.names(other)) {
            let named = records.iter().flat_map(|record| record.references(kind));
            let named = named.filter(|(_, name, _)| *name == other.name).map(|(_, _, key)| key);
            known.insert(
                other.name,
                bulk::existing((&mut self.tx, self.engine), other, named).await?,
            );
        }
        let mut rows = Vec::new();
        for (at, (record, key)) in records.iter().zip(keys).enumerate() {
            let unknown = record.references(kind).filter(|(_, other, key)| {
                let is_own = *other == kind.name && taken.contains(*key);
                !is_own && known.get(other).is_none_or(|known| !known.contains(*key))
            });
            let complaints: Vec<Complaint> = unknown
                .map(|(field, other, key)| Complaint {
                    field: field.to_owned(),
                    message: format!("there is no {other} {key}"),
                })
                .collect();
            let is_duplicate = !taken.insert(key);
            if is_duplicate || !complaints.is_empty() {
                rows.push(Row { at, is_duplicate, complaints });
            }
        }
        Ok(rows)
    }

    /// Changes fields of a record: null takes away what stands in one. Where a version is named, it has
    /// to be that one.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn update(
        &mut self,
        kind: &'static Kind,
        key: &str,
        patch: &Map<String, Value>,
        version: Option<i64>,
    ) -> Result<Record, Refused> {
        let before = self.found(kind, key, version).await?.record;
        let mut wanted = kind.written(&before);
        wanted.extend(patch.clone());
        let read = kind.read(&wanted).map_err(Refused::Invalid)?;
        let record = kind.with_ours_of(read, &before);
        if kind.key(&record) != key {
            let field = kind.key.join(", ");
            let message = "is what it is known by, for good: create another".to_owned();
            return Err(Refused::Invalid(vec![Complaint { field, message }]));
        }
        self.check_references(kind, &record).await?;
        if self.write_down(kind, key, Some(&before), Some(&record)).await? {
            let text = statements::update(kind);
            let mut asked =
                sqlx::query(AssertSqlSafe(text)).bind(key).bind(self.version).bind(self.now_us);
            for field in kind.fields.iter().filter(|field| kind.column(field) != "key") {
                let value = field.shape.to_column(record.get(field.name));
                asked = row::bind(asked, field.shape.column(), &value);
            }
            asked.execute(&mut *self.tx).await?;
        }
        Ok(record)
    }

    /// Removes a record that nobody names.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn delete(
        &mut self,
        kind: &'static Kind,
        key: &str,
        version: Option<i64>,
    ) -> Result<(), Refused> {
        let before = self.found(kind, key, version).await?.record;
        let others = self.named_by(kind, key).await?;
        if !others.is_empty() {
            return Err(Refused::InUse { key: key.to_owned(), others });
        }
        let text = format!("DELETE FROM {} WHERE \"key\" = $1", kind.table());
        sqlx::query(AssertSqlSafe(text)).bind(key).execute(&mut *self.tx).await?;
        self.write_down(kind, key, Some(&before), None).await?;
        Ok(())
    }

    async fn find(&mut self, kind: &Kind, key: &str) -> Result<Option<Kept>, Refused> {
        let text = statements::find(kind, self.engine);
        let row = sqlx::query(AssertSqlSafe(text)).bind(key).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row::read(kind, &row)).transpose()?)
    }

    async fn found(
        &mut self,
        kind: &'static Kind,
        key: &str,
        version: Option<i64>,
    ) -> Result<Kept, Refused> {
        let kept = self.find(kind, key).await?;
        let kept = kept.ok_or_else(|| Refused::NotFound(kind.name, key.to_owned()))?;
        match version {
            Some(wanted) if wanted != kept.version => {
                Err(Refused::Stale { key: key.to_owned(), wanted, now: kept.version })
            }
            _ => Ok(kept),
        }
    }

    /// What a record names is there.
    async fn check_references(&mut self, kind: &Kind, record: &Record) -> Result<(), Refused> {
        let mut complaints = Vec::new();
        for (field, other, key) in record.references(kind) {
            let Some(of) = crate::kinds::kind(other) else { continue };
            if bulk::existing((&mut self.tx, self.engine), of, [key]).await?.is_empty() {
                let message = format!("there is no {other} {key}");
                complaints.push(Complaint { field: field.to_owned(), message });
            }
        }
        if complaints.is_empty() { Ok(()) } else { Err(Refused::Invalid(complaints)) }
    }

    /// Who names a record, of whichever kind.
    async fn named_by(&mut self, kind: &Kind, key: &str) -> Result<Vec<String>, Refused> {
        let mut others = Vec::new();
        for other in ALL {
            for field in other.fields {
                if !matches!(field.shape, Shape::Of(name) if name == kind.name) {
                    continue;
                }
                let (table, column) = (other.table(), other.column(field));
                let text = format!(
                    "SELECT \"key\" FROM {table} WHERE \"{column}\" = $1 ORDER BY \"key\" LIMIT {NAMED}"
                );
                let rows = sqlx::query(AssertSqlSafe(text)).bind(key);
                for row in rows.fetch_all(&mut *self.tx).await? {
                    others.push(format!("{} {}", other.name, row.try_get::<String, _>(0)?));
                }
            }
        }
        others.truncate(NAMED);
        Ok(others)
    }

    /// Writes down what differs; whether anything does.
    async fn write_down(
        &mut self,
        kind: &Kind,
        key: &str,
        before: Option<&Record>,
        after: Option<&Record>,
    ) -> Result<bool, Refused> {
        let Some(Difference { action, before, after }) = difference(before, after) else {
            return Ok(false);
        };
        let (before, after) = (Value::Object(before), Value::Object(after));
        let line = Line { key: key.to_owned(), action: action.as_str(), before, after };
        self.write_lines(kind, &[line]).await?;
        Ok(true)
    }
}
