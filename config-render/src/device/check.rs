//! What a device would refuse, said before it is asked. `change.sh` looks once more: it trusts nobody.

use super::bundle::{Check, Draft, File, MAX_BUNDLE_BYTES, Target};
use std::collections::BTreeSet;

/// The files of a router and its services, many times over. Each costs the device a score of short processes
/// at every step, and is a line of a status.
pub const MAX_FILES: usize = 256;

/// Longer than any path of configuration. The kernel's own limit is for the whole path with what stands beside.
pub const MAX_PATH_CHARS: usize = 512;

/// What somebody would type; more is a script, and belongs into a file.
pub const MAX_COMMAND_CHARS: usize = 1000;

/// A command that takes ten minutes has hung, and a device should be back before.
pub const MAX_LIMIT_S: u32 = 600;

/// Below which configuration lies.
const ROOTS: [&str; 2] = ["/etc/", "/usr/local/"];

/// The way back: nothing that is brought may touch it.
const OURS: &str = "/etc/systemd/system/headend-revert";

/// Why a change cannot be given to a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBundle {
    /// The label is no word.
    #[error("the label {0:?} must be 1 to 64 letters, digits, '.', '-' or '_'")]
    Label(String),
    /// Nothing to do.
    #[error("a change without files changes nothing: leave the device alone")]
    NoFiles,
    /// More than [`MAX_FILES`].
    #[error("{files} files are more than {MAX_FILES}: send them as several changes")]
    TooManyFiles {
        /// How many.
        files: usize,
    },
    /// More than [`MAX_BUNDLE_BYTES`].
    #[error("{bytes} bytes are more than {MAX_BUNDLE_BYTES}: send them as several changes")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// A path that is not where configuration lies, or not plainly written.
    #[error(
        "the path {0:?} must be absolute and normal, of letters, digits and '._@+:-', below /etc/ or /usr/local/"
    )]
    Path(String),
    /// A path of ours.
    #[error("the path {0:?} belongs to the way back, or is named like its copies")]
    OwnPath(String),
    /// One path twice.
    #[error("the path {0:?} stands there twice")]
    Twice(String),
    /// One path below another.
    #[error("the path {0:?} cannot be a file and a folder")]
    FileAndFolder(String),
    /// Permissions that there are not.
    #[error("{path}: there is no mode {mode:o}")]
    Mode {
        /// Whose.
        path: String,
        /// The number.
        mode: u32,
    },
    /// No user and group.
    #[error("{path}: the owner {owner:?} must be USER:GROUP, in names")]
    Owner {
        /// Whose.
        path: String,
        /// What was said.
        owner: String,
    },
    /// A command that a line cannot hold.
    #[error(
        "the command {0:?} must be 1 to {MAX_COMMAND_CHARS} printable ASCII characters without spaces around"
    )]
    Command(String),
    /// A check that looks at nothing.
    #[error("the check {command:?} must hold {{}}, and be of a file that is sent: {path:?} is not")]
    Check {
        /// Which file.
        path: String,
        /// What it runs.
        command: String,
    },
    /// A time that is none.
    #[error("{command:?}: its limit is 1 to {MAX_LIMIT_S} s, and not {limit_s}")]
    Limit {
        /// Whose.
        command: String,
        /// The number.
        limit_s: u32,
    },
}

/// The first complaint.
pub(super) fn check(draft: &Draft) -> Result<(), BadBundle> {
    check_label(&draft.label)?;
    check_files(&draft.files)?;
    for check in &draft.checks {
        check_command(&check.command, check.limit_s)?;
        if !check.command.contains("{}") || !is_sent(&draft.files, check) {
            let (path, command) = (check.path.clone(), check.command.clone());
            return Err(BadBundle::Check { path, command });
        }
    }
    draft.commands.iter().try_for_each(|command| check_command(&command.command, command.limit_s))
}

fn is_sent(files: &[File], check: &Check) -> bool {
    let is_it = |file: &&File| file.path == check.path;
    files.iter().find(is_it).is_some_and(|file| file.target != Target::Absent)
}

fn check_label(label: &str) -> Result<(), BadBundle> {
    let is_plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    if is_plain && (1..=64).contains(&label.len()) {
        return Ok(());
    }
    Err(BadBundle::Label(label.to_owned()))
}

fn check_files(files: &[File]) -> Result<(), BadBundle> {
    if files.is_empty() {
        return Err(BadBundle::NoFiles);
    }
    if files.len() > MAX_FILES {
        return Err(BadBundle::TooManyFiles { files: files.len() });
    }
    let mut seen = BTreeSet::new();
    for file in files {
        check_path(&file.path)?;
        check_target(file)?;
        if !seen.insert(file.path.as_str()) {
            return Err(BadBundle::Twice(file.path.clone()));
        }
    }
    let folders = files.iter().flat_map(|file| folders(&file.path));
    match folders.into_iter().find(|folder| seen.contains(folder)) {
        Some(folder) => Err(BadBundle::FileAndFolder(folder.to_owned())),
        None => Ok(()),
    }
}

fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).filter(|folder| !folder.is_empty())
}

fn check_path(path: &str) -> Result<(), BadBundle> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/._@+:-".contains(&b);
    let names = path.strip_prefix('/').unwrap_or_default();
    let is_normal = names.split('/').all(|name| !matches!(name, "" | "." | ".."));
    let is_rooted = ROOTS.iter().any(|root| path.starts_with(root));
    if !is_normal || !is_rooted || path.len() > MAX_PATH_CHARS || !path.bytes().all(is_plain) {
        return Err(BadBundle::Path(path.to_owned()));
    }
    if path.starts_with(OURS) || path.contains(".headend-") {
        return Err(BadBundle::OwnPath(path.to_owned()));
    }
    Ok(())
}

fn check_target(file: &File) -> Result<(), BadBundle> {
    let Target::Present { mode, owner, .. } = &file.target else { return Ok(()) };
    let path = file.path.clone();
    if *mode > 0o7777 {
        return Err(BadBundle::Mode { path, mode: *mode });
    }
    match owner.split_once(':') {
        Some((user, group)) if is_account(user) && is_account(group) => Ok(()),
        _ => Err(BadBundle::Owner { path, owner: owner.clone() }),
    }
}

/// As `adduser` of Debian has it, with `_` first as daemons have.
fn is_account(name: &str) -> bool {
    let is_plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    name.bytes().next().is_some_and(|first| matches!(first, b'a'..=b'z' | b'_'))
        && name.len() <= 32
        && name.bytes().all(is_plain)
}

fn check_command(command: &str, limit_s: u32) -> Result<(), BadBundle> {
    let is_printable = command.bytes().all(|b| matches!(b, b' '..=b'~'));
    let is_tight = !command.is_empty() && command.trim() == command;
    if !is_printable || !is_tight || command.len() > MAX_COMMAND_CHARS {
        return Err(BadBundle::Command(command.to_owned()));
    }
    if !(1..=MAX_LIMIT_S).contains(&limit_s) {
        return Err(BadBundle::Limit { command: command.to_owned(), limit_s });
    }
    Ok(())
}
