//! `fleet ssh`: into a box, by a key for this once that the fleet certifies.

use super::client::Client;
use crate::api::{ApplianceDetail, SshCertified, SshRequest};
use anyhow::Context;
use clap::Args;
use contract::names::DeviceName;
use people::{SSH_PORT, SshHost};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;
use tokio::process::Command;

/// Into a box, with a shell or for one command.
///
/// A key is made for this once, the fleet certifies it, for that box and that command alone, and
/// your own ssh takes it there. The box's host key is the one that it had when it joined.
#[derive(Debug, Args)]
pub(super) struct Ssh {
    /// Which box.
    appliance: DeviceName,
    /// Where it is reached, HOST or HOST:PORT, where that is not its first address for viewers.
    #[arg(long, value_name = "HOST[:PORT]")]
    address: Option<SshHost>,
    /// As which user of the box.
    #[arg(long, default_value = "headend-operator")]
    user: String,
    /// Seconds for which the certificate is to be good, an hour where nothing is said. Who is in stays
    /// in.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(60..=86_400))]
    life_s: Option<u64>,
    /// The command to run there; without one, a shell.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Ssh {
    /// Ends this process as ssh has ended.
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let folder = tempfile::Builder::new().prefix("headend-ssh-").tempdir()?;
        let status = self.go(client, folder.path()).await;
        folder.close().context("a key that is good no more stays")?;
        let code = status?.code().unwrap_or(255);
        std::process::exit(code)
    }

    async fn go(&self, client: &Client, folder: &Path) -> anyhow::Result<ExitStatus> {
        let name = &self.appliance;
        let address = self.address(client, name).await?;
        let key = folder.join("key");
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", ""]).arg("-f").arg(&key);
        let made = keygen.status().await.context("ssh-keygen cannot be run: install OpenSSH")?;
        anyhow::ensure!(made.success(), "ssh-keygen has made no key");
        let command = (!self.command.is_empty()).then(|| self.command.join(" "));
        let request = SshRequest {
            appliance: name.to_string(),
            public_key: std::fs::read_to_string(key.with_extension("pub"))?,
            command: command.clone(),
            life_s: self.life_s,
        };
        let certified: SshCertified = client.post("/api/v1/ssh/certificates", &request).await?;
        let (certificate, known_hosts) = (folder.join("key-cert.pub"), folder.join("known_hosts"));
        std::fs::write(&certificate, certified.certificate + "\n")?;
        std::fs::write(&known_hosts, certified.known_hosts)?;
        let mut ssh = Command::new("ssh");
        for (option, file) in [
            ("IdentityFile", &*key),
            ("CertificateFile", &certificate),
            ("UserKnownHostsFile", &known_hosts),
            ("GlobalKnownHostsFile", Path::new("/dev/null")),
        ] {
            ssh.arg("-o").arg(format!("{option}={}", file.display()));
        }
        let alias = format!("HostKeyAlias={name}");
        for option in ["StrictHostKeyChecking=yes", "UpdateHostKeys=no", "IdentitiesOnly=yes"] {
            ssh.args(["-o", option]);
        }
        let port = address.port().to_string();
        ssh.args(["-o", &alias, "-p", &port, "-l", &self.user, "--", address.host()]);
        ssh.args(command).status().await.context("ssh cannot be run: install OpenSSH")
    }

    /// What was said, or the first address that viewers are told.
    async fn address(&self, client: &Client, name: &DeviceName) -> anyhow::Result<SshHost> {
        if let Some(address) = &self.address {
            return Ok(address.clone());
        }
        let detail: ApplianceDetail = client.get(&format!("/api/v1/appliances/{name}")).await?;
        let mut players = detail.intended.players.iter().flat_map(|it| &it.addresses);
        let first = players.next().context("it has no address: give --address")?;
        Ok(SocketAddr::new(first.ip(), SSH_PORT).into())
    }
}
