//! What a bare machine can install, without the Internet: the packages that `ansible/` asks for, and
//! what they depend on, fetched when its root is made, with an index as apt wants it.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where `ansible/` says what it installs.
const ASKED_FOR: &str = "../ansible/roles/machine/defaults/main.yml";

/// The module that installs them has this installed first.
const FOR_ANSIBLE: &str = "python3-apt";

#[derive(Debug, Deserialize)]
struct Defaults {
    machine_packages: Vec<String>,
    machine_bgp_packages: Vec<String>,
}

/// What is asked for.
pub(super) fn packages() -> Result<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(ASKED_FOR);
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let asked: Defaults =
        serde_yaml::from_str(&text).with_context(|| file.display().to_string())?;
    let all = asked.machine_packages.into_iter().chain(asked.machine_bgp_packages);
    Ok(all.chain([FOR_ANSIBLE.to_owned()]).collect())
}

/// Where the packages for a root are.
pub(super) fn beside(root: &Path) -> PathBuf {
    root.with_extension("mirror")
}

/// What mmdebstrap is told to do when the root is made, with its own apt: `$1` is the root. What tells
/// of this machine's mirrors goes.
pub(super) fn hooks(packages: &[String], mirror: &Path) -> [String; 2] {
    let fetch = "apt-get --yes --no-install-recommends --download-only install";
    let (packages, mirror) = (packages.join(" "), mirror.display());
    [
        format!("APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\" {fetch} {packages}"),
        format!(
            "set -e; mkdir {mirror}; mv \"$1\"/var/cache/apt/archives/*.deb {mirror}; cd {mirror}; \
             apt-ftparchive packages . >Packages; \
             rm -rf \"$1\"/etc/apt/sources.list.d/* \"$1\"/etc/apt/apt.conf.d/99mmdebstrap"
        ),
    ]
    .map(|command| format!("--customize-hook={command}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ansible_installs_is_known() {
        let packages = packages().expect("read");
        assert!(packages.iter().any(|package| package == "chrony"), "{packages:?}");
        assert!(packages.iter().any(|package| package == "bird2"), "{packages:?}");
    }

    #[test]
    fn a_mirror_lies_beside_its_root() {
        assert_eq!(beside(Path::new("/lab/root-a-1")), Path::new("/lab/root-a-1.mirror"));
    }
}
