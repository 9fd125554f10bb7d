//! Where this machine has its Debian packages from, as its own apt is configured: the shared
//! root comes from the same mirrors, with the same trust, through the same proxy.

use crate::process::output;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Debian, as this machine's apt sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Apt {
    /// The release that runs here: programs built here run in the root, on its C library.
    pub(super) release: String,
    /// The files that name the mirrors, and the keys to believe.
    pub(super) sources: Vec<PathBuf>,
    /// How apt fetches, in the words of apt.conf(5).
    pub(super) options: String,
}

impl Apt {
    /// Asks apt.
    ///
    /// # Errors
    /// When this is no Debian, or apt knows no mirror of the release that runs here.
    pub(super) async fn of_this_machine() -> Result<Self> {
        let os_release = std::fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
        let release = release(&os_release).context("this is no release of Debian")?;
        let format = "$(RELEASE) $(CODENAME) $(SOURCESENTRY)";
        let args = ["indextargets", "--format", format, "Created-By: Packages"];
        let sources = sources(&output("apt-get", args).await?, &release);
        ensure!(!sources.is_empty(), "apt knows no mirror of Debian {release}");
        let dump = output("apt-config", ["dump", "--format", "%F \"%v\";%n", "Acquire"]).await?;
        Ok(Self { sources, options: options(&dump), release })
    }

    /// Writes what mmdebstrap wants in a file.
    pub(super) fn write_options(&self, file: &Path) -> Result<()> {
        Ok(std::fs::write(file, &self.options)?)
    }
}

/// The code name of a release of Debian itself.
fn release(os_release: &str) -> Option<String> {
    let value = |key: &str| {
        let mut lines = os_release.lines();
        let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(value.trim_matches('"').to_owned())
    };
    value("VERSION_CODENAME").filter(|_| value("ID").as_deref() == Some("debian"))
}

/// The files that speak of the release, its updates and its security updates. Others, for
/// packages that are not Debian's, are left alone.
fn sources(targets: &str, release: &str) -> Vec<PathBuf> {
    let is_wanted = |name: &str| {
        name.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let file = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (suite, codename, entry) = (words.next()?, words.next()?, words.next()?);
        let (file, _number) = entry.rsplit_once(':')?;
        (is_wanted(suite) || is_wanted(codename)).then(|| PathBuf::from(file))
    };
    targets.lines().filter_map(file).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Proxies, certificates, timeouts; not which indices there are, which apt knows by itself.
fn options(dump: &str) -> String {
    let is_wanted = |line: &&str| !line.starts_with("Acquire::IndexTargets");
    dump.lines().filter(is_wanted).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sources_of_the_release_are_taken() {
        let targets = "bookworm bookworm /etc/apt/sources.list.d/debian.sources:1
bookworm-security bookworm-security /etc/apt/sources.list.d/debian.sources:2
oldstable bookworm /etc/apt/sources.list:7
nodistro . /etc/apt/sources.list.d/other.sources:1
bookworms bookworms /etc/apt/sources.list.d/others.list:1
trixie trixie /etc/apt/sources.list.d/next.list:1
";
        let expected = ["/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"];
        assert_eq!(sources(targets, "bookworm"), expected.map(PathBuf::from));
    }

    #[test]
    fn only_debian_has_a_release() {
        let debian = "ID=debian\nVERSION_CODENAME=bookworm\n";
        assert_eq!(release(debian).as_deref(), Some("bookworm"));
        assert_eq!(release(&debian.replace("ID=debian", "ID=ubuntu")), None);
        assert_eq!(release("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n"), None);
    }

    #[test]
    fn the_way_to_fetch_is_kept() {
        let dump = "Acquire::http::Proxy \"http://proxy.example:3128\";
Acquire::IndexTargets::deb::Packages::MetaKey \"$(COMPONENT)\";
";
        assert_eq!(options(dump), "Acquire::http::Proxy \"http://proxy.example:3128\";\n");
    }
}
