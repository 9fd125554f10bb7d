//! A device that is reached over SSH.

use super::way::{Answer, Cut, Way};
use crate::device::{CHANGE_SH, ChangeId, Outcome, Step, install};
use ssh::{Cancel, Device, Limits, Output, Session, SshFailure, Why, quoted};

/// A device that we are logged in at, as root or as somebody who may become root without being asked.
pub struct OverSsh {
    session: Session,
    limits: Limits,
}

impl OverSsh {
    /// Connects, by the keys that the inventory knows, and logs in.
    ///
    /// # Errors
    /// [`Cut`].
    pub fn reach(device: &Device, limits: &Limits, cancel: &Cancel) -> Result<Self, Cut> {
        let session = Session::open(device, limits, cancel)?;
        Ok(Self { session, limits: *limits })
    }

    fn run(&mut self, command: &str, stdin: &[u8]) -> Result<Answer, Cut> {
        let is_root = self.session.device().login.user == "root";
        let command = if is_root { command.to_owned() } else { as_root(command) };
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
pub(crate) fn as_root(command: &str) -> String {
    format!("sudo -n sh -c {}", quoted(command))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_command_is_the_same_for_the_shell_of_root() {
        let line = as_root(r#"printf '%s|' "it's" a\ b '$HOME'"#);
        let line = line.strip_prefix("sudo -n ").expect("as root");
        let said = Command::new("sh").args(["-c", line]).output().expect("sh").stdout;
        assert_eq!(String::from_utf8(said).expect("text"), "it's|a b|$HOME|");
    }

    #[test]
    fn what_a_signal_has_ended_is_not_done() {
        let output = |signal: Option<&str>| {
            let signal = signal.map(str::to_owned);
            Output { status: 0, signal, stdout: Vec::new(), stderr: b"x".to_vec() }
        };
        assert_eq!(answer(output(None)).outcome, Outcome::Done);
        assert_eq!(answer(output(Some("KILL"))).outcome, Outcome::Unknown(0));
    }

    #[test]
    fn a_key_that_is_not_known_does_not_mend_itself() {
        let address = "192.0.2.1:22".parse().expect("an address");
        let cut = |why: Why| Cut::from(SshFailure { device: "r1".into(), address, why });
        assert!(cut(Why::NoHostKeys).is_lasting);
        assert!(!cut(Why::Refused).is_lasting, "its server may be starting");
        assert!(cut(Why::Refused).why.contains("r1"));
    }
}
