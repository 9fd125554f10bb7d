//! Writing one, while others write to the database.

use super::line::{Cell, Holds, Mark, row};
use super::tables::{TABLES, columns, count, found, schema_of};
use super::{BackupError, FORMAT, broken};
use crate::{Db, Error, schema};
use futures_util::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::io::Write;

/// Half as large as without, and no slower than the database is read.
const LEVEL: i32 = 3;

/// Writes all there is as of one moment; gives how many rows that is. `watch` is told how many are written
/// and how many there are. Nobody waits for it, however long it takes.
///
/// # Errors
/// When the database cannot be read or has not the newest schema, or the file cannot be written.
pub async fn write(
    db: &Db,
    to: impl Write,
    made_at_us: i64,
    watch: impl FnMut(u64, u64),
) -> Result<u64, BackupError> {
    let (found, newest) = (schema_of(db).await?, schema::newest());
    if found != newest {
        return Err(BackupError::Schema { found, newest });
    }
    write_as(db, newest, to, made_at_us, watch).await
}

/// The same of a schema that was the newest once.
pub(super) async fn write_as(
    db: &Db,
    schema: i64,
    to: impl Write,
    made_at_us: i64,
    mut watch: impl FnMut(u64, u64),
) -> Result<u64, BackupError> {
    let mut lines = Lines { to: zstd::Encoder::new(to, LEVEL)?, sum: blake3::Hasher::new() };
    lines.mark(&Mark::Backup { format: FORMAT, schema, made_at_us })?;
    let mut tx = db.snapshot().await?;
    let there = found(&mut tx, db.engine()).await?;
    let tables: Vec<_> =
        TABLES.iter().filter(|(name, _)| there.iter().any(|it| it == name)).collect();
    let mut total = 0;
    for (name, _) in &tables {
        total += count(&mut tx, name, "true").await?.unsigned_abs();
    }
    let mut rows = 0;
    for (name, order) in tables {
        let columns = columns(&mut tx, db.engine(), name).await?;
        lines.mark(&Mark::Table { name: (*name).to_owned(), columns: columns.clone() })?;
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let sql = format!("SELECT {} FROM \"{name}\" ORDER BY {order}", names.join(", "));
        let mut all = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *tx);
        while let Some(one) = all.try_next().await? {
            lines.line(row(&cells(&one, &columns)?).as_bytes())?;
            rows += 1;
            watch(rows, total);
        }
    }
    let blake3 = lines.sum.finalize().to_hex().to_string();
    lines.mark(&Mark::End { rows, blake3 })?;
    lines.to.finish()?.flush()?;
    Ok(rows)
}

fn cells(row: &AnyRow, columns: &[(String, Holds)]) -> Result<Vec<Cell>, Error> {
    let cell = |(at, (_, holds)): (usize, &(String, Holds))| -> Result<Cell, sqlx::Error> {
        Ok(match holds {
            Holds::Integer => row.try_get::<Option<_>, _>(at)?.map(Cell::Integer),
            Holds::Real => row.try_get::<Option<_>, _>(at)?.map(Cell::Real),
            Holds::Text => row.try_get::<Option<_>, _>(at)?.map(Cell::Text),
            Holds::Bytes => row.try_get::<Option<_>, _>(at)?.map(Cell::Bytes),
        }
        .unwrap_or(Cell::Null))
    };
    columns.iter().enumerate().map(|it| Ok(cell(it)?)).collect()
}

/// Lines that are summed up and compressed.
struct Lines<W: Write> {
    to: zstd::Encoder<'static, W>,
    sum: blake3::Hasher,
}

impl<W: Write> Lines<W> {
    fn mark(&mut self, mark: &Mark) -> Result<(), BackupError> {
        self.line(serde_json::to_string(mark).map_err(broken)?.as_bytes())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), BackupError> {
        for part in [line, b"\n"] {
            self.sum.update(part);
            self.to.write_all(part)?;
        }
        Ok(())
    }
}
