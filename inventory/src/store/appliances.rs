//! Appliances in SQL.

use super::{Store, at, checked, duplicate, from_json, not_found, to_json};
use crate::{Appliance, InventoryError, RecordKind};
use contract::names::DeviceName;
use contract::time::TimeUs;
use serde_json::{Map, Value};
use sqlx::Row;
use sqlx::any::AnyRow;

impl Store {
    /// All appliances, by name.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn appliances(&self) -> Result<Vec<Appliance>, InventoryError> {
        let rows = sqlx::query("SELECT name, spec FROM appliances ORDER BY name")
            .fetch_all(self.db.read())
            .await?;
        rows.iter().map(read).collect()
    }

    /// One appliance.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], or the database's.
    pub async fn appliance(&self, name: &DeviceName) -> Result<Appliance, InventoryError> {
        let row = sqlx::query("SELECT name, spec FROM appliances WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(self.db.read())
            .await?;
        read(&row.ok_or_else(|| not_found(RecordKind::Appliance, name))?)
    }

    /// Adds an appliance.
    ///
    /// # Errors
    /// When it makes no sense, its name is taken, its site is unknown, or the database fails.
    pub async fn create_appliance(
        &self,
        appliance: &Appliance,
        now: TimeUs,
    ) -> Result<(), InventoryError> {
        checked(appliance.check())?;
        let mut tx = self.change().await?;
        let site = sqlx::query("SELECT 1 FROM sites WHERE name = $1")
            .bind(appliance.site.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if site.is_none() {
            let name = appliance.site.to_string();
            return Err(InventoryError::Unknown { kind: RecordKind::Site, name });
        }
        sqlx::query(
            "INSERT INTO appliances (name, site, spec, created_at_us) VALUES ($1, $2, $3, $4)",
        )
        .bind(appliance.name.as_str())
        .bind(appliance.site.as_str())
        .bind(to_json(appliance)?)
        .bind(at(now))
        .execute(&mut *tx)
        .await
        .map_err(|err| duplicate(RecordKind::Appliance, &appliance.name)(err.into()))?;
        Ok(tx.commit().await?)
    }

    /// Removes an appliance, with everything it ever reported.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn delete_appliance(&self, name: &DeviceName) -> Result<(), InventoryError> {
        let mut tx = self.change().await?;
        let gone = sqlx::query("DELETE FROM appliances WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(not_found(RecordKind::Appliance, name));
        }
        Ok(tx.commit().await?)
    }
}

/// What records say that were written when there was still such a thing.
const NO_MORE: [&str; 1] = ["admin"];

fn read(row: &AnyRow) -> Result<Appliance, InventoryError> {
    let (name, spec): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let mut spec: Map<String, Value> = from_json(RecordKind::Appliance, &name, &spec)?;
    for key in NO_MORE {
        spec.remove(key);
    }
    from_json(RecordKind::Appliance, &name, &Value::Object(spec).to_string())
}
