//! Which device a folder stands on, as the kernel tells it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The whole disk below the file system of a folder. `None` where there is not one: in memory,
/// over a network, or spread over several.
pub(super) fn of(folder: &Path) -> Option<PathBuf> {
    let device = fs::metadata(folder).ok()?.dev();
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    let place = fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    below(&place).map(|name| Path::new("/dev").join(name))
}

/// A partition stands in the folder of its disk; what is mapped names what it stands on.
fn below(place: &Path) -> Option<PathBuf> {
    let place = if place.join("partition").exists() { place.parent()? } else { place };
    let mut under = fs::read_dir(place.join("slaves")).into_iter().flatten().flatten();
    match (under.next(), under.next()) {
        (Some(one), None) => below(&fs::canonicalize(one.path()).ok()?),
        (Some(_), Some(_)) => None,
        (None, _) => place.file_name().map(PathBuf::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn partitions_and_mappings_lead_to_their_disk() {
        let sys = tempfile::tempdir().expect("folder");
        let make = |path: &str| {
            let folder = sys.path().join(path);
            fs::create_dir_all(&folder).expect("made");
            folder
        };
        let (disk, part) = (make("nvme0n1"), make("nvme0n1/nvme0n1p2"));
        fs::write(part.join("partition"), "2").expect("written");
        assert_eq!(below(&disk), Some("nvme0n1".into()));
        assert_eq!(below(&part), Some("nvme0n1".into()));
        let mapped = make("dm-0");
        symlink(&part, make("dm-0/slaves").join("nvme0n1p2")).expect("linked");
        assert_eq!(below(&mapped), Some("nvme0n1".into()));
        symlink(make("sdb"), mapped.join("slaves/sdb")).expect("linked");
        assert_eq!(below(&mapped), None);
    }

    #[test]
    fn what_stands_in_memory_stands_on_no_device() {
        assert_eq!(of(Path::new("/proc")), None);
        assert_eq!(of(Path::new("/there/is/no/such/folder")), None);
    }
}
