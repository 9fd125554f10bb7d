//! Keys that ssh-keygen makes, and what it makes of certificates.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Somebody's key: the private half is at `path`.
pub(crate) struct KeyPair {
    pub(crate) path: PathBuf,
    pub(crate) public: String,
}

/// Makes a key, such as `-t rsa -b 3072`.
pub(crate) fn make(folder: &Path, name: &str, kind: &[&str]) -> KeyPair {
    let path = folder.join(name);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-N", "", "-C", "anna@laptop", "-f"]).arg(&path).args(kind);
    let made = run(&mut command);
    assert!(made.status.success(), "ssh-keygen {kind:?}: {}", text(&made.stderr));
    let public = std::fs::read_to_string(folder.join(format!("{name}.pub"))).expect("public half");
    KeyPair { path, public }
}

/// What `ssh-keygen -L` says of a certificate, in UTC.
pub(crate) fn shown(folder: &Path, line: &str) -> String {
    let path = folder.join("shown-cert.pub");
    std::fs::write(&path, format!("{line}\n")).expect("written");
    let mut command = Command::new("ssh-keygen");
    let shown = run(command.env("TZ", "UTC").arg("-L").arg("-f").arg(&path));
    assert!(shown.status.success(), "ssh-keygen -L: {}", text(&shown.stderr));
    text(&shown.stdout)
}

pub(crate) fn run(command: &mut Command) -> Output {
    let name = command.get_program().to_owned();
    command.output().unwrap_or_else(|err| {
        panic!("{}: {err}: `apt install openssh-client openssh-server`", name.display())
    })
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
