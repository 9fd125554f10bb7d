//! A box with sources that behave as told, on a clock that stands still between events.

use crate::parts::open_cache;
use bytes::Bytes;
use cache::Cache;
use contract::catalogue::{CatalogueEntry, Common};
use contract::config::Fill;
use contract::manifest::Run;
use contract::names::{DeviceName, GroupName, TitleName};
use contract::object::Digest;
use contract::slices::{SliceHasher, SliceHashes};
use contract::sources::{Batch, Source, SourceKind, Sources};
use contract::time::TimeUs;
use fill::offload::Job;
use fill::{
    Body, FetchFailed, FillEvent, FillWatch, Filler, Offload, Promise, Question, Routes, Rules,
    Upstream,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How a source behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    Lies,
    /// It will have it, it says.
    Coming,
    /// The connection fails.
    Dead,
    IgnoresRange,
}

/// One object of each title, of three slices or more.
pub(crate) const SIZE: u64 = 3_300_000;

/// Some prime number of bytes, again and again.
fn content(number: u32) -> Bytes {
    let start = u8::try_from(number).expect("few objects");
    let pattern: Vec<u8> = (0..251).map(|at: u8| at.wrapping_mul(7) ^ start).collect();
    let size = usize::try_from(SIZE).expect("small");
    let mut content = pattern.repeat(size.div_ceil(pattern.len()));
    content.truncate(size);
    content.into()
}

fn slices(content: &Bytes) -> SliceHashes {
    let mut hasher = SliceHasher::default();
    hasher.update(content);
    hasher.finish().2
}

pub(crate) fn entry(number: u32) -> Arc<CatalogueEntry> {
    let group = GroupName::new("g").expect("name");
    let title = TitleName::new(format!("t{number}")).expect("name");
    Arc::new(CatalogueEntry {
        ordinal: number,
        path: format!("/{number}.m4s").into(),
        size_bytes: SIZE,
        blake3: Digest::of(&content(number)),
        modified_us: TimeUs(0),
        common: Common::of(group, title).share(),
    })
}

/// What was read: when, from which port, how much.
pub(crate) type Wire = Arc<Mutex<Vec<(Instant, u16, u64)>>>;

/// A network, and what stands behind it.
pub(crate) struct Network {
    pub(crate) manners: Mutex<Vec<Manner>>,
    pub(crate) wire: Wire,
    /// Which port, for which object, and how.
    pub(crate) asked: Mutex<Vec<(u16, u32, fill::Manner)>>,
    contents: Vec<(Bytes, SliceHashes)>,
    random: Mutex<StdRng>,
}

struct Answer {
    rest: Bytes,
    port: u16,
    wire: Wire,
    random: StdRng,
}

impl Body for Answer {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(async move {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let late_ms = if self.random.random_ratio(1, 100) { 5000 } else { 8 };
            let wait = Duration::from_millis(self.random.random_range(0..late_ms));
            tokio::time::sleep(wait).await;
            let most = self.rest.len().min(100_000);
            let piece = self.rest.split_to(self.random.random_range(1..=most));
            self.wire.lock().expect("lock").push((Instant::now(), self.port, piece.len() as u64));
            Ok(Some(piece))
        })
    }
}

impl Upstream for Network {
    fn get<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Promise<'a, Result<Box<dyn Body>, FetchFailed>> {
        Box::pin(async move {
            let Question { source, entry, range, manner } = question;
            let port = source.address.port();
            self.asked.lock().expect("lock").push((port, entry.ordinal, manner));
            let manner = self.manners.lock().expect("lock")[usize::from(port)];
            let seed = self.random.lock().expect("lock").random();
            let random = StdRng::seed_from_u64(seed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            let mut bytes = self.contents[entry.ordinal as usize].0.clone();
            match manner {
                Manner::Coming => return Err(FetchFailed::Coming),
                Manner::Dead => return Err(FetchFailed::Connection("refused".to_owned())),
                Manner::IgnoresRange if range != (0..SIZE) => {
                    return Err(FetchFailed::IgnoresRange);
                }
                Manner::Lies => bytes = Bytes::from(vec![0; bytes.len()]),
                Manner::Honest | Manner::IgnoresRange => {}
            }
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).expect("at"));
            let rest = bytes.slice(start..end);
            let answer = Answer { rest, port, wire: Arc::clone(&self.wire), random };
            Ok(Box::new(answer) as Box<dyn Body>)
        })
    }

    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        let known = self.contents[entry.ordinal as usize].1.clone();
        Box::pin(async move { Some(known) })
    }
}

struct AtOnce;
impl Offload for AtOnce {
    fn run(&self, job: Job) {
        job();
    }
}

struct Unheard;
impl FillWatch for Unheard {
    fn event(&self, _: FillEvent<'_>) {}
}

/// The box.
pub(crate) struct World {
    pub(crate) cache: Arc<Cache>,
    pub(crate) filler: Arc<Filler>,
    pub(crate) network: Arc<Network>,
    began: Instant,
    wall: TimeUs,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

pub(crate) fn at(text: &str) -> TimeUs {
    TimeUs(text.parse::<jiff::Timestamp>().expect(text).as_microsecond())
}

pub(crate) fn rules(json: serde_json::Value) -> Rules {
    let fill: Fill = serde_json::from_value(json).expect("settings");
    Rules::of(&fill).expect("a zone")
}

/// A peer, a parent or the origin, at a port that says how it behaves.
pub(crate) fn source(kind: SourceKind, port: u16, cap_bytes_per_s: Option<u64>) -> Source {
    Source {
        kind,
        address: ([127, 0, 0, 1], port).into(),
        tls_name: None,
        origin: None,
        after_s: 0,
        cap_bytes_per_s,
    }
}

pub(crate) fn me() -> DeviceName {
    DeviceName::new("oca1.a").expect("name")
}

pub(crate) fn peer() -> SourceKind {
    SourceKind::Peer(DeviceName::new("oca2.a").expect("name"))
}

impl World {
    /// A box that wants these objects from these sources and is filling.
    pub(crate) fn new(
        seed: u64,
        wall: TimeUs,
        rules: Rules,
        objects: u32,
        ranked: Vec<Source>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let cache = open_cache(folder.path(), 64 << 20);
        let contents = (0..objects).map(content);
        let network = Arc::new(Network {
            contents: contents.map(|content| (content.clone(), slices(&content))).collect(),
            manners: Mutex::new(vec![Manner::Honest; 8]),
            wire: Wire::default(),
            asked: Mutex::default(),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
        });
        let began = Instant::now();
        let filler = Filler::new(fill::Setup {
            cache: Arc::clone(&cache),
            upstream: Arc::<Network>::clone(&network),
            offload: Arc::new(AtOnce),
            seed,
            rules,
            clock: Arc::new(move || later(wall, began)),
            watch: Arc::new(Unheard),
        });
        let entries: Vec<_> = (0..objects).map(entry).collect();
        filler.expect(&entries, &[]);
        cache.set_wanted(entries);
        let group = GroupName::new("g").expect("name");
        let is_sibling = |source: &Source| matches!(source.kind, SourceKind::Peer(_));
        let (siblings, beyond) = ranked.into_iter().partition(is_sibling);
        let batch = Batch { group, objects: vec![Run(0, objects)], siblings, beyond };
        let sources =
            Sources { schema: 1, manifest_version: 1, batches: vec![batch], neighbours: vec![] };
        filler.set_routes(Routes::new(&me(), sources));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(Arc::clone(&filler).run(stopped));
        Self { cache, filler, network, began, wall, stop, _folder: folder }
    }

    pub(crate) fn now(&self) -> TimeUs {
        later(self.wall, self.began)
    }

    pub(crate) fn held(&self) -> u64 {
        self.cache.totals()[1].0
    }

    pub(crate) fn read_from(&self, port: u16) -> u64 {
        let wire = self.network.wire.lock().expect("lock");
        wire.iter().filter(|(_, from, _)| *from == port).map(|(_, _, bytes)| bytes).sum()
    }

    /// Waits until so many objects are here.
    pub(crate) async fn until_held(&self, objects: u64, deadline: Duration) {
        let all_here = async {
            while self.held() < objects {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let outcome = tokio::time::timeout(deadline, all_here).await;
        assert!(
            outcome.is_ok(),
            "{} of {objects} are here: {:?}",
            self.held(),
            self.filler.progress()
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn later(wall: TimeUs, began: Instant) -> TimeUs {
    TimeUs(wall.0 + i64::try_from(began.elapsed().as_micros()).expect("short"))
}
