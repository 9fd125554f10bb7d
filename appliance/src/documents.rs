//! The documents in force on this box, on disk and in mind.
//!
//! An accepted document is kept as it came, signature and all, and read again at start: a
//! box that was cut off goes on from what it last accepted. The newest generation of each
//! kind is kept apart, so that a refused document cannot come twice.

use crate::keep;
use crate::trust::{Believed, Heard};
use anyhow::{Context, Result};
use contract::autonomy::{Limit, LimitKind};
use contract::config::ApplianceConfig;
use contract::envelope::{Envelope, Generation, Kind, Reader, Refused};
use contract::object::Digest;
use contract::report::{DocumentState, TrustState};
use contract::time::TimeUs;
use contract::trust::{SignedTrust, Trust};
use fill::Clock;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The kinds that this version takes.
pub(crate) const KINDS: [Kind; 4] =
    [Kind::Manifest, Kind::Sources, Kind::Tombstones, Kind::Command];

#[derive(Debug, Default)]
struct Standing {
    in_force: Option<InForce>,
    /// Of what was in force when the process last ran, and may not be any more.
    floor: Option<Generation>,
    rejected: Option<(Generation, String)>,
    refused: Option<(Generation, String)>,
}

#[derive(Debug)]
struct InForce {
    generation: Generation,
    issued_at: TimeUs,
    not_after: TimeUs,
    /// Tells it from another of the same number.
    digest: Digest,
}

impl InForce {
    fn of(envelope: &Envelope) -> Result<Self> {
        let header = &envelope.header;
        Ok(Self {
            generation: header.generation,
            issued_at: header.issued_at_us,
            not_after: header.not_after_us,
            digest: digest(envelope)?,
        })
    }
}

/// Of all that is signed.
fn digest(envelope: &Envelope) -> serde_json::Result<Digest> {
    let signed = serde_json::to_vec(&(&envelope.header, &envelope.body))?;
    Ok(Digest::of(&signed))
}

/// What stands, by kind.
pub(crate) struct Documents {
    clock: Clock,
    folder: PathBuf,
    /// `None` for a box without a fleet, which is told nothing.
    believed: Option<Believed>,
    standing: BTreeMap<Kind, Standing>,
}

impl Documents {
    pub(crate) fn open(config: &ApplianceConfig, clock: Clock) -> Result<Self> {
        let folder = config.state_folder.join("documents");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let standing = KINDS.into_iter().map(|kind| (kind, Standing::default())).collect();
        Ok(Self { clock, folder, believed: Believed::open(config)?, standing })
    }

    /// Hears what the root has said since; the documents that come with it may be signed by whom
    /// it names.
    pub(crate) fn hear(&mut self, chain: &[SignedTrust]) -> Heard {
        self.believed.as_mut().map(|believed| believed.hear(chain)).unwrap_or_default()
    }

    /// What the root says, to a box with a fleet.
    pub(crate) fn trust(&self) -> Option<&Trust> {
        self.believed.as_ref().map(Believed::trust)
    }

    /// What the fleet is told of it.
    pub(crate) fn trust_state(&self) -> TrustState {
        self.believed.as_ref().map(Believed::state).unwrap_or_default()
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
        let believed = self.believed.as_ref().context("a box without a fleet is told nothing")?;
        let opened = envelope.open_kept(&config.name, believed.trust());
        // Nothing older comes back, whoever has signed this.
        self.stand(kind).floor = Some(envelope.header.generation);
        let body = opened.with_context(|| format!("{} does not hold any more", file.display()))?;
        self.stand(kind).in_force = Some(InForce::of(&envelope)?);
        Ok(Some(body))
    }

    /// Checks a document that came from the fleet.
    pub(crate) fn examine<T: DeserializeOwned>(
        &self,
        config: &ApplianceConfig,
        envelope: &Envelope,
    ) -> Result<T, Refused> {
        let unknown = || Refused::UnknownKey(envelope.key_id.clone());
        let opened = envelope.open(&Reader {
            me: &config.name,
            trust: self.believed.as_ref().ok_or_else(unknown)?.trust(),
            newest: self.newest(envelope.header.kind),
            now: (self.clock)(),
        });
        opened.map_err(|why| match why {
            Refused::Old { offered, .. } if self.is_another(envelope) => {
                Refused::OtherContent(offered)
            }
            why => why,
        })
    }

    /// What a document of a kind must be newer than.
    fn newest(&self, kind: Kind) -> Option<Generation> {
        let standing = self.standing.get(&kind)?;
        let rejected = standing.rejected.as_ref().map(|(generation, _)| *generation);
        self.in_force(kind).max(rejected).max(standing.floor)
    }

    /// Whether it has the number of the one in force, and says something else.
    fn is_another(&self, envelope: &Envelope) -> bool {
        let standing = self.standing.get(&envelope.header.kind);
        standing.and_then(|it| it.in_force.as_ref()).is_some_and(|it| {
            it.generation == envelope.header.generation
                && digest(envelope).is_ok_and(|digest| digest != it.digest)
        })
    }

    /// The document has been carried out: it stands, also after a restart.
    pub(crate) fn accept(&mut self, envelope: &Envelope) -> Result<()> {
        let kind = envelope.header.kind;
        keep::write(&self.file(kind), &serde_json::to_vec(envelope)?)?;
        let in_force = Some(InForce::of(envelope)?);
        *self.stand(kind) = Standing { in_force, ..Standing::default() };
        Ok(())
    }

    /// The document could not be carried out; the fleet will hear of it.
    pub(crate) fn reject(&mut self, envelope: &Envelope, reason: String) {
        self.stand(envelope.header.kind).rejected = Some((envelope.header.generation, reason));
    }

    /// The document is not believed. Gives whether that is news.
    pub(crate) fn refuse(&mut self, envelope: &Envelope, reason: String) -> bool {
        let refused = Some((envelope.header.generation, reason));
        let standing = self.stand(envelope.header.kind);
        let is_news = standing.refused != refused;
        standing.refused = refused;
        is_news
    }

    /// When what is in force ends. What is done once is over when it was done.
    pub(crate) fn limits(&self) -> Vec<Limit> {
        let limit = |(kind, standing): (&Kind, &Standing)| {
            let in_force = standing.in_force.as_ref()?;
            let subject = format!("{kind} {}", in_force.generation);
            Some(Limit { kind: LimitKind::Document, subject, until_us: in_force.not_after })
        };
        let lasting = self.standing.iter().filter(|(kind, _)| **kind != Kind::Command);
        lasting.filter_map(limit).chain(self.believed.as_ref().map(Believed::limit)).collect()
    }

    /// Which generation of a kind is in force.
    pub(crate) fn in_force(&self, kind: Kind) -> Option<Generation> {
        let standing = self.standing.get(&kind)?;
        standing.in_force.as_ref().map(|it| it.generation)
    }

    fn stand(&mut self, kind: Kind) -> &mut Standing {
        self.standing.entry(kind).or_default()
    }

    pub(crate) fn states(&self) -> Vec<DocumentState> {
        let state = |(kind, standing): (&Kind, &Standing)| DocumentState {
            kind: *kind,
            in_force: standing.in_force.as_ref().map(|it| it.generation),
            issued_at_us: standing.in_force.as_ref().map(|it| it.issued_at),
            rejected: standing.rejected.clone(),
            refused: standing.refused.clone(),
        };
        self.standing.iter().map(state).collect()
    }
}
