//! The way of a report, on both databases.

use crate::order::Order;
use crate::{Collector, HeldTitle, ReportError, State};
use contract::late::{LateReport, LateReports};
use contract::names::{DeviceName, GroupName, TitleName};
use contract::report::{Event, Hardware, Held, Load, MovesReport, Report, Severity, Traffic};
use contract::time::TimeUs;
use db::testing;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::collections::HashSet;

pub(super) const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

pub(super) fn device() -> DeviceName {
    DeviceName::new("oca1.a").expect("name")
}

pub(super) fn report(boot_id: &str, sequence: u64, events: &[u64]) -> Report {
    let event = |sequence: &u64| Event {
        sequence: *sequence,
        at_us: NOW,
        severity: Severity::Warning,
        kind: "block_corrupt".into(),
        subject: "g:/t/a".into(),
        detail: "CRC\0 wrong".into(),
    };
    Report {
        schema: 1,
        device: device(),
        boot_id: boot_id.into(),
        sequence,
        made_at_us: NOW,
        uptime_s: 5,
        version: "0.1.0".into(),
        engine: "portable".into(),
        engine_reason: None,
        tls_engine: None,
        tls_reason: None,
        trust: contract::report::TrustState::default(),
        documents: vec![],
        fill: contract::progress::FillProgress::default(),
        purged_up_to: 0,
        held: Held::default(),
        hardware: Hardware::default(),
        parts: None,
        disks: vec![],
        load: Load::default(),
        traffic: vec![],
        routes: vec![],
        events: events.iter().map(event).collect(),
        moves: MovesReport::default(),
        results: vec![],
        autonomy: contract::autonomy::Autonomy::default(),
        keys: None,
        demand: None,
        spool: contract::report::SpoolReport::default(),
    }
}

fn title() -> HashSet<HeldTitle> {
    let group = GroupName::new("g").expect("name");
    [HeldTitle { group, title: TitleName::new("t").expect("name"), revision: 3 }].into()
}

pub(super) async fn collector(test: &testing::TestDb) -> Collector {
    let rows =
        "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ('a', 0.0, 0.0, 1);
        INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca1.a', 'a', 1)";
    sqlx::raw_sql(rows).execute(test.db.read()).await.expect(test.name);
    Collector::open(test.db.clone(), 10).await.expect(test.name)
}

#[tokio::test]
async fn reports_are_taken_once_and_events_are_kept() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        assert_eq!(collector.state(&device(), NOW), State::NeverSeen);
        let cases = [
            (report("x", 1, &[1, 2]), Order::New, 2),
            (report("x", 1, &[1, 2]), Order::Repeated, 2),
            (report("x", 2, &[2, 3]), Order::New, 3),
            (report("x", 1, &[1]), Order::Stale, 1),
            (report("y", 1, &[1]), Order::New, 1),
        ];
        for (report, order, recorded) in cases {
            let accepted = collector.accept(report, |_| None, NOW).await.expect(test.name);
            assert_eq!((accepted.order, accepted.events_recorded), (order, recorded));
        }
        assert_eq!(collector.state(&device(), NOW.plus_s(20)), State::Late);
        let events = collector.events(&device(), 10).await.expect(test.name);
        assert_eq!(events.len(), 4, "{}", test.name);
        assert_eq!(events[0].event.detail, "CRC\u{fffd} wrong");

        let again = Collector::open(test.db.clone(), 10).await.expect(test.name);
        let latest = again.latest(&device()).expect("survives a restart");
        assert_eq!((latest.report.boot_id.as_str(), latest.received_at), ("y", NOW));
        let stale = again.accept(report("x", 9, &[]), |_| None, NOW).await.expect(test.name);
        assert_eq!(stale.order, Order::Stale, "{}", test.name);
    }
}

#[tokio::test]
async fn a_box_holds_a_title_once_it_said_it_holds_everything() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        let held = |sequence, objects_held| {
            let mut report = report("x", sequence, &[]);
            report.held.manifest_version = 7;
            report.held.objects_wanted = 10;
            report.held.objects_held = objects_held;
            report
        };
        let titles = |version| (version == 7).then(title);
        let filling = collector.accept(held(1, 9), titles, NOW).await.expect(test.name);
        assert!(filling.latest.holds.is_empty());
        let full = collector.accept(held(2, 10), titles, NOW).await.expect(test.name);
        assert_eq!(full.latest.holds, title());
        // One object went bad and comes back: it still serves the title.
        let repairing = collector.accept(held(3, 9), titles, NOW).await.expect(test.name);
        assert_eq!(repairing.latest.holds, title());
        let again = Collector::open(test.db.clone(), 10).await.expect(test.name);
        assert_eq!(again.latest(&device()).expect("known").holds, title(), "{}", test.name);
    }
}

fn title_from(
    sources: Vec<contract::progress::SourceProgress>,
) -> contract::progress::TitleProgress {
    contract::progress::TitleProgress {
        group: GroupName::new("g").expect("name"),
        title: TitleName::new("t").expect("name"),
        state: contract::progress::FillState::Arriving,
        source: None,
        sources,
        objects_wanted: 1,
        objects_held: 0,
        bytes_wanted: 1,
        bytes_done: 0,
        rate_bytes_per_s: 0,
        waiting: None,
        finish_at_us: None,
    }
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    for test in testing::both().await {
        let collector = Collector::open(test.db.clone(), 10).await.expect(test.name);
        let err = collector.accept(report("x", 1, &[]), |_| None, NOW).await.expect_err(test.name);
        assert!(matches!(err, ReportError::UnknownDevice(_)), "{}: {err}", test.name);
    }
    let read = |report: &Report, identity: &str| {
        let bytes = serde_json::to_vec(report).expect("json");
        Collector::read(&bytes, &DeviceName::new(identity).expect("name"))
    };
    assert!(read(&report("x", 1, &[1]), "oca1.a").is_ok());
    let err = read(&report("x", 1, &[]), "oca2.a").expect_err("somebody else");
    assert_eq!(err.to_string(), "the certificate names oca2.a, the report oca1.a");
    let err = read(&report("", 1, &[]), "oca1.a").expect_err("no boot");
    assert!(matches!(err, ReportError::Beyond(_)));
    let err = read(&report("x", u64::MAX, &[]), "oca1.a").expect_err("absurd");
    assert!(matches!(err, ReportError::Beyond(_)));
    let many: Vec<u64> = (0..257).collect();
    assert!(matches!(read(&report("x", 1, &many), "oca1.a"), Err(ReportError::Beyond(_))));
    let mut sources = report("x", 1, &[]);
    let source = contract::progress::SourceProgress {
        source: contract::sources::SourceKind::Origin,
        rate_bytes_per_s: 0,
    };
    sources.fill.sources = vec![source.clone(); contract::progress::MAX_SOURCES + 1];
    assert!(matches!(read(&sources, "oca1.a"), Err(ReportError::Beyond(_))));
    let mut titles = report("x", 1, &[]);
    titles.fill.titles = vec![title_from(vec![source; contract::progress::MAX_TITLE_SOURCES])];
    assert!(read(&titles, "oca1.a").is_ok());
    let one = titles.fill.titles[0].sources[0].clone();
    titles.fill.titles[0].sources.push(one);
    assert!(matches!(read(&titles, "oca1.a"), Err(ReportError::Beyond(_))));
    let failure = contract::progress::SourceFailure {
        source: contract::sources::SourceKind::Origin,
        group: GroupName::new("g").expect("name"),
        path: "/a".to_owned(),
        reason: "x".repeat(256),
        at_us: NOW,
    };
    let mut failing = report("x", 1, &[]);
    failing.fill.failing = vec![failure; contract::progress::MAX_SOURCES];
    assert!(read(&failing, "oca1.a").is_ok());
    failing.fill.failing[0].reason.push('x');
    assert!(matches!(read(&failing, "oca1.a"), Err(ReportError::Beyond(_))));
    let result = contract::command::CommandResult {
        id: "1".to_owned(),
        at_us: NOW,
        outcome: contract::command::Outcome::Failed("x".repeat(512)),
    };
    let mut results = report("x", 1, &[]);
    results.results = vec![result; 16];
    assert!(read(&results, "oca1.a").is_ok());
    results.results.push(results.results[0].clone());
    assert!(matches!(read(&results, "oca1.a"), Err(ReportError::Beyond(_))));
    results.results.truncate(1);
    results.results[0].outcome = contract::command::Outcome::Failed("x".repeat(513));
    assert!(matches!(read(&results, "oca1.a"), Err(ReportError::Beyond(_))));
    let mut schema = report("x", 1, &[]);
    schema.schema = 2;
    assert!(matches!(read(&schema, "oca1.a"), Err(ReportError::Schema(2))));
    let large = vec![b' '; contract::report::MAX_REPORT_BYTES + 1];
    assert!(matches!(Collector::read(&large, &device()), Err(ReportError::TooLarge)));
    assert!(matches!(Collector::read(b"{", &device()), Err(ReportError::Unreadable(_))));
}

#[test]
fn a_newer_box_that_says_more_of_its_parts_is_a_box_all_the_same() {
    let mut report = report("x", 1, &[1]);
    let disk = contract::parts::Part::new(contract::parts::PartType::Disk, "S-1");
    report.parts = Some(contract::parts::PartsReport::of(vec![disk]));
    let read = |report: &serde_json::Value| {
        let bytes = serde_json::to_vec(report).expect("json");
        Collector::read(&bytes, &device()).expect("a report")
    };
    let mut told = serde_json::to_value(&report).expect("json");
    assert_eq!(read(&told), report);
    // What it says more is in its digest, and not in what is understood of it.
    told["parts"]["parts"][0]["colour"] = "red".into();
    told["parts"]["digest"] = contract::object::Digest::of(b"more").to_string().into();
    assert_eq!(read(&told), Report { parts: None, ..report });
}

fn late(boot_id: &str, sequence: u64, requests: u64, events: &[u64]) -> LateReport {
    let report = report(boot_id, sequence, events);
    let row = Traffic {
        group: GroupName::new("g").expect("name"),
        protocol: "http/1.1".into(),
        engine: "uring".into(),
        requests,
        ram_hits: 0,
        disk_hits: 0,
        misses: 0,
        bytes_sent: requests * 1000,
    };
    let events = report.events.clone();
    let made_at_us = NOW.plus_s(-1000 + i64::try_from(sequence).expect("small"));
    LateReport { traffic: vec![row], ..LateReport::of(Report { made_at_us, ..report }, events) }
}

fn batch(reports: &[LateReport]) -> LateReports {
    LateReports { schema: 1, device: device(), reports: reports.to_vec() }
}

#[tokio::test]
async fn late_reports_are_kept_once_and_move_nothing() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        let newest = report("y", 9, &[40]);
        collector.accept(newest, |_| None, NOW).await.expect(test.name);
        let all: Vec<LateReport> =
            (1..=6).map(|at| late("x", at, at * 10, &[at * 2 - 1, at * 2])).collect();
        assert_eq!(collector.accept_late(&batch(&all[..4]), NOW).await.expect(test.name), 4);
        // The answer was lost; the box has gone on since, and counts from another place.
        let mut again = all.clone();
        again[2].dropped_before = 7;
        assert_eq!(collector.accept_late(&batch(&again[2..]), NOW).await.expect(test.name), 2);
        assert_eq!(collector.accept_late(&batch(&all), NOW).await.expect(test.name), 0);

        let kept = collector.late_reports(&device(), 100).await.expect(test.name);
        let mut kept: Vec<LateReport> = kept.into_iter().map(|it| it.report).collect();
        kept.reverse();
        for (kept, sent) in kept.iter().zip(&all) {
            assert_eq!(kept, &LateReport { events: vec![], ..sent.clone() }, "{}", test.name);
        }
        assert_eq!(kept.len(), 6, "{}", test.name);
        let events = collector.events(&device(), 100).await.expect(test.name);
        assert_eq!(events.len(), 13, "{}: none twice", test.name);

        let latest = collector.latest(&device()).expect("it reported");
        assert_eq!((latest.report.boot_id.as_str(), latest.report.sequence), ("y", 9));
        assert_eq!(collector.state(&device(), NOW.plus_s(31)), State::Silent, "{}", test.name);
        // Nor after a start: the newest report is what it was.
        let reopened = Collector::open(test.db.clone(), 10).await.expect(test.name);
        assert_eq!(reopened.latest(&device()).expect("kept").report.boot_id, "y");
    }
}

#[tokio::test]
async fn what_is_not_late_reports_is_refused() {
    let read = |late: &LateReports| {
        Collector::read_late(&serde_json::to_vec(late).expect("json"), &device())
    };
    let good = batch(&[late("x", 1, 1, &[1])]);
    assert_eq!(read(&good).expect("good"), good);
    let mut other = good.clone();
    other.device = DeviceName::new("oca2.a").expect("name");
    assert!(matches!(read(&other), Err(ReportError::OtherDevice { .. })));
    let many = batch(&vec![late("x", 1, 1, &[]); contract::late::MAX_LATE_REPORTS + 1]);
    assert!(matches!(read(&many), Err(ReportError::Beyond(_))));
    let far = batch(&[LateReport { sequence: 1 << 63, ..late("x", 1, 1, &[]) }]);
    assert!(matches!(read(&far), Err(ReportError::Beyond(_))));
    let nameless = batch(&[LateReport { boot_id: String::new(), ..late("x", 1, 1, &[]) }]);
    assert!(matches!(read(&nameless), Err(ReportError::Beyond(_))));
    let long = vec![b' '; contract::late::MAX_LATE_BYTES + 1];
    assert!(matches!(Collector::read_late(&long, &device()), Err(ReportError::TooLarge)));
    for test in testing::both().await {
        let collector = collector(&test).await;
        let outcome = collector.accept_late(&other, NOW).await;
        assert!(matches!(outcome, Err(ReportError::UnknownDevice(_))), "{}", test.name);
    }
}

#[tokio::test]
async fn reports_that_come_at_once_are_all_kept_but_for_those_of_strangers() {
    const BOXES: usize = 50;
    for test in testing::both().await {
        let collector = collector(&test).await;
        let name = |at: usize| DeviceName::new(format!("oca{at}.a")).expect("name");
        for at in 2..=BOXES {
            let row = "INSERT INTO devices (\"key\", site, created_at_us) VALUES ($1, 'a', 1)";
            let row = sqlx::query(row).bind(name(at).to_string());
            row.execute(test.db.write()).await.expect(test.name);
        }
        // Of one box two, and one that nobody knows.
        let mut reports = vec![report("x", 1, &[])];
        reports
            .extend((1..=BOXES + 1).map(|at| Report { device: name(at), ..report("x", 2, &[]) }));
        let taken = reports.into_iter().map(|report| collector.accept(report, |_| None, NOW));
        let taken = join_all(taken).await;
        let refused = |it: &Result<_, ReportError>| match it {
            Ok(_) => None,
            Err(ReportError::UnknownDevice(device)) => Some(device.clone()),
            Err(err) => panic!("{}: {err}", test.name),
        };
        let refused: Vec<DeviceName> = taken.iter().filter_map(refused).collect();
        assert_eq!(refused, [name(BOXES + 1)], "{}", test.name);
        let again = Collector::open(test.db.clone(), 10).await.expect(test.name);
        for at in 1..=BOXES {
            assert_eq!(again.latest(&name(at)).expect(test.name).report.sequence, 2);
        }
    }
}

#[tokio::test]
async fn who_goes_away_takes_no_others_report_along() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        sqlx::query("INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca2.a', 'a', 1)")
            .execute(test.db.write())
            .await
            .expect(test.name);
        let other =
            Report { device: DeviceName::new("oca2.a").expect("name"), ..report("x", 1, &[]) };
        let mut first = Box::pin(collector.accept(report("x", 1, &[]), |_| None, NOW));
        let mut second = Box::pin(collector.accept(other, |_| None, NOW));
        // Both wait: the first has its turn and takes along whom it finds, and that may be both.
        let gone = (&mut first).now_or_never();
        if (&mut second).now_or_never().is_none() {
            drop((gone, first));
            second.await.expect(test.name);
        }
        let again = Collector::open(test.db.clone(), 10).await.expect(test.name);
        let kept = again.latest(&DeviceName::new("oca2.a").expect("name"));
        assert_eq!(kept.expect(test.name).report.sequence, 1);
    }
}
