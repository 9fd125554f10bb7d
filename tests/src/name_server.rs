//! A name server that takes signed updates: Debian's Knot DNS, with one zone.

use crate::process::{Daemon, output};
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The zone: host names of boxes stand below it.
const ZONE: &str = "localhost";

/// 32 bytes, as good as any.
const SECRET: &str = "aGVhZGVuZCBoZWFkZW5kIGhlYWRlbmQgaGVhZGVuZCE=";

/// The name server.
pub struct NameServer {
    folder: TempDir,
    port: u16,
    /// It runs.
    pub daemon: Option<Daemon>,
}

impl NameServer {
    /// Starts it with a zone that is empty.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut server = Self { folder, port: ports::free()?, daemon: None };
        let soa = "@ 60 SOA ns.localhost. hostmaster.localhost. 1 3600 600 86400 60";
        std::fs::write(server.path("zone"), format!("$ORIGIN {ZONE}.\n{soa}\n@ 60 NS ns\n"))?;
        std::fs::write(server.path("knot.conf"), server.configuration())?;
        std::fs::write(server.key_file(), key(SECRET))?;
        std::fs::write(server.wrong_key_file(), key(&SECRET.replace('a', "b")))?;
        server.start_again().await?;
        Ok(server)
    }

    /// Starts it when it has ended.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_again(&mut self) -> Result<()> {
        let knotd = if Path::new("/usr/sbin/knotd").exists() { "/usr/sbin/knotd" } else { "knotd" };
        let (conf, log) = (self.path("knot.conf"), self.path("log"));
        let mut daemon =
            Daemon::start("the name server", knotd, ["-c".as_ref(), conf.as_os_str()], &log)?;
        daemon
            .wait_until(async || self.ask("SOA", ZONE).await.is_ok_and(|it| !it.is_empty()))
            .await?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The key that it takes updates by.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path("acme.key")
    }

    /// Another, under the same name.
    #[must_use]
    pub fn wrong_key_file(&self) -> PathBuf {
        self.path("wrong.key")
    }

    /// The texts under a name.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.ask("TXT", name).await?.lines().map(str::to_owned).collect())
    }

    async fn ask(&self, kind: &str, name: &str) -> Result<String> {
        let port = self.port.to_string();
        let args = ["@127.0.0.1", "-p", &port, "+tcp", "+short", "+retry=0", "+time=5", kind, name];
        output("kdig", args).await.context("kdig")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configuration(&self) -> String {
        let (folder, port) = (self.folder.path().display(), self.port);
        let user = if nix::unistd::geteuid().is_root() { "user: root" } else { "" };
        format!(
            "server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
  {user}
database:
  storage: {folder}
key:
- id: acme
  algorithm: hmac-sha256
  secret: {SECRET}
acl:
- id: acme
  key: acme
  action: update
  update-type: TXT
zone:
- domain: {ZONE}
  file: {folder}/zone
  zonefile-sync: -1
  journal-content: changes
  acl: acme
log:
- target: stderr
  any: info
"
        )
    }
}

fn key(secret: &str) -> String {
    format!("key \"acme\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{secret}\";\n}};\n")
}
