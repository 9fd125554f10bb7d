//! The machine, its clock, a process on it, and an origin that has everything.

use super::sim_fleet::SimFleet;
use crate::autonomy::Rights;
use crate::commands::{Commands, Means};
use crate::control::Control;
use crate::disk_io::ThreadIo;
use crate::documents::Documents;
use crate::holding::Holding;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::kept_out::KeptOut;
use crate::keys::Keys;
use crate::machine::Known;
use crate::moving::Moving;
use crate::purging::Purging;
use crate::renewing::Issuer;
use crate::reporter::{Asked, Reporter};
use crate::revoked::RevokedList;
use crate::scrubbing::Scrubbing;
use crate::smart::Smart;
use crate::spool::{self, SharedSpool, Spool};
use crate::titles::Titles;
use bytes::Bytes;
use cache::received::{Facts, Terms, Validator};
use cache::storage::Kernel;
use cache::{BLOCK_BYTES, Cache, Lookup, Share};
use contract::catalogue::{CatalogueEntry, Common};
use contract::config::ApplianceConfig;
use contract::names::{GroupName, TitleName};
use contract::object::{Digest, ObjectKey};
use contract::slices::SliceHashes;
use contract::tags::Tags;
use contract::time::TimeUs;
use contract::trust::Authorities;
use fill::{Body, Clock, FetchFailed, Filler, Promise, Question, Rules, Upstream};
use serve::{AllCounters, Certificates, Engine, Tallies};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// 2026-11-25, one in the afternoon.
const START: TimeUs = TimeUs((1_795_564_800 + 13 * 3600) * 1_000_000);

/// Objects by ordinal: what is told of in the first place, and what is told of later.
pub(super) const EARLY: u32 = 0;
pub(super) const NIGHT: u32 = 1;
const SIZES: [u64; 2] = [700_000, 3 << 20];

fn content(ordinal: u32) -> Bytes {
    let size = usize::try_from(SIZES[ordinal as usize]).expect("small");
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&ordinal.to_be_bytes()).finalize_xof().fill(&mut bytes);
    bytes.into()
}

pub(super) fn entry(ordinal: u32) -> CatalogueEntry {
    let group = GroupName::new("default").expect("name");
    let title = TitleName::new("title").expect("name");
    CatalogueEntry {
        ordinal,
        path: format!("/v/{ordinal}.m4s").into(),
        size_bytes: SIZES[ordinal as usize],
        blake3: Digest::of(&content(ordinal)),
        modified_us: TimeUs(0),
        common: Common::of(group, title).share(),
    }
}

/// Gives any object, a megabyte a second.
struct Origin;

struct Piecemeal {
    bytes: Bytes,
    left: Range<usize>,
}

impl Body for Piecemeal {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(async {
            let end = self.left.end.min(self.left.start + (100 << 10));
            if self.left.is_empty() {
                return Ok(None);
            }
            sleep(Duration::from_millis(100)).await;
            let piece = self.bytes.slice(self.left.start..end);
            self.left.start = end;
            Ok(Some(piece))
        })
    }
}

impl Upstream for Origin {
    fn get<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Promise<'a, Result<Box<dyn Body>, FetchFailed>> {
        let at = |offset: u64| usize::try_from(offset).expect("small");
        let left = at(question.range.start)..at(question.range.end);
        let body = Piecemeal { bytes: content(question.entry.ordinal), left };
        Box::pin(async { Ok(Box::new(body) as Box<dyn Body>) })
    }

    fn slice_hashes<'a>(&'a self, _: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        Box::pin(std::future::ready(None))
    }
}

/// The machine: its folders, its clock, and who is beyond its network card.
pub(super) struct Place {
    folder: TempDir,
    clock: Clock,
    pub(super) fleet: Arc<SimFleet>,
}

impl Place {
    pub(super) fn new() -> Self {
        let began = Instant::now();
        let clock: Clock = Arc::new(move || {
            TimeUs(START.0 + i64::try_from(began.elapsed().as_micros()).expect("a few days"))
        });
        let fleet = Arc::new(SimFleet::new(Arc::clone(&clock)));
        let folder = tempfile::tempdir().expect("folder");
        let said = contract::testing::said_of(vec![fleet.key.trusted()], Authorities::default());
        let said = serde_json::to_vec(&said).expect("json");
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(Vec::new()).expect("no names");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        for (name, text) in [
            ("trust.json", said),
            ("cert.pem", certificate.into_bytes()),
            ("key.pem", key.serialize_pem().into_bytes()),
        ] {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let place = Self { folder, clock, fleet };
        place.machine_is(&serde_json::json!({ "parts": [] }));
        place
    }

    fn config(&self) -> Arc<ApplianceConfig> {
        let folder = self.folder.path().display();
        let text = format!(
            "schema: 1
min_appliance_version: 0.1.0
name: oca1
state_folder: {folder}/state
listeners:
  - addresses: [\"127.0.0.1:8443\"]
certificates:
  - {{ chain_file: /none, key_file: /none }}
identity: {{ chain_file: {folder}/cert.pem, key_file: {folder}/key.pem }}
disks:
  - {{ folder: {folder}/disk, class: nvme, capacity_bytes: 64MiB }}
ram: {{ budget_bytes: 8MiB }}
fill: {{ time_zone: UTC, windows: [{{ opens: \"02:00\", closes: \"14:00\" }}] }}
fleet:
  address: \"127.0.0.1:7443\"
  tls_name: fleet.control.internal
  report_interval_s: 10
  trust_file: {folder}/trust.json
hardware: {{ file: {folder}/parts.json, every_s: 60 }}
content_groups:
  - name: default
    owner: Nobody
    host_names: [oca1.localhost]
    on_miss: proxy
    demand: {{ share_bytes: 16MiB, origins: [{{ address: \"192.0.2.1:80\", host: origin.example }}] }}
"
        );
        Arc::new(contract::config::parse(&text).expect("a configuration").config)
    }

    /// Somebody who may ask the whole machine has written down what it is made of.
    pub(super) fn machine_is(&self, machine: &serde_json::Value) {
        let file = self.folder.path().join("parts.json");
        std::fs::write(file, machine.to_string()).expect("written");
    }

    /// A process over what the one before has left.
    pub(super) fn start(&self) -> Process {
        let config = self.config();
        let journal = Journal::new(Arc::clone(&self.clock));
        let mut documents = Documents::open(&config, Arc::clone(&self.clock)).expect("documents");
        let purging = Purging::restore(&mut documents, &config, &journal);
        let cache = Cache::open(cache::Setup {
            disks: crate::opening::disk_setups(&config),
            ram_budget_bytes: config.ram.budget_bytes.0,
            storage: Arc::new(Kernel),
            io: Arc::new(ThreadIo(Handle::current())),
            watch: journal.clone(),
            purged: purging.up_to(),
        });
        let cache = cache.expect("a cache");
        let filler = Filler::new(fill::Setup {
            cache: Arc::clone(&cache),
            upstream: Arc::new(Origin),
            offload: Arc::new(fill::Threads),
            seed: 7,
            rules: Rules::of(&config.fill).expect("rules"),
            clock: Arc::clone(&self.clock),
            watch: journal.clone(),
        });
        let spool = Spool::open(config.state_folder.join("spool"), spool::LIMITS).expect("a spool");
        let spool = SharedSpool::new(spool);
        let known = Known::new(config.hardware.clone());
        let asked = self.asked(&config, &cache, &filler, &journal, &spool, &known);
        let means = Means {
            cache: Arc::clone(&cache),
            scrubbing: asked.scrubbing.clone(),
            kept_out: KeptOut::open(config.state_folder.join("ejected.json")),
        };
        let commands = config.state_folder.join("commands.json");
        let mut control = Control {
            commands: Commands::open(means, Arc::clone(&self.clock), commands),
            documents,
            revoked: RevokedList::open(
                &config,
                &Identity::open(&config.identity, &Keys::default()).expect("an identity"),
            ),
            players: watch::Sender::new(Issuer::NotSaid),
            identity: Identity::open(&config.identity, &Keys::default()).expect("an identity"),
            holding: Holding::open(&config.state_folder).expect("a holding"),
            cache: Arc::clone(&cache),
            filler: Arc::clone(&filler),
            reporter: Reporter::new(asked),
            titles: Titles::new(Tallies::default(), Arc::clone(&self.clock)),
            purging,
            rights: Rights::default(),
            spool: spool.clone(),
            wants_parts: false,
            coming_since: None,
            spool_fails: false,
            config,
            journal,
        };
        control.restore();
        let (stop, stopped) = watch::channel(false);
        let filling = tokio::spawn(filler.run(stopped.clone()));
        let fleet = Arc::clone(&self.fleet);
        let talking = tokio::spawn(async move { control.run(&*fleet, stopped).await });
        let looking = tokio::spawn(known.run());
        Process { cache, spool, stop, filling, talking, looking }
    }

    fn asked(
        &self,
        config: &Arc<ApplianceConfig>,
        cache: &Arc<Cache>,
        filler: &Arc<Filler>,
        journal: &Arc<Journal>,
        spool: &SharedSpool,
        known: &Known,
    ) -> Asked {
        let file = config.state_folder.join("scrub.json");
        let scrub = config.scrub.clone();
        let moving = Moving::new(Arc::clone(cache), Arc::clone(filler), config.moves.clone());
        Asked {
            moving,
            smart: Smart::new(Arc::clone(cache), Arc::clone(journal), config.smart.clone()),
            known: known.clone(),
            config: Arc::clone(config),
            cache: Arc::clone(cache),
            scrubbing: Scrubbing::open(Arc::clone(cache), Arc::clone(journal), scrub, file),
            filler: Arc::clone(filler),
            journal: Arc::clone(journal),
            counters: AllCounters::default(),
            engine: Engine::Portable { reason: "nobody is served over a network".to_owned() },
            certificates: Certificates::default(),
            keys: Keys::default(),
            spool: spool.clone(),
            clock: Arc::clone(&self.clock),
        }
    }
}

/// A process of the box.
pub(super) struct Process {
    cache: Arc<Cache>,
    pub(super) spool: SharedSpool,
    stop: watch::Sender<bool>,
    filling: JoinHandle<()>,
    talking: JoinHandle<()>,
    looking: JoinHandle<()>,
}

impl Process {
    fn look(&self, ordinal: u32) -> Lookup {
        let entry = entry(ordinal);
        self.cache.lookup(&entry.common.group, &entry.path)
    }

    pub(super) fn knows_of(&self, ordinal: u32) -> bool {
        !matches!(self.look(ordinal), Lookup::Unknown)
    }

    pub(super) async fn until_held(&self, ordinal: u32) {
        let begun = Instant::now();
        while !matches!(self.look(ordinal), Lookup::Held(_)) {
            assert!(begun.elapsed() < Duration::from_secs(600), "{ordinal} never comes");
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// As if a viewer had asked for it.
    pub(super) fn brings(&self, path: &str) {
        let group = GroupName::new("default").expect("name");
        self.cache.set_shares(&[Share { group: group.clone(), bytes: 16 << 20 }]);
        let terms = Terms {
            born: START,
            validated: START,
            fresh_until: START.plus_s(86_400),
            players_until: None,
            while_revalidate_until: START.plus_s(86_400),
            if_error_until: START.plus_s(86_400),
        };
        let facts = Facts {
            key: ObjectKey { group, path: path.into() },
            size_bytes: 9,
            validator: Validator::Etag("\"v1\"".into()),
            media_type: None,
            modified: None,
            tags: Tags::default(),
            terms,
        };
        let since = self.cache.since();
        let object = self.cache.lay_out_received(facts).expect("room");
        self.cache.show_received(&object, since).expect("no purge");
        self.cache.put_received(&object, 0, &[7; 9]).expect("written");
    }

    pub(super) fn has_brought(&self, path: &str) -> bool {
        let group = GroupName::new("default").expect("name");
        self.cache.received(&ObjectKey { group, path: path.into() }).is_some()
    }

    /// As a viewer is served, who compares every byte.
    pub(super) async fn serves(&self, ordinal: u32) -> bool {
        let Lookup::Held(object) = self.look(ordinal) else { return false };
        let mut served = Vec::new();
        for block in 0..SIZES[ordinal as usize].div_ceil(BLOCK_BYTES) {
            let block = u32::try_from(block).expect("few");
            served.extend_from_slice(self.cache.read(&object, block).await.expect("read").bytes());
        }
        assert_eq!(Digest::of(&served), object.entry.blake3, "wrong bytes");
        true
    }

    /// Ends it without a word: nothing more is kept or said.
    pub(super) async fn kill(self) {
        self.talking.abort();
        self.looking.abort();
        assert!(self.talking.await.is_err_and(|err| err.is_cancelled()));
        self.stop.send_replace(true);
        self.filling.await.expect("filling");
        // What had begun on another thread ends before the next process begins.
        sleep(Duration::from_secs(1)).await;
    }
}
