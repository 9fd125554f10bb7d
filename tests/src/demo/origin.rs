//! The origin: nginx over titles that ffmpeg made.

use super::plan::{GROUPS, Plan};
use crate::origin::{self, Request};
use crate::process::{Daemon, output};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Where a title's files are at the origin.
#[must_use]
pub fn title_folder(plan: &Plan, group: &str, title: &str) -> PathBuf {
    plan.folder.join("origin").join(group).join(title)
}

/// Makes the titles. Encoding takes a while: what was made once is kept beside the build.
///
/// # Errors
/// When ffmpeg fails.
pub async fn make_titles(plan: &Plan, root: &Path) -> Result<()> {
    let script = root.join("tests/demo/make-title.sh");
    for group in &GROUPS {
        let kept = root.join(format!("target/demo-titles/{}-{}s", group.title, group.seconds));
        if !kept.join("master.m3u8").exists() {
            std::fs::create_dir_all(&kept)?;
            let args = [script.as_os_str(), kept.as_os_str()];
            let seconds = group.seconds.to_string();
            output("bash", args.into_iter().chain([seconds.as_ref()])).await?;
        }
        let folder = title_folder(plan, group.name, group.title);
        std::fs::create_dir_all(folder.parent().context("a parent")?)?;
        output("cp", ["-r".as_ref(), kept.as_os_str(), folder.as_os_str()]).await?;
    }
    Ok(())
}

/// Starts nginx over the titles, for boxes alone.
///
/// # Errors
/// When it does not come up.
pub async fn start(plan: &Plan, boxes_pem: &str) -> Result<Daemon> {
    let (run, root) = (run_folder(plan), plan.folder.join("origin"));
    origin::start(&run, &root, plan.origin_port, boxes_pem).await
}

/// By whom boxes believe it, as a word of their environment.
#[must_use]
pub fn believed(plan: &Plan) -> String {
    origin::believed(&run_folder(plan))
}

/// Every request that the origin has answered.
///
/// # Errors
/// When the log cannot be read or names no box.
pub fn requests(plan: &Plan) -> Result<Vec<Request>> {
    origin::requests(&run_folder(plan).join("access.log"))
}

fn run_folder(plan: &Plan) -> PathBuf {
    plan.folder.join("origin-run")
}
