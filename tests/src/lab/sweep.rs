//! Clearing up: everything on this machine that carries a lab's name, found and removed. After
//! an orderly end, where little is left; and after a crash, of whoever's lab it was, once the
//! process that ran it is gone.
//!
//! Nothing is found by what it looks like: a process belongs to a lab when it is in one of its
//! control groups or network namespaces, everything else when a [`LabId`] stands in its name.

use super::cgroup::{self, Cgroup};
use super::id::LabId;
use super::network::NAMESPACES;
use super::store::Store;
use anyhow::{Context, Result};
use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where systemd-nspawn keeps what it does not always remove itself.
const NSPAWN: &str = "/run/systemd/nspawn";

/// A process that was killed is gone when it has let go of its memory.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that a lab has left, or still uses. In the order in which it has to go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remnant {
    /// A running process.
    Process(i32),
    /// Somebody's lock on a machine's root.
    Lock(PathBuf),
    /// A mounted file system.
    Mount(PathBuf),
    /// A network namespace, with every interface in it.
    Namespace(PathBuf),
    /// A control group.
    Group(PathBuf),
    /// A folder.
    Folder(PathBuf),
}

impl fmt::Display for Remnant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(pid) => write!(f, "process {pid}"),
            Self::Lock(path) => write!(f, "lock {}", path.display()),
            Self::Mount(path) => write!(f, "mount {}", path.display()),
            Self::Namespace(path) => write!(f, "network namespace {}", path.display()),
            Self::Group(path) => write!(f, "control group {}", path.display()),
            Self::Folder(path) => write!(f, "folder {}", path.display()),
        }
    }
}

/// Everything that carries a lab's name, by lab.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn find(store: &Store) -> Result<BTreeMap<LabId, Vec<Remnant>>> {
    let mut found: BTreeMap<LabId, Vec<Remnant>> = BTreeMap::new();
    for (id, group) in cgroup::all()? {
        found.entry(id).or_default().push(Remnant::Group(group));
    }
    for (id, namespace) in named(Path::new(NAMESPACES)) {
        found.entry(id).or_default().push(Remnant::Namespace(namespace));
    }
    for (id, mount) in mounts()? {
        let remnants = found.entry(id).or_default();
        remnants.extend(lock_on(&mount).map(Remnant::Lock));
        remnants.push(Remnant::Mount(mount));
    }
    let folders = [store.runs(), Path::new(NSPAWN).join("propagate")];
    for (id, folder) in folders.iter().flat_map(|folder| named(folder)) {
        found.entry(id).or_default().push(Remnant::Folder(folder));
    }
    for (id, remnants) in &mut found {
        let namespaces: Vec<PathBuf> = remnants.iter().filter_map(namespace).collect();
        let mut pids = Cgroup::of_lab(*id)?.pids();
        pids.extend(pids_in(&namespaces)?);
        remnants.extend(pids.into_iter().map(Remnant::Process));
        remnants.sort();
    }
    Ok(found)
}

/// Removes what labs have left whose process is gone. Says what that was.
///
/// # Errors
/// When something cannot be removed.
pub fn sweep(store: &Store) -> Result<BTreeMap<LabId, Vec<Remnant>>> {
    let mut found = find(store)?;
    found.retain(|id, _| !id.is_owned());
    for id in found.keys() {
        remove(store, *id)?;
    }
    Ok(found)
}

/// Removes everything of one lab, in use or not.
///
/// # Errors
/// When something cannot be removed.
pub fn remove(store: &Store, id: LabId) -> Result<()> {
    end_processes(store, id)?;
    for remnant in find(store)?.remove(&id).unwrap_or_default() {
        let outcome = match &remnant {
            // Its end was waited for; somebody who came since is the next sweep's.
            Remnant::Process(_) | Remnant::Group(_) => Ok(()),
            Remnant::Lock(path) => std::fs::remove_file(path).map_err(Into::into),
            Remnant::Mount(path) => umount2(path, MntFlags::MNT_DETACH).map_err(Into::into),
            Remnant::Namespace(path) => remove_namespace(path),
            Remnant::Folder(path) => std::fs::remove_dir_all(path).map_err(Into::into),
        };
        outcome.with_context(|| format!("cannot remove the {remnant}"))?;
    }
    Cgroup::of_lab(id)?.remove()
}

fn end_processes(store: &Store, id: LabId) -> Result<()> {
    let begun = Instant::now();
    loop {
        let remnants = find(store)?.remove(&id).unwrap_or_default();
        let pids: Vec<i32> = remnants.iter().filter_map(process).collect();
        if pids.is_empty() {
            return Ok(());
        }
        for pid in &pids {
            // It may have ended since.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "SIGKILL does not end {pids:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn remove_namespace(path: &Path) -> Result<()> {
    // A crash between making the file and mounting on it leaves the file alone.
    let _ = umount2(path, MntFlags::MNT_DETACH);
    Ok(std::fs::remove_file(path)?)
}

fn process(remnant: &Remnant) -> Option<i32> {
    match remnant {
        Remnant::Process(pid) => Some(*pid),
        _ => None,
    }
}

fn namespace(remnant: &Remnant) -> Option<PathBuf> {
    match remnant {
        Remnant::Namespace(path) => Some(path.clone()),
        _ => None,
    }
}

/// What carries a lab's name in a folder.
fn named(folder: &Path) -> Vec<(LabId, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let whose = |entry: std::fs::DirEntry| {
        Some((LabId::of(&entry.file_name().to_string_lossy())?, entry.path()))
    };
    entries.filter_map(whose).collect()
}

/// Mounted file systems, those on top first.
fn mounts() -> Result<Vec<(LabId, PathBuf)>> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let places = mounts.lines().rev().filter_map(|line| line.split(' ').nth(1));
    let is_namespace = |place: &&str| place.starts_with(NAMESPACES);
    let whose = |place: &str| Some((LabId::of_path(place)?, place.into()));
    Ok(places.filter(|place| !is_namespace(place)).filter_map(whose).collect())
}

/// systemd-nspawn locks a machine's root under a name made of its numbers.
fn lock_on(root: &Path) -> Option<PathBuf> {
    let root = std::fs::metadata(root).ok()?;
    let name = format!("locks/inode-{}:{}", root.dev(), root.ino());
    Some(Path::new(NSPAWN).join(name)).filter(|path| path.exists())
}

/// Processes in these network namespaces.
fn pids_in(namespaces: &[PathBuf]) -> Result<Vec<i32>> {
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
    let wanted: Vec<(u64, u64)> = namespaces.iter().filter_map(|it| identity(it)).collect();
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if identity(&entry.path().join("ns/net")).is_some_and(|it| wanted.contains(&it)) {
            pids.push(pid);
        }
    }
    Ok(pids)
}
