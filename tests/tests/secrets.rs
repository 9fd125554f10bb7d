//! Private keys stay where they are: nobody else reads them, and they get into nothing that is
//! written, sent or dumped.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use nix::sys::signal::Signal;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use tests::process::output;
use tests::small_cdn::{Plan, SmallCdn, content, path};

/// The secret part of keys in PEM, as it would be found in whatever they got into: twelve octets
/// of each that are the key itself, as they are and as PEM writes them.
fn secrets(pem: &str) -> Result<Vec<[Vec<u8>; 2]>> {
    let blocks = pem.split("-----BEGIN PRIVATE KEY-----\n").skip(1);
    let block = |block: &str| {
        // Before them stands which kind of key it is.
        let text = block.get(48..64).context("a line of 64")?;
        Ok([BASE64.decode(text)?, text.as_bytes().to_vec()])
    };
    blocks.map(block).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let inside = |entry: std::fs::DirEntry| match entry.file_type().is_ok_and(|it| it.is_dir()) {
        true => files(&entry.path()),
        false => vec![entry.path()],
    };
    entries.flat_map(inside).collect()
}

fn holds(bytes: &[u8], secrets: &[[Vec<u8>; 2]]) -> bool {
    let holds = |secret: &Vec<u8>| bytes.windows(secret.len()).any(|it| it == secret);
    secrets.iter().flatten().any(holds)
}

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
    let mut secrets_of_all = Vec::new();
    for file in &keys {
        let mode = file.metadata()?.mode() & 0o777;
        ensure!(mode == 0o600, "{} has {mode:o}", file.display());
        secrets_of_all.extend(secrets(&std::fs::read_to_string(file)?)?);
    }
    // Two of the box, four of the fleet, one of the root.
    ensure!(secrets_of_all.len() == 7, "{} keys in {keys:?}", secrets_of_all.len());
    for file in &all {
        let (bytes, is_key_file) = (std::fs::read(file)?, is_key_file(&file));
        ensure!(holds(&bytes, &secrets_of_all) == is_key_file, "{}", file.display());
    }
    ensure!(!holds(&status, &secrets_of_all), "a key is in the status");
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
