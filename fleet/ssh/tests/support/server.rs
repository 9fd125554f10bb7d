//! sshd, with keys and a configuration of its own.

use super::keys::KeyPair;
use ssh::{Algorithms, Device, HostKeys, Login};
use ssh_server::Sshd;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A machine with an SSH server, into which one key lets root.
pub(crate) struct Server {
    port: u16,
    pub(crate) host_key: KeyPair,
    pub(crate) key: KeyPair,
    pub(crate) authority: KeyPair,
    sshd: Sshd,
    folder: TempDir,
}

impl Server {
    /// With an Ed25519 host key.
    pub(crate) fn start() -> Self {
        Self::with(&["-t", "ed25519"], false, "")
    }

    /// With a host key of this kind, which may have a certificate beside it, and more lines of configuration.
    pub(crate) fn with(host_key: &[&str], is_certified: bool, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name: &str, kind: &[&str]| KeyPair::make(folder.path(), name, kind);
        let host_key = make("host_key", host_key);
        let [key, authority] = ["key", "authority"].map(|name| make(name, &["-t", "ed25519"]));
        let mut more = more.to_owned();
        if is_certified {
            host_key.certified(&authority, &["-h", "-n", "127.0.0.1"]);
            let path = host_key.certificate_path();
            writeln!(more, "\nHostCertificate {}", path.display()).expect("written");
        }
        let port = ports::free().expect("a port");
        write(folder.path(), "sshd_config", &configuration(folder.path(), port, &more));
        write(folder.path(), "authorized", &key.public);
        let sshd = Sshd::start(&folder.path().join("sshd_config"));
        Self { port, host_key, key, authority, sshd, folder }
    }

    /// Waits until it has said something; gives that line.
    pub(crate) fn says(&self, what: &str) -> String {
        self.sshd.says(what)
    }

    /// A place for files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// It, as somebody knows it who is let in.
    pub(crate) fn device(&self) -> Device {
        self.device_for(self.key.login(None))
    }

    pub(crate) fn device_for(&self, login: Login) -> Device {
        Device {
            name: "box".to_owned(),
            address: self.address(),
            host_keys: HostKeys::parse(&self.host_key.public).expect("a key"),
            algorithms: Algorithms::Current,
            login: Arc::new(login),
        }
    }
}

fn configuration(folder: &Path, port: u16, more: &str) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    format!(
        "ListenAddress 127.0.0.1:{port}
HostKey {}
PidFile none
TrustedUserCAKeys {}
AuthorizedKeysFile {}
AuthenticationMethods publickey
PermitRootLogin yes
StrictModes no
UsePAM no
LogLevel VERBOSE
MaxStartups 300
{more}
",
        at("host_key"),
        at("authority.pub"),
        at("authorized"),
    )
}

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).expect("written");
}
