//! Imports: begun, fed in batches, committed whole.

use super::{Store, slices};
use crate::{CatalogError, ImportSummary, IncomingObject, TitleSpec};
use contract::catalogue::Ordinal;
use contract::time::TimeUs;
use db::Tx;
use db::counters::{self, Counter};
use sqlx::Row;

/// An import that nobody finished is forgotten after a day.
const IMPORT_LIFE_S: i64 = 86_400;

/// One transaction's worth: SQLite's other writers wait for some 50 ms.
pub const MAX_BATCH: usize = 1000;

impl Store {
    /// Begins an import under an id that the caller made up.
    ///
    /// # Errors
    /// When the title makes no sense, its group is unknown, or the database fails.
    pub async fn begin_import(
        &self,
        id: &str,
        spec: &TitleSpec,
        now: TimeUs,
    ) -> Result<(), CatalogError> {
        spec.check()?;
        let mut tx = self.db.begin().await?;
        let group = sqlx::query("SELECT 1 FROM content_groups WHERE \"key\" = $1")
            .bind(spec.group.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if group.is_none() {
            return Err(CatalogError::UnknownGroup(spec.group.to_string()));
        }
        sqlx::query("DELETE FROM imports WHERE started_at_us < $1")
            .bind(now.plus_s(-IMPORT_LIFE_S).0)
            .execute(&mut *tx)
            .await?;
        let text = serde_json::to_string(spec).map_err(|err| db::Error::corrupt("a title", err))?;
        sqlx::query("INSERT INTO imports (id, spec, started_at_us) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(text)
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Adds objects to an import. The same batch again changes nothing.
    ///
    /// # Errors
    /// When one cannot belong to the title (then none is added), there is no such import, the
    /// batch is too large, or the database fails.
    pub async fn add_objects(
        &self,
        id: &str,
        batch: &[IncomingObject],
    ) -> Result<(), CatalogError> {
        if batch.len() > MAX_BATCH {
            let message = format!("expected at most {MAX_BATCH} objects at once");
            return Err(CatalogError::invalid("objects", message));
        }
        let mut tx = self.db.begin().await?;
        let spec = import_spec(&mut tx, id).await?;
        for (at, incoming) in batch.iter().enumerate() {
            spec.check_object(&incoming.object).map_err(|err| match err {
                CatalogError::Invalid { field, message } => {
                    CatalogError::invalid(format!("objects[{at}].{field}"), message)
                }
                other => other,
            })?;
            insert(&mut tx, id, incoming).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes the title exactly what was imported.
    ///
    /// # Errors
    /// When nothing was imported, a path belongs to another title, there is no such import, or
    /// the database fails; nothing has changed then.
    pub async fn commit_import(
        &self,
        id: &str,
        now: TimeUs,
    ) -> Result<ImportSummary, CatalogError> {
        let mut tx = self.change().await?;
        let spec = import_spec(&mut tx, id).await?;
        refuse_taken_paths(&mut tx, id, &spec).await?;
        let mut summary = compare(&mut tx, id, &spec).await?;
        if summary.added + summary.replaced + summary.unchanged == 0 {
            return Err(CatalogError::Empty);
        }
        let before = super::titles::read_one(&mut tx, &spec.group, &spec.title).await?;
        let renewed = renew_bitrates(&mut tx, id, &spec).await?;
        let objects_changed = summary.added + summary.replaced + summary.removed > 0 || renewed;
        summary.revision = match &before {
            Some(title) if title.spec == spec && !objects_changed => title.revision,
            _ => {
                let revision = counters::raise(&mut tx, Counter::Catalogue, 1).await?;
                write_title(&mut tx, &spec, revision, now).await?;
                remove_outdated(&mut tx, id, &spec, now).await?;
                insert_new(&mut tx, id, &spec, summary.added + summary.replaced).await?;
                revision
            }
        };
        slices::keep(&mut tx, id).await?;
        slices::forget(&mut tx, &spec.group, &spec.title, now).await?;
        sqlx::query("DELETE FROM imports WHERE id = $1").bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(summary)
    }
}

async fn import_spec(tx: &mut Tx, id: &str) -> Result<TitleSpec, CatalogError> {
    let row = sqlx::query("SELECT spec FROM imports WHERE id = $1")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    let row = row.ok_or_else(|| CatalogError::NoImport(id.to_owned()))?;
    let text: String = row.try_get(0)?;
    Ok(serde_json::from_str(&text).map_err(|err| db::Error::corrupt("an import", err))?)
}

async fn insert(tx: &mut Tx, id: &str, incoming: &IncomingObject) -> Result<(), CatalogError> {
    let IncomingObject { object, slice_hashes } = incoming;
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO import_objects
             (import_id, path, size_bytes, blake3, modified_us, bitrate_bits_per_s, slice_hashes)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (import_id, path) DO UPDATE SET size_bytes = excluded.size_bytes,
             blake3 = excluded.blake3, modified_us = excluded.modified_us,
             bitrate_bits_per_s = excluded.bitrate_bits_per_s,
             slice_hashes = excluded.slice_hashes",
    )
    .bind(id)
    .bind(object.path.as_str())
    .bind(signed(object.size_bytes))
    .bind(object.blake3.to_string())
    .bind(object.modified.0)
    .bind(object.bitrate_bits_per_s.map(|rate| signed(rate.0)))
    .bind(slices::stored(slice_hashes.as_ref()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn refuse_taken_paths(tx: &mut Tx, id: &str, spec: &TitleSpec) -> Result<(), CatalogError> {
    let taken = sqlx::query(
        "SELECT o.path, o.title FROM import_objects i
         JOIN objects o ON o.content_group = $2 AND o.path = i.path AND o.removed_at_us IS NULL
         WHERE i.import_id = $1 AND o.title <> $3 ORDER BY o.path LIMIT 1",
    )
    .bind(id)
    .bind(spec.group.as_str())
    .bind(spec.title.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    match taken {
        Some(row) => Err(CatalogError::Taken { path: row.try_get(0)?, title: row.try_get(1)? }),
        None => Ok(()),
    }
}

/// What the import would change. The revision is filled in by the caller.
async fn compare(tx: &mut Tx, id: &str, spec: &TitleSpec) -> Result<ImportSummary, CatalogError> {
    let imported: i64 = sqlx::query("SELECT COUNT(*) FROM import_objects WHERE import_id = $1")
        .bind(id)
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)?;
    let row = sqlx::query(
        "SELECT COUNT(*), COUNT(i.path),
             COUNT(CASE WHEN i.blake3 = o.blake3 AND i.size_bytes = o.size_bytes THEN 1 END)
         FROM objects o LEFT JOIN import_objects i ON i.import_id = $1 AND i.path = o.path
         WHERE o.content_group = $2 AND o.title = $3 AND o.removed_at_us IS NULL",
    )
    .bind(id)
    .bind(spec.group.as_str())
    .bind(spec.title.as_str())
    .fetch_one(&mut **tx)
    .await?;
    let (before, staying, unchanged): (i64, i64, i64) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(ImportSummary {
        added: imported - staying,
        replaced: staying - unchanged,
        removed: before - staying,
        unchanged,
        revision: 0,
    })
}

/// The same bytes may have come with another bitrate: they keep their ordinal. Whether any did.
async fn renew_bitrates(tx: &mut Tx, id: &str, spec: &TitleSpec) -> Result<bool, CatalogError> {
    let renewed = sqlx::query(
        "UPDATE objects SET bitrate_bits_per_s = i.bitrate_bits_per_s FROM import_objects i
         WHERE i.import_id = $1 AND i.path = objects.path AND i.blake3 = objects.blake3
             AND i.size_bytes = objects.size_bytes AND objects.content_group = $2
             AND objects.title = $3 AND objects.removed_at_us IS NULL
             AND i.bitrate_bits_per_s IS DISTINCT FROM objects.bitrate_bits_per_s",
    )
    .bind(id)
    .bind(spec.group.as_str())
    .bind(spec.title.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(renewed.rows_affected() > 0)
}

async fn write_title(
    tx: &mut Tx,
    spec: &TitleSpec,
    revision: i64,
    now: TimeUs,
) -> Result<(), CatalogError> {
    let playlist = |playlist: &Option<crate::Playlist>| match playlist {
        Some(playlist) => (Some(playlist.path.clone()), Some(playlist.text.clone())),
        None => (None, None),
    };
    let ((hls_path, hls_text), (dash_path, dash_text)) =
        (playlist(&spec.hls), playlist(&spec.dash));
    sqlx::query(
        "INSERT INTO titles (content_group, title, display_name, base_path, hls_path, hls_text,
             dash_path, dash_text, revision, added_at_us, tags)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (content_group, title) DO UPDATE SET display_name = excluded.display_name,
             base_path = excluded.base_path, hls_path = excluded.hls_path,
             hls_text = excluded.hls_text, dash_path = excluded.dash_path,
             dash_text = excluded.dash_text, revision = excluded.revision,
             tags = excluded.tags",
    )
    .bind(spec.group.as_str())
    .bind(spec.title.as_str())
    .bind(spec.name.as_str())
    .bind(spec.base_path.as_str())
    .bind(hls_path)
    .bind(hls_text)
    .bind(dash_path)
    .bind(dash_text)
    .bind(revision)
    .bind(now.0)
    .bind(super::titles::tags_as_text(&spec.tags))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn remove_outdated(
    tx: &mut Tx,
    id: &str,
    spec: &TitleSpec,
    now: TimeUs,
) -> Result<(), CatalogError> {
    sqlx::query(
        "UPDATE objects SET removed_at_us = $1
         WHERE content_group = $2 AND title = $3 AND removed_at_us IS NULL AND NOT EXISTS (
             SELECT 1 FROM import_objects i WHERE i.import_id = $4 AND i.path = objects.path
                 AND i.blake3 = objects.blake3 AND i.size_bytes = objects.size_bytes)",
    )
    .bind(now.0)
    .bind(spec.group.as_str())
    .bind(spec.title.as_str())
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// In the order of paths, so that the segments of a rendition are one run of ordinals.
async fn insert_new(
    tx: &mut Tx,
    id: &str,
    spec: &TitleSpec,
    count: i64,
) -> Result<(), CatalogError> {
    let next = counters::raise(tx, Counter::Ordinal, count).await?;
    // The highest ordinal given is `next - 1`; u32::MAX itself stays out of use.
    if next > i64::from(Ordinal::MAX) {
        return Err(CatalogError::Full);
    }
    sqlx::query(
        "INSERT INTO objects (ordinal, content_group, title, path, size_bytes, blake3, modified_us,
             bitrate_bits_per_s)
         SELECT $1 + ROW_NUMBER() OVER (ORDER BY i.path) - 1, $2, $3, i.path, i.size_bytes,
             i.blake3, i.modified_us, i.bitrate_bits_per_s
         FROM import_objects i WHERE i.import_id = $4 AND NOT EXISTS (
             SELECT 1 FROM objects o WHERE o.content_group = $5 AND o.path = i.path
                 AND o.removed_at_us IS NULL)",
    )
    .bind(next - count)
    .bind(spec.group.as_str())
    .bind(spec.title.as_str())
    .bind(id)
    .bind(spec.group.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
