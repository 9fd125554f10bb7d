//! What the root has said, as far as this box has heard: on disk, and in mind.
//!
//! A box begins with what it was given when it joined and follows the root from there, version by
//! version. The last that it believes is kept in the state folder. Whoever gives it another
//! beginning, by having it join anew, makes it forget where the one before led.

use crate::keep;
use anyhow::{Context, Result};
use contract::autonomy::{Limit, LimitKind};
use contract::command::MAX_REASON_BYTES;
use contract::config::{ApplianceConfig, Fleet};
use contract::object::Digest;
use contract::report::TrustState;
use contract::trust::{Followed, MAX_TRUST_BYTES, SignedTrust, Trust, follow};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What the root has said.
pub(crate) struct Believed {
    file: PathBuf,
    /// Names the beginning.
    began_with: Digest,
    trust: Trust,
    refused: Option<String>,
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    began_with: Digest,
    signed: SignedTrust,
}

impl Believed {
    /// `None` for a box without a fleet.
    ///
    /// # Errors
    /// When what it was given is not what a root says.
    pub(crate) fn open(config: &ApplianceConfig) -> Result<Option<Self>> {
        let Some(fleet) = &config.fleet else { return Ok(None) };
        let (began_with, given) = given(fleet)?;
        let file = config.state_folder.join("trust.json");
        let trust = match kept(&file, began_with, &given) {
            Ok(kept) => kept.unwrap_or(given),
            Err(err) => {
                // The fleet tells it again.
                tracing::warn!("what was kept of the root's word is of no use: {err:#}");
                given
            }
        };
        Ok(Some(Self { file, began_with, trust, refused: None }))
    }

    /// What it says.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What the fleet is told of it.
    pub(crate) fn state(&self) -> TrustState {
        let (version, refused) = (self.trust.version, self.refused.clone());
        TrustState { version, refused, ..TrustState::default() }
    }

    /// Nothing more is accepted on its word after that.
    pub(crate) fn limit(&self) -> Limit {
        let Trust { version, not_after_us, .. } = self.trust;
        let subject = format!("trust {version}");
        Limit { kind: LimitKind::Document, subject, until_us: not_after_us }
    }

    /// Follows the root as far as it can be believed, and keeps what it said. What cannot be kept
    /// is not believed: it would be forgotten again.
    pub(crate) fn hear(&mut self, chain: &[SignedTrust]) -> Heard {
        let Followed { last, then } = follow(&self.trust, chain);
        let (mut version, mut refused) = (None, then.map(|why| said_of(&why)));
        if let Some((trust, signed)) = last {
            match self.keep(signed) {
                Ok(()) => {
                    version = Some(trust.version);
                    self.trust = trust;
                }
                Err(err) => refused = Some(said_of(&format_args!("{err:#}"))),
            }
        }
        if version.is_none() && refused.is_none() {
            return Heard::default();
        }
        let is_news = self.refused != refused;
        self.refused.clone_from(&refused);
        Heard { version, refused: refused.filter(|_| is_news) }
    }

    fn keep(&self, signed: &SignedTrust) -> Result<()> {
        let kept = Kept { began_with: self.began_with, signed: signed.clone() };
        keep::write(&self.file, &serde_json::to_vec(&kept)?)
    }
}

/// As much of a reason as fits into a report.
fn said_of(why: &impl Display) -> String {
    let mut why = why.to_string();
    why.truncate(why.floor_char_boundary(MAX_REASON_BYTES));
    why
}

/// What was news.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The version that is believed now.
    pub(crate) version: Option<u64>,
    /// Why what came after is not believed. The same may come with every answer.
    pub(crate) refused: Option<String>,
}

/// What the box was given when it joined, and what names it.
pub(crate) fn given(fleet: &Fleet) -> Result<(Digest, Trust)> {
    let file = &fleet.trust_file;
    let text = read(file)?.with_context(|| format!("there is no {}", file.display()))?;
    let no_root = || format!("{} is not what a root says", file.display());
    let signed: SignedTrust = serde_json::from_slice(&text).with_context(no_root)?;
    let trust = signed.open_first().with_context(no_root)?;
    Ok((Digest::of(signed.body.get().as_bytes()), trust))
}

/// How far it has come from there. Given the same root's word anew, be it an older one, it goes
/// not back.
fn kept(file: &Path, began_with: Digest, given: &Trust) -> Result<Option<Trust>> {
    let Some(text) = read(file)? else { return Ok(None) };
    let kept: Kept = serde_json::from_slice(&text)?;
    // It was believed when it was kept.
    let trust = kept.signed.open_first()?;
    if kept.began_with != began_with && trust.root.pin() != given.root.pin() {
        return Ok(None);
    }
    Ok((trust.version > given.version).then_some(trust))
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    let shown = file.display();
    let opened = match File::open(file) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("cannot read {shown}"))?,
    };
    let mut text = Vec::new();
    let most = 2 * MAX_TRUST_BYTES as u64;
    opened.take(most + 1).read_to_end(&mut text).with_context(|| format!("cannot read {shown}"))?;
    anyhow::ensure!(text.len() as u64 <= most, "{shown} is too large");
    Ok(Some(text))
}

#[cfg(test)]
mod tests;
