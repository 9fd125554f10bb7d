//! A box that is not the home of a key: it asks the home, and the origin where that says nothing
//! that holds. On a clock that stands still between events.

mod parts;

use bytes::Bytes;
use cache::received::Absence;
use cache::{Cache, Demanded, Object, Share};
use contract::config::Fill;
use contract::names::{DeviceName, GroupName};
use contract::object::ObjectKey;
use contract::sources::{Neighbour, OriginPath, Source, SourceKind, Sources};
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use fill::origins::{Asked, Reply};
use fill::{Body, Demand, FetchFailed, Filler, Neighbours, Origins, Promise, Routes, Rules};
use hyper::StatusCode;
use parts::{Nobody, open_cache};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const MIB: usize = 1 << 20;
const SIZE: usize = 3 * MIB + 5;

const HOME: u16 = 1;
/// Who takes its place.
const NEXT: u16 = 2;
const ORIGIN: u16 = 3;

/// What the home does with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It gives content.
    Gives,
    /// This status, without anything that could be kept.
    Says(StatusCode),
    /// It says that the origin has none.
    NotFound,
    /// Nothing ever comes.
    Silent,
    /// No connection.
    Dead,
}

struct Network {
    home: Mutex<Manner>,
    next: Mutex<Manner>,
    /// Whom, which byte first, and how far the box had purged.
    asked: Mutex<Vec<(u16, u64, PurgedUpTo)>>,
}

struct Whole(Bytes);

impl Body for Whole {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        let piece = self.0.split_to(self.0.len().min(100_000));
        Box::pin(async move { Ok((!piece.is_empty()).then_some(piece)) })
    }
}

fn content() -> Bytes {
    (0..SIZE).map(|at| u8::try_from(at % 251).expect("below")).collect::<Vec<_>>().into()
}

fn reply(status: StatusCode, fields: &[(&str, String)], body: Bytes) -> Reply {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
    Reply { status, fields: fields.collect(), body: Box::new(Whole(body)) }
}

fn part(first: u64, end: u64) -> Reply {
    let end = end.min(SIZE as u64);
    let fields = [
        ("etag", "\"v1\"".to_owned()),
        ("cache-control", "max-age=600, stale-while-revalidate=0, stale-if-error=0".to_owned()),
        ("content-range", format!("bytes {first}-{}/{SIZE}", end - 1)),
    ];
    let [first, end] = [first, end].map(|at| usize::try_from(at).expect("small"));
    reply(StatusCode::PARTIAL_CONTENT, &fields, content().slice(first..end))
}

struct Reachable(Arc<Network>);

impl Origins for Reachable {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> Promise<'a, Result<Reply, FetchFailed>> {
        Box::pin(async move {
            let port = asked.source.address.port();
            let range = asked.range.expect("it knows ranges");
            self.0.asked.lock().expect("lock").push((port, range.start, asked.purged));
            let manner = if port == HOME { &self.0.home } else { &self.0.next };
            let manner = *manner.lock().expect("lock");
            let keep = |how: &str| [("cache-control", how.to_owned())];
            Ok(match (port, manner) {
                (ORIGIN, _) | (_, Manner::Gives) => part(range.start, range.end),
                (_, Manner::Says(status)) => reply(status, &keep("no-store"), Bytes::new()),
                (_, Manner::NotFound) => {
                    reply(StatusCode::NOT_FOUND, &keep("public, max-age=1"), Bytes::new())
                }
                (_, Manner::Silent) => std::future::pending().await,
                (_, Manner::Dead) => {
                    return Err(FetchFailed::Connection("refused".to_owned()));
                }
            })
        })
    }
}

fn group() -> GroupName {
    GroupName::new("g").expect("name")
}

fn source(kind: SourceKind, port: u16) -> Source {
    let is_origin = kind == SourceKind::Origin;
    let origin = OriginPath { host: "o.test".to_owned(), prefix: String::new(), bucket: None };
    Source {
        kind,
        address: ([127, 0, 0, 1], port).into(),
        tls_name: None,
        origin: is_origin.then_some(origin),
        after_s: 0,
        cap_bytes_per_s: None,
    }
}

/// A box, the home of a key, who takes its place, and an origin.
struct World {
    cache: Arc<Cache>,
    network: Arc<Network>,
    neighbours: Arc<Neighbours>,
    key: ObjectKey,
    began: Instant,
    _demand: Arc<Demand>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(manner: Manner) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let cache = open_cache(folder.path(), 256 << 20);
        cache.set_shares(&[Share { group: group(), bytes: 128 << 20 }]);
        cache.has_purged(PurgedUpTo { epoch: 1, version: 7 }).expect("marked");
        let began = Instant::now();
        let filler = Filler::new(fill::Setup {
            cache: Arc::clone(&cache),
            upstream: Arc::new(Nobody),
            offload: Arc::new(parts::AtOnce),
            seed: 7,
            rules: Rules::of(&Fill::default()).expect("rules"),
            clock: Arc::new(move || time(began)),
            watch: Arc::new(Nobody),
        });
        let neighbours = [HOME, NEXT].map(|port| {
            let sibling = SourceKind::Peer(DeviceName::new(format!("oca{port}")).expect("name"));
            let viewers = BTreeMap::from([(group(), format!("oca{port}.test"))]);
            Neighbour { source: source(sibling, port), viewers }
        });
        let neighbours = neighbours.to_vec();
        let sources = Sources { schema: 1, manifest_version: 1, batches: vec![], neighbours };
        let routes = Routes::new(&DeviceName::new("oca3").expect("name"), sources);
        // One for which the others stand before this box, in this order.
        let keys = (0..).map(|at| ObjectKey { group: group(), path: format!("/{at}").into() });
        let is_it = |key: &ObjectKey| {
            let homes = routes.homes_of(key);
            homes.iter().map(|home| home.address.port()).eq([HOME, NEXT])
        };
        let key = keys.into_iter().find(is_it).expect("a sixth of all");
        filler.set_routes(routes);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(Arc::clone(&filler).run(stopped));
        // It runs as long as the world.
        std::mem::forget(stop);
        let network = Arc::new(Network {
            home: Mutex::new(manner),
            next: Mutex::new(Manner::Says(StatusCode::MISDIRECTED_REQUEST)),
            asked: Mutex::default(),
        });
        let runtime = tokio::runtime::Handle::current();
        let neighbours = Neighbours::new(Arc::clone(&filler), Arc::new(Nobody), runtime.clone());
        let demand = Demand::new(fill::demand::Setup {
            cache: Arc::clone(&cache),
            filler,
            origins: Arc::new(Reachable(Arc::clone(&network))),
            groups: vec![(group(), vec![source(SourceKind::Origin, ORIGIN)])],
            runtime,
        });
        Self { cache, network, neighbours, key, began, _demand: demand, _folder: folder }
    }

    /// What a player finds who waits.
    async fn find(&self) -> Demanded {
        let asked = time(self.began);
        self.cache.resolve(&self.key, 0).expect("it is asked").await;
        self.cache.demanded(&group(), &self.key.path, Some(asked), time(self.began))
    }

    /// All of what a player is given, block after block.
    async fn play(&self) -> Vec<u8> {
        let object: Arc<Object> = match self.find().await {
            Demanded::Usable(object) => object,
            other => panic!("{other:?}"),
        };
        let mut all = Vec::new();
        let blocks = cache::object::block_count(object.entry.size_bytes);
        for block in 0..u32::try_from(blocks).expect("few") {
            all.extend_from_slice(self.cache.read(&object, block).await.expect("read").bytes());
        }
        all
    }

    /// Whom was asked, in order.
    fn asked(&self) -> Vec<u16> {
        self.network.asked.lock().expect("lock").iter().map(|(port, ..)| *port).collect()
    }
}

fn time(began: Instant) -> TimeUs {
    let micros = began.elapsed().as_micros();
    TimeUs(1_000_000_000 + i64::try_from(micros).expect("short"))
}

#[tokio::test(start_paused = true)]
async fn the_home_is_asked_for_every_slice_once_and_told_how_far_the_box_has_purged() {
    let world = World::new(Manner::Gives).await;
    assert!(world.play().await == content());
    let mut asked = world.network.asked.lock().expect("lock").clone();
    asked.sort_unstable_by_key(|(_, first, _)| *first);
    let purged = PurgedUpTo { epoch: 1, version: 7 };
    let expected = (0..4_u64).map(|slice| (HOME, slice << 20, purged));
    assert_eq!(asked, expected.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn where_the_home_says_nothing_that_holds_the_origin_is_asked() {
    for status in [421, 504, 404, 400, 412, 500] {
        let manner = Manner::Says(StatusCode::from_u16(status).expect("a status"));
        let world = World::new(manner).await;
        assert!(world.play().await == content(), "{status}");
        assert!(world.began.elapsed() < Duration::from_secs(1), "nobody waits: {status}");
        // It is as well as before, and asked again for the next.
        let asked = world.asked();
        for port in [HOME, NEXT, ORIGIN] {
            let count = asked.iter().filter(|it| **it == port).count();
            assert_eq!(count, 4, "{status}: {asked:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_home_that_is_silent_costs_its_time_once() {
    let world = World::new(Manner::Silent).await;
    assert!(world.play().await == content());
    let took = world.began.elapsed();
    assert!((4..6).contains(&took.as_secs()), "{took:?}");
    let asked = world.asked();
    // Nor is another box waited for after it. Those that are asked next go past it at once.
    assert_eq!(asked[..2], [HOME, ORIGIN]);
    assert_eq!(asked.iter().filter(|port| **port == HOME).count(), 1, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn who_comes_next_takes_the_place_of_a_home_that_is_gone() {
    let world = World::new(Manner::Dead).await;
    *world.network.next.lock().expect("lock") = Manner::Gives;
    assert!(!world.neighbours.is_home(&world.key));
    assert!(world.play().await == content());
    let asked = world.asked();
    assert_eq!(asked[..2], [HOME, NEXT]);
    assert!(!asked.contains(&ORIGIN), "{asked:?}");
    assert!(!world.neighbours.is_home(&world.key), "one that stands before it is well");

    // That one goes as well: this box is the home as long as both are gone.
    *world.network.next.lock().expect("lock") = Manner::Dead;
    world.cache.purge(|_| true).expect("purged");
    assert!(world.play().await == content());
    assert!(world.neighbours.is_home(&world.key));
    *world.network.home.lock().expect("lock") = Manner::Gives;
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.cache.purge(|_| true).expect("purged");
    assert!(world.play().await == content());
    assert!(!world.neighbours.is_home(&world.key), "it is back");
}

#[tokio::test(start_paused = true)]
async fn what_the_home_knows_not_to_be_anywhere_nobody_else_is_asked_for() {
    let world = World::new(Manner::NotFound).await;
    let found = world.find().await;
    assert!(matches!(found, Demanded::Absent(Absence::NotFound)), "{found:?}");
    assert_eq!(world.asked(), [HOME]);
}

#[tokio::test(start_paused = true)]
async fn a_home_that_goes_away_in_the_middle_costs_no_reader() {
    let world = World::new(Manner::Gives).await;
    let Demanded::Usable(object) = world.find().await else { panic!("nothing came") };
    *world.network.home.lock().expect("lock") = Manner::Says(StatusCode::GATEWAY_TIMEOUT);
    let block = world.cache.read(&object, 12).await.expect("from the origin");
    assert_eq!(block.bytes(), &content()[3 * MIB..]);
    assert_eq!(world.asked()[..4], [HOME, HOME, NEXT, ORIGIN]);
}
