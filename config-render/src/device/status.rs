//! What a device says of a change. Strict, because it may be anything: a line that is not understood, or an
//! answer without an end, is an error and never a state.

use super::check::MAX_FILES;
use super::id::{ChangeId, is_sha256};
use std::str::FromStr;

/// All lines of the largest change, at their longest.
pub const MAX_STATUS_BYTES: usize = 1 << 20;

/// As many as the program prints.
const MAX_STEPS: usize = 64;

const MAGIC: &str = "headend-change-status-1";

/// Where a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is none.
    None,
    /// It is there, and what was there before is kept.
    Staged,
    /// The device's checkers have nothing against it.
    Checked,
    /// The way back is laid; nothing is touched.
    Armed,
    /// Some of it may be in place.
    Switching,
    /// It is in place and in force, until the deadline.
    Switched,
    /// It is there for good.
    Disarmed,
    /// Some of it may be gone.
    Reverting,
    /// The files were compared with those of before: they are the same.
    Reverted,
    /// Something of it is still there, and the device goes on trying.
    RevertFailed,
}

/// What is at a path now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// What was there before.
    Before,
    /// What was sent.
    After,
    /// Both are the same.
    Both,
    /// Something else.
    Other,
}

/// What a device runs, by its files alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// Every file is as it was before.
    Before,
    /// Every file is as it was sent.
    After,
    /// The change changes nothing.
    Same,
    /// Some are of before and some are new, or somebody else was there.
    Mixture,
}

/// When a change comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// By the device's clock when it was armed, seconds since 1970: for people.
    pub wall_s: i64,
    /// Seconds from now; 0 when it has passed, or the device has booted since.
    pub left_s: u32,
}

/// A path of a change. Digests are SHA-256; none where there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// Where.
    pub path: String,
    /// What is there now, mode and owner considered.
    pub running: Running,
    /// What is there now.
    pub now: Option<String>,
    /// What was there before.
    pub before: Option<String>,
    /// What was sent.
    pub after: Option<String>,
}

/// Something that was done, or went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTaken {
    /// When, by the device's clock, as RFC 3339.
    pub at: String,
    /// What.
    pub what: String,
}

/// What a device says of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which one; none when there is none.
    pub id: Option<ChangeId>,
    /// What whoever drives it called it.
    pub label: String,
    /// Where it is.
    pub state: State,
    /// When it comes back, once it was armed.
    pub deadline: Option<Deadline>,
    /// Whether timer and boot would take it back, as systemd says now.
    pub is_guarded: bool,
    /// Its paths.
    pub files: Vec<FileStatus>,
    /// What went wrong last.
    pub error: Option<String>,
    /// What was done, oldest first; the latest of it.
    pub steps: Vec<StepTaken>,
}

/// Why this is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStatus {
    /// More than [`MAX_STATUS_BYTES`].
    #[error("the device has answered with more than {MAX_STATUS_BYTES} bytes")]
    TooLong,
    /// It does not begin or end as one.
    #[error("the device's answer is not whole, or none of change.sh: ask again")]
    NotWhole,
    /// A line that nobody understands.
    #[error(
        "line {line} of the device's answer cannot be understood: is its change.sh a later one?"
    )]
    Line {
        /// Which, from 1.
        line: usize,
    },
}

impl Status {
    /// Reads what `change.sh status` has printed.
    ///
    /// # Errors
    /// When it is too long, is not whole, or says something else.
    pub fn read(bytes: &[u8]) -> Result<Self, BadStatus> {
        if bytes.len() > MAX_STATUS_BYTES {
            return Err(BadStatus::TooLong);
        }
        let text = str::from_utf8(bytes).map_err(|_| BadStatus::NotWhole)?;
        let inside = text.strip_prefix(MAGIC).and_then(|text| text.strip_prefix('\n'));
        let inside = inside.and_then(|text| text.strip_suffix("end\n"));
        let inside = inside.ok_or(BadStatus::NotWhole)?;
        if inside == "state none\n" {
            return Ok(Self::none());
        }
        let mut lines = Lines::default();
        for (at, line) in inside.lines().enumerate() {
            lines.take(line).ok_or(BadStatus::Line { line: at + 2 })?;
        }
        lines.finish().ok_or(BadStatus::NotWhole)
    }

    /// Of a device that knows of no such change.
    fn none() -> Self {
        Self {
            id: None,
            label: String::new(),
            state: State::None,
            deadline: None,
            is_guarded: false,
            files: Vec::new(),
            error: None,
            steps: Vec::new(),
        }
    }

    /// What the device runs, by its files alone.
    #[must_use]
    pub fn observed(&self) -> Observed {
        let all = |is: &[Running]| self.files.iter().all(|file| is.contains(&file.running));
        if all(&[Running::Both]) {
            Observed::Same
        } else if all(&[Running::Before, Running::Both]) {
            Observed::Before
        } else if all(&[Running::After, Running::Both]) {
            Observed::After
        } else {
            Observed::Mixture
        }
    }
}

#[derive(Default)]
struct Lines {
    id: Option<ChangeId>,
    label: Option<String>,
    state: Option<State>,
    deadline: Option<Deadline>,
    is_guarded: Option<bool>,
    files: Vec<FileStatus>,
    error: Option<String>,
    steps: Vec<StepTaken>,
}

impl Lines {
    /// One line; none when it cannot be, here or at all. The state is the last.
    fn take(&mut self, line: &str) -> Option<()> {
        if self.state.is_some() || line.chars().any(char::is_control) {
            return None;
        }
        let (key, rest) = line.split_once(' ')?;
        match key {
            "id" => put(&mut self.id, rest.parse().ok()?),
            "label" => put(&mut self.label, rest.to_owned()),
            "state" => put(&mut self.state, rest.parse().ok()?),
            "deadline" => put(&mut self.deadline, deadline(rest)?),
            "guard" => put(&mut self.is_guarded, flag(rest)?),
            "file" => push(&mut self.files, MAX_FILES, file(rest)?),
            "error" => put(&mut self.error, rest.to_owned()),
            "step" => push(&mut self.steps, MAX_STEPS, step(rest)?),
            _ => None,
        }
    }

    fn finish(self) -> Option<Status> {
        let state = self.state.filter(|state| *state != State::None)?;
        if self.files.is_empty() {
            return None;
        }
        Some(Status {
            id: Some(self.id?),
            label: self.label?,
            state,
            deadline: self.deadline,
            is_guarded: self.is_guarded?,
            files: self.files,
            error: self.error,
            steps: self.steps,
        })
    }
}

fn put<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn push<T>(list: &mut Vec<T>, most: usize, value: T) -> Option<()> {
    list.push(value);
    (list.len() <= most).then_some(())
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn deadline(text: &str) -> Option<Deadline> {
    let (wall, left) = text.split_once(' ')?;
    Some(Deadline { wall_s: wall.parse().ok()?, left_s: left.parse().ok()? })
}

fn file(text: &str) -> Option<FileStatus> {
    let words: Vec<&str> = text.split(' ').collect();
    let [running, now, before, after, path] = words[..] else { return None };
    let running = match running {
        "before" => Running::Before,
        "after" => Running::After,
        "both" => Running::Both,
        "other" => Running::Other,
        _ => return None,
    };
    let path = path.starts_with('/').then(|| path.to_owned())?;
    Some(FileStatus {
        path,
        running,
        now: digest(now)?,
        before: digest(before)?,
        after: digest(after)?,
    })
}

fn digest(text: &str) -> Option<Option<String>> {
    match text {
        "-" => Some(None),
        _ => is_sha256(text).then(|| Some(text.to_owned())),
    }
}

fn step(text: &str) -> Option<StepTaken> {
    let (at, what) = text.split_once(' ')?;
    Some(StepTaken { at: at.to_owned(), what: what.to_owned() })
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "none" => Self::None,
            "staged" => Self::Staged,
            "checked" => Self::Checked,
            "armed" => Self::Armed,
            "switching" => Self::Switching,
            "switched" => Self::Switched,
            "disarmed" => Self::Disarmed,
            "reverting" => Self::Reverting,
            "reverted" => Self::Reverted,
            "revert-failed" => Self::RevertFailed,
            _ => return Err(()),
        })
    }
}
