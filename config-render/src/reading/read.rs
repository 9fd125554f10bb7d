//! At the device.

use super::platform::has_shell;
use super::to_read::{How, Part, ToRead};
use crate::apply::as_root;
use crate::archive::{DeviceKind, Known, Redacted, TooLong, fit};
use ssh::{Limits, Prompt, Session, SshFailure, quoted};

/// How the shell says that there is no such file (`EX_NOINPUT`).
const NO_FILE: i32 = 66;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailure {
    /// It answered, but not with a configuration.
    #[error("{path}: the device answers {said:?} in the place of its configuration")]
    NoConfiguration {
        /// What was asked for.
        path: String,
        /// How that begins.
        said: String,
    },
    /// It has said nothing at all.
    #[error("the device has said nothing of its configuration: see that the user may read it")]
    Nothing,
    /// More than a configuration is.
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

/// What a device has said, with all its secrets.
pub struct Said(Vec<(Part, Vec<u8>)>);

impl ToRead {
    /// Asks the device.
    ///
    /// # Errors
    /// Where it, or the way there, fails.
    pub fn ask(&self, session: &mut Session, limits: &Limits) -> Result<Said, SshFailure> {
        match &self.screen {
            Some(prompt) => self.on_its_screen(session, limits, prompt),
            None => self.by_commands(session, limits),
        }
        .map(Said)
    }

    fn by_commands(
        &self,
        session: &mut Session,
        limits: &Limits,
    ) -> Result<Vec<(Part, Vec<u8>)>, SshFailure> {
        let mut all = Vec::new();
        for part in &self.parts {
            let command = part.command(&session.device().login.user);
            let output = session.run(&command, &[], limits)?;
            if part.how == How::File && output.status == NO_FILE {
                continue;
            }
            all.push((part.clone(), session.well(output)?));
        }
        Ok(all)
    }

    fn on_its_screen(
        &self,
        session: &mut Session,
        limits: &Limits,
        prompt: &Prompt,
    ) -> Result<Vec<(Part, Vec<u8>)>, SshFailure> {
        let mut screen = session.screen(prompt, limits)?;
        let mut all = Vec::new();
        for part in &self.parts {
            if let How::Command(line) = &part.how {
                all.push((part.clone(), screen.ask(line)?.into_bytes()));
            }
        }
        Ok(all)
    }
}

impl Said {
    /// Made fit to be kept: all of it, or nothing. What finds secrets has a memory of its own in each thread that
    /// it runs in, and one thread keeps up with hundreds that wait for devices.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub fn fit(self, known: &Known) -> Result<Vec<(String, Redacted)>, ReadFailure> {
        let mut texts = Vec::new();
        for (part, said) in self.0 {
            part.is_configuration(&said)?;
            let redacted = fit(part.kind, &said, known)?;
            texts.push((part.path, redacted));
        }
        if texts.is_empty() { Err(ReadFailure::Nothing) } else { Ok(texts) }
    }
}

impl Part {
    pub(super) fn command(&self, user: &str) -> String {
        let command = match &self.how {
            How::Command(command) => command.clone(),
            How::File => {
                let path = quoted(&self.path);
                format!("if [ -e {path} ]; then cat -- {path}; else exit {NO_FILE}; fi")
            }
        };
        match user {
            "root" => command,
            _ if has_shell(self.kind) || self.how == How::File => as_root(&command),
            _ => command,
        }
    }

    /// Devices that know no exit status say in words that something failed, where a configuration would begin.
    pub(super) fn is_configuration(&self, said: &[u8]) -> Result<(), ReadFailure> {
        let text = String::from_utf8_lossy(said);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let Some(first) = lines.next() else {
            // A file may have nothing in it.
            return if self.how == How::File { Ok(()) } else { Err(ReadFailure::Nothing) };
        };
        let is_complaint = match self.kind {
            DeviceKind::CiscoIos | DeviceKind::AristaEos | DeviceKind::Frr => {
                first.starts_with('%') || first.starts_with("^")
            }
            DeviceKind::Junos => {
                ["error:", "syntax error", "unknown command"].iter().any(|it| first.starts_with(it))
            }
            _ => false,
        };
        if !is_complaint {
            return Ok(());
        }
        let said = first.chars().take(200).collect();
        Err(ReadFailure::NoConfiguration { path: self.path.clone(), said })
    }
}
