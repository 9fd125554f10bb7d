//! A machine with OpenSSH.

use ssh_server::Sshd;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A machine that lets one key in as root.
pub struct Router {
    pub port: u16,
    /// Where its files are, and our key (`key`).
    pub folder: PathBuf,
    _sshd: Sshd,
}

impl Router {
    pub fn start(folder: &Path) -> Self {
        for name in ["host_key", "key"] {
            let path = folder.join(name);
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "somebody", "-f"]).arg(path);
            assert!(keygen.status().expect("ssh-keygen").success());
        }
        let port = ports::free().expect("a port");
        let at = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}\n\
             PermitRootLogin yes\nStrictModes no\nUsePAM no\n",
            at("host_key"),
            at("key.pub"),
        );
        std::fs::write(folder.join("sshd_config"), config).expect("written");
        let sshd = Sshd::start(&folder.join("sshd_config"));
        Self { port, folder: folder.to_owned(), _sshd: sshd }
    }

    /// The key that its server shows.
    pub fn host_key(&self) -> String {
        let key = std::fs::read_to_string(self.folder.join("host_key.pub")).expect("a key");
        key.trim().to_owned()
    }
}
