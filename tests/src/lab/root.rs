//! The Debian roots that machines share: made once, by mmdebstrap, and never written to
//! afterwards. A machine sees one through an overlay of its own. Bare machines have another than
//! those that are something already.

use super::apt::Apt;
use super::mirror;
use super::store::Store;
use super::topology::{Machine, Topology, folder};
use crate::process::output;
use crate::say;
use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Counted up when what is done to a root below changes.
const RECIPE: u32 = 2;

/// What nobody reads in the lab, and takes as long to unpack as the rest.
const LEFT_OUT: [&str; 3] = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

/// Who waits for a message bus or a console that are not there.
const MASKED: [&str; 2] = ["getty.target", "systemd-logind.service"];

/// What mmdebstrap takes over from the machine that it runs on, and is not true of others.
const FOREIGN: [&str; 2] = ["etc/hostname", "etc/resolv.conf"];

/// A root: what is in it, and what can be installed on it later.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipe {
    packages: Vec<String>,
    mirrored: Vec<String>,
}

/// The roots that a topology needs.
#[derive(Debug)]
pub(super) struct Roots {
    shared: PathBuf,
    bare: Option<PathBuf>,
}

impl Roots {
    /// Gives them; makes what is not there.
    ///
    /// # Errors
    /// When one cannot be made.
    pub(super) async fn ensure(store: &Store, topology: &Topology) -> Result<Self> {
        let apt = Apt::of_this_machine().await?;
        let lists = folder();
        let shared =
            Recipe { packages: read_packages(&lists.join("packages.txt"))?, mirrored: Vec::new() };
        let bare = Recipe {
            packages: read_packages(&lists.join("packages-bare.txt"))?,
            mirrored: mirror::packages()?,
        };
        let kept = [&shared, &bare].map(|recipe| store.root(&name(&apt.release, recipe)));
        ensure(store, &apt, &shared, &kept[0], &kept).await?;
        let has_bare = topology.machines.values().any(|machine| machine.value.bare);
        if has_bare {
            ensure(store, &apt, &bare, &kept[1], &kept).await?;
        }
        let [shared, bare] = kept;
        Ok(Self { shared, bare: has_bare.then_some(bare) })
    }

    /// That of a machine.
    pub(super) fn of(&self, machine: &Machine) -> &Path {
        self.bare.as_deref().filter(|_| machine.bare).unwrap_or(&self.shared)
    }

    /// What bare machines install from.
    pub(super) fn mirror(&self) -> Option<PathBuf> {
        self.bare.as_deref().map(mirror::beside)
    }
}

/// Makes a root if it is not there. One process makes it, others wait for it; a half-made one is
/// never taken for a root.
async fn ensure(
    store: &Store,
    apt: &Apt,
    recipe: &Recipe,
    root: &Path,
    kept: &[PathBuf],
) -> Result<()> {
    if root.exists() {
        return Ok(());
    }
    let _lock = lock(store).await?;
    if root.exists() {
        return Ok(());
    }
    let draft = store.root("draft");
    remove(&draft).await?;
    remove(&mirror::beside(root)).await?;
    make(apt, recipe, store, &draft, &mirror::beside(root))
        .await
        .context("cannot make the Debian root")?;
    switch_off(&draft)?;
    for file in FOREIGN {
        std::fs::remove_file(draft.join(file)).with_context(|| file.to_owned())?;
    }
    std::fs::rename(&draft, root)?;
    remove_old(store, kept).await
}

fn read_packages(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
}

/// Whatever makes a root another one is in its name.
fn name(release: &str, recipe: &Recipe) -> String {
    let Recipe { packages, mirrored } = recipe;
    let recipe = format!("{RECIPE} {LEFT_OUT:?} {MASKED:?} {packages:?} {mirrored:?}");
    let digest = blake3::hash(recipe.as_bytes()).to_hex();
    format!("{release}-{}", &digest[..12])
}

async fn lock(store: &Store) -> Result<Flock<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(store.lock())?;
    let wait = move || Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, err)| err);
    Ok(tokio::task::spawn_blocking(wait).await??)
}

/// What goes before a command that must leave nothing behind however it ends, or we do: with the
/// first of its processes go all others, and with the last of them its mounts.
const CONTAINED: [&str; 12] = [
    "setpriv",
    "--pdeathsig",
    "KILL",
    "--",
    "unshare",
    "--mount",
    "--propagation=private",
    "--pid",
    "--mount-proc",
    "--fork",
    "--kill-child",
    "--",
];

async fn make(
    apt: &Apt,
    recipe: &Recipe,
    store: &Store,
    draft: &Path,
    mirror: &Path,
) -> Result<()> {
    let options = store.root("apt.conf");
    apt.write_options(&options)?;
    let mut command = Command::new(CONTAINED[0]);
    command.args(&CONTAINED[1..]).args([
        "mmdebstrap",
        "--variant=essential",
        "--mode=root",
        "--format=directory",
    ]);
    command.arg(format!("--aptopt={}", options.display()));
    command.args(LEFT_OUT.map(|paths| format!("--dpkgopt=path-exclude={paths}")));
    command.arg(format!("--include={}", recipe.packages.join(",")));
    if !recipe.mirrored.is_empty() {
        command.args(mirror::hooks(&recipe.mirrored, mirror));
    }
    command.arg(&apt.release).arg(draft).args(&apt.sources);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("cannot start mmdebstrap")?;
    let stderr = child.stderr.take().context("its standard error")?;
    let said = follow(BufReader::new(stderr)).await?;
    let status = child.wait().await?;
    if !status.success() {
        bail!("mmdebstrap ended with {status}\n{}", said.join("\n"));
    }
    Ok(())
}

/// Shows what mmdebstrap is at, and keeps the end of what it said.
async fn follow(stderr: impl tokio::io::AsyncBufRead + Unpin) -> Result<Vec<String>> {
    const KEPT_LINES: usize = 20;
    let words = "making the lab's Debian root, once";
    let step = say::step(words);
    let mut lines = stderr.lines();
    let mut said: Vec<String> = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if let Some(info) = line.strip_prefix("I: ") {
            step.set_message(format!("{words}: {info}"));
        }
        said.push(line);
        said.drain(..said.len().saturating_sub(KEPT_LINES));
    }
    step.finish_and_clear();
    Ok(said)
}

/// Packages switch on what they bring. A machine does what its role says and nothing else.
fn switch_off(root: &Path) -> Result<()> {
    let units = root.join("etc/systemd/system");
    for entry in std::fs::read_dir(&units)? {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == "wants") {
            std::fs::remove_dir_all(path)?;
        }
    }
    for unit in MASKED {
        symlink("/dev/null", units.join(unit))?;
    }
    Ok(())
}

/// Roots of other lists of packages go, unless a machine still runs on one.
async fn remove_old(store: &Store, kept: &[PathBuf]) -> Result<()> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let is_kept =
        |root: &PathBuf| kept.iter().any(|kept| root == kept || *root == mirror::beside(kept));
    for root in store.roots()? {
        if !is_kept(&root) && !mounts.contains(&format!("lowerdir={},", root.display())) {
            remove(&root).await?;
        }
    }
    Ok(())
}

/// What may be mounted there is another file system, and left alone.
async fn remove(folder: &Path) -> Result<()> {
    let args = ["-rf".as_ref(), "--one-file-system".as_ref(), folder.as_os_str()];
    output("rm", args).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_list_of_packages_is_another_root() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let with = |packages: &[&str], mirrored: &[&str]| Recipe {
            packages: list(packages),
            mirrored: list(mirrored),
        };
        let one = name("bookworm", &with(&["curl"], &[]));
        assert!(one.starts_with("bookworm-"));
        assert_eq!(one, name("bookworm", &with(&["curl"], &[])));
        assert_ne!(one, name("bookworm", &with(&["curl", "bird2"], &[])));
        assert_ne!(one, name("bookworm", &with(&["curl"], &["bird2"])));
        assert_ne!(one, name("trixie", &with(&["curl"], &[])));
    }

    #[test]
    fn a_list_may_say_what_is_for_what() {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), "# a\ncurl\n\n  nginx-light \n").expect("written");
        assert_eq!(read_packages(file.path()).expect("read"), ["curl", "nginx-light"]);
    }
}
