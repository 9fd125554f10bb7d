//! The operator of a fleet: what a person does with the `fleet` command, and what he sees
//! ([`shares`]: who holds what, and from whom).

pub mod shares;

use crate::process::{outcome_of, output, output_of};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;

/// Runs the `fleet` command against one fleet manager.
#[derive(Debug, Clone)]
pub struct Operator {
    program: OsString,
    /// What follows it, up to the subcommand.
    words: Vec<OsString>,
}

/// Who issues what boxes show to viewers, as [`Operator::init`] leaves it.
#[must_use]
pub fn players_ca(root: &Path) -> PathBuf {
    root.with_file_name("players.pem")
}

/// By whom people and players believe a fleet manager whose folder this is.
#[must_use]
pub fn front_ca(fleet: &Path) -> PathBuf {
    fleet.join("ca/front.pem")
}

/// The serial number of the machine that is a box. Those of tests have no firmware that tells it.
#[must_use]
pub fn serial(name: &str) -> String {
    format!("SN-{name}")
}

/// What `appliance` is told to make its machine a box, with more in place of what says otherwise.
#[must_use]
pub fn join_args(
    name: &str,
    token_file: &Path,
    folder: &Path,
    more: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let usual = [
        "join".to_owned(),
        format!("--token-file={}", token_file.display()),
        format!("--folder={}", folder.display()),
        format!("--serial={}", serial(name)),
        // That of whoever runs this has no part in it.
        "--tpm=none".to_owned(),
    ];
    let more: Vec<String> = more.into_iter().collect();
    let name = |arg: &str| arg.split_once('=').map(|(name, _)| name.to_owned());
    let is_said = |arg: &String| more.iter().any(|other| name(other) == name(arg));
    let stays = |arg: &String| name(arg).is_none() || !is_said(arg);
    usual.into_iter().filter(stays).chain(more.clone()).collect()
}

/// A box as the inventory is to have it.
#[derive(Debug)]
pub struct Appliance<'a> {
    /// Its name: `oca1.site-a`.
    pub name: &'a str,
    /// Its site.
    pub site: &'a str,
    /// Where viewers connect.
    pub players: Vec<SocketAddr>,
    /// Where siblings connect.
    pub peer: SocketAddr,
    /// `FOLDER:CLASS:CAPACITY` each.
    pub disks: Vec<String>,
    /// Its RAM tier, with a unit.
    pub ram: &'a str,
    /// Where it keeps its documents.
    pub state_folder: PathBuf,
    /// Where it keeps its request logs.
    pub access_log_folder: PathBuf,
}

/// A title in a folder.
#[derive(Debug)]
pub struct Title<'a> {
    /// Its content group.
    pub group: &'a str,
    /// The title; its objects lie below a folder of that name at the origin.
    pub title: &'a str,
    /// What viewers read.
    pub name: &'a str,
    /// Its files, as they are at the origin.
    pub folder: &'a Path,
}

/// Something that happened on a box, as it has told the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Happened {
    /// A stable name.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// What a box would have reported while it could tell nobody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LateReport {
    /// Of which process.
    pub boot_id: String,
    /// The number of the report in that process.
    pub sequence: u64,
    /// Reports before this one that are missing.
    pub dropped_before: u64,
}

impl Operator {
    /// One who reaches the manager at `url` and has its token where the manager keeps it: beside it
    /// lies by what the manager is believed. `through` goes before the command: what leads into another network, or nothing.
    #[must_use]
    pub fn new(through: &[OsString], fleet: &Path, url: &str, token_file: &Path) -> Self {
        let mut words = through.iter().cloned().chain([fleet.into()]);
        let program = words.next().unwrap_or_else(|| fleet.into());
        let token = format!("--token-file={}", token_file.display());
        let options = [format!("--fleet={url}").into(), token.into()];
        Self { program, words: words.chain(options).collect() }
    }

    /// The words that run the command, when they stand before what it is told.
    pub fn words(&self) -> impl Iterator<Item = &OsStr> {
        std::iter::once(self.program.as_os_str()).chain(self.words.iter().map(OsString::as_os_str))
    }

    /// Runs the command.
    ///
    /// # Errors
    /// With what it printed.
    pub async fn fleet<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<String> {
        output_of(self.command(args)).await
    }

    /// Runs the command, whatever comes of it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn outcome<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Output> {
        outcome_of(self.command(args)).await
    }

    fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.program);
        // A token in the environment of whoever runs this would go before the one in the file.
        command.args(&self.words).args(args).env_remove("FLEET_TOKEN");
        command
    }

    /// The same, as JSON.
    ///
    /// # Errors
    /// With what it printed.
    pub async fn fleet_json(&self, args: &[&str]) -> Result<Value> {
        let text = self.fleet(args.iter().chain(&["-o", "json"])).await?;
        serde_json::from_str(&text).with_context(|| format!("fleet {}: {text}", args.join(" ")))
    }

    /// The newest events of a box, newest first.
    ///
    /// # Errors
    /// When the fleet does not answer, or knows no such box.
    pub async fn happened(&self, device: &str) -> Result<Vec<Happened>> {
        let mut status = self.fleet_json(&["status", device]).await?;
        let events = status["items"][0]["events"].take();
        serde_json::from_value(events).with_context(|| format!("the events of {device}"))
    }

    /// What a box would have reported while it could tell nobody, oldest first.
    ///
    /// # Errors
    /// When the fleet does not answer, or knows no such box.
    pub async fn late_reports(&self, device: &str) -> Result<Vec<LateReport>> {
        let line = ["appliance", "late-reports", device, "--limit", "2000"];
        let mut late = self.fleet_json(&line).await?;
        let mut late: Vec<LateReport> = serde_json::from_value(late["items"].take())?;
        late.reverse();
        Ok(late)
    }

    /// Makes a root in a folder, as far as there is none, and has it name the fleet's keys; leaves
    /// beside it, in `players.pem`, who issues what boxes show to viewers.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn init(&self, root: &Path) -> Result<()> {
        self.fleet(["ca", "init", &format!("--root={}", root.display())]).await?;
        self.tell_viewers(root).await
    }

    /// Leaves beside a root, in `players.pem`, who issues now what boxes show to viewers.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn tell_viewers(&self, root: &Path) -> Result<()> {
        let pem = self.fleet(["ca", "certificate"]).await?;
        Ok(std::fs::write(players_ca(root), pem)?)
    }

    /// Who issues now what boxes show to one another, and to origins that ask.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn boxes_ca(&self) -> Result<String> {
        self.fleet(["ca", "certificate", "--boxes"]).await
    }

    /// Adds a site: where it is, in degrees north and east, and the networks of its viewers.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn create_site(
        &self,
        name: &str,
        (latitude, longitude): (f64, f64),
        client_prefixes: impl IntoIterator<Item = impl Display>,
    ) -> Result<()> {
        let mut args = vec!["site".to_owned(), "create".to_owned(), name.to_owned()];
        args.push(format!("--latitude={latitude}"));
        args.push(format!("--longitude={longitude}"));
        args.extend(client_prefixes.into_iter().map(|prefix| format!("--prefix={prefix}")));
        self.fleet(args).await.map(drop)
    }

    /// Adds a content group. Every page may read it, or one.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn create_group(
        &self,
        name: &str,
        owner: &str,
        host_pattern: &str,
        origin: &str,
        cors_origin: Option<&str>,
    ) -> Result<()> {
        let mut args = vec!["group".to_owned(), "create".to_owned(), name.to_owned()];
        args.push(format!("--owner={owner}"));
        args.push(format!("--host-pattern={host_pattern}"));
        args.push(format!("--origin={origin}"));
        args.extend(cors_origin.map(|origin| format!("--cors-origin={origin}")));
        self.fleet(args).await.map(drop)
    }

    /// Adds a box.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn create_appliance(&self, appliance: &Appliance<'_>) -> Result<()> {
        let Appliance { name, site, players, peer, disks, ram, .. } = appliance;
        let mut args = vec!["appliance".to_owned(), "create".to_owned(), (*name).to_owned()];
        args.push(format!("--site={site}"));
        args.push(format!("--serial={}", serial(name)));
        args.extend(players.iter().map(|address| format!("--player={address}")));
        args.push(format!("--peer={peer}"));
        args.extend(disks.iter().map(|disk| format!("--disk={disk}")));
        args.push(format!("--ram={ram}"));
        args.push(format!("--state-folder={}", appliance.state_folder.display()));
        args.push(format!("--access-log-folder={}", appliance.access_log_folder.display()));
        self.fleet(args).await.map(drop)
    }

    /// A token with which the machine of a box joins, once.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn join_token(&self, name: &str) -> Result<String> {
        self.fleet(["appliance", "token", name]).await
    }

    /// Has this machine become a box, with the programs in `bin` and its files in a folder.
    ///
    /// # Errors
    /// With what the commands printed.
    pub async fn join(&self, bin: &Path, name: &str, folder: &Path) -> Result<()> {
        self.join_with(bin, name, folder, &[]).await
    }

    /// The same with more for `appliance join`.
    ///
    /// # Errors
    /// With what the commands printed.
    pub async fn join_with(
        &self,
        bin: &Path,
        name: &str,
        folder: &Path,
        more: &[String],
    ) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let token_file = folder.join("join.token");
        std::fs::write(&token_file, self.join_token(name).await?)?;
        let args = join_args(name, &token_file, folder, more.to_vec());
        output(bin.join("appliance"), args).await.map(drop)
    }

    /// Adds a title, or brings it up to date.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn add_title(&self, title: &Title<'_>) -> Result<()> {
        let Title { group, title, name, folder } = title;
        let args = [
            "content".to_owned(),
            "add".to_owned(),
            format!("--group={group}"),
            format!("--title={title}"),
            format!("--name={name}"),
            format!("--folder={}", folder.display()),
            format!("--base-path=/{title}"),
        ];
        self.fleet(args).await.map(drop)
    }
}
