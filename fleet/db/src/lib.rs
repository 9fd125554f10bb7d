//! SQLite or PostgreSQL behind one pool.
//!
//! It holds the schema (`migrations/`), the rules for reaching it, and nothing of what the
//! records mean: that is the business of the crates that write the statements. It is not an
//! ORM, and it hides no SQL: a statement that runs on one database must run on the other as
//! it stands, which the tests of every crate check on both.
//!
//! Read in this order: [`Db`] (open, read, begin), [`counters`] (versions and the order of
//! writers), [`backup`], [`Error`], then `testing` (both databases for tests).

pub mod backup;
pub mod counters;
mod error;
mod open;
mod schema;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use error::{Error, OpenError};
pub use open::address_of;
pub use schema::BYTEWISE;

use sqlx::{Any, AnyPool, Transaction};

/// A transaction. Rolled back when dropped.
pub type Tx = Transaction<'static, Any>;

/// Nothing, where a number with a point may stand, as it is bound. sqlx 0.9.0 takes the two kinds of them for each
/// other where nothing stands, and PostgreSQL keeps to the kind that it was told first for a statement.
pub const NO_DOUBLE: Option<f32> = None;

/// Places for so many rows of so many values: `($1, $2), ($3, $4)`. To SQLite what follows `$` is a name, and is
/// sought among all others whenever it is bound: of thousands, that takes longer than to do what is asked.
#[must_use]
pub fn values(rows: usize, width: usize, engine: Engine) -> String {
    let bind = |at: usize| match engine {
        Engine::Sqlite => "?".to_owned(),
        Engine::Postgres => format!("${at}"),
    };
    let row = |row: usize| {
        let binds: Vec<String> = (1..=width).map(|at| bind(row * width + at)).collect();
        format!("({})", binds.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file of our own.
    Sqlite,
    /// A server.
    Postgres,
}

/// The fleet's records. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    engine: Engine,
    readers: AnyPool,
    // On SQLite one connection: two writers would only meet as SQLITE_BUSY.
    writer: AnyPool,
}

impl Db {
    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where statements that only read are run.
    #[must_use]
    pub fn read(&self) -> &AnyPool {
        &self.readers
    }

    /// Where a statement is run that is a whole change by itself.
    #[must_use]
    pub fn write(&self) -> &AnyPool {
        &self.writer
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// When the database cannot be reached, or SQLite stays busy beyond its time-out.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let tx = match self.engine {
            // Without IMMEDIATE a transaction that reads first can fail when it comes to write.
            Engine::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => self.writer.begin().await?,
        };
        Ok(tx)
    }

    /// Begins a look at everything as it is at one moment, whatever is written meanwhile. No writer waits for
    /// it.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn snapshot(&self) -> Result<Tx, Error> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN DEFERRED",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.readers.begin_with(begin).await?)
    }

    /// Waits until connections in use are returned, and closes all of them.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
