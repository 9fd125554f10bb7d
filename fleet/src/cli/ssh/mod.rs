//! `fleet ssh`: into a box, by a key for this once that the fleet certifies.

mod pass;

use super::client::Client;
use super::output::Output;
use crate::api::{ApplianceDetail, SshCertified, SshRequest};
use anyhow::{Context, ensure};
use clap::Args;
use contract::names::DeviceName;
use pass::{Pass, Way};
use people::{SSH_PORT, SshHost};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
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
    /// Go nowhere: keep the key and its certificate in this folder, with a configuration of ssh's
    /// (FOLDER/APPLIANCE/config) for what takes one, such as scp, rsync and Ansible.
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    keep: Option<PathBuf>,
    /// The command to run there; without one, a shell.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Ssh {
    /// Ends this process as ssh has ended, where it goes into a box.
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        if let Some(folder) = &self.keep {
            let pass = Pass::keep(folder, &self.appliance)?;
            let certified = self.certify(client, &pass).await?;
            let (config, name) = (pass.config(), &self.appliance);
            let until = &certified.issued.not_after;
            return output.done(&format!("good until {until}: ssh -F {} {name}", config.display()));
        }
        let mut folder = tempfile::Builder::new();
        folder.prefix("headend-ssh-").permissions(PermissionsExt::from_mode(0o700));
        let folder = folder.tempdir()?;
        let status = self.go(client, folder.path()).await;
        folder.close().context("a key that is good no more stays")?;
        let code = status?.code().unwrap_or(255);
        std::process::exit(code)
    }

    async fn go(&self, client: &Client, folder: &Path) -> anyhow::Result<ExitStatus> {
        let pass = Pass::create(folder)?;
        self.certify(client, &pass).await?;
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(pass.config()).args(["--", self.appliance.as_str()]).args(self.command());
        ssh.status().await.context("ssh cannot be run: install OpenSSH")
    }

    /// Makes a key, has it certified, and writes down what ssh is to know.
    async fn certify(&self, client: &Client, pass: &Pass) -> anyhow::Result<SshCertified> {
        let address = self.address(client).await?;
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", ""]).arg("-f").arg(pass.key());
        let made = keygen.status().await.context("ssh-keygen cannot be run: install OpenSSH")?;
        ensure!(made.success(), "ssh-keygen has made no key");
        let request = SshRequest {
            appliance: self.appliance.to_string(),
            public_key: pass.public_key()?,
            command: self.command(),
            life_s: self.life_s,
        };
        let certified: SshCertified = client.post("/api/v1/ssh/certificates", &request).await?;
        let way = Way { appliance: &self.appliance, address: &address, user: &self.user };
        pass.write(&certified.certificate, &certified.known_hosts, way)?;
        Ok(certified)
    }

    fn command(&self) -> Option<String> {
        (!self.command.is_empty()).then(|| self.command.join(" "))
    }

    /// What was said, or the first address that viewers are told.
    async fn address(&self, client: &Client) -> anyhow::Result<SshHost> {
        if let Some(address) = &self.address {
            return Ok(address.clone());
        }
        let path = format!("/api/v1/appliances/{}", self.appliance);
        let detail: ApplianceDetail = client.get(&path).await?;
        let mut players = detail.intended.players.iter().flat_map(|it| &it.addresses);
        let first = players.next().context("it has no address: give --address")?;
        Ok(SocketAddr::new(first.ip(), SSH_PORT).into())
    }
}
