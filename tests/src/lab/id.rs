//! Whose a lab is, told by its name alone: everything that a lab puts on the machine carries
//! it, so that what a crash has left behind can be told from what is in use, without a
//! register that could be lost or wrong.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "headend-lab";

/// A lab's name: `headend-lab-PID-START-SERIAL`, after the process that runs it and when that
/// began (in ticks since boot, so that a number that is used again is told apart).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabId {
    pid: u32,
    start_ticks: u64,
    serial: u32,
}

impl LabId {
    /// A name that nobody has, for a lab of this process.
    ///
    /// # Errors
    /// When `/proc` does not say when this process began.
    pub fn new() -> std::io::Result<Self> {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let pid = std::process::id();
        let start_ticks = start_ticks(pid)
            .ok_or_else(|| std::io::Error::other("/proc does not say when this process began"))?;
        Ok(Self { pid, start_ticks, serial: SERIAL.fetch_add(1, Ordering::Relaxed) })
    }

    /// Whether the process that runs it still lives.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        start_ticks(self.pid) == Some(self.start_ticks)
    }

    /// The name of a part of it.
    #[must_use]
    pub fn part(&self, name: &str) -> String {
        format!("{self}.{name}")
    }

    /// Whose this name is: a lab's own, or that of a part.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        name.split('.').next()?.parse().ok()
    }

    /// Whose this path is, by the first of its folders that is named so.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        path.split('/').find_map(Self::of)
    }
}

impl fmt::Display for LabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, start_ticks, serial } = self;
        write!(f, "{PREFIX}-{pid}-{start_ticks}-{serial}")
    }
}

/// A text that names no lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoLabId;

impl std::error::Error for NoLabId {}

impl fmt::Display for NoLabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no name of a lab, which is {PREFIX}-PID-START-SERIAL")
    }
}

impl FromStr for LabId {
    type Err = NoLabId;

    fn from_str(text: &str) -> Result<Self, NoLabId> {
        let rest = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('-'));
        let mut numbers = rest.ok_or(NoLabId)?.splitn(3, '-');
        let mut next = || numbers.next().ok_or(NoLabId);
        let (pid, start_ticks, serial) = (next()?, next()?, next()?);
        let id = Self {
            pid: pid.parse().map_err(|_| NoLabId)?,
            start_ticks: start_ticks.parse().map_err(|_| NoLabId)?,
            serial: serial.parse().map_err(|_| NoLabId)?,
        };
        // One spelling each: "+1" and "01" are numbers, and no names of ours.
        if id.to_string() == text { Ok(id) } else { Err(NoLabId) }
    }
}

/// When a process began, by proc(5); `None` when there is none. A zombie has ended.
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name and may hold anything, a parenthesis too.
    let mut after_name = stat.rsplit_once(") ")?.1.split(' ');
    if matches!(after_name.next()?, "Z" | "X") {
        return None;
    }
    after_name.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lab_of_this_process_is_owned_and_one_of_another_start_is_not() {
        let id = LabId::new().expect("id");
        assert!(id.is_owned());
        assert!(!LabId { start_ticks: id.start_ticks + 1, ..id }.is_owned());
        assert_ne!(id, LabId::new().expect("another"));
    }

    proptest! {
        #[test]
        fn a_name_tells_whose_it_is(pid: u32, start_ticks: u64, serial: u32) {
            let id = LabId { pid, start_ticks, serial };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(LabId::of(&id.part("oca1.site-a")), Some(id));
            prop_assert_eq!(LabId::of_path(&format!("/a/{id}/machines/b")), Some(id));
        }

        #[test]
        fn nothing_else_is_taken_for_one(text: String) {
            prop_assert_eq!(LabId::of(&text), None);
        }
    }
}
