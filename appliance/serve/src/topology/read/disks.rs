//! Block devices behind the folders of objects.

use crate::topology::machine::Disk;
use crate::topology::tree::{Tree, line, names, number, text};
use std::path::{Path, PathBuf};

/// How many devices may stand on one another: a partition of an encrypted logical volume.
const MOST_LAYERS: usize = 8;

pub(super) fn read(tree: &Tree, folders: &[PathBuf]) -> Vec<Disk> {
    let mounts = text(&tree.path("proc/self/mountinfo")).unwrap_or_default();
    folders.iter().map(|folder| disk(tree, &mounts, folder)).collect()
}

fn disk(tree: &Tree, mounts: &str, folder: &Path) -> Disk {
    let folder_only = Disk { folder: folder.to_path_buf(), ..Disk::default() };
    let found = mounted(mounts, folder).and_then(|number| device(tree, number));
    let Some(device) = found else { return folder_only };
    let queue = device.join("queue");
    Disk {
        device: device.file_name().and_then(|name| name.to_str()).map(str::to_owned),
        node: tree.node_of(&device),
        queues: names(&device.join("mq")).map(|queues| queues.len()),
        depth: number(&queue.join("nr_requests")),
        is_rotational: number(&queue.join("rotational")).map(|spins| spins != 0),
        model: line(&device.join("device/model")),
        ..folder_only
    }
}

/// The device's number, `major:minor`, of the file system that a folder is on: that of the
/// longest mount point above it, and of what was mounted there last.
fn mounted<'mounts>(mounts: &'mounts str, folder: &Path) -> Option<&'mounts str> {
    let rows = mounts.lines().filter_map(|row| {
        let mut columns = row.split(' ').skip(2);
        let (number, point) = (columns.next()?, columns.nth(1)?);
        let point = PathBuf::from(unescape(point));
        folder.starts_with(&point).then(|| (point.components().count(), number))
    });
    rows.max_by_key(|(depth, _)| *depth).map(|(_, number)| number)
}

/// Spaces and the like are written as a backslash and three octal digits (proc(5)).
fn unescape(text: &str) -> String {
    let mut rest = text;
    let mut plain = Vec::new();
    while let Some(at) = rest.find('\\') {
        let (before, code) = rest.split_at(at);
        plain.extend_from_slice(before.as_bytes());
        let octet = code.get(1..4).and_then(|code| u8::from_str_radix(code, 8).ok());
        plain.push(octet.unwrap_or(b'\\'));
        rest = code.get(if octet.is_some() { 4.. } else { 1.. }).unwrap_or_default();
    }
    plain.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&plain).into_owned()
}

/// The folder of the whole device: of a partition its parent, of a volume that stands on one
/// device that device.
fn device(tree: &Tree, number: &str) -> Option<PathBuf> {
    let mut device = tree.device(&tree.path("sys/dev/block").join(number))?;
    for _ in 0..MOST_LAYERS {
        if device.join("partition").exists() {
            device = device.parent()?.to_path_buf();
        }
        let below = names(&device.join("slaves")).unwrap_or_default();
        let [alone] = below.as_slice() else { break };
        device = tree.device(&device.join("slaves").join(alone))?;
    }
    Some(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n\
                      23 22 259:3 / /srv/a\\040disk rw shared:1 - xfs /dev/nvme1n1 rw\n\
                      24 22 0:31 / /srv/a\\040disk rw shared:1 - tmpfs none rw\n\
                      short\n";
        assert_eq!(mounted(mounts, Path::new("/srv/a disk/objects")), Some("0:31"));
        assert_eq!(mounted(mounts, Path::new("/srv/a diskette")), Some("259:2"));
        assert_eq!(mounted("", Path::new("/srv")), None);
        assert_eq!(unescape("a\\134b\\9\\"), "a\\b\\9\\");
    }
}
