//! A day without a fleet, in seconds: the conversation, the spool and filling as a box runs them,
//! on a clock that stands still but for those who wait. The fleet and the origin are made up;
//! files, fsync and verification are real.

mod sim_fleet;
mod world;

use contract::late::LateReport;
use contract::parts::PartsReport;
use contract::report::Severity;
use contract::tombstones::Purged;
use serde_json::json;
use sim_fleet::Said;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use world::{EARLY, NIGHT, Place};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_day_alone() {
    let place = Place::new();
    let mut process = place.start();
    process.until_held(EARLY).await;
    // Half past two in the afternoon: it is told of more, and the window has closed.
    sleep(HOUR + HOUR / 2).await;
    place.fleet.offers_all();
    sleep(HOUR / 2).await;
    assert!(process.knows_of(NIGHT) && !process.serves(NIGHT).await);
    place.fleet.go_away();

    for hour in 1..=24 {
        sleep(HOUR).await;
        assert!(process.serves(EARLY).await, "after {hour} h");
        // Twelve hours after three it is three, and the window has been open for one.
        assert_eq!(process.serves(NIGHT).await, hour >= 12, "after {hour} h");
        if hour == 14 {
            process.kill().await;
            process = place.start();
        }
    }
    place.fleet.until_nobody_waits().await;
    let kept = process.spool.report();
    assert!(kept.dropped == 0 && kept.bytes < 4 << 20, "{kept:?}");
    assert!(place.fleet.heard().late.is_empty());

    place.fleet.come_back();
    while process.spool.report().reports > 0 {
        sleep(Duration::from_secs(10)).await;
    }
    let heard = place.fleet.heard();
    assert_eq!(heard.said.first(), Some(&Said::Now), "how it is comes before how it was");
    assert!(
        heard.answers_lost > 0 && heard.twice > 0,
        "no answer was lost: {}",
        heard.answers_lost
    );
    assert_eq!(heard.late.len() as u64, kept.reports);
    is_in_order(&heard.late);
    is_as_fine_as_it_should_be(&heard.late);
    tells_what_happened(&heard.late);
}

#[tokio::test(start_paused = true)]
async fn a_purge_waits_for_no_catalogue() {
    let place = Place::new();
    let process = place.start();
    process.until_held(EARLY).await;
    let all = 60;
    place.fleet.offers_all_of_many(all);
    // In the middle of it, which takes a second for each segment.
    sleep(Duration::from_secs(20)).await;
    assert!(!process.knows_of(NIGHT));
    place.fleet.purges(Purged::Prefix("/".to_owned()));
    let began = Instant::now();
    place.fleet.until_purged().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(!process.knows_of(NIGHT));
    while !process.knows_of(NIGHT) {
        sleep(Duration::from_secs(1)).await;
        assert!(began.elapsed() < Duration::from_secs(120), "the catalogue never comes");
    }
    process.until_held(EARLY).await;
}

#[tokio::test(start_paused = true)]
async fn a_purge_by_title_takes_what_was_brought_of_it() {
    let place = Place::new();
    let process = place.start();
    process.until_held(EARLY).await;
    place.fleet.offers_all_of_many(1);
    process.until_held(NIGHT).await;
    let (listed, other) = (sim_fleet::other_path(0), "/x/0.m4s");
    process.brings(&listed);
    process.brings(other);
    place.fleet.purges(Purged::Title("another".parse().expect("name")));
    place.fleet.until_purged().await;
    assert!(process.has_brought(&listed) && process.serves(EARLY).await);
    place.fleet.purges(Purged::Title("title".parse().expect("name")));
    place.fleet.until_purged().await;
    assert!(!process.has_brought(&listed), "the catalogue says whose it is");
    assert!(process.has_brought(other), "of this it says nothing");
    process.until_held(EARLY).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_machine_is_made_of_is_told_when_somebody_wants_to_know() {
    let place = Place::new();
    let of =
        |serial: &str| json!({ "serial": "CZ1", "parts": [{ "type": "disk", "serial": serial }] });
    place.machine_is(&of("S-1"));
    let process = place.start();
    let first = place.fleet.until_machine_is_known().await;
    assert_eq!(first.parts.as_ref().map(|parts| parts[0].serial.as_str()), Some("S-1"));
    sleep(HOUR).await;
    let told_all = |told: &[Option<PartsReport>]| {
        let all = told.iter().flatten().filter(|it| it.parts.is_some());
        all.map(|it| it.digest).collect::<Vec<_>>()
    };
    let told = std::mem::take(&mut place.fleet.heard().told_of_machine);
    assert_eq!(told_all(&told), [first.digest], "once is enough");
    assert!(told.len() > 300 && told[10..].iter().all(Option::is_some), "the digest always");

    // A disk has been changed for another.
    place.machine_is(&of("S-2"));
    sleep(HOUR).await;
    let second = place.fleet.heard().machine.clone().expect("known");
    let told = std::mem::take(&mut place.fleet.heard().told_of_machine);
    assert!(second.digest != first.digest && told_all(&told) == [second.digest]);
    assert!(second.is_sound());

    // Nothing is known any more.
    place.fleet.forget_machine();
    assert_eq!(place.fleet.until_machine_is_known().await, second);
    process.kill().await;
}

/// In time, process after process and number after number, and nothing is missing.
fn is_in_order(late: &[LateReport]) {
    let boots: Vec<&str> = late.iter().map(|report| report.boot_id.as_str()).collect();
    let mut processes = boots.clone();
    processes.dedup();
    assert_eq!(processes.len(), 2, "{processes:?}");
    for two in late.windows(2) {
        assert!(two[0].made_at_us < two[1].made_at_us, "{two:?}");
        assert!(two[0].boot_id != two[1].boot_id || two[0].sequence < two[1].sequence, "{two:?}");
    }
    assert!(late.iter().all(|report| report.dropped_before == 0));
    assert_eq!(late.last().map(|report| report.objects_held), Some(2));
}

/// Each report of the first hour; later one a minute. An attempt takes up to 17 s, of which 5
/// are spent on a fleet that does not answer.
fn is_as_fine_as_it_should_be(late: &[LateReport]) {
    let began = late[0].made_at_us;
    let apart: Vec<(f64, f64)> = late
        .windows(2)
        .map(|two| (two[0].made_at_us.since_s(began), two[1].made_at_us.since_s(two[0].made_at_us)))
        .collect();
    let fine = apart.iter().filter(|(at_s, _)| *at_s < 3_500.0);
    assert!(fine.clone().all(|(_, apart_s)| *apart_s <= 17.5), "the first hour");
    assert!(fine.count() > 200);
    let coarse: Vec<f64> =
        apart.iter().filter(|(at_s, _)| *at_s > 3_700.0).map(|(_, apart_s)| *apart_s).collect();
    let widest = coarse.iter().copied().fold(0.0, f64::max);
    assert!(widest <= 80.0, "{widest} s apart");
    assert!((1_000..1_500).contains(&coarse.len()), "{} in 23 h", coarse.len());
}

/// Each process says once that the fleet has gone, and nothing is told twice.
fn tells_what_happened(late: &[LateReport]) {
    let events =
        || late.iter().flat_map(|report| report.events.iter().map(|it| (&report.boot_id, it)));
    let gone = events().filter(|(_, event)| event.kind == "fleet_unreachable");
    assert_eq!(gone.count(), 2);
    let different: BTreeSet<_> = events().map(|(boot, event)| (boot, event.sequence)).collect();
    assert_eq!(different.len(), events().count());
    let bad: Vec<_> = events().filter(|(_, event)| event.severity == Severity::Critical).collect();
    assert!(bad.is_empty(), "{bad:?}");
}
