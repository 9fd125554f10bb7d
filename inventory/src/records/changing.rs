//! Changing records: all of one request together or nothing of it, and all of it written down.

use super::bulk::{self, Line};
use super::references::{self, Known};
use super::refused::{Refused, Row, still_used};
use super::settle::{Touched, settle};
use super::{Kept, row, statements};
use crate::Complaint;
use crate::changes::{Author, Difference, difference};
use crate::schema::{Kind, Record};
use db::counters::{self, Counter};
use db::{Db, Engine, Tx};
use serde_json::{Map, Value};
use sqlx::{Acquire as _, AssertSqlSafe, Row as _};
use std::collections::{BTreeMap, HashMap};

/// A request that changes records. Dropped, it has changed nothing.
#[derive(Debug)]
pub struct Changing {
    tx: Tx,
    engine: Engine,
    version: i64,
    now_us: i64,
    author: Author,
    place: i64,
    touched: Vec<Touched>,
    /// Machines that have said what they are made of.
    pub(super) observed: Vec<String>,
    /// Where one stands there, by kind and key.
    places: HashMap<(&'static str, String), usize>,
}

impl Changing {
    /// Begins one. Others that write wait for its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(db: &Db, author: Author, now_us: i64) -> Result<Self, Refused> {
        let mut tx = db.begin().await?;
        let version = counters::raise(&mut tx, Counter::Inventory, 1).await?;
        // A clock may be set back; what was changed later stands later.
        let last =
            sqlx::query("SELECT at_us FROM changes ORDER BY version DESC, place DESC LIMIT 1");
        let last = last.fetch_optional(&mut *tx).await?;
        let last = last.map(|row| row.try_get::<i64, _>(0)).transpose()?;
        let now_us = last.map_or(now_us, |last| last.max(now_us));
        Ok(Self {
            tx,
            engine: db.engine(),
            version,
            now_us,
            author,
            place: 0,
            touched: Vec::new(),
            observed: Vec::new(),
            places: HashMap::new(),
        })
    }

    /// Makes it so; gives the version of what there is from here on.
    ///
    /// # Errors
    /// When records do not go together, or the database fails.
    pub async fn commit(mut self) -> Result<i64, Refused> {
        self.settle().await?;
        self.compare().await?;
        self.tx.commit().await?;
        Ok(self.version)
    }

    /// Sees whether it could be made so, and leaves all as it was.
    ///
    /// # Errors
    /// As [`Changing::commit`].
    pub async fn try_out(mut self) -> Result<(), Refused> {
        self.settle().await?;
        Ok(self.tx.rollback().await?)
    }

    /// What it has changed so far, each record once.
    pub fn differences(&self) -> impl Iterator<Item = (&'static Kind, &str, Difference)> {
        self.touched.iter().filter_map(|it| {
            let made = difference(it.before.as_ref(), it.after.as_ref())?;
            Some((it.kind, it.key.as_str(), made))
        })
    }

    /// Those of a kind that it has changed so far, as they were and as they are.
    pub fn touched(
        &self,
        kind: &'static Kind,
    ) -> impl Iterator<Item = (&str, Option<&Record>, Option<&Record>)> {
        let own = self.touched.iter().filter(move |it| std::ptr::eq(it.kind, kind));
        own.map(|it| (it.key.as_str(), it.before.as_ref(), it.after.as_ref()))
    }

    /// How much was changed so far.
    pub(super) fn changed(&self) -> i64 {
        self.place
    }

    /// Where it is written.
    pub(super) fn here(&mut self) -> (&mut Tx, Engine) {
        (&mut self.tx, self.engine)
    }

    /// By whom, and when in microseconds.
    pub(super) fn by(&self) -> (&Author, i64) {
        (&self.author, self.now_us)
    }

    async fn settle(&mut self) -> Result<(), Refused> {
        let at = (&mut self.tx, self.engine);
        let message = self.author.message.as_deref();
        let wrong = settle(at, &self.touched, message, self.now_us).await?;
        if wrong.is_empty() {
            return Ok(());
        }
        let mut rows = BTreeMap::<(usize, &str, &str), Row>::new();
        for (it, complaint) in &wrong {
            let Some(at) = it.at else {
                let all = wrong.into_iter().map(|(_, complaint)| complaint);
                return Err(Refused::Invalid(all.collect()));
            };
            let row = rows.entry((at, it.kind.name, &it.key));
            let key = Some(it.key.clone());
            let row = row.or_insert_with(|| Row::new(it.kind, at, key, Vec::new()));
            row.complaints.push(complaint.clone());
        }
        Err(Refused::Rows(rows.into_values().collect()))
    }

    /// Remembers what to look at in the end.
    fn touch(
        &mut self,
        (kind, key): (&'static Kind, &str),
        at: Option<usize>,
        before: Option<Record>,
        after: Option<Record>,
    ) {
        let place = (kind.name, key.to_owned());
        match self.places.get(&place) {
            Some(&known) => self.touched[known].after = after,
            None => {
                self.places.insert(place, self.touched.len());
                self.touched.push(Touched { kind, at, key: key.to_owned(), before, after });
            }
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn create(
        &mut self,
        kind: &'static Kind,
        wanted: &Map<String, Value>,
    ) -> Result<Kept, Refused> {
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
        self.insert(kind, all, &[None]).await?;
        Ok(self.made(record))
    }

    fn made(&self, record: Record) -> Kept {
        let (created_at_us, changed_at_us) = (self.now_us, self.now_us);
        Kept { record, version: self.version, created_at_us, changed_at_us }
    }

    /// Adds many, or none of them.
    ///
    /// # Errors
    /// [`Refused::Rows`], with all that is wrong with each of them.
    pub async fn create_all<'a>(
        &mut self,
        kind: &'static Kind,
        wanted: impl IntoIterator<Item = &'a Map<String, Value>>,
    ) -> Result<Vec<Kept>, Refused> {
        self.create_some(kind, wanted.into_iter().enumerate()).await
    }

    /// The same, each with its place among all that is changed together.
    pub(super) async fn create_some<'a>(
        &mut self,
        kind: &'static Kind,
        wanted: impl IntoIterator<Item = (usize, &'a Map<String, Value>)>,
    ) -> Result<Vec<Kept>, Refused> {
        let (mut records, mut wrong) = (Vec::new(), Vec::new());
        for (at, wanted) in wanted {
            match kind.read(wanted) {
                Ok(record) => records.push((at, record)),
                Err(complaints) => wrong.push(Row::misread(kind, at, wanted, complaints)),
            }
        }
        let (places, records): (Vec<usize>, Vec<Record>) = records.into_iter().unzip();
        let refused = self.in_the_way(kind, &records).await?;
        wrong.extend(refused.into_iter().map(|row| Row { at: places[row.at], ..row }));
        if !wrong.is_empty() {
            wrong.sort_by_key(|row| row.at);
            return Err(Refused::Rows(wrong));
        }
        let places: Vec<_> = places.into_iter().map(Some).collect();
        self.insert(kind, &records, &places).await?;
        Ok(records.into_iter().map(|record| self.made(record)).collect())
    }

    pub(super) async fn insert(
        &mut self,
        kind: &'static Kind,
        records: &[Record],
        places: &[Option<usize>],
    ) -> Result<(), Refused> {
        bulk::insert((&mut self.tx, self.engine), kind, records, (self.version, self.now_us))
            .await?;
        let line =
            |record: &Record| Some(Line::new(kind.key(record), difference(None, Some(record))?));
        let lines: Vec<Line> = records.iter().filter_map(line).collect();
        for (at, record) in places.iter().zip(records) {
            self.touch((kind, &kind.key(record)), *at, None, Some(record.clone()));
        }
        self.write_lines(kind, &lines).await
    }

    async fn write_lines(&mut self, kind: &Kind, lines: &[Line]) -> Result<(), Refused> {
        let by = (&self.author, self.version, self.now_us);
        Ok(bulk::write_down((&mut self.tx, self.engine), kind, lines, by, &mut self.place).await?)
    }

    /// What is in the way of new records: keys that are taken, and names of what is not there. Among
    /// themselves they may name each other.
    async fn in_the_way(
        &mut self,
        kind: &'static Kind,
        records: &[Record],
    ) -> Result<Vec<Row>, Refused> {
        let keys: Vec<String> = records.iter().map(|record| kind.key(record)).collect();
        let named = keys.iter().map(String::as_str);
        let mut taken = bulk::existing(self.here(), kind, named).await?;
        let known = Known::of(self.here(), kind, records).await?;
        let mut rows = Vec::new();
        for (at, (record, key)) in records.iter().zip(keys).enumerate() {
            let complaints = known.complaints(kind, record);
            let is_duplicate = !taken.insert(key.clone());
            if is_duplicate || !complaints.is_empty() {
                let (kind, key) = (kind.name, Some(key));
                rows.push(Row { at, kind, key, is_duplicate, complaints });
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
    ) -> Result<Kept, Refused> {
        self.update_at(None, (kind, key), patch, version).await
    }

    /// The same, with its place where it is one of several that are changed together.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn update_at(
        &mut self,
        at: Option<usize>,
        (kind, key): (&'static Kind, &str),
        patch: &Map<String, Value>,
        version: Option<i64>,
    ) -> Result<Kept, Refused> {
        let Kept { record: before, version, created_at_us, changed_at_us } =
            self.found(kind, key, version).await?;
        let mut wanted = kind.written(&before);
        wanted.extend(patch.clone());
        let read = kind.read(&wanted).map_err(Refused::Invalid)?;
        let record = kind.with_ours_of(read, &before);
        let record = kind.with_reason(record, &before, self.author.message.as_deref());
        if kind.key(&record) != key {
            let field = kind.key.join(", ");
            let message = "is what it is known by, for good: create another".to_owned();
            return Err(Refused::Invalid(vec![Complaint { field, message }]));
        }
        if record == before {
            return Ok(Kept { record, version, created_at_us, changed_at_us });
        }
        let known = Known::of(self.here(), kind, std::slice::from_ref(&record)).await?;
        let unknown = known.complaints(kind, &record);
        if !unknown.is_empty() {
            return Err(Refused::Invalid(unknown));
        }
        self.put((kind, key), at, before, record.clone()).await?;
        Ok(Kept { record, version: self.version, created_at_us, changed_at_us: self.now_us })
    }

    /// What was looked at becomes what it is to be.
    pub(super) async fn put(
        &mut self,
        (kind, key): (&'static Kind, &str),
        at: Option<usize>,
        before: Record,
        after: Record,
    ) -> Result<(), Refused> {
        self.write_down(kind, key, &before, Some(&after)).await?;
        let text = statements::update(kind);
        let asked = sqlx::query(AssertSqlSafe(text)).bind(key).bind(self.version).bind(self.now_us);
        row::bind_fields(asked, kind, &after).execute(&mut *self.tx).await?;
        self.touch((kind, key), at, Some(before), Some(after));
        Ok(())
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
        self.delete_at(None, (kind, key), version).await
    }

    /// The same, with its place where it is one of several that are changed together.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn delete_at(
        &mut self,
        at: Option<usize>,
        (kind, key): (&'static Kind, &str),
        version: Option<i64>,
    ) -> Result<(), Refused> {
        let before = self.found(kind, key, version).await?.record;
        self.take_away((kind, key), at, before).await
    }

    /// What was looked at is no more, if nobody names it.
    pub(super) async fn take_away(
        &mut self,
        (kind, key): (&'static Kind, &str),
        at: Option<usize>,
        before: Record,
    ) -> Result<(), Refused> {
        let others = references::named_by(self.here(), kind, key).await?;
        if !others.is_empty() {
            return Err(Refused::InUse { key: key.to_owned(), others });
        }
        let text = format!("DELETE FROM {} WHERE \"key\" = $1", kind.table());
        // What fails in PostgreSQL ends what it is in; others may still be removed.
        let mut alone = self.tx.begin().await?;
        let gone = sqlx::query(AssertSqlSafe(text)).bind(key).execute(&mut *alone).await;
        if let Err(err) = gone {
            alone.rollback().await?;
            return Err(still_used(kind, key, err.into()));
        }
        alone.commit().await?;
        self.write_down(kind, key, &before, None).await?;
        self.touch((kind, key), at, Some(before), None);
        Ok(())
    }

    async fn find(&mut self, kind: &Kind, key: &str) -> Result<Option<Kept>, Refused> {
        let text = statements::find(kind);
        let row = sqlx::query(AssertSqlSafe(text)).bind(key).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row::read(kind, &row)).transpose()?)
    }

    pub(super) async fn found(
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

    /// Writes down what differs.
    async fn write_down(
        &mut self,
        kind: &Kind,
        key: &str,
        before: &Record,
        after: Option<&Record>,
    ) -> Result<(), Refused> {
        let made = difference(Some(before), after);
        let lines: Vec<Line> =
            made.map(|made| Line::new(key.to_owned(), made)).into_iter().collect();
        self.write_lines(kind, &lines).await
    }
}
