//! Sites that stay with a version.

use super::rows::{self, signed};
use crate::CatalogError;
use crate::store::{Store, unsigned};
use crate::versions::Pin;
use contract::time::TimeUs;
use db::counters::{self, Counter};
use sqlx::Row;

impl Store {
    /// Who stays with which version, by cohort.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pins(&self) -> Result<Vec<Pin>, CatalogError> {
        let text =
            "SELECT cohort, version, pinned_at_us, pinned_by FROM catalogue_pins ORDER BY cohort";
        let rows = sqlx::query(text).fetch_all(self.db.read()).await?;
        let pin = |row: &sqlx::any::AnyRow| -> Result<Pin, CatalogError> {
            Ok(Pin {
                cohort: row.try_get(0)?,
                version: unsigned("a pin", row.try_get(1)?)?,
                at: TimeUs(row.try_get(2)?),
                by: row.try_get(3)?,
            })
        };
        rows.iter().map(pin).collect()
    }

    /// Holds a cohort to a version, until another is said or [`Store::unpin`].
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`]; when the version never was in force; the database's.
    pub async fn pin(&self, pin: &Pin) -> Result<(), CatalogError> {
        let mut tx = self.db.begin().await?;
        counters::raise(&mut tx, Counter::Announced, 1).await?;
        if rows::known(&mut tx, pin.version).await?.announced.is_none() {
            return Err(CatalogError::NotAnnounced(pin.version));
        }
        sqlx::query(
            "INSERT INTO catalogue_pins (cohort, version, pinned_at_us, pinned_by)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (cohort) DO UPDATE SET version = excluded.version,
                 pinned_at_us = excluded.pinned_at_us, pinned_by = excluded.pinned_by",
        )
        .bind(pin.cohort.as_str())
        .bind(signed(pin.version))
        .bind(pin.at.0)
        .bind(pin.by.as_str())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Lets a cohort go; it follows again.
    ///
    /// # Errors
    /// [`CatalogError::NoPin`], or the database's.
    pub async fn unpin(&self, cohort: &str) -> Result<(), CatalogError> {
        let mut tx = self.db.begin().await?;
        let gone = sqlx::query("DELETE FROM catalogue_pins WHERE cohort = $1")
            .bind(cohort)
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(CatalogError::NoPin(Some(cohort.to_owned()).filter(|it| !it.is_empty())));
        }
        counters::raise(&mut tx, Counter::Announced, 1).await?;
        Ok(tx.commit().await?)
    }
}
