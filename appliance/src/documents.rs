//! The documents in force on this box, on disk and in mind.
//!
//! An accepted document is kept as it came, signature and all, and read again at start: a
//! box that was cut off goes on from what it last accepted. The newest generation of each
//! kind is kept apart, so that a refused document cannot come twice.

use crate::keep;
use anyhow::{Context, Result};
use contract::config::ApplianceConfig;
use contract::envelope::{Envelope, Generation, Kind, Reader, Refused};
use contract::report::DocumentState;
use contract::time::TimeUs;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

/// The kinds that this version takes.
pub(crate) const KINDS: [Kind; 3] = [Kind::Manifest, Kind::Sources, Kind::Tombstones];

#[derive(Debug, Default)]
struct Standing {
    in_force: Option<Generation>,
    rejected: Option<(Generation, String)>,
}

/// What stands, by kind.
#[derive(Debug)]
pub(crate) struct Documents {
    folder: PathBuf,
    standing: BTreeMap<Kind, Standing>,
}

impl Documents {
    pub(crate) fn open(config: &ApplianceConfig) -> Result<Self> {
        let folder = config.state_folder.join("documents");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let standing = KINDS.into_iter().map(|kind| (kind, Standing::default())).collect();
        Ok(Self { folder, standing })
    }

    fn file(&self, kind: Kind) -> PathBuf {
        self.folder.join(format!("{kind}.json"))
    }

    /// What was in force when the process last ran, if its signature still holds.
    pub(crate) fn restore<T: DeserializeOwned>(
        &mut self,
        config: &ApplianceConfig,
        kind: Kind,
    ) -> Result<Option<T>> {
        let file = self.file(kind);
        if !file.exists() {
            return Ok(None);
        }
        let text =
            std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let envelope: Envelope = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged", file.display()))?;
        // It was in time when it was accepted, and nothing newer has come since.
        let now = envelope.header.issued_at_us;
        let body = open(&envelope, config, None, now)
            .with_context(|| format!("{} does not hold any more", file.display()))?;
        self.stand(kind).in_force = Some(envelope.header.generation);
        Ok(Some(body))
    }

    /// Checks a document that came from the fleet.
    pub(crate) fn examine<T: DeserializeOwned>(
        &self,
        config: &ApplianceConfig,
        envelope: &Envelope,
    ) -> Result<T, Refused> {
        let standing = self.standing.get(&envelope.header.kind);
        let newest = standing.and_then(|standing| {
            let rejected = standing.rejected.as_ref().map(|(generation, _)| *generation);
            standing.in_force.max(rejected)
        });
        open(envelope, config, newest, TimeUs::from(SystemTime::now()))
    }

    /// The document has been carried out: it stands, also after a restart.
    pub(crate) fn accept(&mut self, envelope: &Envelope) -> Result<()> {
        let kind = envelope.header.kind;
        keep::write(&self.file(kind), &serde_json::to_vec(envelope)?)?;
        *self.stand(kind) = Standing { in_force: Some(envelope.header.generation), rejected: None };
        Ok(())
    }

    /// The document could not be carried out; the fleet will hear of it.
    pub(crate) fn reject(&mut self, envelope: &Envelope, reason: String) {
        self.stand(envelope.header.kind).rejected = Some((envelope.header.generation, reason));
    }

    /// Which generation of a kind is in force.
    pub(crate) fn in_force(&self, kind: Kind) -> Option<Generation> {
        self.standing.get(&kind).and_then(|standing| standing.in_force)
    }

    fn stand(&mut self, kind: Kind) -> &mut Standing {
        self.standing.entry(kind).or_default()
    }

    pub(crate) fn states(&self) -> Vec<DocumentState> {
        let state = |(kind, standing): (&Kind, &Standing)| DocumentState {
            kind: *kind,
            in_force: standing.in_force,
            rejected: standing.rejected.clone(),
        };
        self.standing.iter().map(state).collect()
    }
}

fn open<T: DeserializeOwned>(
    envelope: &Envelope,
    config: &ApplianceConfig,
    newest: Option<Generation>,
    now: TimeUs,
) -> Result<T, Refused> {
    let keys = config.fleet.as_ref().map_or(&[][..], |fleet| &fleet.trusted_keys);
    envelope.open(&Reader { me: &config.name, keys, newest, now })
}
