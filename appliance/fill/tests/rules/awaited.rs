//! What viewers wait for, before it was its turn.

use super::world::{Manner, SIZE, World, at, entry, me, rules, source};
use super::{HOUR, most_in_a_span, reads};
use crate::parts::Nobody;
use cache::Lookup;
use cache::received::Ordered;
use contract::names::DeviceName;
use contract::object::ObjectKey;
use contract::sources::{SourceKind, standing};
use contract::time::TimeUs;
use fill::Demand;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

const MIB: u64 = 1 << 20;

/// The box of a world, filled by demand as well.
struct Watched {
    world: World,
    _demand: Arc<Demand>,
}

impl Watched {
    fn new(world: World) -> Self {
        let demand = Demand::new(fill::demand::Setup {
            cache: Arc::clone(&world.cache),
            filler: Arc::clone(&world.filler),
            origins: Arc::new(Nobody),
            groups: vec![(entry(0).common.group.clone(), Vec::new())],
            runtime: Handle::current(),
        });
        Self { world, _demand: demand }
    }

    fn key(number: u32) -> ObjectKey {
        entry(number).key()
    }

    fn look(&self, number: u32) -> Lookup {
        let key = Self::key(number);
        self.world.cache.lookup(&key.group, &key.path)
    }

    /// A viewer wants this byte of an object; gives for how long he waited.
    async fn wait(&self, number: u32, offset: u64) -> Duration {
        let began = Instant::now();
        let resolving = self.world.cache.resolve(&Self::key(number), offset);
        resolving.expect("nobody else asks").await;
        began.elapsed()
    }

    /// What those are told who have waited since then.
    fn is_in_vain(&self, number: u32, since: TimeUs) -> bool {
        let key = Self::key(number);
        self.world.cache.ordered((&key.group, &key.path), Some(since), since) == Ordered::InVain
    }

    /// Waits, by the clock that stands still between events.
    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let comes = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(HOUR, comes).await.expect("within an hour");
    }
}

fn slow() -> Value {
    json!({"parallel": 1, "cap_bits_per_s": "16Mb/s"})
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_overtakes_all_and_begins_where_it_is_wanted() {
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = Watched::new(World::new(21, TimeUs(0), rules(slow()), 12, ranked));
    world.until(|world| world.world.read_from(0) > 0).await;
    let took = world.wait(11, 2 * MIB + 5).await;
    assert!(took < Duration::from_secs(9), "{took:?} for a slice beside turns of 4 MiB at 2 MB/s");
    let Lookup::Arriving(object) = world.look(11) else { panic!("{:?}", world.look(11)) };
    assert!(object.has_slice(2) && !object.has_slice(0), "from there on");
    assert!(world.world.held() < 6, "it has overtaken the others");
    // Whoever comes later to what is there waits for nothing.
    assert_eq!(world.wait(11, 2 * MIB).await, Duration::ZERO);
    world.world.until_held(12, HOUR).await;
    assert!(world.world.read_from(0) <= 12 * SIZE, "nothing came twice");
    assert!(most_in_a_span(&reads(&world.world, None)) <= 20_000_000);
}

#[tokio::test(start_paused = true)]
async fn who_waits_at_once_waits_for_the_same() {
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = Watched::new(World::new(22, TimeUs(0), rules(slow()), 9, ranked));
    let key = Watched::key(8);
    let waiting: Vec<_> =
        (0..5).map(|_| world.world.cache.resolve(&key, 0).expect("it joins")).collect();
    assert_eq!(waiting.iter().filter(|it| it.is_first()).count(), 1);
    for resolving in waiting {
        resolving.await;
    }
    assert!(matches!(world.look(8), Lookup::Arriving(_) | Lookup::Held(_)));
    let begun = world.world.cache.hasten(&Watched::key(7), 0).expect("few ask");
    begun.await;
    let Lookup::Arriving(object) = world.look(7) else { panic!("{:?}", world.look(7)) };
    assert!(!object.has_slice(0), "a sibling hears of its beginning");
}

#[tokio::test(start_paused = true)]
async fn by_day_it_comes_only_where_what_cannot_wait_may() {
    let windows = json!([{"opens": "02:00", "closes": "14:00"}]);
    let noon = at("2026-06-01T15:00:00Z");
    for (emergency, comes) in
        [(json!("never"), false), (json!({"capped": {"cap_bits_per_s": "80Mb/s"}}), true)]
    {
        let settings =
            json!({"time_zone": "Europe/Berlin", "windows": windows, "emergency_fill": emergency});
        let ranked = vec![source(SourceKind::Origin, 0, None)];
        let world = Watched::new(World::new(23, noon, rules(settings), 3, ranked));
        let since = world.world.now();
        let took = world.wait(1, 0).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(world.is_in_vain(1, since), !comes);
        assert_eq!(world.world.read_from(0) > 0, comes);
        if comes {
            world.world.until_held(1, HOUR).await;
        }
        // Of the paused clock, in which nothing else may come.
        tokio::time::sleep(HOUR).await;
        assert_eq!(world.world.held(), u64::from(comes), "the others wait for the night");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_what_no_source_gives() {
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = Watched::new(World::new(24, TimeUs(0), rules(json!({})), 1, ranked));
    world.world.network.manners.lock().expect("lock")[0] = Manner::Dead;
    let since = world.world.now();
    assert!(world.wait(0, 0).await < Duration::from_secs(12));
    assert!(world.is_in_vain(0, since));
    // What comes meanwhile is found.
    world.world.network.manners.lock().expect("lock")[0] = Manner::Honest;
    world.world.until_held(1, HOUR).await;
    assert_eq!(world.wait(0, 0).await, Duration::ZERO);
}

/// A box of the site that goes before this one.
fn first() -> SourceKind {
    let names = (2..99).map(|number| DeviceName::new(format!("oca{number}.a")).expect("name"));
    let goes_first = |name: &DeviceName| standing(name, 0) > standing(&me(), 0);
    SourceKind::Peer(names.into_iter().find(goes_first).expect("one of a hundred"))
}

/// A sibling that is to get it first gets it now, or says that it cannot: then nobody waits for
/// it.
#[tokio::test(start_paused = true)]
async fn siblings_are_asked_to_get_it_and_not_waited_for() {
    let ranked = vec![source(first(), 1, None), source(SourceKind::Origin, 0, None)];
    let settings = json!({"widen_after_s": {"network": "5min", "origin": "10min"}});
    let world = Watched::new(World::new(25, TimeUs(0), rules(settings), 12, ranked));
    world.world.network.manners.lock().expect("lock")[1] = Manner::Coming;
    let is_told = |world: &Watched| {
        let asked = world.world.network.asked.lock().expect("lock");
        (0..12).all(|number| asked.iter().any(|(_, object, _)| *object == number))
    };
    world.until(is_told).await;
    for number in 0..12 {
        assert!(matches!(world.look(number), Lookup::Wanted), "it waits for the sibling");
        assert!(world.wait(number, 0).await < Duration::from_secs(6), "object {number}");
        assert!(!matches!(world.look(number), Lookup::Wanted), "object {number}");
        let asked = world.world.network.asked.lock().expect("lock");
        let awaited = |it: &&(u16, u32, fill::Manner)| **it == (1, number, fill::Manner::Awaited);
        assert_eq!(asked.iter().filter(awaited).count(), 1, "object {number}");
    }
}
