//! Control groups: each machine has one of its own, and systemd inside takes it for the whole
//! tree. Everything that runs in a machine is in its group, so that a machine can be killed
//! without a look at names.
//!
//! On a machine with the first version of control groups, systemd uses a hierarchy without
//! controllers, and the second version's beside it; a lab's groups stand in each.

use super::id::LabId;
use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A process that was killed leaves its group when it has let go of its memory.
const PATIENCE: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(5);

/// Where systemd has its groups here.
fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let found: Vec<PathBuf> = mounts.lines().filter_map(hierarchy).collect();
    ensure!(!found.is_empty(), "no control groups are mounted here: the lab needs them");
    Ok(found)
}

/// A line of `/proc/self/mounts`.
fn hierarchy(line: &str) -> Option<PathBuf> {
    let words: Vec<&str> = line.split(' ').collect();
    let [_, place, kind, options, ..] = words[..] else { return None };
    let is_systemd = || options.split(',').any(|option| option == "name=systemd");
    (kind == "cgroup2" || kind == "cgroup" && is_systemd()).then(|| place.into())
}

/// The group of one machine.
#[derive(Debug, Clone)]
pub(super) struct Cgroup {
    folders: Vec<PathBuf>,
}

impl Cgroup {
    /// Makes it.
    pub(super) fn create(name: &str) -> Result<Self> {
        let folders: Vec<PathBuf> =
            hierarchies()?.into_iter().map(|hierarchy| hierarchy.join(name)).collect();
        for folder in &folders {
            std::fs::create_dir_all(folder).with_context(|| {
                format!("cannot make the control group {}: systemd needs one", folder.display())
            })?;
        }
        Ok(Self { folders })
    }

    /// The groups of a lab that are there.
    pub(super) fn of_lab(id: LabId) -> Result<Self> {
        let mut folders = Vec::new();
        for (found, folder) in all()? {
            if found == id {
                folders.push(folder);
            }
        }
        Ok(Self { folders })
    }

    /// Where a process writes 0 to enter.
    pub(super) fn doors(&self) -> impl Iterator<Item = PathBuf> {
        self.folders.iter().map(|folder| folder.join("cgroup.procs"))
    }

    /// Everybody inside, below too.
    pub(super) fn pids(&self) -> BTreeSet<i32> {
        let mut pids = BTreeSet::new();
        let mut folders = self.folders.clone();
        while let Some(folder) = folders.pop() {
            let inside = std::fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            // Processes of a pid namespace that we do not see are listed as 0.
            pids.extend(
                inside.lines().filter_map(|pid| pid.parse().ok()).filter(|pid: &i32| *pid > 0),
            );
            folders.extend(children(&folder));
        }
        pids
    }

    /// SIGKILL to everybody inside, until nobody is left.
    pub(super) fn kill(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let pids = self.pids();
            if pids.is_empty() {
                return Ok(());
            }
            for pid in &pids {
                // It may have ended since.
                let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            }
            if begun.elapsed() > PATIENCE {
                bail!("processes that SIGKILL does not end: {pids:?}");
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Removes it, and what the machine has made below.
    pub(super) fn remove(&self) -> Result<()> {
        let begun = Instant::now();
        for folder in &self.folders {
            while let Err(err) = remove_tree(folder) {
                if begun.elapsed() > PATIENCE {
                    return Err(err).with_context(|| folder.display().to_string());
                }
                std::thread::sleep(PAUSE);
            }
        }
        Ok(())
    }
}

/// Every group that carries a lab's name.
pub(super) fn all() -> Result<Vec<(LabId, PathBuf)>> {
    let folders = hierarchies()?.into_iter().flat_map(|hierarchy| children(&hierarchy));
    let whose = |folder: PathBuf| {
        let id = LabId::of(&folder.file_name()?.to_string_lossy())?;
        Some((id, folder))
    };
    Ok(folders.filter_map(whose).collect())
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_group = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    entries.filter(is_group).map(|entry| entry.path()).collect()
}

fn remove_tree(folder: &Path) -> std::io::Result<()> {
    for child in children(folder) {
        remove_tree(&child)?;
    }
    match std::fs::remove_dir(folder) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => Err(err),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchies_of_systemd_are_found_in_both_versions() {
        let first = "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0";
        let second = "cgroup2 /sys/fs/cgroup cgroup2 rw,relatime 0 0";
        assert_eq!(hierarchy(first), Some("/sys/fs/cgroup/systemd".into()));
        assert_eq!(hierarchy(second), Some("/sys/fs/cgroup".into()));
        assert_eq!(hierarchy("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0"), None);
        assert_eq!(hierarchy("tmpfs /sys/fs/cgroup tmpfs rw 0 0"), None);
    }
}
