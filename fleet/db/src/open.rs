//! Opening: which engine, which connections, which settings.

use crate::{Db, Engine, OpenError, schema};
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Reads never wait for writes under WAL; more than a few only share two cores' time.
const SQLITE_READERS: u32 = 4;

/// A fraction of the 100 connections that PostgreSQL allows all of its clients together. Writers wait for one
/// another, and must not keep who only reads from a connection.
const POSTGRES_READERS: u32 = 6;
const POSTGRES_WRITERS: u32 = 3;

/// Longer than any transaction of ours, shorter than a client's patience.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// WAL lets readers go on beside the writer, and survives `kill -9`; NORMAL loses at most
/// the last transactions when the machine loses power, never the file.
const SQLITE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
     PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON";

impl Db {
    /// Opens the database at `address` and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] says what about the address, the server or the schema is wrong.
    pub async fn open(address: &str) -> Result<Self, OpenError> {
        Self::open_with(address, i64::MAX).await
    }

    /// The same, with the schema that was the newest once.
    pub(crate) async fn open_with(address: &str, newest: i64) -> Result<Self, OpenError> {
        let db = Self::connect(address).await?;
        schema::bring_up_to(&db, newest).await?;
        Ok(db)
    }

    /// Opens the database at `address` with the schema that it has.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn connect(address: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let db = match address.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite(address).await,
            Some("postgres" | "postgresql") => postgres(address).await,
            _ => return Err(OpenError::Address(without_password(address))),
        };
        db.map_err(OpenError::Connect)
    }

    /// Opens, or makes, an SQLite file.
    ///
    /// # Errors
    /// As [`Db::open`]; the path must be absolute.
    pub async fn open_file(path: &Path) -> Result<Self, OpenError> {
        Self::open(&address_of(path, "rwc")?).await
    }
}

/// The address of an SQLite file, which is made by `rwc` where it is not there, and is not by `rw`.
///
/// # Errors
/// When the path is not absolute.
pub fn address_of(path: &Path, mode: &str) -> Result<String, OpenError> {
    let url = Url::from_file_path(path).map_err(|()| OpenError::Path(path.to_owned()))?;
    Ok(format!("sqlite://{}?mode={mode}", url.path()))
}

async fn sqlite(address: &str) -> Result<Db, sqlx::Error> {
    // The writer first: it makes the file and turns WAL on.
    let writer = sqlite_pool(address, 1).await?;
    let readers = sqlite_pool(address, SQLITE_READERS).await?;
    Ok(Db { engine: Engine::Sqlite, readers, writer })
}

async fn sqlite_pool(address: &str, connections: u32) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A file does not go away as a server does, and asking takes as long as doing.
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(SQLITE_SETTINGS).execute(connection).await?;
                Ok(())
            })
        })
        .connect(address)
        .await
}

async fn postgres(address: &str) -> Result<Db, sqlx::Error> {
    let pool = async |connections| {
        let options = AnyPoolOptions::new().max_connections(connections);
        options.acquire_timeout(ACQUIRE_TIMEOUT).connect(address).await
    };
    let (readers, writer) = (pool(POSTGRES_READERS).await?, pool(POSTGRES_WRITERS).await?);
    Ok(Db { engine: Engine::Postgres, readers, writer })
}

/// What may be shown of an address.
fn without_password(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) => {
            // Refused only where there is no password to hide.
            let _ = url.set_password(None);
            url.to_string()
        }
        Err(_) => address.chars().take(40).collect(),
    }
}
