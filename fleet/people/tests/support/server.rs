//! sshd as a box has it: it believes the fleet's authority, and lets in whoever is certified for its
//! name.

use super::keys::{self, KeyPair, text};
use people::SshCertificate;
use ssh_server::Sshd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A box called `name`.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) host_key: KeyPair,
    sshd: Sshd,
    folder: TempDir,
}

impl Server {
    /// Starts it; it listens afterwards.
    pub(crate) fn start(name: &str, authority: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let host_key = keys::make(folder.path(), "host_key", &["-t", "ed25519"]);
        let port = ports::free().expect("a port");
        let config = configuration(folder.path(), name, authority, port);
        let sshd = Sshd::start(&config);
        Self { port, host_key, sshd, folder }
    }

    /// Waits until it has said something; gives that line.
    pub(crate) fn says(&self, what: &str) -> String {
        self.sshd.says(what)
    }

    /// Where its client finds things.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Goes there with a key, and with a certificate for it if there is one.
    pub(crate) fn visit(&self, visit: &Visit<'_>) -> Output {
        let known_hosts = self.write("known_hosts", visit.known_hosts);
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]);
        command.args(["-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=/dev/null"]);
        command.args(["-o", "ConnectTimeout=20", "-o", "IdentityAgent=none"]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display()));
        command.arg("-i").arg(&visit.key.path);
        if let Some(certificate) = visit.certificate {
            let path = self.write("visit-cert.pub", &format!("{}\n", certificate.line));
            command.arg("-o").arg(format!("CertificateFile={}", path.display()));
        }
        command.args(visit.options).args(["-p", &self.port.to_string(), "127.0.0.1"]);
        command.args(visit.command).stdin(Stdio::null());
        keys::run(&mut command)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path
    }
}

/// Somebody goes to a box.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) key: &'a KeyPair,
    pub(crate) certificate: Option<&'a SshCertificate>,
    pub(crate) known_hosts: &'a str,
    pub(crate) options: &'a [&'a str],
    pub(crate) command: &'a [&'a str],
}

/// What came of a visit.
pub(crate) fn outcome(output: &Output) -> Result<String, String> {
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

fn configuration(folder: &Path, name: &str, authority: &str, port: u16) -> PathBuf {
    let write = |file: &str, content: String| {
        let path = folder.join(file);
        std::fs::write(&path, content).expect("written");
        path
    };
    let principals = write("principals", format!("{name}\n"));
    let authority = write("people.pub", format!("{authority}\n"));
    let host_key = folder.join("host_key");
    let config = format!(
        "ListenAddress 127.0.0.1:{port}
HostKey {}
PidFile none
TrustedUserCAKeys {}
AuthorizedPrincipalsFile {}
AuthorizedKeysFile none
AuthenticationMethods publickey
PermitRootLogin yes
StrictModes no
Subsystem sftp internal-sftp
UsePAM no
LogLevel VERBOSE
",
        host_key.display(),
        authority.display(),
        principals.display(),
    );
    write("sshd_config", config)
}
