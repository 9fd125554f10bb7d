//! Whether the disks of the configuration are there, each with a file system of its own, and with
//! as much room as it is to give.

use super::{About, Finding};
use contract::config::{ApplianceConfig, Disk};
use contract::quantity::ByteCount;
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};
use std::os::unix::fs::MetadataExt;

pub(super) fn look(config: &ApplianceConfig) -> Vec<Finding> {
    let mut found: Vec<Finding> = config.disks.iter().map(disk).collect();
    found.extend(shared(&config.disks));
    found
}

fn disk(disk: &Disk) -> Finding {
    let folder = disk.folder.display();
    let missing = |says: String, advice: &str| Finding::missing(About::Disks, says, advice);
    if !disk.folder.is_dir() {
        return missing(format!("{folder} is not there"), "see whether it is mounted: lsblk -f");
    }
    if let Err(err) = access(&disk.folder, AccessFlags::R_OK | AccessFlags::W_OK) {
        return missing(
            format!("{folder} cannot be written to: {err}"),
            "see who runs this, dmesg",
        );
    }
    let room = statvfs(&disk.folder).map(|it| it.blocks().saturating_mul(it.fragment_size()));
    let (room, wanted) = (room.unwrap_or(0), disk.capacity_bytes.0);
    if room < wanted {
        let says =
            format!("{folder} has {}, and is to give {}", ByteCount(room), ByteCount(wanted));
        return missing(says, "see whether its disk is mounted there, and not the one below it");
    }
    Finding::well(About::Disks, format!("{folder}: {} of {}", ByteCount(wanted), ByteCount(room)))
}

/// Two that are one disk fail together, and wait for one another.
fn shared(disks: &[Disk]) -> Option<Finding> {
    let device = |disk: &Disk| disk.folder.metadata().ok().map(|it| it.dev());
    let all: Vec<_> = disks.iter().filter_map(|disk| Some((device(disk)?, disk))).collect();
    let pair = all.iter().enumerate().find_map(|(at, (device, one))| {
        let other = all.iter().skip(at + 1).find(|(other, _)| other == device)?;
        Some((one.folder.display(), other.1.folder.display()))
    });
    pair.map(|(one, other)| {
        let says = format!("{one} and {other} are on one file system");
        Finding::missing(About::Disks, says, "mount a disk of its own at each")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::config::DiskClass;
    use std::path::Path;

    fn of(folder: &Path, capacity_bytes: u64) -> Disk {
        Disk {
            folder: folder.to_owned(),
            class: DiskClass::Nvme,
            capacity_bytes: ByteCount(capacity_bytes),
            reserve_bytes: ByteCount(0),
            rated_write_bytes: None,
            service_life_days: 1,
        }
    }

    #[test]
    fn a_disk_is_there_and_large_enough_and_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(disk(&of(folder.path(), 1)).is_well);
        let small = disk(&of(folder.path(), u64::MAX));
        assert!(small.says.contains("is to give"), "{small:?}");
        let gone = disk(&of(&folder.path().join("gone"), 1));
        assert!(gone.says.contains("is not there"), "{gone:?}");
        let two = [of(folder.path(), 1), of(folder.path(), 1)];
        assert!(shared(&two).is_some_and(|it| it.says.contains("one file system")));
        assert_eq!(shared(&two[..1]), None);
    }
}
