//! Content groups in SQL.

use super::{Store, at, checked, duplicate, from_json, not_found, to_json};
use crate::{ContentGroup, InventoryError, RecordKind};
use contract::names::GroupName;
use contract::time::TimeUs;
use sqlx::Row;
use sqlx::any::AnyRow;

const ALL: &str = "SELECT name, spec FROM content_groups ORDER BY name";

impl Store {
    /// All content groups, by name.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn groups(&self) -> Result<Vec<ContentGroup>, InventoryError> {
        let rows = sqlx::query(ALL).fetch_all(self.db.read()).await?;
        rows.iter().map(read).collect()
    }

    /// One content group.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], or the database's.
    pub async fn group(&self, name: &GroupName) -> Result<ContentGroup, InventoryError> {
        let row = sqlx::query("SELECT name, spec FROM content_groups WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(self.db.read())
            .await?;
        read(&row.ok_or_else(|| not_found(RecordKind::Group, name))?)
    }

    /// Adds a content group.
    ///
    /// # Errors
    /// When it makes no sense, its name or host pattern is taken, or the database fails.
    pub async fn create_group(
        &self,
        group: &ContentGroup,
        now: TimeUs,
    ) -> Result<(), InventoryError> {
        checked(group.check())?;
        let mut tx = self.change().await?;
        for row in &sqlx::query(ALL).fetch_all(&mut *tx).await? {
            let other = read(row)?;
            if other.name != group.name && other.host_pattern == group.host_pattern {
                let what = format!("host pattern {}", group.host_pattern);
                let (kind, name) = (RecordKind::Group, other.name.to_string());
                return Err(InventoryError::Taken { what, kind, name });
            }
        }
        sqlx::query("INSERT INTO content_groups (name, spec, created_at_us) VALUES ($1, $2, $3)")
            .bind(group.name.as_str())
            .bind(to_json(group)?)
            .bind(at(now))
            .execute(&mut *tx)
            .await
            .map_err(|err| duplicate(RecordKind::Group, &group.name)(err.into()))?;
        Ok(tx.commit().await?)
    }

    /// Removes a content group.
    ///
    /// # Errors
    /// When there is none, it still has titles, or the database fails.
    pub async fn delete_group(&self, name: &GroupName) -> Result<(), InventoryError> {
        let mut tx = self.change().await?;
        let gone = sqlx::query("DELETE FROM content_groups WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|err| in_use(name, err.into()))?;
        if gone.rows_affected() == 0 {
            return Err(not_found(RecordKind::Group, name));
        }
        Ok(tx.commit().await?)
    }
}

/// Titles are the catalogue's, so it is the reference that tells.
fn in_use(name: &GroupName, err: db::Error) -> InventoryError {
    if err.is_reference() {
        let (name, by) = (name.to_string(), "titles".to_owned());
        InventoryError::InUse { kind: RecordKind::Group, name, by }
    } else {
        err.into()
    }
}

fn read(row: &AnyRow) -> Result<ContentGroup, InventoryError> {
    let (name, spec): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    from_json(RecordKind::Group, &name, &spec)
}
