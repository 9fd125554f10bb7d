//! How a device is reached.

use crate::device::{ChangeId, Outcome, Step};

/// What a step has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// What it has answered.
    pub stdout: Vec<u8>,
    /// What it says of what went wrong.
    pub stderr: String,
}

/// The device was lost, and nobody knows what became of what it was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// What happened.
    pub why: String,
    /// Whether trying again is in vain: a wrong key or a wrong password does not mend itself.
    pub is_lasting: bool,
}

/// A device that is reached, until it is lost.
pub trait Way {
    /// Puts the program in its place.
    ///
    /// # Errors
    /// [`Cut`].
    fn install(&mut self) -> Result<Answer, Cut>;

    /// Has it do a step; `stdin` is what it is given.
    ///
    /// # Errors
    /// [`Cut`].
    fn step(&mut self, step: Step, id: &ChangeId, stdin: &[u8]) -> Result<Answer, Cut>;
}
