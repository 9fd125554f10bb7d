//! Keys that ssh-keygen makes, and certificates for them.

use ssh::{Login, Secret};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Somebody's key: the private half is at `path`.
pub(crate) struct KeyPair {
    pub(crate) path: PathBuf,
    pub(crate) public: String,
}

impl KeyPair {
    /// Makes a key, such as `-t rsa -b 3072`.
    pub(crate) fn make(folder: &Path, name: &str, kind: &[&str]) -> Self {
        let path = folder.join(name);
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-C", "somebody", "-f"]).arg(&path).args(kind);
        if !kind.contains(&"-N") {
            keygen.args(["-N", ""]);
        }
        run(&mut keygen);
        let public = read(&folder.join(format!("{name}.pub")));
        Self { path, public }
    }

    /// The line of a certificate for this key, by this authority: `-n root` for a user, `-h` for a host.
    pub(crate) fn certified(&self, authority: &Self, options: &[&str]) -> String {
        let public = self.path.with_extension("pub");
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-I", "somebody", "-V", "-5m:+1h", "-s"]).arg(&authority.path);
        run(keygen.args(options).arg(public));
        read(&self.certificate_path())
    }

    pub(crate) fn certificate_path(&self) -> PathBuf {
        let name = self.path.file_name().expect("a name").to_string_lossy();
        self.path.with_file_name(format!("{name}-cert.pub"))
    }

    pub(crate) fn private(&self) -> Secret {
        Secret::new(read(&self.path))
    }

    pub(crate) fn login(&self, certificate: Option<String>) -> Login {
        Login::with_key("root", self.private(), certificate)
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("ssh-keygen: `apt install openssh-client`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a key")
}
