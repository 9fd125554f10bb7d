//! Filling a new database from a backup: in one transaction, all of it or nothing.

use super::file::{File, Next};
use super::line::{Cell, Holds};
use super::tables::{LEFT_OUT, MIGRATIONS, TABLES, columns, count, found, schema_of};
use super::{BackupError, Contents, broken};
use crate::{Db, Engine, NO_DOUBLE, Tx, schema, values};
use sqlx::AssertSqlSafe;
use std::io::Read;

/// Of one statement: fewer than either database takes parameters.
const MAX_CELLS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;

/// Fills the database at `address` from a file that [`super::check`] has found whole, which is read again
/// here; then brings it up to date. `watch` is told how many rows are written.
///
/// # Errors
/// When the database holds anything, or cannot be filled: then no record was written.
pub async fn restore(
    address: &str,
    from: impl Read,
    checked: &Contents,
    mut watch: impl FnMut(u64),
) -> Result<Db, BackupError> {
    let db = Db::connect(address).await?;
    let schema = schema_of(&db).await?;
    is_empty(&mut db.snapshot().await?, db.engine()).await?;
    if schema > checked.schema {
        // Nothing leads back from a newer schema.
        let what = format!("its schema is {schema}, and that of the backup {}", checked.schema);
        return Err(BackupError::NotEmpty(what));
    }
    schema::bring_up_to(&db, checked.schema).await.map_err(crate::OpenError::from)?;
    let mut tx = db.begin().await?;
    // Who writes begins with a counter, and waits here until it is done.
    sqlx::query("DELETE FROM counters").execute(&mut *tx).await?;
    is_empty(&mut tx, db.engine()).await?;
    let mut filling = Filling { tx: &mut tx, engine: db.engine(), table: None };
    let (mut file, mut rows) = (File::open(from)?, 0);
    while let Some(next) = file.next()? {
        match next {
            Next::Table(name, columns) => filling.begin(name, columns).await?,
            Next::Row(cells) => {
                filling.add(cells).await?;
                rows += 1;
                watch(rows);
            }
        }
    }
    filling.write().await?;
    if rows != checked.rows {
        return Err(broken("it was changed while it was read"));
    }
    tx.commit().await?;
    schema::bring_up_to(&db, schema::newest()).await.map_err(crate::OpenError::from)?;
    Ok(db)
}

/// Whether there is nothing: no record, and no table of anybody else's.
async fn is_empty(tx: &mut Tx, engine: Engine) -> Result<(), BackupError> {
    for table in found(tx, engine).await?.into_iter().filter(|table| table != MIGRATIONS) {
        let is_ours = TABLES.iter().any(|(name, _)| *name == table) || LEFT_OUT.contains(&&*table);
        if !is_ours {
            return Err(BackupError::NotEmpty(format!("there is a table {table}")));
        }
        // Counters are there from the beginning.
        let which = if table == "counters" { "value <> 0" } else { "true" };
        let rows = count(tx, &table, which).await?;
        if rows > 0 {
            return Err(BackupError::NotEmpty(format!("rows in {table}: {rows}")));
        }
    }
    Ok(())
}

struct Filling<'a> {
    tx: &'a mut Tx,
    engine: Engine,
    table: Option<Table>,
}

/// A table, and rows that are not written yet.
struct Table {
    name: String,
    columns: Vec<(String, Holds)>,
    rows: Vec<Vec<Cell>>,
    size_bytes: usize,
}

impl Filling<'_> {
    async fn begin(&mut self, name: &str, columns: &[(String, Holds)]) -> Result<(), BackupError> {
        self.write().await?;
        let mut there = self::columns(&mut *self.tx, self.engine, name).await?;
        let mut named = columns.to_vec();
        there.sort_by(|(a, _), (b, _)| a.cmp(b));
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        let is_ours = TABLES.iter().any(|(known, _)| *known == name);
        if !is_ours || there.is_empty() || there != named {
            return Err(broken(format!("the table {name} is another than that of its schema")));
        }
        let (name, columns) = (name.to_owned(), columns.to_vec());
        self.table = Some(Table { name, columns, rows: Vec::new(), size_bytes: 0 });
        Ok(())
    }

    async fn add(&mut self, cells: Vec<Cell>) -> Result<(), BackupError> {
        let Some(table) = &mut self.table else { return Ok(()) };
        table.size_bytes += cells.iter().map(Cell::size_bytes).sum::<usize>();
        table.rows.push(cells);
        let is_full = (table.rows.len() + 1) * table.columns.len() > MAX_CELLS;
        if is_full || table.size_bytes > MAX_BYTES { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), BackupError> {
        let Some(table) = &mut self.table else { return Ok(()) };
        let rows = std::mem::take(&mut table.rows);
        table.size_bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        let mut query = sqlx::query(AssertSqlSafe(insert(
            &table.name,
            &table.columns,
            rows.len(),
            self.engine,
        )));
        for (at, cell) in rows.into_iter().flatten().enumerate() {
            let (_, holds) = table.columns[at % table.columns.len()];
            query = match (holds, cell) {
                (Holds::Integer, Cell::Integer(number)) => query.bind(number),
                (Holds::Real, Cell::Real(number)) => query.bind(number),
                (Holds::Text, Cell::Text(text)) => query.bind(text),
                (Holds::Bytes, Cell::Bytes(bytes)) => query.bind(bytes),
                (Holds::Integer, _) => query.bind(None::<i64>),
                (Holds::Real, _) => query.bind(NO_DOUBLE),
                (Holds::Text, _) => query.bind(None::<String>),
                (Holds::Bytes, _) => query.bind(None::<Vec<u8>>),
            };
        }
        query.execute(&mut **self.tx).await?;
        Ok(())
    }
}

fn insert(table: &str, columns: &[(String, Holds)], rows: usize, engine: Engine) -> String {
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let values = values(rows, columns.len(), engine);
    format!("INSERT INTO \"{table}\" ({}) VALUES {values}", names.join(", "))
}
