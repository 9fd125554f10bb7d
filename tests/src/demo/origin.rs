//! The origin: nginx over titles that ffmpeg made.

use super::plan::{GROUPS, Plan};
use crate::process::{Daemon, is_listening, output};
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

/// Starts nginx, as one process: a worker would outlive a master that is killed.
///
/// # Errors
/// When it does not come up.
pub async fn start(plan: &Plan) -> Result<Daemon> {
    let folder = plan.folder.join("origin-run");
    std::fs::create_dir_all(&folder)?;
    let conf = folder.join("nginx.conf");
    std::fs::write(&conf, configuration(plan, &folder))?;
    let args = ["-p".as_ref(), folder.as_os_str(), "-c".as_ref(), conf.as_os_str()];
    let nginx = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    let mut daemon = Daemon::start("the origin", nginx, args, &folder.join("log"))?;
    let address = ([127, 0, 0, 1], plan.origin_port).into();
    daemon.wait_until(async || is_listening(address).await).await?;
    Ok(daemon)
}

fn configuration(plan: &Plan, folder: &Path) -> String {
    let run = folder.display();
    let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "daemon off; master_process off; {user} pid {run}/pid; error_log {run}/error.log;
events {{ worker_connections 256; }}
http {{
  log_format who '$request_uri $http_user_agent';
  access_log {run}/access.log who;
  client_body_temp_path {run}/tmp; proxy_temp_path {run}/tmp; fastcgi_temp_path {run}/tmp;
  uwsgi_temp_path {run}/tmp; scgi_temp_path {run}/tmp;
  sendfile on;
  server {{ listen 127.0.0.1:{}; root {}; }}
}}
",
        plan.origin_port,
        plan.folder.join("origin").display()
    )
}

/// One request that the origin has answered.
#[derive(Debug)]
pub struct Request {
    /// What was asked for.
    pub path: String,
    /// The box that asked.
    pub device: String,
}

/// Every request that the origin has answered, by its own log.
///
/// # Errors
/// When the log cannot be read or names no box.
pub fn requests(plan: &Plan) -> Result<Vec<Request>> {
    let log = std::fs::read_to_string(plan.folder.join("origin-run/access.log"))?;
    log.lines().map(|line| request(line).with_context(|| format!("who asked: {line}"))).collect()
}

/// `/path headend-appliance/0.1.0 (oca1.site-a)`
fn request(line: &str) -> Option<Request> {
    let (path, user_agent) = line.split_once(' ')?;
    let device = user_agent.strip_suffix(')')?.rsplit_once(" (")?.1;
    Some(Request { path: path.to_owned(), device: device.to_owned() })
}
