//! Private keys stay where they are: nobody else reads them, and they get into nothing that is
//! written, sent or dumped.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use tests::planted::{Planted, files};
use tests::process::output;
use tests::small_cdn::{Plan, SmallCdn, content, path};

#[tokio::test]
async fn keys_are_in_their_files_and_nowhere_else() -> Result<()> {
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    cdn.add_title("second", &content(2)).await?;
    let url = "/second/seg-1.m4s";
    cdn.until("it holds it", async |cdn| cdn.status(0, url).await == 200).await?;
    // What happens to be said when nothing works.
    cdn.fleet.take().context("it runs")?.kill().await?;
    cdn.boxes[0].take().context("it runs")?.stop().await?;
    cdn.start_box(0).await?;
    ensure!(cdn.status(0, &path(1)).await == 200);
    let status = serde_json::to_vec(&cdn.report(0).await?)?;

    let root = cdn.fleet_folder().parent().context("a folder")?.to_owned();
    let all = files(&root);
    let is_key_file = |file: &&PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        ["identity.pem", "player.pem"].contains(&name) || name.ends_with(".key")
    };
    let keys: Vec<&PathBuf> = all.iter().filter(is_key_file).collect();
    let mut planted = Planted::default();
    for file in &keys {
        let mode = file.metadata()?.mode() & 0o777;
        ensure!(mode == 0o600, "{} has {mode:o}", file.display());
        planted.add_pem(&std::fs::read_to_string(file)?)?;
    }
    // Two of the box, six of the fleet, one of the root.
    ensure!(planted.count() == 9, "{} keys in {keys:?}", planted.count());
    for file in &all {
        let (bytes, is_key_file) = (std::fs::read(file)?, is_key_file(&file));
        ensure!(planted.is_in(&bytes) == is_key_file, "{}", file.display());
    }
    ensure!(!planted.is_in(&status), "a key is in the status");
    Ok(())
}

#[tokio::test]
async fn memory_with_keys_gets_to_no_disk_and_nobody_looks_into_it() -> Result<()> {
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let mut daemon = cdn.boxes[0].take().context("it runs")?;
    let pid = daemon.pid()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).context("VmLck")?;
    let locked_kb: u64 = locked.trim().trim_end_matches(" kB").parse()?;
    ensure!(locked_kb > 10_000, "{locked_kb} kB are locked");
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits"))?;
    let core = limits.lines().find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.context("a limit")?.split_whitespace().collect();
    ensure!(core.get(4..6) == Some(&["0", "0"]), "{core:?}");
    // The files of a process that may not be looked into are root's.
    let args = ["-u", "nobody", "--", "cat", &format!("/proc/{pid}/environ")].map(str::to_owned);
    ensure!(output("runuser", args).await.is_err(), "nobody reads its environment");
    let end = daemon.end_by(Signal::SIGABRT).await?;
    ensure!(end.signal() == Some(Signal::SIGABRT as i32) && !end.core_dumped(), "{end:?}");
    Ok(())
}
