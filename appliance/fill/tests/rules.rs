//! Windows, caps, widening and distrust, as a filler keeps them with real files, on a network
//! and a clock that a seed decides.

#[path = "rules/awaited.rs"]
mod awaited;
mod parts;
#[path = "rules/world.rs"]
mod world;

use contract::manifest::Deadline;
use contract::progress::{Admission, FillState, WaitingOn};
use contract::sources::SourceKind;
use contract::time::TimeUs;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;
use world::{Manner, SIZE, World, at, entry, peer, rules, source};

const HOUR: Duration = Duration::from_secs(3600);
const SPAN: Duration = Duration::from_secs(10);

/// The most that was read in any ten seconds.
fn most_in_a_span(reads: &[(Instant, u64)]) -> u64 {
    let sums = reads.iter().enumerate().map(|(at, (first, _))| {
        let inside = reads[at..].iter().take_while(|(when, _)| *when <= *first + SPAN);
        inside.map(|(_, bytes)| bytes).sum()
    });
    sums.max().unwrap_or(0)
}

fn reads(world: &World, port: Option<u16>) -> Vec<(Instant, u64)> {
    let wire = world.network.wire.lock().expect("lock");
    let wire = wire.iter().filter(|(_, from, _)| port.is_none_or(|port| port == *from));
    wire.map(|(at, _, bytes)| (*at, *bytes)).collect()
}

#[tokio::test(start_paused = true)]
async fn caps_hold_on_the_wire_and_progress_says_when_it_will_be_done() {
    for seed in 0..6 {
        let ranked = vec![source(SourceKind::Origin, 0, Some(200_000))];
        let settings = json!({"parallel": 5, "cap_bits_per_s": "4Mb/s"});
        let world = World::new(seed, TimeUs(0), rules(settings), 5, ranked);
        tokio::time::sleep(Duration::from_secs(30)).await;
        let progress = world.filler.progress();
        let rate = progress.rate_bytes_per_s;
        assert!((150_000..=200_000).contains(&rate), "seed {seed}: {rate}");
        assert_eq!(progress.cap_bytes_per_s, Some(500_000));
        assert_eq!(progress.sources.len(), 1);
        assert!(progress.titles.iter().any(|title| title.state == FillState::Arriving));
        let drawn = progress.titles.iter().flat_map(|title| &title.sources);
        let drawn: u64 = drawn.map(|source| source.rate_bytes_per_s).sum();
        // Each is rounded down.
        assert!((rate - 5..=rate).contains(&drawn), "seed {seed}: titles {drawn} of {rate}");
        let forecast = progress.finish_at_us.expect("a forecast").since_s(TimeUs(0));
        world.until_held(5, HOUR).await;
        let took = world.now().since_s(TimeUs(0));
        assert!((forecast / took - 1.0).abs() < 0.2, "seed {seed}: {took} s, not {forecast}");
        let most = most_in_a_span(&reads(&world, None));
        assert!(most <= 2_000_000, "seed {seed}: {most} in ten seconds at 200 kB/s");
        let progress = world.filler.progress();
        assert!(progress.titles.iter().all(|title| title.state == FillState::Held));
        assert_eq!((progress.titles.len(), progress.bytes_missing), (5, 0));
        tokio::time::sleep(Duration::from_secs(11)).await;
        let progress = world.filler.progress();
        assert!(progress.titles.iter().all(|title| title.sources.is_empty()), "it is long ago");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cap_that_begins_or_falls_meanwhile_holds_for_what_is_under_way() {
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = World::new(7, TimeUs(0), rules(json!({})), 4, ranked);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(world.read_from(0) > 0);
    world.filler.set_rules(rules(json!({"cap_bits_per_s": "1600kb/s"})));
    let capped = Instant::now() + Duration::from_millis(1);
    tokio::time::sleep(Duration::from_secs(25)).await;
    world.filler.set_rules(rules(json!({"cap_bits_per_s": "400kb/s"})));
    let lowered = Instant::now() + Duration::from_millis(1);
    world.until_held(4, HOUR).await;
    for (from, cap) in [(capped, 200_000), (lowered, 50_000)] {
        let after: Vec<_> = reads(&world, None).into_iter().filter(|(at, _)| *at >= from).collect();
        let most = most_in_a_span(&after);
        assert!(most <= 10 * cap, "{most} in ten seconds at {cap} B/s");
    }
}

#[tokio::test(start_paused = true)]
async fn outside_its_window_a_box_reads_nothing_and_goes_on_where_it_was() {
    let settings = json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "03:01", "cap_bits_per_s": "400kb/s"}],
    });
    // The night in which 02:00 does not exist: it opens at 03:00, for a minute.
    let began = at("2026-03-29T00:30:00Z");
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = World::new(3, began, rules(settings), 2, ranked);
    let opens = at("2026-03-29T01:00:00Z");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let progress = world.filler.progress();
    assert_eq!(progress.admission, Admission::Nobody);
    assert_eq!(progress.titles[0].waiting, Some(WaitingOn::FillWindow { opens }));
    let done = progress.finish_at_us.expect("with what the cap allows");
    assert!(done > at("2026-03-30T00:00:00Z"), "that minute brings 3 MB: {done:?}");
    world.until_held(2, HOUR * 24 * 2).await;
    let schedule = rules(json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "03:01"}],
    }));
    let mut total = 0;
    for (when, bytes) in reads(&world, None) {
        let wall = TimeUs(world.now().0 - i64::try_from(when.elapsed().as_micros()).expect("fits"));
        let admission = schedule.gate.at(wall).admission;
        assert_eq!(admission, fill::admission::Admission::All, "read at {wall:?}");
        total += bytes;
    }
    // What was cut off is at most a slice of each transfer.
    assert!(total <= 2 * SIZE + 2 * (1 << 20), "{total} for {}", 2 * SIZE);
    assert!(world.now() > at("2026-03-30T00:00:00Z"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_wait_widens_its_choice_as_well() {
    let settings = json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "14:00"}],
        "emergency_fill": {"capped": {"cap_bits_per_s": "80Mb/s"}},
        "widen_after_s": {"network": 1, "origin": 2},
    });
    let ranked = vec![source(peer(), 1, None), source(SourceKind::Origin, 0, None)];
    let world = World::new(6, at("2026-06-01T13:00:00Z"), rules(settings), 1, ranked);
    world.network.manners.lock().expect("lock")[1] = Manner::Dead;
    world.filler.lost(&entry(0).key());
    world.until_held(1, HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_wait_comes_slowly_and_the_rest_at_night() {
    let settings = json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "14:00"}],
        "emergency_fill": {"capped": {"cap_bits_per_s": "800kb/s"}},
    });
    let began = at("2026-06-01T13:00:00Z");
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = World::new(5, began, rules(settings), 4, ranked);
    let evening = at("2026-06-01T19:00:00Z");
    let entries: Vec<_> = (0..4).map(entry).collect();
    world.filler.expect(&entries, &[Deadline { ordinal: 2, by_us: evening }]);
    world.filler.lost(&entries[3].key());
    world.until_held(2, HOUR).await;
    assert!(world.now().since_s(began) >= 60.0, "6.6 MB at 100 kB/s");
    assert!(most_in_a_span(&reads(&world, None)) <= 1_000_000);
    tokio::time::sleep(HOUR * 6).await;
    assert_eq!(world.held(), 2);
    world.until_held(4, HOUR * 24).await;
    assert!(world.now() > at("2026-06-02T00:00:00Z"));
}

#[tokio::test(start_paused = true)]
async fn a_liar_is_asked_once_and_then_left_alone_while_an_honest_source_is_there() {
    let ranked = vec![source(peer(), 1, None), source(SourceKind::Origin, 0, None)];
    let settings = json!({"widen_after_s": {"network": "0s", "origin": "0s"}});
    let world = World::new(11, TimeUs(0), rules(settings), 12, ranked);
    world.network.manners.lock().expect("lock")[1] = Manner::Lies;
    world.until_held(12, HOUR).await;
    let lied = world.read_from(1);
    assert!(lied > 0 && lied <= 4 * SIZE, "{lied} bytes of lies");
    assert!(world.read_from(0) <= 12 * SIZE, "nothing crosses the edge twice");
}

#[tokio::test(start_paused = true)]
async fn the_choice_widens_with_time_and_the_clock_begins_when_the_window_opens() {
    let settings = json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "14:00"}],
        "widen_after_s": {"network": "1min", "origin": "3min"},
    });
    let parent = SourceKind::Parent(contract::names::DeviceName::new("oca1.b").expect("name"));
    let ranked =
        vec![source(peer(), 1, None), source(parent, 2, None), source(SourceKind::Origin, 0, None)];
    let began = at("2026-06-01T20:00:00Z");
    let world = World::new(13, began, rules(settings), 1, ranked);
    *world.network.manners.lock().expect("lock") = vec![Manner::Honest, Manner::Dead, Manner::Dead];
    world.until_held(1, HOUR * 12).await;
    let waited = world.now().since_s(at("2026-06-02T00:00:00Z"));
    assert!((180.0..230.0).contains(&waited), "{waited} s after the window opened");
}

#[tokio::test(start_paused = true)]
async fn who_ignores_range_is_read_no_faster_than_the_cap_allows() {
    let ranked = vec![source(SourceKind::Origin, 0, None)];
    let world = World::new(17, TimeUs(0), rules(json!({"cap_bits_per_s": "4Mb/s"})), 3, ranked);
    world.network.manners.lock().expect("lock")[0] = Manner::IgnoresRange;
    world.until_held(3, HOUR).await;
    let most = most_in_a_span(&reads(&world, None));
    // A piece too much for each transfer: what is read is granted before its size is known.
    assert!(most <= 5_000_000 + 3 * 100_000, "{most} in ten seconds at 500 kB/s");
    assert!(world.read_from(0) <= 3 * SIZE, "all of it once");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_bytes_at_the_same_instants() {
    let mut traces = Vec::new();
    for _ in 0..2 {
        let ranked = vec![source(peer(), 1, None), source(SourceKind::Origin, 0, Some(300_000))];
        let settings =
            json!({"cap_bits_per_s": "8Mb/s", "widen_after_s": {"network": "1s", "origin": "2s"}});
        let (began, world) =
            (Instant::now(), World::new(23, TimeUs(0), rules(settings), 6, ranked));
        world.network.manners.lock().expect("lock")[1] = Manner::Dead;
        world.until_held(6, HOUR).await;
        let wire = world.network.wire.lock().expect("lock");
        traces.push(
            wire.iter().map(|(at, port, bytes)| (*at - began, *port, *bytes)).collect::<Vec<_>>(),
        );
    }
    assert_eq!(traces[0], traces[1]);
}
