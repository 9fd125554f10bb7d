//! A device that is reached over SSH.

use super::way::{Answer, Cut, Way};
use crate::device::{CHANGE_SH, ChangeId, Outcome, Step, install};
use ssh::{Cancel, Device, Limits, Output, Session, SshFailure, Why};

/// A device that we are logged in at, as root or as somebody who may become root without being asked.
pub struct OverSsh {
    session: Session,
    limits: Limits,
    is_root: bool,
}

impl OverSsh {
    /// Connects, by the keys that the inventory knows, and logs in.
    ///
    /// # Errors
    /// [`Cut`].
    pub fn reach(device: &Device, limits: &Limits, cancel: &Cancel) -> Result<Self, Cut> {
        let session = Session::open(device, limits, cancel)?;
        Ok(Self { session, limits: *limits, is_root: device.login.user == "root" })
    }

    fn run(&mut self, command: &str, stdin: &[u8]) -> Result<Answer, Cut> {
        let command = if self.is_root { command.to_owned() } else { as_root(command) };
        Ok(answer(self.session.run(&command, stdin, &self.limits)?))
    }
}

impl Way for OverSsh {
    fn install(&mut self) -> Result<Answer, Cut> {
        self.run(&install(), CHANGE_SH.as_bytes())
    }

    fn step(&mut self, step: Step, id: &ChangeId, stdin: &[u8]) -> Result<Answer, Cut> {
        self.run(&step.command(id), stdin)
    }
}

/// One word for the shell there, which gives it to another that is root's.
fn as_root(command: &str) -> String {
    format!("sudo -n sh -c '{}'", command.replace('\'', "'\\''"))
}

/// What a signal has ended is not known to have done anything.
fn answer(output: Output) -> Answer {
    let outcome = match output.signal {
        None => Outcome::from(output.status),
        Some(_) => Outcome::Unknown(output.status),
    };
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Answer { outcome, stdout: output.stdout, stderr }
}

impl From<SshFailure> for Cut {
    fn from(failure: SshFailure) -> Self {
        let is_lasting = matches!(
            failure.why,
            Why::NoHostKeys
                | Why::HostKey { .. }
                | Why::NoneInCommon { .. }
                | Why::BadKey { .. }
                | Why::NotLetIn { .. }
                | Why::Cancelled { .. }
        );
        Self { why: failure.to_string(), is_lasting }
    }
}
