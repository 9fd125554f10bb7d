//! fio: how fast the disk is for whoever only reads it.

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
        "-c".to_owned(),
        core::SERVER.to_string(),
        "fio".to_owned(),
        "--name=disk".to_owned(),
        "--output-format=json".to_owned(),
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
        // In the process that taskset pinned.
        "--thread".to_owned(),
    ];
    let text = process::output("taskset", args).await?;
    // fio may say something before it begins.
    let json = text.find('{').map(|begin| &text[begin..]).context("fio said nothing")?;
    let report: serde_json::Value = serde_json::from_str(json)?;
    report["jobs"][0]["read"]["bw_bytes"].as_f64().context("fio gave no rate")
}
