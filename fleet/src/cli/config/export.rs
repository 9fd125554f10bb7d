//! `fleet config export …`

use crate::api::{List, RevisionDetail, RevisionItem};
use crate::cli::Usage;
use crate::cli::client::Client;
use crate::cli::output::Output;
use anyhow::{Context, bail};
use clap::Args;
use config_render::revisions::git::{BRANCH, Onto, last_exported, write};
use config_render::revisions::{FileKept, Head, Revision};
use contract::time::TimeUs;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All revisions as a git repository: a commit for each, a folder for each device.
///
/// The repository is bare, for others to clone and browse. The next export adds what has come since; one that was
/// interrupted is gone on with. It takes `git`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// The repository: made if it is not there.
    folder: PathBuf,
}

impl Export {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let mut last = begin(&self.folder)?;
        let live = ProgressBar::new_spinner();
        live.set_style(ProgressStyle::with_template("{spinner} {pos} revisions")?);
        loop {
            let path = format!("/api/v1/config/revisions/texts?after={}", last.unwrap_or(0));
            let page: List<RevisionDetail> = client.get(&path).await?;
            if page.items.is_empty() {
                break;
            }
            let revisions = page.items.into_iter().map(revision);
            let revisions = revisions.collect::<anyhow::Result<Vec<Revision>>>()?;
            let onto = if last.is_some() { Onto::Branch } else { Onto::Nothing };
            import(&self.folder, onto, &revisions)?;
            last = revisions.last().map(|it| it.head.id);
            live.inc(revisions.len() as u64);
        }
        live.finish_and_clear();
        let (new, folder) = (live.position(), self.folder.display());
        output.done(&format!("{new} new revisions in {folder}"))
    }
}

/// The last revision that is there; makes the repository where there is none.
fn begin(folder: &Path) -> anyhow::Result<Option<i64>> {
    let is_new = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => true,
        Err(err) => return Err(Usage(format!("{}: {err}", folder.display())).into()),
    };
    if is_new {
        let mut init = Command::new("git");
        init.args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(folder);
        said(&mut init)?;
        return Ok(None);
    }
    let not_ours = || {
        let folder = folder.display();
        Usage(format!("{folder} is no repository of `fleet config export`: name another folder"))
    };
    // Neither a repository around this one nor a work tree is meant.
    if said(git(folder).args(["rev-parse", "--is-bare-repository"])).map_err(|_| not_ours())?.trim()
        != "true"
    {
        return Err(not_ours().into());
    }
    let refs = said(git(folder).args(["for-each-ref", "--format=%(refname)"]))?;
    if refs.trim().is_empty() {
        return Ok(None);
    }
    let message = said(git(folder).args(["log", "-1", "--format=%B", BRANCH]));
    let last = message.ok().as_deref().and_then(last_exported);
    Ok(Some(last.ok_or_else(not_ours)?))
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(folder);
    git
}

/// What git says, where it goes well.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().context("git: is it installed?")?;
    if !output.status.success() {
        bail!("git: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// All of these, or none.
fn import(folder: &Path, onto: Onto, revisions: &[Revision]) -> anyhow::Result<()> {
    let mut command = git(folder);
    command.args(["fast-import", "--quiet", "--done"]).stdin(Stdio::piped());
    let mut child = command.spawn().context("git: is it installed?")?;
    let written = match child.stdin.take() {
        Some(mut stdin) => write(&mut stdin, onto, revisions),
        None => Ok(()),
    };
    // Where git has ended, it has said why; that we could not go on writing is no news.
    let status = child.wait()?;
    if !status.success() {
        bail!("git fast-import has failed ({status}); what was there before is as it was");
    }
    Ok(written?)
}

fn revision(RevisionDetail { revision, files }: RevisionDetail) -> anyhow::Result<Revision> {
    let RevisionItem { id, device, number, platform, taken_at, cause, redacted, files: count } =
        revision;
    let taken_at: Timestamp = taken_at.parse()?;
    let taken_at = TimeUs(taken_at.as_microsecond());
    let (kind, cause) = (platform.parse()?, cause.parse()?);
    let head = Head { id, device, number, kind, taken_at, cause, redacted, files: count };
    let files = files.into_iter().map(|it| FileKept { path: it.path, text: it.text }).collect();
    Ok(Revision { head, files })
}
