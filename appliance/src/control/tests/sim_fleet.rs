//! A fleet that goes away, and loses answers once it is back.

use super::world::entry;
use crate::fleet::Fleet;
use anyhow::{Result, bail};
use bytes::Bytes;
use contract::SCHEMA;
use contract::catalogue::{Catalogue, CatalogueEntry, CatalogueSegment, SegmentRef};
use contract::certificates::{CertificateAnswer, CertificateRequest};
use contract::envelope::{Envelope, Generation, Header, Kind, Role, SigningKey};
use contract::exchange::Answer;
use contract::late::{LateAnswer, LateReport, LateReports};
use contract::manifest::{Hold, Manifest, Run};
use contract::names::{DeviceName, GroupName};
use contract::object::Digest;
use contract::parts::PartsReport;
use contract::report::Report;
use contract::sources::{Batch, OriginPath, Source, SourceKind, Sources};
use contract::tombstones::{Purge, Purged, Tombstones};
use fill::Clock;
use rcgen::KeyPair;
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// One answer in so many is lost, after the batch was taken.
const LOST_ONE_IN: usize = 3;

/// How long a box waits for a fleet that does not answer.
const NO_ANSWER: Duration = Duration::from_secs(5);

/// What the fleet has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Now,
    Late,
}

#[derive(Debug, Default)]
pub(super) struct Heard {
    /// In which order, since it came back.
    pub(super) said: Vec<Said>,
    /// Each once, in the order in which they came.
    pub(super) late: Vec<LateReport>,
    pub(super) twice: usize,
    pub(super) answers_lost: usize,
    batches: usize,
    offers: u32,
    is_away: bool,
    /// Segments of the catalogue that nothing is to be held of.
    others: u32,
    /// In their order.
    purges: Vec<Purged>,
    /// How far the box has purged, as it says.
    purged_up_to: u64,
    /// What the fleet knows of the machine, and all that it was told of it.
    pub(super) machine: Option<PartsReport>,
    pub(super) told_of_machine: Vec<Option<PartsReport>>,
}

/// What a catalogue has and a box is not to hold.
pub(super) fn other_path(number: u32) -> String {
    format!("/w/{number}.m4s")
}

pub(super) struct SimFleet {
    pub(super) key: SigningKey,
    clock: Clock,
    heard: Mutex<Heard>,
    /// Held by each who waits for an answer that does not come.
    in_vain: Arc<()>,
}

impl SimFleet {
    pub(super) fn new(clock: Clock) -> Self {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("key");
        let key = SigningKey::from_pkcs8("k".to_owned(), Role::Control, &pair.serialize_der());
        let heard = Heard { offers: 1, ..Heard::default() };
        Self {
            key: key.expect("an Ed25519 key"),
            clock,
            heard: Mutex::new(heard),
            in_vain: Arc::default(),
        }
    }

    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn offers_all(&self) {
        self.heard().offers = 2;
    }

    /// More is offered, in a catalogue that takes its time to come.
    pub(super) fn offers_all_of_many(&self, others: u32) {
        let mut heard = self.heard();
        (heard.offers, heard.others) = (2, others);
    }

    pub(super) fn purges(&self, what: Purged) {
        self.heard().purges.push(what);
    }

    /// The box has carried out all purges, and said so.
    pub(super) async fn until_purged(&self) {
        let begun = Instant::now();
        let is_done = |heard: &Heard| heard.purged_up_to >= heard.purges.len() as u64;
        while !is_done(&self.heard()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "never");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// The fleet has forgotten what it knew of the machine.
    pub(super) fn forget_machine(&self) {
        self.heard().machine = None;
    }

    /// It has been told what the machine is made of.
    pub(super) async fn until_machine_is_known(&self) -> PartsReport {
        let begun = Instant::now();
        loop {
            if let Some(machine) = self.heard().machine.clone() {
                return machine;
            }
            assert!(begun.elapsed() < Duration::from_secs(600), "never");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Takes what a report says of the machine, and says whether more is to be told.
    fn hear_of_machine(&self, said: Option<&PartsReport>) -> bool {
        let mut heard = self.heard();
        heard.told_of_machine.push(said.cloned());
        let Some(said) = said else { return false };
        if said.parts.is_some() {
            heard.machine = Some(said.clone());
        }
        heard.machine.as_ref().is_none_or(|known| known.digest != said.digest)
    }

    pub(super) fn go_away(&self) {
        self.heard().is_away = true;
    }

    /// What was asked in vain has been kept by then, and nothing is asked.
    pub(super) async fn until_nobody_waits(&self) {
        while Arc::strong_count(&self.in_vain) > 1 {
            sleep(Duration::from_millis(10)).await;
        }
        // The clock stands still while a disk is written to.
        sleep(Duration::from_millis(10)).await;
    }

    pub(super) fn come_back(&self) {
        let mut heard = self.heard();
        heard.is_away = false;
        heard.said.clear();
    }

    async fn is_reached(&self) -> Result<()> {
        let waits = Arc::clone(&self.in_vain);
        sleep(Duration::from_millis(30)).await;
        if self.heard().is_away {
            sleep(NO_ANSWER).await;
            bail!("nobody answers");
        }
        drop(waits);
        Ok(())
    }

    fn segment_of(offers: u32) -> Vec<u8> {
        Self::segment((0..offers).map(entry).collect())
    }

    /// Another one.
    fn other_segment(number: u32) -> Vec<u8> {
        let path = other_path(number).into();
        Self::segment(vec![CatalogueEntry { ordinal: 1000 + number, path, ..entry(0) }])
    }

    fn segment(entries: Vec<CatalogueEntry>) -> Vec<u8> {
        serde_json::to_vec(&CatalogueSegment { schema: SCHEMA, entries }).expect("json")
    }

    fn tombstones(&self) -> Option<Envelope> {
        let group = GroupName::new("default").expect("name");
        let purges: Vec<Purge> = (1..)
            .zip(self.heard().purges.clone())
            .map(|(version, what)| Purge { version, group: group.clone(), what })
            .collect();
        let version = purges.last()?.version;
        let body = Tombstones { schema: SCHEMA, version, after: 0, purges };
        Some(self.seal(Kind::Tombstones, version, &body))
    }

    /// Manifest and sources with so many objects, which are also their generation.
    fn documents(&self, offers: u32) -> Vec<Envelope> {
        let others = (0..self.heard().others).map(Self::other_segment);
        let segments = std::iter::once(Self::segment_of(offers)).chain(others);
        let refer = |segment: Vec<u8>| SegmentRef {
            digest: Digest::of(&segment),
            size_bytes: segment.len() as u64,
        };
        let segments = segments.map(refer).collect();
        let (version, all) = (u64::from(offers), vec![Run(0, offers)]);
        let manifest = Manifest {
            schema: SCHEMA,
            version,
            catalogue: Catalogue { schema: SCHEMA, version, segments },
            hold: Hold::Snapshot(all.clone()),
            deadlines: Vec::new(),
        };
        let origin = Source {
            kind: SourceKind::Origin,
            address: ([192, 0, 2, 1], 80).into(),
            tls_name: None,
            origin: Some(OriginPath {
                host: "origin.example".to_owned(),
                prefix: String::new(),
                bucket: None,
            }),
            after_s: 0,
            cap_bytes_per_s: None,
        };
        let group = GroupName::new("default").expect("name");
        let batch = Batch { group, objects: all, siblings: vec![], beyond: vec![origin] };
        let sources = Sources {
            schema: SCHEMA,
            manifest_version: version,
            batches: vec![batch],
            neighbours: vec![],
        };
        vec![
            self.seal(Kind::Manifest, version, &manifest),
            self.seal(Kind::Sources, version, &sources),
        ]
    }

    fn seal(&self, kind: Kind, number: u64, body: &impl Serialize) -> Envelope {
        let now = (self.clock)();
        let header = Header {
            schema: SCHEMA,
            kind,
            addressee: DeviceName::new("oca1").expect("name"),
            generation: Generation { epoch: 1, number },
            issued_at_us: now,
            not_after_us: now.plus_s(45 * 86_400),
        };
        Envelope::seal(header, body, &self.key).expect("sealed")
    }
}

impl Fleet for SimFleet {
    async fn report(&self, report: &Report) -> Result<Answer> {
        self.is_reached().await?;
        let offers = self.heard().offers;
        self.heard().said.push(Said::Now);
        self.heard().purged_up_to = report.purged_up_to;
        let mut documents = self.documents(offers);
        documents.extend(self.tombstones());
        documents.retain(|envelope| {
            let state = report.documents.iter().find(|it| it.kind == envelope.header.kind);
            state.and_then(|state| state.in_force) < Some(envelope.header.generation)
        });
        let events_recorded = report.events.iter().map(|it| it.sequence).max().unwrap_or(0);
        let next_report_in_s = 10.0;
        Ok(Answer {
            schema: SCHEMA,
            next_report_in_s,
            events_recorded,
            trust: vec![],
            revoked: None,
            players_elsewhere: false,
            wants_parts: self.hear_of_machine(report.parts.as_ref()),
            documents,
        })
    }

    async fn late_reports(&self, late: &LateReports) -> Result<LateAnswer> {
        self.is_reached().await?;
        let mut heard = self.heard();
        heard.said.push(Said::Late);
        heard.batches += 1;
        for report in &late.reports {
            let is_it =
                |it: &&LateReport| (&it.boot_id, it.sequence) == (&report.boot_id, report.sequence);
            match heard.late.iter().find(is_it) {
                Some(_) => heard.twice += 1,
                None => heard.late.push(report.clone()),
            }
        }
        if heard.batches % LOST_ONE_IN == 1 {
            heard.answers_lost += 1;
            bail!("the answer is lost");
        }
        Ok(LateAnswer { schema: SCHEMA, next_in_s: 1.0 })
    }

    async fn certificate(&self, _: &CertificateRequest) -> Result<CertificateAnswer> {
        bail!("this fleet issues none")
    }

    async fn segment(&self, segment: &SegmentRef) -> Result<Bytes> {
        self.is_reached().await?;
        let others = self.heard().others;
        if others > 0 {
            sleep(Duration::from_secs(1)).await;
        }
        let all = [1, 2].map(Self::segment_of);
        let mut all = all.into_iter().chain((0..others).map(Self::other_segment));
        let found = all.find(|bytes| Digest::of(bytes) == segment.digest);
        Ok(found.expect("a segment that was offered").into())
    }
}
