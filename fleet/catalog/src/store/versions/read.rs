//! Having versions back: the list of them, one whole, what lies between two, and what became of a title.

use super::rows::{self, VERSION, signed};
use crate::CatalogError;
use crate::store::{Snapshot, Store, unsigned};
use crate::versions::{Record, State, TitleDifference, Version};
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use db::Tx;
use db::counters::{self, Counter};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

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
        rows::one(&mut tx, version).await?.ok_or(CatalogError::UnknownVersion(version))
    }

    /// The catalogue as it was with a version.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`]; when what is kept is not what its digest says; the database's.
    pub async fn at(&self, version: u64) -> Result<Snapshot, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        let found =
            rows::one(&mut tx, version).await?.ok_or(CatalogError::UnknownVersion(version))?;
        let state = rows::state(&mut tx, &found).await?;
        if state.digest().to_string() != found.digest {
            let why = format!("version {version} is not what its digest says");
            return Err(rows::corrupt(why).into());
        }
        let digests: Vec<&Digest> = state.records.values().collect();
        let mut records = Vec::with_capacity(digests.len());
        for some in digests.chunks(ROWS) {
            records.extend(self.records(&mut tx, some).await?);
        }
        Ok(Snapshot::of_records(version, records))
    }

    /// The records of some titles, in no order.
    async fn records(&self, tx: &mut Tx, of: &[&Digest]) -> Result<Vec<Record>, CatalogError> {
        let text = format!(
            "SELECT digest, bytes FROM catalogue_records WHERE digest IN {}",
            db::values(1, of.len(), self.db.engine())
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for digest in of {
            query = query.bind(digest.to_string());
        }
        let rows = query.fetch_all(&mut **tx).await?;
        if rows.len() < of.len() {
            let why = format!("{} of {} records are not there", of.len() - rows.len(), of.len());
            return Err(rows::corrupt(why).into());
        }
        rows.iter().map(read_record).collect()
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
        for change in after.since(&before) {
            let before = optional(&mut tx, change.before.as_ref()).await?;
            let after = optional(&mut tx, change.after.as_ref()).await?;
            all.extend(TitleDifference::of(before.as_ref(), after.as_ref()));
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
        let mut all = Vec::new();
        for row in query.fetch_all(&mut *tx).await? {
            let number = unsigned("a version of the catalogue", row.try_get(4)?)?;
            let found =
                rows::one(&mut tx, number).await?.ok_or(CatalogError::UnknownVersion(number))?;
            let change = rows::change(&row)?;
            let before = optional(&mut tx, change.before.as_ref()).await?;
            let after = optional(&mut tx, change.after.as_ref()).await?;
            let difference = TitleDifference::of(before.as_ref(), after.as_ref());
            all.extend(difference.map(|difference| (found, difference)));
        }
        if all.is_empty() {
            // One that is there has not changed for longer than anybody remembers.
            self.title(group, title).await?;
        }
        Ok(all)
    }
}

async fn state_of(tx: &mut Tx, version: u64) -> Result<State, CatalogError> {
    let found = rows::one(tx, version).await?.ok_or(CatalogError::UnknownVersion(version))?;
    rows::state(tx, &found).await
}

async fn optional(tx: &mut Tx, digest: Option<&Digest>) -> Result<Option<Record>, CatalogError> {
    match digest {
        Some(digest) => Ok(Some(record(tx, digest).await?)),
        None => Ok(None),
    }
}

async fn record(tx: &mut Tx, digest: &Digest) -> Result<Record, CatalogError> {
    let row = sqlx::query("SELECT digest, bytes FROM catalogue_records WHERE digest = $1")
        .bind(digest.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    read_record(&row.ok_or_else(|| rows::corrupt(format!("there is no record {digest}")))?)
}

fn read_record(row: &AnyRow) -> Result<Record, CatalogError> {
    let (digest, bytes): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
    if Digest::of(&bytes).to_string() != digest {
        return Err(rows::corrupt(format!("record {digest} is not what its digest says")).into());
    }
    Ok(Record::read(&bytes).map_err(rows::corrupt)?)
}
