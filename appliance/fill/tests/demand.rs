//! Demand beside what can go wrong between a box and its origins: caps, origins that are away,
//! answers that break off, purges in between. On a clock that stands still between events.

mod parts;

use bytes::Bytes;
use cache::received::Absence;
use cache::storage::KernelBut;
use cache::{Cache, Demanded, Object, Share};
use contract::config::Fill;
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::quantity::BitRate;
use contract::sources::{OriginPath, Source, SourceKind};
use contract::time::TimeUs;
use fill::origins::{Asked, Reply};
use fill::{Body, Demand, FetchFailed, Filler, Origins, Promise, Rules};
use parts::watched::{Watched, Writes};
use parts::{Nobody, open_cache_on};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const MIB: usize = 1 << 20;

/// How the next answers of an origin go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Manner {
    Honest,
    /// No connection.
    Dead,
    /// The connection breaks after so many bytes, once.
    BreaksAfter(usize),
    /// Says nothing until told to.
    Waits,
    /// Has nothing, and says so when told to.
    WaitsWithNothing,
    /// Answers with this, whatever it is asked for.
    Says(u16),
}

/// Origins by their ports, all with the same content.
struct Network {
    content: Mutex<(String, Bytes)>,
    manners: Mutex<Vec<Manner>>,
    changed: watch::Sender<()>,
    /// When, which port, first byte; and when bytes came.
    asked: Mutex<Vec<(u16, u64)>>,
    wire: Mutex<Vec<(Instant, usize)>>,
}

struct Answer {
    network: Arc<Network>,
    rest: Bytes,
    breaks_after: Option<usize>,
}

impl Body for Answer {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(async move {
            // As fast as a cable can: what is slower than that, caps have made so.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let most = self.breaks_after.unwrap_or(usize::MAX).min(64 << 10);
            let piece = self.rest.split_to(self.rest.len().min(most));
            if let Some(left) = &mut self.breaks_after {
                *left -= piece.len();
                if piece.is_empty() {
                    return Err(FetchFailed::Connection("it broke".to_owned()));
                }
            }
            self.network.wire.lock().expect("lock").push((Instant::now(), piece.len()));
            Ok((!piece.is_empty()).then_some(piece))
        })
    }
}

struct Reachable(Arc<Network>);

impl Origins for Reachable {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> Promise<'a, Result<Reply, FetchFailed>> {
        Box::pin(async move {
            let network = &self.0;
            let port = asked.source.address.port();
            let range = asked.range.expect("it knows ranges");
            network.asked.lock().expect("lock").push((port, range.start));
            let (etag, content) = network.content.lock().expect("lock").clone();
            let at = usize::from(port - 1);
            let manner = network.manners.lock().expect("lock")[at].clone();
            let mut breaks_after = None;
            match manner {
                Manner::Honest | Manner::Says(_) => {}
                Manner::Dead => return Err(FetchFailed::Connection("refused".to_owned())),
                Manner::BreaksAfter(bytes) => {
                    breaks_after = Some(bytes);
                    network.manners.lock().expect("lock")[at] = Manner::Honest;
                }
                Manner::Waits | Manner::WaitsWithNothing => {
                    let mut changed = network.changed.subscribe();
                    changed.changed().await.expect("told");
                }
            }
            let (first, total) = (range.start, content.len() as u64);
            let end = range.end.min(total);
            let part = [first, end].map(|at| usize::try_from(at).expect("small"));
            let fields = [
                ("etag", etag),
                ("cache-control", "max-age=600".to_owned()),
                ("content-range", format!("bytes {first}-{}/{total}", end - 1)),
            ];
            let fields = fields.into_iter().map(|(name, value)| {
                (name.parse().expect("a name"), value.parse().expect("a value"))
            });
            let rest = content.slice(part[0]..part[1]);
            let body = Answer { network: Arc::clone(network), rest, breaks_after };
            let status = match manner {
                Manner::WaitsWithNothing => hyper::StatusCode::NOT_FOUND,
                Manner::Says(status) => hyper::StatusCode::from_u16(status).expect("a status"),
                _ => hyper::StatusCode::PARTIAL_CONTENT,
            };
            let body = Box::new(body);
            Ok(Reply { status, fields: fields.collect(), body })
        })
    }
}

/// A box with two origins.
struct World {
    cache: Arc<Cache>,
    network: Arc<Network>,
    writes: Writes,
    began: Instant,
    filler: Arc<Filler>,
    demand: Arc<Demand>,
    _folder: tempfile::TempDir,
}

fn source(port: u16) -> Source {
    Source {
        kind: SourceKind::Origin,
        address: ([127, 0, 0, 1], port).into(),
        tls_name: None,
        origin: Some(OriginPath {
            host: "origin.example".to_owned(),
            prefix: String::new(),
            bucket: None,
        }),
        after_s: 0,
        cap_bytes_per_s: None,
    }
}

fn content(version: u8, len: usize) -> Bytes {
    (0..len).map(|at| u8::try_from(at % 251).expect("below") ^ version).collect::<Vec<_>>().into()
}

fn named(group: &str) -> GroupName {
    GroupName::new(group).expect("name")
}

fn group() -> GroupName {
    named("g")
}

fn key() -> ObjectKey {
    ObjectKey { group: group(), path: "/a.mp4".into() }
}

impl World {
    async fn new(fill: &Fill, manners: [Manner; 2], content: Bytes) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let writes = Writes::default();
        let cache = open_cache_on(
            Arc::new(KernelBut::new(Watched(writes.clone()))),
            folder.path(),
            256 << 20,
        );
        cache.set_shares(&[Share { group: group(), bytes: 128 << 20 }]);
        let began = Instant::now();
        let filler = Filler::new(fill::Setup {
            cache: Arc::clone(&cache),
            upstream: Arc::new(Nobody),
            offload: Arc::new(parts::AtOnce),
            seed: 7,
            rules: Rules::of(fill).expect("rules"),
            clock: Arc::new(move || {
                let micros = began.elapsed().as_micros();
                TimeUs(1_000_000_000 + i64::try_from(micros).expect("short"))
            }),
            watch: Arc::new(Nobody),
        });
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(Arc::clone(&filler).run(stopped));
        // It runs as long as the world.
        std::mem::forget(stop);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let network = Arc::new(Network {
            content: Mutex::new(("\"v1\"".to_owned(), content)),
            manners: Mutex::new(manners.into()),
            changed: watch::channel(()).0,
            asked: Mutex::default(),
            wire: Mutex::default(),
        });
        let demand = Demand::new(fill::demand::Setup {
            cache: Arc::clone(&cache),
            filler: Arc::clone(&filler),
            origins: Arc::new(Reachable(Arc::clone(&network))),
            groups: ["g", "other"].map(|it| (named(it), vec![source(1), source(2)])).into(),
            runtime: tokio::runtime::Handle::current(),
        });
        Self { cache, network, writes, began, filler, demand, _folder: folder }
    }

    fn now(&self) -> TimeUs {
        let micros = self.began.elapsed().as_micros();
        TimeUs(1_000_000_000 + i64::try_from(micros).expect("short"))
    }

    /// What a player finds who waits for the origins.
    async fn find(&self) -> Demanded {
        self.find_at("/a.mp4").await
    }

    async fn find_at(&self, path: &str) -> Demanded {
        let asked = self.now();
        let key = ObjectKey { path: path.into(), ..key() };
        self.cache.resolve(&key, 0).expect("they are asked").await;
        self.cache.demanded(&group(), path, Some(asked), self.now())
    }

    async fn object(&self) -> Arc<Object> {
        match self.find().await {
            Demanded::Usable(object) => object,
            other => panic!("{other:?}"),
        }
    }

    /// All of it, block after block.
    async fn read(&self, object: &Arc<Object>) -> Result<Vec<u8>, cache::ReadFailed> {
        let mut all = Vec::new();
        let blocks = cache::object::block_count(object.entry.size_bytes);
        for block in 0..u32::try_from(blocks).expect("few") {
            all.extend_from_slice(self.cache.read(object, block).await?.bytes());
        }
        Ok(all)
    }

    fn asked(&self) -> Vec<(u16, u64)> {
        self.network.asked.lock().expect("lock").clone()
    }

    fn be(&self, origin: usize, manner: Manner) {
        self.network.manners.lock().expect("lock")[origin] = manner;
    }
}

const HONEST: [Manner; 2] = [Manner::Honest, Manner::Honest];

#[tokio::test(start_paused = true)]
async fn caps_hold_over_any_ten_seconds() {
    const CAP_BYTES_PER_S: usize = 300_000;
    let fill =
        Fill { cap_bits_per_s: Some(BitRate(CAP_BYTES_PER_S as u64 * 8)), ..Fill::default() };
    let expected = content(1, 6 * MIB + 5);
    let world = World::new(&fill, HONEST, expected.clone()).await;
    let object = world.object().await;
    // A slice takes three seconds and more, and two are asked for ahead: nobody gives up.
    assert!(world.read(&object).await.expect("all of it") == expected);
    let wire = world.network.wire.lock().expect("lock").clone();
    for (at, (start, _)) in wire.iter().enumerate() {
        let within =
            wire[at..].iter().take_while(|(time, _)| *time - *start < Duration::from_secs(10));
        let bytes: usize = within.map(|(_, bytes)| bytes).sum();
        assert!(bytes <= 10 * CAP_BYTES_PER_S, "{bytes} in ten seconds");
    }
    assert!(world.began.elapsed() > Duration::from_secs(15), "the cap was felt");
}

#[tokio::test(start_paused = true)]
async fn the_next_origin_is_asked_and_one_that_is_away_rests() {
    let expected = content(1, 3 * MIB);
    let manners = [Manner::Dead, Manner::Honest];
    let world = World::new(&Fill::default(), manners, expected.clone()).await;
    let object = world.object().await;
    assert!(world.read(&object).await.expect("all of it") == expected);
    let to_dead = world.asked().iter().filter(|(port, _)| *port == 1).count();
    assert_eq!(to_dead, 1, "{:?}", world.asked());
    // Nobody is there.
    world.be(1, Manner::Dead);
    world.cache.purge(|_| true).expect("purged");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let found = world.find().await;
    assert!(matches!(found, Demanded::Absent(Absence::NoAnswer)), "{found:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.be(0, Manner::Honest);
    assert!(world.read(&world.object().await).await.expect("it is back") == expected);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_costs_its_slice_another_request_and_no_reader() {
    let expected = content(1, 3 * MIB);
    let manners = [Manner::BreaksAfter(300_000), Manner::Honest];
    let world = World::new(&Fill::default(), manners, expected.clone()).await;
    let object = world.object().await;
    assert!(world.read(&object).await.expect("all of it") == expected);
    world.be(0, Manner::BreaksAfter(0));
    let firsts = world.asked().iter().filter(|(_, start)| *start == 0).count();
    assert_eq!(firsts, 2, "{:?}", world.asked());
}

/// Nothing holds parts of it together, so it cannot be asked for again: whoever waits hears so.
#[tokio::test(start_paused = true)]
async fn an_answer_without_validator_that_breaks_off_leaves_nobody_waiting() {
    let expected = content(1, 300_000);
    let manners = [Manner::BreaksAfter(100_000), Manner::Honest];
    let world = World::new(&Fill::default(), manners, expected.clone()).await;
    world.network.content.lock().expect("lock").0 = "W/\"v1\"".to_owned();
    let object = world.object().await;
    let read = tokio::time::timeout(Duration::from_secs(60), world.read(&object)).await;
    let failed = read.expect("it ends").expect_err("it broke");
    assert!(matches!(failed, cache::ReadFailed::NotComing { .. }), "{failed}");
    let again = tokio::time::timeout(Duration::from_secs(60), world.read(&object)).await;
    again.expect("it ends").expect_err("it is not all there");
    assert!(world.read(&world.object().await).await.expect("all of it") == expected);
}

/// So that the disk takes whole pages of them without a copy.
#[tokio::test(start_paused = true)]
async fn slices_are_written_from_where_a_page_begins() {
    let expected = content(1, 5 * MIB + 100_000);
    let world = World::new(&Fill::default(), HONEST, expected.clone()).await;
    let object = world.object().await;
    assert!(world.read(&object).await.expect("all of it") == expected);
    let slices = world.writes.all().into_iter().filter(|write| write.len >= 64 << 10);
    let slices: Vec<_> = slices.collect();
    assert_eq!(slices.iter().map(|write| write.len).sum::<usize>(), expected.len());
    assert!(slices.iter().all(|write| write.is_on_page), "{slices:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_a_purge_is_asked_again_after_it() {
    for before in [Manner::Waits, Manner::WaitsWithNothing] {
        asked_before_a_purge(before).await;
    }
}

async fn asked_before_a_purge(before: Manner) {
    let world = World::new(&Fill::default(), [before, Manner::Honest], content(1, 9)).await;
    let cache = Arc::clone(&world.cache);
    let asked = world.now();
    let resolving = cache.resolve(&key(), 0).expect("they are asked");
    while world.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    // The origin has the old version in its hand, or nothing, when something else is purged.
    cache.purge(|entry| &*entry.path == "/other").expect("purged");
    *world.network.content.lock().expect("lock") = ("\"v2\"".to_owned(), content(2, 9));
    world.be(0, Manner::Honest);
    world.network.changed.send(()).expect("it waits");
    resolving.await;
    let Demanded::Usable(object) = cache.demanded(&group(), "/a.mp4", Some(asked), world.now())
    else {
        panic!("nothing came")
    };
    assert_eq!(world.read(&object).await.expect("all of it"), content(2, 9));
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_what_was_purged_nothing_more_is_asked_for() {
    let world = World::new(&Fill::default(), HONEST, content(1, 3 * MIB)).await;
    let object = world.object().await;
    world.cache.purge(|entry| &*entry.path == "/a.mp4").expect("purged");
    let asked = world.asked();
    cache::Bring::bring(&*world.demand, &object, 2);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.asked(), asked);
}

#[tokio::test(start_paused = true)]
async fn everybody_shares_one_question_and_too_many_are_refused() {
    let world = World::new(&Fill::default(), [Manner::Waits, Manner::Dead], content(1, 9)).await;
    let first = world.cache.resolve(&key(), 0).expect("asked");
    let second = world.cache.resolve(&key(), 5).expect("joined");
    assert!(first.is_first() && !second.is_first());
    let other = |at: usize| ObjectKey { group: group(), path: format!("/{at}").into() };
    let asked = (0..2000).take_while(|at| world.cache.resolve(&other(*at), 0).is_some()).count();
    assert!((500..600).contains(&asked), "{asked} questions of a group at once");
    // There is room for the questions of others.
    let of_other = |at: usize| ObjectKey { group: named("other"), ..other(at) };
    let asked = (0..2000).take_while(|at| world.cache.resolve(&of_other(*at), 0).is_some()).count();
    assert!((500..600).contains(&asked), "{asked} questions of another");
    let stranger = ObjectKey { group: named("h"), ..key() };
    assert!(world.cache.resolve(&stranger, 0).is_none());
    // Nobody waits for ever: the origin that says nothing is given up.
    first.await;
    second.await;
    let found = world.cache.demanded(&group(), "/a.mp4", None, world.now());
    assert!(matches!(found, Demanded::Absent(Absence::NoAnswer)), "{found:?}");
}

/// A path that an origin cannot give is its own affair; an origin that cannot rests.
#[tokio::test(start_paused = true)]
async fn what_one_path_lacks_keeps_nobody_from_the_others() {
    for (status, is_of_origin) in [(301, false), (400, false), (500, false), (503, true)] {
        let manners = [Manner::Says(status), Manner::Says(status)];
        let world = World::new(&Fill::default(), manners, content(1, 9)).await;
        let found = world.find_at("/bad").await;
        assert!(matches!(found, Demanded::Absent(Absence::NoAnswer)), "{status}: {found:?}");
        HONEST.into_iter().enumerate().for_each(|(at, manner)| world.be(at, manner));
        let found = world.find_at("/good").await;
        let rests = matches!(found, Demanded::Absent(Absence::NoAnswer));
        assert_eq!(rests, is_of_origin, "{status}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_origin_is_not_blamed_for_what_caps_let_wait() {
    let capped = |bytes_per_s: u64| Fill {
        cap_bits_per_s: Some(BitRate(bytes_per_s * 8)),
        ..Fill::default()
    };
    // What a slice takes is more than anybody waits.
    let world = World::new(&capped(40_000), HONEST, content(1, 9)).await;
    let found = world.find().await;
    assert!(matches!(found, Demanded::Absent(Absence::NoAnswer)), "{found:?}");
    assert!(world.asked().is_empty(), "{:?}", world.asked());
    world.filler.set_rules(Rules::of(&capped(100 << 20)).expect("rules"));
    world.object().await;
}

#[tokio::test(start_paused = true)]
async fn small_answers_cost_caps_what_they_are() {
    // By that of a small box fifty slices a second may be drawn.
    let fill = Fill { cap_bits_per_s: Some(BitRate(400_000_000)), ..Fill::default() };
    let world = World::new(&fill, HONEST, content(1, 2_000)).await;
    for at in 0..500 {
        let found = world.find_at(&format!("/{at}")).await;
        assert!(matches!(found, Demanded::Usable(_)), "{found:?}");
    }
    assert!(world.began.elapsed() < Duration::from_secs(5), "{:?}", world.began.elapsed());
}
