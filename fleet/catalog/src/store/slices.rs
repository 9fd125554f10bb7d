//! Hashes of slices: kept for as long as an object in force has these bytes, whosever it is.
//!
//! Only a list that was proved comes in ([`SliceHashes`] is the proof), and boxes prove it
//! again: whoever changes the database can take hashes away, and not make a box believe others.

use super::Store;
use crate::CatalogError;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::slices::SliceHashes;
use contract::time::TimeUs;
use db::Tx;
use sqlx::Row;

impl Store {
    /// The hashes of the slices of the object with this BLAKE3, one behind the other; of objects
    /// with several slices, where whoever imported them sent the hashes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn slice_hashes(&self, blake3: &Digest) -> Result<Option<Vec<u8>>, CatalogError> {
        let row = sqlx::query("SELECT hashes FROM slice_hashes WHERE blake3 = $1")
            .bind(blake3.to_string())
            .fetch_optional(self.db.read())
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

/// As stored. An object with one slice has nothing that its own hash does not say.
pub(super) fn stored(hashes: Option<&SliceHashes>) -> Option<Vec<u8>> {
    hashes.filter(|hashes| hashes.values().len() > 1).map(SliceHashes::to_bytes)
}

/// Keeps what an import has brought, also for objects that were there before.
pub(super) async fn keep(tx: &mut Tx, import_id: &str) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO slice_hashes (blake3, hashes)
         SELECT blake3, slice_hashes FROM import_objects
         WHERE import_id = $1 AND slice_hashes IS NOT NULL
         ON CONFLICT (blake3) DO NOTHING",
    )
    .bind(import_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets those of objects that a title has lost at `removed_at`, unless another object in force
/// has the same bytes. A box that still wants such an object verifies it as a whole.
pub(super) async fn forget(
    tx: &mut Tx,
    group: &GroupName,
    title: &TitleName,
    removed_at: TimeUs,
) -> Result<(), CatalogError> {
    sqlx::query(
        "DELETE FROM slice_hashes
         WHERE blake3 IN (SELECT gone.blake3 FROM objects gone WHERE gone.removed_at_us = $1
                 AND gone.content_group = $2 AND gone.title = $3)
             AND NOT EXISTS (SELECT 1 FROM objects held
                 WHERE held.blake3 = slice_hashes.blake3 AND held.removed_at_us IS NULL)",
    )
    .bind(removed_at.0)
    .bind(group.as_str())
    .bind(title.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
