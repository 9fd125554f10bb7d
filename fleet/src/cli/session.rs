//! What `fleet login` leaves for the commands that follow: where the manager is, by what it is
//! believed, and who asks.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use url::Url;

/// A session, as it lies in a file that its owner alone reads.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    /// Where the manager is.
    pub(super) fleet: String,
    /// Certificates in PEM that it is believed by; nothing: those that the system believes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) authorities: Option<String>,
    /// What is shown.
    pub(super) token: String,
}

/// Where it lies: `headend/session.json` among what programs keep of a person.
fn file() -> anyhow::Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let home = || variable("HOME").map(|home| home.join(".config"));
    let folder = variable("XDG_CONFIG_HOME").or_else(home);
    Ok(folder.context("neither XDG_CONFIG_HOME nor HOME is set")?.join("headend/session.json"))
}

impl Session {
    /// The one that was left, if there is one.
    ///
    /// # Errors
    /// When there is something that cannot be read.
    pub(super) fn read() -> anyhow::Result<Option<Self>> {
        let Ok(file) = file() else { return Ok(None) };
        match std::fs::read(&file) {
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
            read => {
                let text = read.with_context(|| format!("cannot read {}", file.display()))?;
                let session = serde_json::from_slice(&text);
                let broken = || format!("{} is broken: log in again", file.display());
                Ok(Some(session.with_context(broken)?))
            }
        }
    }

    /// Whether it is of the manager that somebody has named, if he has.
    pub(super) fn is_of(&self, fleet: Option<&str>) -> bool {
        fleet.is_none_or(|fleet| Url::parse(fleet) == Url::parse(&self.fleet))
    }

    /// Leaves it.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let file = file()?;
        let put = || {
            ca::make_folder(file.parent().unwrap_or(Path::new(".")))?;
            forget(&file)?;
            ca::write_new(&file, &serde_json::to_vec(self)?, true)
        };
        put().with_context(|| format!("cannot write {}", file.display()))
    }

    /// Removes what was left.
    pub(super) fn remove() -> anyhow::Result<()> {
        let file = file()?;
        forget(&file).with_context(|| format!("cannot remove {}", file.display()))
    }
}

fn forget(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_for_the_manager_that_gave_it_however_it_is_written() {
        let fleet = "https://fleet.example:7080/".to_owned();
        let session = Session { fleet, authorities: None, token: String::new() };
        for same in [None, Some("https://fleet.example:7080"), Some("https://FLEET.example:7080/")]
        {
            assert!(session.is_of(same), "{same:?}");
        }
        for other in ["https://fleet.example", "https://other.example:7080", "nonsense"] {
            assert!(!session.is_of(Some(other)), "{other}");
        }
    }
}
