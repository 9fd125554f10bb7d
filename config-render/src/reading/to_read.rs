//! What is asked of one device.

use super::platform::{command_for, platform, said, usual};
use crate::archive::{DeviceKind, UnknownKind};
use crate::facts::Facts;
use crate::values::Settings;
use serde_json::Value;
use ssh::Prompt;

/// What is asked of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct ToRead {
    pub(super) kind: DeviceKind,
    pub(super) parts: Vec<Part>,
    /// Where it knows no commands: how its screen looks.
    pub(super) screen: Option<Prompt>,
}

/// One text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// What it is kept as; of a file, where it is.
    pub(super) path: String,
    pub(super) kind: DeviceKind,
    pub(super) how: How,
}

/// How it is had.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum How {
    /// By this.
    Command(String),
    /// It is a file. One that is not there is not kept.
    File,
}

/// Why nothing can be asked of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NothingToRead {
    /// Its platform is none.
    #[error("management.platform: {0}")]
    Platform(#[from] UnknownKind),
    /// Nothing says what it speaks.
    #[error("nobody has said what a {role} speaks: set management.platform for it")]
    NoPlatform {
        /// What it is there for.
        role: String,
    },
    /// Nothing says what it is asked.
    #[error("nobody has said what it is asked: set backup.commands for it")]
    NoCommands,
    /// A command cannot be meant.
    #[error("backup.commands: {0}")]
    BadCommand(&'static str),
    /// Files cannot be had from a screen.
    #[error("a device with a screen is asked by commands: set backup.commands for it")]
    NoFiles,
}

impl ToRead {
    /// What there is to be asked of a device.
    ///
    /// # Errors
    /// [`NothingToRead`].
    pub fn of(facts: &Facts, settings: &Settings) -> Result<Self, NothingToRead> {
        let kind = platform(facts, settings)?;
        let rows = list(settings, "backup.commands");
        let own = rows.iter().map(|row| {
            let (name, command) = said(row).map_err(NothingToRead::BadCommand)?;
            Ok(command_for(name, kind, command))
        });
        let parts = match rows {
            [] => usual(facts, kind)?,
            _ => own.collect::<Result<_, NothingToRead>>()?,
        };
        if parts.is_empty() {
            return Err(NothingToRead::NoCommands);
        }
        let endings = words(settings, "management.prompts");
        let screen = (!endings.is_empty())
            .then(|| Prompt { endings, first: words(settings, "management.first_lines") });
        if screen.is_some() && parts.iter().any(|part| part.how == How::File) {
            return Err(NothingToRead::NoFiles);
        }
        Ok(Self { kind, parts, screen })
    }

    /// Whether it is asked for that.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.parts.iter().any(|part| part.path == path)
    }

    /// Whose language the device speaks.
    #[must_use]
    pub fn kind(&self) -> DeviceKind {
        self.kind
    }
}

fn list<'a>(settings: &'a Settings, path: &str) -> &'a [Value] {
    settings.get(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn words(settings: &Settings, path: &str) -> Vec<String> {
    list(settings, path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
