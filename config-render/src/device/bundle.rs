//! What is brought to a device: files, what checks them there, and what puts them into force.
//!
//! A framing of our own, because a shell has to take it apart as root: lines, then the files' bytes in the
//! order of the lines. There is nothing in it that could be a link, a device, or a place of its own, as there
//! is in a tar; where files go is only ever said by a path that both sides check.

use super::check::{BadBundle, check};
use super::id::ChangeId;
use crate::digest::sha256;
use std::fmt::Write;

/// A hundred times the configuration of a router. `change.sh` has the same number.
pub const MAX_BUNDLE_BYTES: usize = 16 << 20;

/// The first word of a bundle, with the version of its form.
pub(super) const MAGIC: &str = "headend-change-1";

/// A change as somebody wishes it. [`Draft::pack`] says whether a device can be given it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Which change this is to whoever drives it, one word. It makes two changes with the same files differ.
    pub label: String,
    /// Files, in the order in which they are put in place.
    pub files: Vec<File>,
    /// What looks at the files before anything is touched.
    pub checks: Vec<Check>,
    /// What puts them into force, in order.
    pub commands: Vec<Command>,
}

/// One path on the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Absolute and normal, below `/etc/` or `/usr/local/`.
    pub path: String,
    /// What is to be there.
    pub target: Target,
}

/// What is to be at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A plain file.
    Present {
        /// Its permissions, up to 0o7777.
        mode: u32,
        /// User and group as the device names them: `root:bird`.
        owner: String,
        /// Its bytes.
        content: Vec<u8>,
    },
    /// Nothing.
    Absent,
}

/// A command that looks at one file before it is in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which of the files.
    pub path: String,
    /// For `sh`; `{}` stands for where the file lies meanwhile: `bird -p -c {}`.
    pub command: String,
    /// When it has hung, in seconds.
    pub limit_s: u32,
}

/// A command that puts files into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// On which way it is run.
    pub when: When,
    /// For `sh`: `systemctl reload bird`.
    pub command: String,
    /// When it has hung, in seconds. Armed is for no less than all of these together.
    pub limit_s: u32,
}

/// On which way a command is run. After a boot none is: services then start with the files of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// There and back.
    Both,
    /// There.
    Switch,
    /// Back.
    Revert,
}

impl When {
    fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Switch => "switch",
            Self::Revert => "revert",
        }
    }
}

/// A sound change, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    id: ChangeId,
    bytes: Vec<u8>,
    limit_s: u32,
}

impl Draft {
    /// Packs it.
    ///
    /// # Errors
    /// The first thing that the device would refuse, or that would be of no use there.
    pub fn pack(&self) -> Result<Bundle, BadBundle> {
        check(self)?;
        let mut bytes = self.manifest().into_bytes();
        for file in &self.files {
            if let Target::Present { content, .. } = &file.target {
                bytes.extend_from_slice(content);
            }
        }
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BadBundle::TooLarge { bytes: bytes.len() });
        }
        let limit_s = self.commands.iter().map(|command| command.limit_s).sum();
        Ok(Bundle { id: ChangeId::of(&bytes), bytes, limit_s })
    }

    fn manifest(&self) -> String {
        let mut lines = format!("{MAGIC} {}\n", self.label);
        let mut line = |line: std::fmt::Arguments<'_>| {
            // Writing to a string does not fail.
            let _ = writeln!(lines, "{line}");
        };
        for File { path, target } in &self.files {
            match target {
                Target::Absent => line(format_args!("absent {path}")),
                Target::Present { mode, owner, content } => {
                    let (bytes, digest) = (content.len(), sha256(content));
                    line(format_args!("file {mode:04o} {owner} {bytes} {digest} {path}"));
                }
            }
        }
        for Check { path, command, limit_s } in &self.checks {
            line(format_args!("check {limit_s} {path} {command}"));
        }
        for Command { when, command, limit_s } in &self.commands {
            line(format_args!("run {} {limit_s} {command}", when.as_str()));
        }
        line(format_args!("end"));
        lines
    }
}

impl Bundle {
    /// What it is called on the device.
    #[must_use]
    pub fn id(&self) -> &ChangeId {
        &self.id
    }

    /// What goes to the standard input of [`Step::Stage`](super::Step::Stage).
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How long its commands may take together. It cannot be armed for less.
    #[must_use]
    pub fn limit_s(&self) -> u32 {
        self.limit_s
    }
}
