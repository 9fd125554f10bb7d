//! The conversation with the fleet: report, take what is new, carry it out.

use crate::documents::Documents;
use crate::fleet_link::FleetLink;
use crate::holding::{Holding, Unfit};
use crate::journal::Journal;
use crate::purging::Purging;
use crate::reporter::Reporter;
use anyhow::Result;
use cache::Cache;
use contract::config::ApplianceConfig;
use contract::envelope::{Envelope, Kind, Refused};
use contract::exchange::Answer;
use contract::manifest::{BadManifest, Manifest};
use contract::report::{Report, Severity};
use contract::sources::Sources;
use contract::tombstones::{BadTombstones, Tombstones};
use fill::{Filler, Routes};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::block_in_place;

/// The fleet may ask for the next report no sooner and no later than this.
const REPORT_INTERVAL_S: std::ops::RangeInclusive<f64> = 0.2..=600.0;

/// A box that starts hears of purges before it serves, if the fleet says something within this
/// time. Longer than a round trip around the world with a handshake, three times over; and a box
/// whose fleet is gone, with nobody to refuse the connection, serves this much later.
const CATCH_UP: Duration = Duration::from_secs(3);

/// All that the conversation moves.
pub(crate) struct Control {
    pub(crate) config: Arc<ApplianceConfig>,
    pub(crate) documents: Documents,
    pub(crate) holding: Holding,
    pub(crate) cache: Arc<Cache>,
    pub(crate) filler: Arc<Filler>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) reporter: Reporter,
    pub(crate) purging: Purging,
}

impl Control {
    /// Goes on from the documents that were in force when the process last ran.
    pub(crate) fn restore(&mut self) {
        if let Err(err) = self.restore_documents() {
            let (subject, detail) = ("state folder".to_owned(), format!("{err:#}"));
            self.journal.note(Severity::Warning, "document_lost", subject, detail);
        }
    }

    fn restore_documents(&mut self) -> Result<()> {
        let config = Arc::clone(&self.config);
        if let Some(manifest) = self.documents.restore::<Manifest>(&config, Kind::Manifest)? {
            self.hold(&manifest)?;
        }
        if let Some(sources) = self.documents.restore::<Sources>(&config, Kind::Sources)? {
            self.filler.set_routes(Routes::new(&self.config.name, sources));
        }
        if let Some(tombstones) = self.documents.restore::<Tombstones>(&config, Kind::Tombstones)? {
            let generation = self.documents.in_force(Kind::Tombstones).unwrap_or_default();
            self.purging = Purging::after(&tombstones, generation.epoch);
        }
        Ok(())
    }

    /// Carries out what was purged while the box was away, and confirms it: done before it
    /// serves. A fleet that cannot be reached, or takes its time, keeps no viewer waiting:
    /// steering sends nobody here before the box has confirmed.
    pub(crate) async fn catch_up(&mut self, link: &FleetLink) {
        match tokio::time::timeout(CATCH_UP, self.hear_of_purges(link)).await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => tracing::warn!("nothing is known of newer purges: {err:#}"),
            Err(_) => tracing::warn!("nothing is known of newer purges: no answer in time"),
        }
    }

    async fn hear_of_purges(&mut self, link: &FleetLink) -> Result<()> {
        loop {
            let mut documents = link.report(&self.report()).await?.documents;
            documents.retain(|envelope| envelope.header.kind == Kind::Tombstones);
            if documents.is_empty() {
                return Ok(());
            }
            let before = self.purging;
            for envelope in documents {
                self.carry_out(link, &envelope).await;
            }
            if self.purging == before {
                return Ok(());
            }
        }
    }

    fn report(&self) -> Report {
        let events = self.journal.unreported();
        let (version, states) = (self.holding.version(), self.documents.states());
        let report = self.reporter.report(version, states, events);
        Report { purged_up_to: self.purging.up_to(), ..report }
    }

    /// Speaks to the fleet until `stop` turns true; the box serves on whatever happens here.
    /// May be run again afterwards.
    pub(crate) async fn run(&mut self, link: &FleetLink, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            // In the middle of an exchange as well: a document counts once it was carried
            // out, and what was cut off comes again.
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.converse(link) => {}
        }
    }

    async fn converse(&mut self, link: &FleetLink) {
        let usual = self.config.fleet.as_ref().map_or(10, |fleet| fleet.report_interval_s.0);
        let usual = Duration::from_secs(usual);
        let mut is_reachable = true;
        loop {
            let pause = match link.report(&self.report()).await {
                Ok(answer) => {
                    self.say(&mut is_reachable, None);
                    self.take(link, answer).await
                }
                Err(err) => {
                    self.say(&mut is_reachable, Some(&err));
                    // Boxes that lost the fleet together must not come back together.
                    usual.mul_f64(rand::random_range(0.8..1.2))
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Says once when the fleet goes away, and once when it is back.
    fn say(&self, is_reachable: &mut bool, failed: Option<&anyhow::Error>) {
        let was = std::mem::replace(is_reachable, failed.is_none());
        let subject = || "fleet".to_owned();
        match failed {
            Some(err) if was => {
                let detail = format!("{err:#}; serving goes on");
                self.journal.note(Severity::Warning, "fleet_unreachable", subject(), detail);
            }
            None if !was => {
                self.journal.note(Severity::Info, "fleet_reachable", subject(), "again".to_owned());
            }
            _ => {}
        }
    }

    async fn take(&mut self, link: &FleetLink, answer: Answer) -> Duration {
        self.journal.recorded(answer.events_recorded);
        let (purges, others): (Vec<_>, Vec<_>) = answer
            .documents
            .into_iter()
            .partition(|envelope| envelope.header.kind == Kind::Tombstones);
        // Purges first: a manifest may have to wait for its catalogue.
        let before = self.purging;
        for envelope in purges.iter().chain(&others) {
            self.carry_out(link, envelope).await;
        }
        // A purge that was carried out is one that somebody waits for.
        let somebody_waits = self.purging != before;
        let (least, most) = (*REPORT_INTERVAL_S.start(), *REPORT_INTERVAL_S.end());
        if somebody_waits {
            return Duration::from_secs_f64(least);
        }
        // `max` and `min` in this order turn NaN into a number; `clamp` would keep it.
        Duration::from_secs_f64(answer.next_report_in_s.max(least).min(most))
    }

    async fn carry_out(&mut self, link: &FleetLink, envelope: &Envelope) {
        let (kind, generation) = (envelope.header.kind, envelope.header.generation);
        let outcome = match kind {
            Kind::Manifest => self.take_manifest(link, envelope).await,
            Kind::Sources => self.take_sources(envelope),
            Kind::Tombstones => self.take_tombstones(envelope),
            Kind::Config | Kind::Command => {
                let version = env!("CARGO_PKG_VERSION");
                Err(Unfit(format!("appliance {version} takes no {kind}")).into())
            }
        };
        let accepted = outcome.and_then(|()| self.documents.accept(envelope));
        let subject = format!("{kind} {generation}");
        match accepted {
            Ok(()) => tracing::info!(subject, "in force"),
            Err(err) => {
                let reason = format!("{err:#}");
                if trouble(&err) == Trouble::Unfit {
                    self.documents.reject(envelope, reason.clone());
                }
                self.journal.note(Severity::Warning, "document_refused", subject, reason);
            }
        }
    }

    async fn take_manifest(&mut self, link: &FleetLink, envelope: &Envelope) -> Result<()> {
        let manifest: Manifest = self.documents.examine(&self.config, envelope)?;
        for segment in self.holding.lacking(&manifest) {
            let bytes = link.segment(&segment).await?;
            self.holding.add(&segment, &bytes)?;
        }
        self.hold(&manifest)
    }

    fn hold(&mut self, manifest: &Manifest) -> Result<()> {
        let resolved = self.holding.resolve(manifest)?;
        self.filler.expect(&resolved.ranked, &manifest.deadlines);
        self.cache.set_wanted(resolved.ranked);
        self.filler.wake();
        self.holding.settle(manifest, resolved.list)
    }

    fn take_tombstones(&mut self, envelope: &Envelope) -> Result<()> {
        let tombstones: Tombstones = self.documents.examine(&self.config, envelope)?;
        let epoch = envelope.header.generation.epoch;
        let rules = self.purging.due(&tombstones, epoch)?;
        if !rules.is_empty() {
            // Not in force before the disks have forgotten it: until then a kill would bring
            // back what somebody is being sent.
            let count = block_in_place(|| self.cache.purge(|entry| rules.take(entry)))?;
            let subject = format!("purges up to {}", tombstones.version);
            let detail = format!("{count} objects went out of sight");
            self.journal.note(Severity::Info, "purged", subject, detail);
        }
        self.purging = Purging::after(&tombstones, epoch);
        self.filler.wake();
        Ok(())
    }

    fn take_sources(&mut self, envelope: &Envelope) -> Result<()> {
        let sources: Sources = self.documents.examine(&self.config, envelope)?;
        self.filler.set_routes(Routes::new(&self.config.name, sources));
        Ok(())
    }
}

/// What it means that a document was not carried out.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// Not from the fleet, or not the next: not counted as seen, or whoever sends such a
    /// thing could make the box deaf to the generation that it names.
    NotOurs,
    /// From the fleet, and never to be carried out: the fleet must send another.
    Unfit,
    /// A connection or a disk failed: the same document may succeed next time.
    Passing,
}

fn trouble(err: &anyhow::Error) -> Trouble {
    match err.downcast_ref::<Refused>() {
        Some(Refused::Expired | Refused::Schema(_) | Refused::Unreadable(_)) => Trouble::Unfit,
        Some(_) => Trouble::NotOurs,
        None if err.is::<BadManifest>() || err.is::<Unfit>() || err.is::<BadTombstones>() => {
            Trouble::Unfit
        }
        None => Trouble::Passing,
    }
}
