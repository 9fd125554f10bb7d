//! An origin: nginx over a folder, over TLS, for boxes alone; and what its log says of who asked for
//! what.

use crate::process::{Daemon, is_listening};
use crate::self_signed;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// How nginx is to log for [`requests`].
pub const LOG_FORMAT: &str = "$request_uri $http_range $status $http_user_agent";

/// Starts nginx over the files below `root`, as one process: a worker would outlive a master
/// that is killed. What it writes stands in `run`, its log in `run`/access.log. It talks to boxes
/// alone, by who issues their identities, in PEM.
///
/// # Errors
/// When it does not come up.
pub async fn start(run: &Path, root: &Path, port: u16, boxes_pem: &str) -> Result<Daemon> {
    std::fs::create_dir_all(run)?;
    std::fs::write(run.join("boxes.pem"), boxes_pem)?;
    if !ca_file(run).exists() {
        self_signed::write(&["127.0.0.1"], &ca_file(run), &run.join("key.pem"))?;
    }
    let conf = run.join("nginx.conf");
    std::fs::write(&conf, configuration(run, root, port))?;
    let args = ["-p".as_ref(), run.as_os_str(), "-c".as_ref(), conf.as_os_str()];
    let nginx = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    let mut daemon = Daemon::start("the origin", nginx, args, &run.join("log"))?;
    let address = ([127, 0, 0, 1], port).into();
    daemon.wait_until(async || is_listening(address).await).await?;
    Ok(daemon)
}

/// By whom an origin is believed that has run here.
#[must_use]
pub fn ca_file(run: &Path) -> PathBuf {
    run.join("shown.pem")
}

/// The same for boxes, whose system believes nobody else then, as a word of their environment.
#[must_use]
pub fn believed(run: &Path) -> String {
    format!("SSL_CERT_FILE={}", ca_file(run).display())
}

fn configuration(run: &Path, root: &Path, port: u16) -> String {
    let (run, root) = (run.display(), root.display());
    let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "daemon off; master_process off; {user} pid {run}/pid; error_log {run}/error.log;
events {{ worker_connections 256; }}
http {{
  log_format who '{LOG_FORMAT}';
  access_log {run}/access.log who;
  client_body_temp_path {run}/tmp; proxy_temp_path {run}/tmp; fastcgi_temp_path {run}/tmp;
  uwsgi_temp_path {run}/tmp; scgi_temp_path {run}/tmp;
  sendfile on;
  ssl_certificate {run}/shown.pem; ssl_certificate_key {run}/key.pem;
  ssl_client_certificate {run}/boxes.pem; ssl_verify_client on;
  server {{ listen 127.0.0.1:{port} ssl; root {root}; }}
}}
"
    )
}

/// One request that an origin has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What was asked for.
    pub path: String,
    /// Which part of it, as it was asked.
    pub range: String,
    /// What was answered.
    pub status: String,
    /// The box that asked.
    pub device: String,
}

/// Every request that an origin has answered, in order, by its own log.
///
/// # Errors
/// When the log cannot be read, or a line of it names no box.
pub fn requests(log: &Path) -> Result<Vec<Request>> {
    let text = std::fs::read_to_string(log).with_context(|| format!("{}", log.display()))?;
    text.lines().map(|line| request(line).with_context(|| format!("who asked: {line}"))).collect()
}

/// `/path bytes=0-9 206 headend-appliance/0.1.0 (oca1.site-a)`
fn request(line: &str) -> Option<Request> {
    let mut words = line.splitn(4, ' ');
    let [path, range, status] = [words.next()?, words.next()?, words.next()?].map(str::to_owned);
    let user_agent = words.next()?;
    let (program, device) = user_agent.strip_suffix(')')?.split_once(" (")?;
    let is_box = program.starts_with("headend-appliance/") && !device.is_empty();
    is_box.then(|| Request { path, range, status, device: device.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_path_and_a_box_or_is_none() {
        let line = "/a/b.m4s bytes=0-9 206 headend-appliance/0.1.0 (oca1.site-a)";
        let asked = request(line).expect("a request");
        assert_eq!((&*asked.path, &*asked.device), ("/a/b.m4s", "oca1.site-a"));
        assert_eq!((&*asked.range, &*asked.status), ("bytes=0-9", "206"));
        for who in ["", "curl/8", "curl/8 (x)", "headend-appliance/0.1.0 (oca1"] {
            assert_eq!(request(&format!("/a - 200 {who}")), None, "{who}");
        }
        assert_eq!(request("/a"), None);
    }
}
