//! fio: how fast the disk is for whoever only reads it, or only writes to it.

use super::core;
use crate::process;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;

/// Reads blocks at random out of all files of a folder, past the page cache and on the
/// server's core; in bytes a second.
///
/// # Errors
/// When fio is missing or fails.
pub async fn read(folder: &Path, block_bytes: u64, depth: usize, span: Duration) -> Result<f64> {
    let args = [
        format!("--opendir={}", folder.display()),
        "--readonly".to_owned(),
        "--rw=randread".to_owned(),
        "--norandommap".to_owned(),
        "--direct=1".to_owned(),
        "--ioengine=io_uring".to_owned(),
        format!("--bs={block_bytes}"),
        format!("--iodepth={depth}"),
        "--time_based".to_owned(),
        format!("--runtime={}ms", span.as_millis()),
    ];
    let report = run(core::SERVER, args.to_vec()).await?;
    report["read"]["bw_bytes"].as_f64().context("fio gave no rate")
}

/// Writes files of a size into a folder, some at the same time, and has the disk keep each
/// before it counts; on the load's core, in bytes a second.
///
/// # Errors
/// When fio is missing or fails.
pub async fn write_files(folder: &Path, files: usize, bytes: usize, jobs: usize) -> Result<f64> {
    let args = [
        format!("--directory={}", folder.display()),
        "--rw=write".to_owned(),
        "--direct=1".to_owned(),
        "--bs=1M".to_owned(),
        format!("--numjobs={jobs}"),
        format!("--nrfiles={}", files / jobs),
        format!("--filesize={bytes}"),
        // One after the other, made when it is written and synchronised when it is whole.
        "--file_service_type=sequential".to_owned(),
        "--openfiles=1".to_owned(),
        "--create_on_open=1".to_owned(),
        "--fallocate=posix".to_owned(),
        "--fsync_on_close=1".to_owned(),
        "--group_reporting".to_owned(),
    ];
    let report = run(core::LOAD, args.to_vec()).await?;
    report["write"]["bw_bytes"].as_f64().context("fio gave no rate")
}

/// What fio reports of the one job, or the one group of them, that it was given.
async fn run(core: usize, args: Vec<String>) -> Result<serde_json::Value> {
    let fixed = ["-c", &core.to_string(), "fio", "--name=disk", "--output-format=json"];
    // In the process that taskset pinned.
    let args = fixed.map(str::to_owned).into_iter().chain(args).chain(["--thread".to_owned()]);
    let text = process::output("taskset", args).await?;
    // fio may say something before it begins.
    let json = text.find('{').map(|begin| &text[begin..]).context("fio said nothing")?;
    let mut report: serde_json::Value = serde_json::from_str(json)?;
    Ok(report["jobs"][0].take())
}
