//! The Debian root that all machines share: made once, by mmdebstrap, and never written to
//! afterwards. A machine sees it through an overlay of its own.

use super::apt::Apt;
use super::store::Store;
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

/// Gives the root that `packages` (a file, one a line) asks for; makes it if it is not there.
/// One process makes it, others wait for it; a half-made one is never taken for a root.
///
/// # Errors
/// When it cannot be made; with the end of what mmdebstrap said.
pub(super) async fn ensure(store: &Store, packages: &Path) -> Result<PathBuf> {
    let packages = read_packages(packages)?;
    let apt = Apt::of_this_machine().await?;
    let root = store.root(&name(&apt.release, &packages));
    if root.exists() {
        return Ok(root);
    }
    let _lock = lock(store).await?;
    if root.exists() {
        return Ok(root);
    }
    let draft = store.root("draft");
    remove(&draft).await?;
    make(&apt, &packages, store, &draft).await.context("cannot make the Debian root")?;
    switch_off(&draft)?;
    for file in FOREIGN {
        std::fs::remove_file(draft.join(file)).with_context(|| file.to_owned())?;
    }
    std::fs::rename(&draft, &root)?;
    remove_old(store, &root).await?;
    Ok(root)
}

fn read_packages(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
}

/// Whatever makes a root another one is in its name.
fn name(release: &str, packages: &[String]) -> String {
    let recipe = format!("{RECIPE} {LEFT_OUT:?} {MASKED:?} {packages:?}");
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

async fn make(apt: &Apt, packages: &[String], store: &Store, draft: &Path) -> Result<()> {
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
    command.arg(format!("--include={}", packages.join(",")));
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
async fn remove_old(store: &Store, kept: &Path) -> Result<()> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    for root in store.roots()? {
        if root != kept && !mounts.contains(&format!("lowerdir={},", root.display())) {
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
        let one = name("bookworm", &list(&["curl"]));
        assert!(one.starts_with("bookworm-"));
        assert_eq!(one, name("bookworm", &list(&["curl"])));
        assert_ne!(one, name("bookworm", &list(&["curl", "bird2"])));
        assert_ne!(one, name("trixie", &list(&["curl"])));
    }

    #[test]
    fn a_list_may_say_what_is_for_what() {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), "# a\ncurl\n\n  nginx-light \n").expect("written");
        assert_eq!(read_packages(file.path()).expect("read"), ["curl", "nginx-light"]);
    }
}
