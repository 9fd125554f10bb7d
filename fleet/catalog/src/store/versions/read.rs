//! Having versions back: the list of them, one whole, what lies between two, and what became of a title.

use super::rows::{self, VERSION, signed};
use crate::CatalogError;
use crate::store::{Snapshot, Store, unsigned};
use crate::versions::{Change, Record, State, TitleDifference, Version};
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use db::Tx;
use db::counters::{self, Counter};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{HashMap, HashSet};

/// Records with one question.
const ROWS: usize = 500;

impl Store {
    /// Rises whenever another version comes into force, or sites are held to one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn announcements(&self) -> Result<u64, CatalogError> {
        let value = counters::value(&self.db, Counter::Announced).await?;
        Ok(unsigned("the number of announcements", value)?)
    }

    /// The number of the version that is in force; `None` before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_version(&self) -> Result<Option<u64>, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        Ok(rows::newest(&mut tx).await?.map(|it| it.version))
    }

    /// The newest versions, newest first, below one if there is a `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn versions(
        &self,
        before: Option<u64>,
        at_most: i64,
    ) -> Result<Vec<Version>, CatalogError> {
        let text = format!("{VERSION} WHERE version < $1 ORDER BY version DESC LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(text))
            .bind(before.map_or(i64::MAX, signed))
            .bind(at_most)
            .fetch_all(self.db.read())
            .await?;
        rows.iter().map(rows::version).collect()
    }

    /// One version.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`], or the database's.
    pub async fn version_numbered(&self, version: u64) -> Result<Version, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        rows::known(&mut tx, version).await
    }

    /// The catalogue as it was with a version.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`]; when what is kept is not what its digest says; the database's.
    pub async fn at(&self, version: u64) -> Result<Snapshot, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        let found = rows::known(&mut tx, version).await?;
        let state = rows::state(&mut tx, &found).await?;
        if state.digest().to_string() != found.digest {
            let why = format!("version {version} is not what its digest says");
            return Err(rows::corrupt(why).into());
        }
        let records = self.records(&mut tx, state.records.values().copied().collect()).await?;
        Ok(Snapshot::of_records(version, records.into_values().collect()))
    }

    /// What stands in some records.
    async fn records(
        &self,
        tx: &mut Tx,
        of: HashSet<Digest>,
    ) -> Result<HashMap<Digest, Record>, CatalogError> {
        let wanted: Vec<Digest> = of.into_iter().collect();
        let mut found = HashMap::with_capacity(wanted.len());
        for some in wanted.chunks(ROWS) {
            let text = format!(
                "SELECT digest, bytes FROM catalogue_records WHERE digest IN {}",
                db::values(1, some.len(), self.db.engine())
            );
            let mut query = sqlx::query(AssertSqlSafe(text));
            for digest in some {
                query = query.bind(digest.to_string());
            }
            for row in query.fetch_all(&mut **tx).await? {
                let (digest, record) = read_record(&row)?;
                found.insert(digest, record);
            }
        }
        match wanted.iter().find(|digest| !found.contains_key(*digest)) {
            Some(digest) => Err(rows::corrupt(format!("there is no record {digest}")).into()),
            None => Ok(found),
        }
    }

    /// What some changes are in words of the catalogue; `None` of what is no change to anybody.
    async fn in_words(
        &self,
        tx: &mut Tx,
        changes: &[Change],
    ) -> Result<Vec<Option<TitleDifference>>, CatalogError> {
        let digests = changes.iter().flat_map(|it| it.before.into_iter().chain(it.after));
        let records = self.records(tx, digests.collect()).await?;
        let record = |digest: Option<Digest>| records.get(&digest?);
        let words = |it: &Change| TitleDifference::of(record(it.before), record(it.after));
        Ok(changes.iter().map(words).collect())
    }

    /// What is another in one version than in another one, by title.
    ///
    /// # Errors
    /// As [`Store::at`].
    pub async fn differences(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<TitleDifference>, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        let (before, after) = (state_of(&mut tx, from).await?, state_of(&mut tx, to).await?);
        let mut all = Vec::new();
        // Not all of a catalogue in memory at once.
        for some in after.since(&before).chunks(ROWS) {
            all.extend(self.in_words(&mut tx, some).await?.into_iter().flatten());
        }
        Ok(all)
    }

    /// The versions that changed a title, newest first, and what each of them changed.
    ///
    /// # Errors
    /// [`CatalogError::NoTitle`] when none did; the database's.
    pub async fn history(
        &self,
        group: &GroupName,
        title: &TitleName,
        at_most: i64,
    ) -> Result<Vec<(Version, TitleDifference)>, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        let text = "SELECT content_group, title, before, after, version FROM catalogue_changes \
             WHERE content_group = $1 AND title = $2 \
             ORDER BY version DESC LIMIT $3";
        let query = sqlx::query(text).bind(group.as_str()).bind(title.as_str()).bind(at_most);
        let rows = query.fetch_all(&mut *tx).await?;
        let changes: Vec<Change> = rows.iter().map(rows::change).collect::<Result<_, _>>()?;
        let mut all = Vec::new();
        for (row, words) in rows.iter().zip(self.in_words(&mut tx, &changes).await?) {
            let number = unsigned("a version of the catalogue", row.try_get(4)?)?;
            let version = rows::known(&mut tx, number).await?;
            all.extend(words.map(|words| (version, words)));
        }
        if all.is_empty() {
            // One that is there has not changed for longer than anybody remembers.
            self.title(group, title).await?;
        }
        Ok(all)
    }
}

async fn state_of(tx: &mut Tx, version: u64) -> Result<State, CatalogError> {
    let found = rows::known(tx, version).await?;
    rows::state(tx, &found).await
}

fn read_record(row: &AnyRow) -> Result<(Digest, Record), CatalogError> {
    let (digest, bytes): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
    let found = Digest::of(&bytes);
    if found.to_string() != digest {
        return Err(rows::corrupt(format!("record {digest} is not what its digest says")).into());
    }
    Ok((found, Record::read(&bytes).map_err(rows::corrupt)?))
}
