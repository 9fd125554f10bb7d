//! Every document as it travels, held still: golden files, and back again.

use contract::SCHEMA;
use contract::autonomy::{Autonomy, Limit, LimitKind};
use contract::catalogue::{Catalogue, CatalogueEntry, CatalogueSegment, Common, SegmentRef};
use contract::command::{Action, Command, CommandResult, Outcome};
use contract::config::DiskClass;
use contract::demand::{DemandReport, TitleDemand};
use contract::envelope::{Generation, Kind};
use contract::late::{LateReport, LateReports};
use contract::manifest::{Deadline, Hold, Insert, Manifest, Run};
use contract::names::{DeviceName, GroupName, TagName, TitleName};
use contract::object::Digest;
use contract::parts::{Part, PartType, PartsReport};
use contract::progress::{
    Admission, FillProgress, FillState, SourceFailure, SourceProgress, TitleProgress, WaitingOn,
};
use contract::quantity::BitRate;
use contract::report::{
    DiskReport, DocumentState, Event, FilledFrom, Hardware, Held, KeyProtection, Load, MoveReport,
    MovesReport, Report, Severity, SpoolReport, Traffic, WriteBudgetReport,
};
use contract::smart::SmartReport;
use contract::sources::{Batch, Neighbour, OriginPath, Source, SourceKind, Sources};
use contract::tags::Tags;
use contract::time::TimeUs;
use contract::tombstones::{Purge, Purged, Tombstones};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::sync::Arc;

fn hold_still<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, document: &T) {
    let json = serde_json::to_string_pretty(document).expect("json");
    let back: T = serde_json::from_str(&json).expect("back");
    assert_eq!(&back, document);
    insta::assert_snapshot!(name, json);
}

fn group() -> GroupName {
    GroupName::new("studio-a").expect("name")
}

fn tag(name: &str) -> TagName {
    TagName::new(name).expect("name")
}

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("name")
}

fn entry(ordinal: u32, path: &str, until: Option<i64>) -> CatalogueEntry {
    let title = TitleName::new("big-demo").expect("name");
    let common = Common { serve_until_us: until.map(TimeUs), ..Common::of(group(), title) };
    CatalogueEntry {
        ordinal,
        path: path.into(),
        size_bytes: path.len() as u64,
        blake3: Digest::of(path.as_bytes()),
        modified_us: TimeUs(1_700_000_000_000_000),
        common: common.share(),
    }
}

fn catalogue() -> Catalogue {
    let digest = Digest::of(b"segment");
    Catalogue { schema: SCHEMA, version: 7, segments: vec![SegmentRef { digest, size_bytes: 512 }] }
}

#[test]
fn catalogue_segment() {
    let mut segment = entry(4, "/big-demo/v0-1.m4s", Some(1_800_000_000_000_000));
    Arc::make_mut(&mut segment.common).bitrate_bits_per_s = Some(BitRate(3_500_000));
    let mut tagged = entry(5, "/big-demo/v0-2.m4s", None);
    let tags = Tags::new(vec![tag("season-1"), tag("demo")]).expect("tags");
    Arc::make_mut(&mut tagged.common).tags = tags;
    let entries = vec![entry(0, "/big-demo/master.m3u8", None), segment, tagged];
    let segment = CatalogueSegment { schema: SCHEMA, entries };
    hold_still("catalogue_segment", &segment);
    let bytes = serde_json::to_vec(&segment).expect("json");
    let named = SegmentRef { digest: Digest::of(&bytes), size_bytes: bytes.len() as u64 };
    assert_eq!(CatalogueSegment::open(&bytes, &named), Ok(segment.clone()));

    let mut twisted = segment.clone();
    twisted.entries[1].path = "/big-demo/../v0-1.m4s".into();
    assert_eq!(refusal(&twisted), "catalogue segment, entry 4: the path is not in normal form");
    let mut still = segment;
    Arc::make_mut(&mut still.entries[1].common).bitrate_bits_per_s = Some(BitRate(0));
    assert_eq!(refusal(&still), "catalogue segment, entry 4: a bitrate of 0");
    assert!(CatalogueSegment::open(b"{}", &named).is_err());
}

fn refusal(segment: &CatalogueSegment) -> String {
    let bytes = serde_json::to_vec(segment).expect("json");
    let named = SegmentRef { digest: Digest::of(&bytes), size_bytes: bytes.len() as u64 };
    CatalogueSegment::open(&bytes, &named).expect_err("makes no sense").to_string()
}

#[test]
fn manifest() {
    let hold = Hold::Snapshot(vec![Run(40, 10), Run(0, 3)]);
    let deadlines = vec![Deadline { ordinal: 41, by_us: TimeUs(1_700_000_000_000_000) }];
    hold_still(
        "manifest_snapshot",
        &Manifest { schema: SCHEMA, version: 12, catalogue: catalogue(), hold, deadlines },
    );
    let hold = Hold::Delta {
        parent_version: 12,
        remove: vec![Run(44, 2)],
        insert: vec![Insert { rank: 0, runs: vec![Run(99, 1)] }],
    };
    hold_still(
        "manifest_delta",
        &Manifest { schema: SCHEMA, version: 13, catalogue: catalogue(), hold, deadlines: vec![] },
    );
}

#[test]
fn sources() {
    let peer = Source {
        kind: SourceKind::Peer(device("oca2.site-a")),
        address: "192.0.2.11:7443".parse().expect("address"),
        tls_name: Some("oca2.site-a.box.internal".to_owned()),
        origin: None,
        after_s: 0,
        cap_bytes_per_s: Some(50_000_000),
    };
    let origin = Source {
        kind: SourceKind::Origin,
        address: "198.51.100.1:80".parse().expect("address"),
        tls_name: None,
        origin: Some(OriginPath {
            host: "origin.example".to_owned(),
            prefix: "/media".to_owned(),
            bucket: None,
        }),
        after_s: 20,
        cap_bytes_per_s: None,
    };
    let batch = Batch {
        group: group(),
        objects: vec![Run(0, 3)],
        siblings: vec![peer.clone()],
        beyond: vec![origin],
    };
    let viewers = [(group(), "oca2.site-a.cdn.example:8443".to_owned())].into();
    let neighbours = vec![Neighbour { source: peer, viewers }];
    let batches = vec![batch];
    hold_still("sources", &Sources { schema: SCHEMA, manifest_version: 12, batches, neighbours });
}

#[test]
fn tombstones() {
    let purge = |version, what| Purge { version, group: group(), what };
    let object = entry(0, "/big-demo/master.m3u8", None).id();
    let purges = vec![
        purge(1, Purged::Object(object)),
        purge(2, Purged::Title(TitleName::new("big-demo").expect("name"))),
        purge(3, Purged::Prefix("/big-demo/v0".to_owned())),
        purge(4, Purged::Tag(tag("season-1"))),
        purge(6, Purged::Path("/big-demo/v0-1.m4s".to_owned())),
    ];
    hold_still("tombstones", &Tombstones { schema: SCHEMA, version: 6, after: 0, purges });
    let rest = Tombstones { schema: SCHEMA, version: 7, after: 6, purges: vec![] };
    hold_still("tombstones_rest", &rest);
}

#[test]
fn command() {
    let action = Action::EjectDisk { folder: "/disks/nvme0".to_owned() };
    let deadline_us = TimeUs(1_700_000_000_000_000);
    hold_still("command", &Command { schema: SCHEMA, id: "c-17".to_owned(), deadline_us, action });
}

fn fill_progress() -> FillProgress {
    let opens = TimeUs(1_700_010_000_000_000);
    FillProgress {
        admission: Admission::Urgent,
        until_us: Some(opens),
        cap_bytes_per_s: Some(1_000_000),
        rate_bytes_per_s: 900_000,
        bytes_missing: 5_000_000,
        finish_at_us: Some(opens.plus_s(60)),
        sources: vec![SourceProgress { source: SourceKind::Origin, rate_bytes_per_s: 900_000 }],
        failing: vec![SourceFailure {
            source: SourceKind::Peer(device("oca2.site-a")),
            group: group(),
            path: "/big-demo/seg-1.m4s".to_owned(),
            reason: "it answered 500".to_owned(),
            at_us: opens,
        }],
        titles: vec![TitleProgress {
            group: group(),
            title: TitleName::new("big-demo").expect("name"),
            state: FillState::Waiting,
            source: Some(SourceKind::Origin),
            sources: vec![SourceProgress { source: SourceKind::Origin, rate_bytes_per_s: 500 }],
            objects_wanted: 200,
            objects_held: 150,
            bytes_wanted: 20_000_000,
            bytes_done: 15_000_000,
            rate_bytes_per_s: 0,
            waiting: Some(WaitingOn::FillWindow { opens }),
            finish_at_us: Some(opens.plus_s(60)),
        }],
        titles_left_out: 3,
    }
}

fn demand() -> DemandReport {
    let row = |title: Option<&str>, bytes_sent, bytes_missed| TitleDemand {
        group: group(),
        title: title.map(|title| TitleName::new(title).expect("name")),
        bytes_sent,
        bytes_missed,
    };
    let rows = vec![row(Some("big-demo"), 8_000_000, 400_000), row(None, 1_000_000, 0)];
    DemandReport { day: 19_675, rows }
}

#[test]
fn report() {
    let report = Report {
        schema: SCHEMA,
        device: device("oca1.site-a"),
        boot_id: "0123456789abcdef".to_owned(),
        sequence: 42,
        made_at_us: TimeUs(1_700_000_000_000_000),
        uptime_s: 420,
        version: "0.1.0".to_owned(),
        engine: "portable".to_owned(),
        engine_reason: Some("io_uring cannot be set up".to_owned()),
        tls_engine: None,
        tls_reason: None,
        trust: contract::report::TrustState { version: 4, ..Default::default() },
        documents: vec![DocumentState {
            kind: Kind::Manifest,
            in_force: Some(Generation { epoch: 1, number: 12 }),
            issued_at_us: Some(TimeUs(1_699_990_000_000_000)),
            rejected: Some((Generation { epoch: 1, number: 13 }, "no such ordinal".to_owned())),
            refused: Some((Generation { epoch: 1, number: 1 << 63 }, "far ahead".to_owned())),
        }],
        purged_up_to: 6,
        held: Held {
            manifest_version: 12,
            objects_wanted: 200,
            bytes_wanted: 20_000_000,
            objects_held: 150,
            bytes_held: 15_000_000,
            filled_from: vec![FilledFrom {
                source: SourceKind::Peer(device("oca2.site-a")),
                objects: 75,
                bytes: 7_500_000,
                failures: 1,
            }],
        },
        fill: fill_progress(),
        hardware: Hardware {
            cpu_model: "A CPU".to_owned(),
            cpus: 2,
            memory_bytes: 1 << 34,
            kernel: "6.1.0".to_owned(),
            serial: None,
        },
        parts: Some(PartsReport::of(vec![Part {
            manufacturer: Some("Maker".to_owned()),
            part_id: Some("MODEL-4T".to_owned()),
            bay: Some("nvme0".to_owned()),
            firmware: Some("1.2".to_owned()),
            disk_class: Some(DiskClass::Nvme),
            capacity_bytes: Some(1 << 42),
            wear_percent: Some(3),
            ..Part::new(PartType::Disk, "S-1")
        }])),
        disks: vec![DiskReport {
            folder: "/disks/nvme0".to_owned(),
            class: Some(DiskClass::Nvme),
            capacity_bytes: 900_000_000_000,
            used_bytes: 15_000_000,
            objects: 150,
            io_errors: 0,
            bad_blocks: 1,
            read_p99_us: Some(7_000),
            write_budget: Some(WriteBudgetReport {
                rated_bytes: 7_008_000_000_000_000,
                written_bytes: 1_200_000_000_000_000,
                life_left_s: 126_230_400,
                daily_bytes: 3_975_000_000_000,
                balance_bytes: -7,
                is_exhausted: true,
                until_us: Some(TimeUs(1_795_572_000_000_000)),
            }),
            write_limit_bytes_per_s: Some(40_000_000),
            ejected: None,
            scrub: None,
            smart: Some(SmartReport {
                asked_at_us: TimeUs(1_700_000_000_000_000),
                model: Some("A Disk 3840GB".to_owned()),
                is_healthy: Some(true),
                temperature_celsius: Some(36),
                wear_percent: Some(3),
                ..SmartReport::default()
            }),
        }],
        moves: MovesReport {
            objects_planned: 3,
            bytes_planned: 12_000_000,
            bytes_blocked: 0,
            objects_moved: 40,
            bytes_copied: 160_000_000,
            under_way: Some(MoveReport {
                from: "/disks/hdd0".to_owned(),
                to: "/disks/nvme0".to_owned(),
            }),
        },
        load: Load { connections: 9, load_1m: 0.5, rate_bytes_per_s: 1000, ram_used_bytes: 4096 },
        traffic: vec![Traffic {
            engine: "uring".to_owned(),
            group: group(),
            protocol: "http/1.1".to_owned(),
            requests: 90,
            ram_hits: 60,
            disk_hits: 20,
            misses: 10,
            bytes_sent: 9_000_000,
        }],
        demand: Some(demand()),
        routes: vec!["203.0.113.0/24".parse().expect("prefix")],
        events: vec![Event {
            sequence: 3,
            at_us: TimeUs(1_700_000_000_000_000),
            severity: Severity::Warning,
            kind: "block_corrupt".to_owned(),
            subject: "studio-a:/big-demo/v0-1.m4s".to_owned(),
            detail: "block 0 did not match its checksum".to_owned(),
        }],
        results: vec![CommandResult {
            id: "c-17".to_owned(),
            at_us: TimeUs(1_700_000_000_000_000),
            outcome: Outcome::Refused("no such disk".to_owned()),
        }],
        autonomy: Autonomy::of(vec![Limit {
            kind: LimitKind::Certificate,
            subject: "oca1.site-a.example".to_owned(),
            until_us: TimeUs(1_702_592_000_000_000),
        }]),
        keys: Some(KeyProtection::Tpm),
        spool: SpoolReport {
            reports: 3,
            bytes: 4096,
            oldest_us: Some(TimeUs(1_699_999_000_000_000)),
            dropped: 1,
        },
    };
    hold_still("report", &report);

    // Purges count within the epoch of the tombstones in force.
    assert_eq!(report.has_purged_up_to(1), 0, "no tombstones are in force");
    let mut confirmed = report;
    confirmed.documents[0].kind = Kind::Tombstones;
    assert_eq!([1, 2].map(|epoch| confirmed.has_purged_up_to(epoch)), [6, 0]);
    let mut old = serde_json::to_value(&confirmed).expect("json");
    old.as_object_mut().expect("a report").remove("purged_up_to");
    let old: Report = serde_json::from_value(old).expect("a report of an older version");
    assert_eq!(old.has_purged_up_to(1), 0);
    let mut old = serde_json::to_value(&confirmed).expect("json");
    old.as_object_mut().expect("a report").remove("demand");
    let old: Report = serde_json::from_value(old).expect("a report of an older version");
    assert_eq!(old.demand, None);
}

#[test]
fn late_reports() {
    let report = LateReport {
        boot_id: "0123456789abcdef".to_owned(),
        sequence: 41,
        made_at_us: TimeUs(1_699_999_000_000_000),
        dropped_before: 2,
        objects_wanted: 200,
        objects_held: 150,
        bytes_held: 15_000_000,
        load: Load { connections: 9, load_1m: 0.5, rate_bytes_per_s: 1000, ram_used_bytes: 4096 },
        traffic: vec![],
        events: vec![],
    };
    let reports =
        LateReports { schema: SCHEMA, device: device("oca1.site-a"), reports: vec![report] };
    hold_still("late_reports", &reports);
}
