//! `fleet db …`: all records in a file, and back. They are read and written where they are, for a restore
//! has no manager to ask yet.

use super::Usage;
use super::output::Output;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use db::backup::{BackupError, Contents, check, restore, write};
use db::{Db, OpenError, address_of};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};
use tokio::signal::unix::{SignalKind, signal};

/// How many rows are passed over between two looks at the bar.
const SHOWN_EVERY: u64 = 256;

#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Write all records into a file, as of one moment, while the manager runs.
    ///
    /// It is secret, as the database is: whoever has it knows what people and boxes are let in by. The
    /// folder of the manager, with its keys, is not in it.
    Backup(Backup),
    /// Fill a new database from such a file, of SQLite or of PostgreSQL, whichever it was made of.
    ///
    /// All of it or nothing; a file that is not whole is refused before anything is written. The manager
    /// has not run on the database yet, or is stopped.
    Restore(Restore),
}

/// Which database.
#[derive(Debug, Args)]
struct Where {
    /// The folder of `fleet serve`, in which the SQLite file is.
    #[arg(long, value_name = "FOLDER", required_unless_present = "database_url")]
    data: Option<PathBuf>,
    /// The PostgreSQL database (postgres://user@host/name), as `fleet serve` is told it.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where to; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    of: Where,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// What `fleet db backup` has written.
    file: PathBuf,
    #[command(flatten)]
    into: Where,
}

impl DbCommand {
    pub(super) async fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Backup(backup) => backup.run(output).await,
            Self::Restore(restore) => restore.run(output).await,
        }
    }
}

impl Where {
    /// The address; `mode` says whether a file that is not there is made.
    fn address(&self, mode: &str) -> anyhow::Result<String> {
        if let Some(url) = &self.database_url {
            return Ok(url.clone());
        }
        let data = std::path::absolute(self.data.as_deref().unwrap_or(Path::new(".")))?;
        let file = data.join("fleet.db");
        match mode {
            "rw" if !file.exists() => {
                return Err(Usage(format!("there is no {}", file.display())).into());
            }
            "rw" => {}
            _ => ca::make_folder(&data)?,
        }
        Ok(address_of(&file, mode)?)
    }
}

/// An address that makes no sense is whoever's who has given it.
fn said(err: BackupError) -> anyhow::Error {
    match err {
        BackupError::Open(err @ (OpenError::Address(_) | OpenError::Path(_))) => {
            Usage(err.to_string()).into()
        }
        other => other.into(),
    }
}

impl Backup {
    async fn run(self, output: &Output) -> anyhow::Result<()> {
        let cannot = || format!("cannot write {}", self.file.display());
        if self.file.exists() {
            return Err(Usage(format!("{} is there already", self.file.display())).into());
        }
        let db = Db::connect(&self.of.address("rw")?).await.map_err(|err| said(err.into()))?;
        let folder = folder_of(&self.file);
        // Whoever interrupts it is heard before there is a draft, which would stay otherwise.
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        // Nobody else may read it; it has its name once it is whole.
        let mut draft =
            Builder::new().prefix(".fleet-backup.").tempfile_in(folder).with_context(cannot)?;
        let now = Timestamp::now().as_microsecond();
        let bar = bar()?;
        let writing = write(&db, draft.as_file_mut(), now, |rows, total| show(&bar, rows, total));
        let rows = tokio::select! {
            rows = writing => rows.with_context(cannot)?,
            // The draft goes with the error.
            _ = interrupted.recv() => bail!("interrupted: nothing was written"),
            _ = terminated.recv() => bail!("told to stop: nothing was written"),
        };
        bar.finish_and_clear();
        keep(draft, &self.file).with_context(cannot)?;
        output.done(&format!("{rows} records in {}", self.file.display()))
    }
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// On the disk, then under its name, where nothing else has it; then the name on the disk.
fn keep(draft: NamedTempFile, file: &Path) -> std::io::Result<()> {
    draft.as_file().sync_all()?;
    draft.persist_noclobber(file)?;
    File::open(folder_of(file))?.sync_all()
}

impl Restore {
    async fn run(self, output: &Output) -> anyhow::Result<()> {
        let cannot = || format!("cannot restore {}", self.file.display());
        let read = || File::open(&self.file).map(BufReader::new).with_context(cannot);
        let checked = check(read()?).with_context(cannot)?;
        let address = self.into.address("rwc")?;
        let (bar, total) = (bar()?, checked.rows);
        // Whoever interrupts it ends it: the database forgets what was not committed.
        let done = restore(&address, read()?, &checked, |rows| show(&bar, rows, total)).await;
        let db = done.map_err(said).with_context(cannot)?;
        bar.finish_and_clear();
        let has_root = has_root(&db).await?;
        db.close().await;
        output.done(&restored(&checked)?)?;
        if has_root {
            NEXT.iter().for_each(|what| output.note(what));
        }
        Ok(())
    }
}

fn restored(Contents { made_at_us, rows, .. }: &Contents) -> anyhow::Result<String> {
    let at = Timestamp::from_microsecond(*made_at_us)?;
    Ok(format!("{rows} records restored, as of {at:.0}"))
}

/// What boxes would refuse, and `fleet status` would tell only once they have said so.
const NEXT: [&str; 3] = [
    "boxes that have heard of more than this backup knows refuse what this fleet tells them, until it has begun a \
     new epoch: start `fleet serve` with the folder of the manager as it was, then \
     `fleet ca change --new-epoch --root FOLDER`",
    "nobody is logged in, and tokens to join count no more",
    "identities that were revoked since the backup count again: `fleet appliance revoke`",
];

/// Whether there are boxes that believe somebody.
async fn has_root(db: &Db) -> anyhow::Result<bool> {
    Ok(ca::SaidStore::open(db.clone()).await?.all().last().is_some())
}

fn bar() -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("records {wide_bar} {pos}/{len} {eta}")?);
    Ok(bar)
}

fn show(bar: &ProgressBar, rows: u64, total: u64) {
    if rows.is_multiple_of(SHOWN_EVERY) {
        bar.set_length(total);
        bar.set_position(rows);
    }
}
