//! The conversation with the fleet: report, take what is new, carry it out.

mod hearing;
mod reach;

use crate::autonomy::Rights;
use crate::catching_up::CatchingUp;
use crate::commands::{Commands, Stage};
use crate::demand;
use crate::documents::Documents;
use crate::fleet::Fleet;
use crate::holding::{Holding, Unfit};
use crate::identity::Identity;
use crate::journal::Journal;
use crate::purging::Purging;
use crate::renewing::Issuer;
use crate::reporter::{Reporter, Stands};
use crate::revoked::RevokedList;
use crate::spool::SharedSpool;
use crate::titles::Titles;
use anyhow::Result;
use cache::Cache;
use contract::catalogue::CatalogueEntry;
use contract::command::{Action, Command, Outcome};
use contract::config::ApplianceConfig;
use contract::envelope::{Envelope, Kind, Refused};
use contract::exchange::Answer;
use contract::late::LateReport;
use contract::manifest::{BadManifest, Manifest};
use contract::names::GroupName;
use contract::report::{Report, Severity, TrustState};
use contract::sources::Sources;
use contract::tombstones::{BadTombstones, Rules, Tombstones};
use fill::{Filler, Routes};
use reach::Reach;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::Instant;

/// The fleet may ask for the next report no sooner and no later than this.
const REPORT_INTERVAL_S: std::ops::RangeInclusive<f64> = 0.2..=600.0;

/// A box that starts hears of purges before it serves, if the fleet says something within this
/// time. Longer than a round trip around the world with a handshake, three times over; and a box
/// whose fleet is gone, with nobody to refuse the connection, serves this much later.
const CATCH_UP: Duration = Duration::from_secs(3);

/// For so long at once segments of a catalogue are fetched. Purges come with the next answer, and
/// somebody waits for those.
const SEGMENTS_AT_ONCE: Duration = Duration::from_secs(2);

/// A catalogue that changes faster than it comes would never be whole: after this time one comes to
/// its end, whatever waits.
const SEGMENTS_IN_PARTS: Duration = Duration::from_secs(60);

/// All that the conversation moves.
pub(crate) struct Control {
    pub(crate) config: Arc<ApplianceConfig>,
    pub(crate) documents: Documents,
    pub(crate) identity: Identity,
    pub(crate) revoked: RevokedList,
    /// Who issues what viewers see is told to whoever renews it.
    pub(crate) players: watch::Sender<Issuer>,
    pub(crate) holding: Holding,
    pub(crate) cache: Arc<Cache>,
    pub(crate) filler: Arc<Filler>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) reporter: Reporter,
    pub(crate) titles: Titles,
    pub(crate) purging: Purging,
    pub(crate) commands: Commands,
    pub(crate) rights: Rights,
    pub(crate) spool: SharedSpool,
    /// The fleet wants to know what the machine is made of.
    pub(crate) wants_parts: bool,
    /// Since when manifests wait for their catalogues.
    pub(crate) coming_since: Option<Instant>,
    /// The last report could not be kept: said once.
    pub(crate) spool_fails: bool,
}

impl Control {
    /// Goes on from the documents that were in force when the process last ran.
    pub(crate) fn restore(&mut self) {
        // What does not hold any more takes nothing with it.
        for restored in [self.restore_manifest(), self.restore_sources(), self.restore_command()] {
            if let Err(err) = restored {
                self.journal.lost_document(&err);
            }
        }
        self.tell_reporter();
    }

    /// What is in force, for whoever asks the box itself.
    fn tell_reporter(&self) {
        let (documents, limits) = (self.documents.states(), self.documents.limits());
        let (revoked, rights) = (self.revoked.known(), self.rights.clone());
        let trust = TrustState { revoked, ..self.documents.trust_state() };
        self.reporter.stands(Stands { trust, documents, limits, rights });
    }

    fn restore_manifest(&mut self) -> Result<()> {
        let config = Arc::clone(&self.config);
        if let Some(manifest) = self.documents.restore::<Manifest>(&config, Kind::Manifest)? {
            let generation = self.documents.in_force(Kind::Manifest).unwrap_or_default();
            self.hold(&manifest, generation.epoch)?;
        }
        Ok(())
    }

    fn restore_sources(&mut self) -> Result<()> {
        let config = Arc::clone(&self.config);
        if let Some(sources) = self.documents.restore::<Sources>(&config, Kind::Sources)? {
            self.filler.set_routes(Routes::new(&self.config.name, sources));
        }
        Ok(())
    }

    /// It has been carried out; what comes next must be newer.
    fn restore_command(&mut self) -> Result<()> {
        let config = Arc::clone(&self.config);
        self.documents.restore::<Command>(&config, Kind::Command).map(drop)
    }

    /// Carries out what was purged while the box was away, and confirms it: done before it
    /// serves. A fleet that cannot be reached, or takes its time, keeps no viewer waiting:
    /// steering sends nobody here before the box has confirmed.
    pub(crate) async fn catch_up(&mut self, link: &impl Fleet) {
        match tokio::time::timeout(CATCH_UP, self.hear_of_purges(link)).await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => tracing::warn!("nothing is known of newer purges: {err:#}"),
            Err(_) => tracing::warn!("nothing is known of newer purges: no answer in time"),
        }
    }

    async fn hear_of_purges(&mut self, link: &impl Fleet) -> Result<()> {
        loop {
            let Answer { trust, mut documents, .. } = link.report(&self.report()).await?;
            let has_heard = self.hear(&trust);
            documents.retain(|envelope| envelope.header.kind == Kind::Tombstones);
            if documents.is_empty() {
                // Far behind, it is told of the root first.
                if has_heard {
                    continue;
                }
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
        let report = self.reporter.report(self.holding.version(), events, self.wants_parts);
        let results = self.commands.results();
        Report { purged_up_to: self.purging.up_to().version, results, ..report }
    }

    /// Speaks to the fleet until `stop` turns true; the box serves on whatever happens here.
    /// May be run again afterwards.
    pub(crate) async fn run(&mut self, link: &impl Fleet, mut stop: watch::Receiver<bool>) {
        let (is_told, hears) = watch::channel(false);
        let catching_up = CatchingUp {
            device: self.config.name.clone(),
            boot_id: self.reporter.boot_id().to_owned(),
            spool: self.spool.clone(),
            journal: Arc::clone(&self.journal),
            usual: Duration::from_secs(self.usual_s()),
        };
        tokio::select! {
            // In the middle of an exchange as well: a document counts once it was carried
            // out, and what was cut off comes again.
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.converse(link, is_told) => {}
            () = catching_up.run(link, hears) => {}
        }
        self.keep_what_is_unsaid().await;
    }

    fn usual_s(&self) -> u64 {
        self.config.fleet.as_ref().map_or(10, |fleet| fleet.report_interval_s.0)
    }

    async fn converse(&mut self, link: &impl Fleet, is_told: watch::Sender<bool>) {
        let usual = Duration::from_secs(self.usual_s());
        let mut reach = Reach::Reachable;
        loop {
            let report = Report { demand: self.titles.next(), ..self.report() };
            let pause = match link.report(&report).await {
                Ok(answer) => {
                    self.titles.answered();
                    self.say(&mut reach, None);
                    is_told.send_replace(true);
                    self.take(link, answer).await
                }
                Err(err) => {
                    self.say(&mut reach, Some(&err));
                    is_told.send_replace(false);
                    self.keep(report).await;
                    // Boxes that lost the fleet together must not come back together.
                    usual.mul_f64(rand::random_range(0.8..1.2))
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Somebody waits for it: it is told at once.
                (envelope, action, outcome) = self.commands.end() => {
                    self.command_ended(&envelope, &action, &outcome);
                }
            }
        }
    }

    fn command_ended(&mut self, envelope: &Envelope, action: &Action, outcome: &Outcome) {
        let (severity, detail) = match outcome {
            Outcome::Done => (Severity::Info, "done".to_owned()),
            Outcome::Refused(reason) => (Severity::Warning, format!("refused: {reason}")),
            Outcome::Failed(reason) => (Severity::Warning, format!("failed: {reason}")),
        };
        self.journal.note(severity, "command", action.to_string(), detail);
        if let Err(err) = self.documents.accept(envelope) {
            // It comes again, and is known to have ended.
            tracing::warn!("a command is not kept: {err:#}");
        }
        self.tell_reporter();
    }

    /// A report that could not be sent goes into the spool, where it is time for one, or
    /// something has happened that somebody should look at.
    async fn keep(&mut self, report: Report) {
        let events = self.journal.unspooled();
        let is_urgent = events.iter().any(|event| event.severity >= Severity::Warning);
        if is_urgent || self.spool.is_due(self.usual_s(), report.made_at_us) {
            self.append(LateReport::of(report, events)).await;
        }
    }

    async fn append(&mut self, late: LateReport) -> bool {
        let up_to = late.events.last().map_or(0, |event| event.sequence);
        let appended = self.spool.append(late).await;
        let failed = std::mem::replace(&mut self.spool_fails, appended.is_err());
        match &appended {
            Ok(()) => self.journal.spooled(up_to),
            Err(err) if !failed => {
                let detail = format!("{err:#}; reports are lost, serving goes on");
                self.journal.note(Severity::Warning, "spool_failed", "spool".to_owned(), detail);
            }
            Err(_) => {}
        }
        appended.is_ok()
    }

    /// At the end of a process: what the fleet has not heard outlives it. The next delivers it.
    async fn keep_what_is_unsaid(&mut self) {
        loop {
            let events = self.journal.unspooled();
            if events.is_empty() {
                return;
            }
            let late = LateReport::of(self.report(), events);
            if !self.append(late).await {
                return;
            }
        }
    }

    fn say(&self, reach: &mut Reach, failed: Option<&anyhow::Error>) {
        if !reach.turns(failed) {
            return;
        }
        let (severity, kind, detail) = match failed {
            Some(err) => {
                (Severity::Warning, "fleet_unreachable", format!("{err:#}; serving goes on"))
            }
            None => (Severity::Info, "fleet_reachable", "again".to_owned()),
        };
        self.journal.note(severity, kind, "fleet".to_owned(), detail);
    }

    async fn take(&mut self, link: &impl Fleet, answer: Answer) -> Duration {
        self.journal.recorded(answer.events_recorded);
        self.wants_parts = answer.wants_parts;
        let has_heard = self.hear(&answer.trust);
        self.players.send_if_modified(|known| {
            let said = Issuer::said(answer.players_elsewhere);
            std::mem::replace(known, said) != said
        });
        if let Some(revoked) = &answer.revoked {
            self.hear_of_revoked(revoked);
        }
        let (purges, others): (Vec<_>, Vec<_>) = answer
            .documents
            .into_iter()
            .partition(|envelope| envelope.header.kind == Kind::Tombstones);
        // Purges first: a manifest may have to wait for its catalogue.
        let (before, mut is_coming) = (self.purging, false);
        for envelope in purges.iter().chain(&others) {
            let kind = envelope.header.kind;
            // Sources are those of the manifest.
            if kind == Kind::Sources && is_coming {
                continue;
            }
            let stage = self.carry_out(link, envelope).await;
            is_coming |= kind == Kind::Manifest && stage == Stage::Pending;
        }
        // A purge that was carried out is one that somebody waits for.
        let somebody_waits = self.purging != before || is_coming || has_heard;
        let (least, most) = (*REPORT_INTERVAL_S.start(), *REPORT_INTERVAL_S.end());
        if somebody_waits {
            return Duration::from_secs_f64(least);
        }
        // `max` and `min` in this order turn NaN into a number; `clamp` would keep it.
        Duration::from_secs_f64(answer.next_report_in_s.max(least).min(most))
    }

    /// What is pending comes again with the next answer.
    async fn carry_out(&mut self, link: &impl Fleet, envelope: &Envelope) -> Stage {
        let (kind, generation) = (envelope.header.kind, envelope.header.generation);
        let outcome = match kind {
            Kind::Manifest => self.take_manifest(link, envelope).await,
            Kind::Sources => self.take_sources(envelope).map(|()| Stage::Ended),
            Kind::Tombstones => self.take_tombstones(envelope).map(|()| Stage::Ended),
            Kind::Command => self.take_command(envelope),
            Kind::Config => {
                let version = env!("CARGO_PKG_VERSION");
                Err(Unfit(format!("appliance {version} takes no {kind}")).into())
            }
        };
        if matches!(outcome, Ok(Stage::Pending)) {
            return Stage::Pending;
        }
        let accepted = outcome.and_then(|_| self.documents.accept(envelope));
        let subject = format!("{kind} {generation}");
        match accepted {
            Ok(()) => tracing::info!(subject, "in force"),
            Err(err) => {
                let reason = format!("{err:#}");
                let is_news = match trouble(&err) {
                    Trouble::Unfit => {
                        self.documents.reject(envelope, reason.clone());
                        true
                    }
                    // It may come with every answer.
                    Trouble::NotOurs => self.documents.refuse(envelope, reason.clone()),
                    Trouble::Passing => true,
                };
                if is_news {
                    self.journal.note(Severity::Warning, "document_refused", subject, reason);
                }
            }
        }
        self.tell_reporter();
        Stage::Ended
    }

    async fn take_manifest(&mut self, link: &impl Fleet, envelope: &Envelope) -> Result<Stage> {
        let manifest: Manifest = self.documents.examine(&self.config, envelope)?;
        let began = Instant::now();
        let since = *self.coming_since.get_or_insert(began);
        let at_once = match since.elapsed() < SEGMENTS_IN_PARTS {
            true => SEGMENTS_AT_ONCE,
            false => Duration::MAX,
        };
        for segment in self.holding.lacking(&manifest) {
            if began.elapsed() >= at_once {
                return Ok(Stage::Pending);
            }
            let bytes = link.segment(&segment).await?;
            self.holding.add(&segment, &bytes)?;
        }
        self.hold(&manifest, envelope.header.generation.epoch)?;
        self.coming_since = None;
        Ok(Stage::Ended)
    }

    fn hold(&mut self, manifest: &Manifest, epoch: u32) -> Result<()> {
        let resolved = self.holding.resolve(manifest, epoch)?;
        self.rights = Rights::of(&resolved.ranked);
        self.filler.expect(&resolved.ranked, &manifest.deadlines);
        // What players could have all the same, from an origin: known before it is wanted no more.
        let windowed = resolved.windowed.into_iter();
        let windowed = windowed.filter(|it| demand::brings(&self.config, &it.common.group));
        self.cache.set_withheld(windowed);
        // Files of what is wanted no longer go with it.
        on_disks(|| self.cache.set_wanted(resolved.ranked));
        self.filler.wake();
        self.holding.settle(manifest, epoch, resolved.list)
    }

    fn take_tombstones(&mut self, envelope: &Envelope) -> Result<()> {
        let tombstones: Tombstones = self.documents.examine(&self.config, envelope)?;
        let epoch = envelope.header.generation.epoch;
        let rules = self.purging.due(&tombstones, epoch)?;
        if !rules.is_empty() {
            self.cache.begin_purges(Purging::after(&tombstones, epoch).up_to());
            // Not in force before the disks have forgotten it: until then a kill would bring
            // back what somebody is being sent.
            let count = on_disks(|| self.purge(&rules))?;
            let subject = format!("purges up to {}", tombstones.version);
            let detail = format!("{count} objects went out of sight");
            self.journal.note(Severity::Info, "purged", subject, detail);
        }
        let purging = Purging::after(&tombstones, epoch);
        // Siblings hear of it: who has not come so far is not sent viewers from here.
        on_disks(|| self.cache.has_purged(purging.up_to()))?;
        self.purging = purging;
        self.filler.wake();
        Ok(())
    }

    /// What nobody told the box to hold knows no title, and its origin's tags alone: what the
    /// catalogue says of it counts as well.
    fn purge(&self, rules: &Rules) -> Result<usize> {
        let is_brought = |group: &GroupName| {
            demand::brings(&self.config, group) && rules.turn_to_catalogue(group)
        };
        let mut groups = self.config.content_groups.iter().map(|group| &group.name);
        let named = match groups.any(is_brought) {
            true => self.holding.keys(|it| is_brought(&it.common.group) && rules.take(it))?,
            false => HashSet::new(),
        };
        let is_named = |entry: &CatalogueEntry| named.contains(&entry.key());
        Ok(self.cache.purge_with(|entry| rules.take(entry), is_named)?)
    }

    fn take_command(&mut self, envelope: &Envelope) -> Result<Stage> {
        let command: Command = self.documents.examine(&self.config, envelope)?;
        Ok(self.commands.begin(envelope, command))
    }

    fn take_sources(&mut self, envelope: &Envelope) -> Result<()> {
        let sources: Sources = self.documents.examine(&self.config, envelope)?;
        self.filler.set_routes(Routes::new(&self.config.name, sources));
        Ok(())
    }
}

/// Work that waits for disks: where there are other threads, they take over what else is to be
/// done.
fn on_disks<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

/// What it means that a document was not carried out.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// Not from the fleet, or not the next, or not now: not counted as seen, or whoever sends
    /// such a thing could make the box deaf to the generation that it names.
    NotOurs,
    /// From the fleet, and never to be carried out: the fleet must send another.
    Unfit,
    /// A connection or a disk failed: the same document may succeed next time.
    Passing,
}

fn trouble(err: &anyhow::Error) -> Trouble {
    match err.downcast_ref::<Refused>() {
        // What has expired by a wrong clock has not by a mended one.
        Some(Refused::Schema(_) | Refused::Unreadable(_)) => Trouble::Unfit,
        Some(_) => Trouble::NotOurs,
        None if err.is::<BadManifest>() || err.is::<Unfit>() || err.is::<BadTombstones>() => {
            Trouble::Unfit
        }
        None => Trouble::Passing,
    }
}

#[cfg(test)]
mod tests;
