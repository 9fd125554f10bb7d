//! An authority that issues by ACME: Debian's Pebble, which is made to find out what clients take
//! for granted. It refuses some nonces, and looks into a name server of ours.

use crate::process::{Daemon, output};
use crate::self_signed;
use anyhow::Result;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use tempfile::TempDir;

/// How long what it issues is good, in seconds: as long as is usual.
const LIFE_S: u64 = 90 * 86_400;

/// Of a hundred nonces so many are refused.
const REFUSED_PERCENT: u8 = 5;

/// The authority.
pub struct AcmeAuthority {
    folder: TempDir,
    port: u16,
    management_port: u16,
    name_server: SocketAddr,
    /// It runs.
    pub daemon: Option<Daemon>,
}

impl AcmeAuthority {
    /// One that looks into this name server; it does not run yet.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn new(name_server: SocketAddr) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (port, management_port) = (ports::free()?, ports::free()?);
        let authority = Self { folder, port, management_port, name_server, daemon: None };
        let names = ["localhost", "127.0.0.1"];
        self_signed::write(&names, &authority.ca_file(), &authority.path("key.pem"))?;
        std::fs::write(authority.path("pebble.json"), authority.configuration())?;
        Ok(authority)
    }

    /// Starts it, with a root that it has never had before, and nothing in mind.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&mut self) -> Result<()> {
        self.start_with(&["PEBBLE_VA_NOSLEEP=1"]).await
    }

    /// The same with another environment.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_with(&mut self, environment: &[&str]) -> Result<()> {
        let (config, server) = (self.path("pebble.json"), self.name_server.to_string());
        let nonces = format!("PEBBLE_WFE_NONCEREJECT={REFUSED_PERCENT}");
        let args = ["pebble", "-strict", "-dnsserver", &server, "-config"];
        let args = environment.iter().copied().chain([&*nonces]).chain(args).map(Into::into);
        let args: Vec<std::ffi::OsString> = args.chain([config.into_os_string()]).collect();
        let mut daemon = Daemon::start("the authority", "env", args, &self.path("log"))?;
        daemon.wait_until(async || self.root().await.is_ok()).await?;
        std::fs::write(self.root_file(), self.root().await?)?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Where clients begin.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// Who vouches for the authority itself.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Who vouches for what it has issued since it was started.
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.path("root.pem")
    }

    async fn root(&self) -> Result<String> {
        let (ca, url) =
            (self.ca_file(), format!("https://127.0.0.1:{}/roots/0", self.management_port));
        let args = ["-sf", "-m", "5", "--cacert"].map(std::ffi::OsString::from);
        output("curl", args.into_iter().chain([ca.into_os_string(), url.into()])).await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configuration(&self) -> String {
        let here = |port| SocketAddr::from((IpAddr::from(Ipv4Addr::LOCALHOST), port)).to_string();
        let pebble = serde_json::json!({
            "listenAddress": here(self.port),
            "managementListenAddress": here(self.management_port),
            "certificate": self.ca_file(),
            "privateKey": self.path("key.pem"),
            "httpPort": 1,
            "tlsPort": 1,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": LIFE_S,
        });
        serde_json::json!({ "pebble": pebble }).to_string()
    }
}
