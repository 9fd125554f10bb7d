//! Whether something is on a disk, as far as the kernel and udev know: nobody reads the disk for that.

use super::files::Files;

/// Where udev keeps what it has found on a device when somebody had written to it.
const UDEV: &str = "run/udev/data";

/// What it calls a file system, and a table of partitions.
const FOUND: [&str; 2] = ["E:ID_FS_TYPE=", "E:ID_PART_TABLE_TYPE="];

const MOUNTS: &str = "proc/self/mountinfo";

/// Machines have some hundred mounts, of some hundred octets.
const MOST_OCTETS: u64 = 1 << 20;

pub(super) fn is_used(files: &Files, block: &str, name: &str) -> bool {
    let disk = format!("{block}/{name}");
    let is_part = |it: &String| files.exists(&format!("{disk}/{it}/partition"));
    let is_divided = files.names(&disk).iter().any(is_part);
    let is_held = !files.names(&format!("{disk}/holders")).is_empty();
    let number = files.line(&format!("{disk}/dev"));
    let is_known = |number: String| is_mounted(files, &number) || is_found(files, &number);
    is_divided || is_held || number.is_some_and(is_known)
}

fn is_mounted(files: &Files, number: &str) -> bool {
    let mounts = text(files, MOUNTS);
    mounts.lines().any(|mount| mount.split(' ').nth(2) == Some(number))
}

fn is_found(files: &Files, number: &str) -> bool {
    let known = text(files, &format!("{UDEV}/b{number}"));
    known.lines().any(|line| FOUND.into_iter().any(|begin| line.starts_with(begin)))
}

fn text(files: &Files, path: &str) -> String {
    let octets = files.octets(path, MOST_OCTETS).unwrap_or_default();
    String::from_utf8_lossy(&octets).into_owned()
}
