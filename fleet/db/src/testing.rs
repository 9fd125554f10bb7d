//! Both databases, fresh, for tests: an SQLite file and a PostgreSQL server of its own.
//!
//! The server is Debian's, in a temporary folder, reached by a socket in that folder, and
//! dies with the test. Where PostgreSQL is not installed the test fails and says so, unless
//! `SKIP_POSTGRES=1` asks for less.

use crate::Db;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A database for one test.
#[derive(Debug)]
pub struct TestDb {
    /// `sqlite` or `postgres`, for messages.
    pub name: &'static str,
    /// The database, empty but for its schema.
    pub db: Db,
    /// Where it is, for another process to open.
    pub address: String,
    // The server before its folder: fields are dropped in this order.
    _server: Option<Server>,
    _folder: TempDir,
}

/// Both of them.
///
/// # Panics
/// When one cannot be had.
pub async fn both() -> Vec<TestDb> {
    let mut all = vec![sqlite().await];
    if std::env::var_os("SKIP_POSTGRES").is_none() {
        all.push(postgres().await);
    }
    all
}

/// Both of them with the schema that was the newest once. Opened again, they are brought up to date.
///
/// # Panics
/// When one cannot be had.
pub async fn both_from(newest: i64) -> Vec<TestDb> {
    let mut all = vec![sqlite_from(newest).await];
    if std::env::var_os("SKIP_POSTGRES").is_none() {
        all.push(postgres_from(newest).await);
    }
    all
}

/// A fresh SQLite file.
///
/// # Panics
/// When it cannot be made.
pub async fn sqlite() -> TestDb {
    sqlite_from(i64::MAX).await
}

pub(crate) async fn sqlite_from(newest: i64) -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = format!("sqlite://{}?mode=rwc", folder.path().join("fleet.db").display());
    let db = Db::open_with(&address, newest).await.expect("a new file opens");
    TestDb { name: "sqlite", db, address, _server: None, _folder: folder }
}

/// A fresh PostgreSQL server.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
pub async fn postgres() -> TestDb {
    postgres_from(i64::MAX).await
}

pub(crate) async fn postgres_from(newest: i64) -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path());
    let socket = folder.path().display();
    let address = format!("postgres://postgres@localhost/postgres?host={socket}");
    let db = open_when_up(&address, newest).await;
    TestDb { name: "postgres", db, address, _server: Some(server), _folder: folder }
}

async fn open_when_up(address: &str, newest: i64) -> Db {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match Db::open_with(address, newest).await {
            Ok(db) => return db,
            Err(err) => assert!(Instant::now() < deadline, "PostgreSQL does not come up: {err}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[derive(Debug)]
struct Server(Child);

impl Server {
    fn start(folder: &Path) -> Self {
        let programs = programs();
        let data = folder.join("data");
        std::fs::create_dir(&data).expect("a folder for the data");
        for (path, mode) in [(folder, 0o777), (&*data, 0o777)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
        }
        let chown = Command::new("chown").arg("postgres").arg(&data).stderr(Stdio::null()).status();
        let _ = chown; // Only root can and need do this.
        let mut initdb = as_postgres(&programs.join("initdb"));
        initdb.args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]);
        // Not C: what must sort bytewise has to say so, and the tests should notice.
        initdb.args(["--locale-provider=icu", "--icu-locale=en-US", "-D"]).arg(&data);
        let made = initdb.current_dir(folder).output().expect("initdb starts");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut server = as_postgres(&programs.join("postgres"));
        server.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40"]);
        server.arg("-k").arg(folder).arg("-D").arg(&data).current_dir(folder);
        let log = std::fs::File::create(folder.join("log")).expect("a log file");
        server.stdout(Stdio::null()).stderr(log);
        Self(server.spawn().expect("postgres starts"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is worth keeping, so nothing is shut down in order.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// PostgreSQL refuses to run as root; it dies with whoever started it.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    });
    if is_root {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
    }
    command.arg("--").arg(program);
    command
}

fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().expect(
        "PostgreSQL is not installed: `apt install postgresql`, or SKIP_POSTGRES=1 to test on SQLite alone",
    )
}
