//! What lets somebody into a box, in a folder of its own: a key, its certificate, the box's host keys,
//! and a configuration by which ssh finds them.

use anyhow::{Context, ensure};
use contract::names::DeviceName;
use people::SshHost;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What was in the folder before counts no more.
const KEY_FILES: [&str; 2] = ["key", "key.pub"];

/// A folder of which nobody else sees what is in it.
pub(super) struct Pass {
    folder: PathBuf,
}

/// Into which box, by which way, as whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) appliance: &'a DeviceName,
    pub(super) address: &'a SshHost,
    pub(super) user: &'a str,
}

impl Pass {
    /// One for a box, among those that somebody keeps.
    pub(super) fn keep(folder: &Path, appliance: &DeviceName) -> anyhow::Result<Self> {
        make_own(folder)?;
        Self::create(&folder.join(appliance.as_str()))
    }

    /// One in a folder that holds nothing else.
    pub(super) fn create(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        make_own(folder)?;
        for name in KEY_FILES {
            match std::fs::remove_file(folder.join(name)) {
                Err(err) if err.kind() != ErrorKind::NotFound => {
                    return Err(err).with_context(|| format!("{shown}: the key before stays"));
                }
                _ => {}
            }
        }
        let folder = folder.canonicalize().with_context(|| shown.to_string())?;
        Ok(Self { folder })
    }

    pub(super) fn key(&self) -> PathBuf {
        self.folder.join(KEY_FILES[0])
    }

    pub(super) fn public_key(&self) -> std::io::Result<String> {
        std::fs::read_to_string(self.folder.join(KEY_FILES[1]))
    }

    /// For `ssh -F`.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("config")
    }

    pub(super) fn write(
        &self,
        certificate: &str,
        known_hosts: &str,
        way: Way<'_>,
    ) -> anyhow::Result<()> {
        std::fs::write(self.folder.join("key-cert.pub"), format!("{certificate}\n"))?;
        std::fs::write(self.folder.join("known_hosts"), known_hosts)?;
        std::fs::write(self.config(), config(&self.folder, way)?)?;
        Ok(())
    }
}

/// Makes a folder if there is none. Whoever can write there can have ssh do anything in one's name.
fn make_own(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).with_context(|| format!("{shown} cannot be made"))?;
    let found = std::fs::symlink_metadata(folder).with_context(|| shown.to_string())?;
    let is_own = found.is_dir() && found.uid() == std::fs::metadata("/proc/self")?.uid();
    ensure!(is_own, "{shown} is not a folder of your own");
    let is_closed = found.mode() & 0o077 == 0;
    ensure!(is_closed, "{shown} is open to others: name another folder, or chmod 700 this one");
    Ok(())
}

/// What ssh has from us comes first, and so counts; what people have set for themselves (a host to jump
/// over, say) follows.
fn config(folder: &Path, way: Way<'_>) -> anyhow::Result<String> {
    let Way { appliance, address, user } = way;
    let file = |name: &str| quoted(&folder.join(name));
    let lines = [
        ("HostName", address.host().to_owned()),
        ("Port", address.port().to_string()),
        ("User", word(user)?.to_owned()),
        ("IdentityFile", file("key")?),
        ("CertificateFile", file("key-cert.pub")?),
        ("IdentitiesOnly", "yes".to_owned()),
        ("HostKeyAlias", appliance.to_string()),
        ("UserKnownHostsFile", file("known_hosts")?),
        ("GlobalKnownHostsFile", "/dev/null".to_owned()),
        ("StrictHostKeyChecking", "yes".to_owned()),
        ("UpdateHostKeys", "no".to_owned()),
    ];
    let lines = lines.map(|(key, value)| format!("    {key} {value}\n")).concat();
    let others = "Host *\n    Include ~/.ssh/config /etc/ssh/ssh_config\n";
    Ok(format!("Host {appliance} {}\n{lines}{others}", address.host()))
}

/// A path as ssh_config(5) has it, where % stands for what ssh knows.
fn quoted(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().filter(|it| !it.contains(['"', '\\', '$']) && !it.contains('\n'));
    let text = text.with_context(|| format!("ssh takes no such path: {}", path.display()))?;
    Ok(format!("\"{}\"", text.replace('%', "%%")))
}

fn word(user: &str) -> anyhow::Result<&str> {
    let is_word = !user.is_empty()
        && user.chars().all(|it| it.is_ascii_alphanumeric() || "._-@".contains(it));
    ensure!(is_word, "{user:?} is no name of a user");
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn way<'a>(appliance: &'a DeviceName, address: &'a SshHost, user: &'a str) -> Way<'a> {
        Way { appliance, address, user }
    }

    #[test]
    fn ssh_is_told_all() {
        let (name, host) = (DeviceName::new("oca1.site-a").expect("a name"), "box.test:2222");
        let host = host.parse().expect("a host");
        let told = config(Path::new("/home/a b/50%"), way(&name, &host, "headend-operator"));
        insta::assert_snapshot!(told.expect("a configuration"));
    }

    #[test]
    fn what_ssh_would_read_otherwise_is_refused() {
        let name = DeviceName::new("oca1").expect("a name");
        let host = "box.test".parse().expect("a host");
        for folder in ["/a\"b", "/a\nProxyCommand x", "/a$b", "/a\\b"] {
            assert!(config(Path::new(folder), way(&name, &host, "root")).is_err(), "{folder}");
        }
        for user in ["", "a b", "root\nProxyCommand x", "%u"] {
            assert!(config(Path::new("/a"), way(&name, &host, user)).is_err(), "{user}");
        }
    }

    #[test]
    fn a_key_for_this_once_is_gone_the_next_time_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (place, name) = (folder.path().join("a"), DeviceName::new("oca1").expect("a name"));
        let pass = Pass::keep(&place, &name).expect("a pass");
        for key in [pass.key(), place.join("key")] {
            std::fs::write(key, "old").expect("written");
        }
        let pass = Pass::keep(&place, &name).expect("a pass");
        assert!(!pass.key().exists() && place.join("key").exists(), "that one is somebody's");
    }

    #[test]
    fn what_others_can_reach_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (open, link) = (folder.path().join("open"), folder.path().join("link"));
        drop(Pass::create(&open).expect("a pass"));
        std::os::unix::fs::symlink(&open, &link).expect("a link");
        assert!(Pass::create(&link).is_err());
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o770)).expect("opened");
        let refused = Pass::create(&open).err().expect("refused").to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
    }
}
