//! A machine says what it is made of: what an operator sees, knows of, takes over and replaces, on both
//! databases.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use contract::parts::{Part, PartType, PartsReport};
use contract::time::TimeUs;
use support::api::ask_as;
use support::fake_box::FakeBox;
use support::process::Server;
use support::shell::typed;
use support::story::bring_up;

/// What the inventory knows.
const BEFORE: &str = r#"
fleet component create disk D-1 --device oca1.site-a --part-id FAST-1
fleet component create disk D-2 --device oca1.site-a --part-id FAST-1
fleet component create disk D-3 --device oca2.site-a
fleet component create psu P-1 --device oca1.site-a
fleet firmware-policy create disk FAST-1 --oldest 1.10 --description "loses writes before"
fleet difference list
"#;

/// When the machine has spoken.
const AFTER: &str = r#"
fleet difference list --fields device,reason,part,detail
fleet difference show oca1.site-a:old-firmware:disk:D-1 -o yaml
fleet difference edit oca1.site-a:missing:disk:D-2 --acknowledged true -m "a new one is on its way"
fleet difference history oca1.site-a:missing:disk:D-2
fleet difference list --filter acknowledged=false --fields part,detail
fleet difference edit oca1.site-a:missing:disk:D-2 --detail x
fleet difference delete oca1.site-a:missing:disk:D-2
fleet difference accept oca1.site-a:old-firmware:disk:D-1
fleet difference accept oca1.site-a:unexpected:disk:D-9 --dry-run
fleet difference accept --filter reason=moved
fleet difference accept --filter reason=moved --filter reason=unexpected --filter reason=other-serial --yes -m "as it is"
fleet difference list --fields part,detail
fleet component show disk:D-9
fleet component history disk:D-3
fleet component replace disk:D-2 --serial D-8 --status failed -m "it clicked"
fleet difference list --fields part,detail
fleet device list --filter name=oca1.site-a --fields name,serial
"#;

/// When a disk was erased.
const ERASED_AT: TimeUs = TimeUs(1_769_860_800_000_000);

/// When disks have been erased.
const ERASED: &str = r#"
fleet component create disk D-7 --status spare
fleet component list --filter device=oca1.site-a --fields serial,erased_at
fleet component history disk:D-1
fleet component edit disk:D-1 --status rma -m "it clicks"
fleet component edit disk:D-9 --status rma -m "it clicks"
fleet component edit disk:D-9 --status active -m "it does not"
"#;

/// When all of it leaves.
const LEAVING: &str = r#"
fleet device edit oca1.site-a --status failed -m "it burns"
fleet device replace oca1.site-a --serial SN-new
fleet device replace oca1.site-a --serial SN-new -m "it has burnt"
fleet component edit --filter type=disk --filter device=oca1.site-a --erased-at 2026-01-31T12:00:00Z -m "shredded" --yes
fleet device replace oca1.site-a --serial SN-new -m "it has burnt"
fleet component list --fields type,serial,device,status
fleet device history oca1.site-a
"#;

fn disk(serial: &str, firmware: &str) -> Part {
    Part {
        manufacturer: Some("Maker".to_owned()),
        part_id: Some("FAST-1".to_owned()),
        firmware: Some(firmware.to_owned()),
        bay: Some("nvme0".to_owned()),
        capacity_bytes: Some(7_680_000_000_000),
        wear_percent: Some(3),
        ..Part::new(PartType::Disk, serial)
    }
}

/// Says it, as often as it takes until nobody wants to know more.
async fn says(machine: &mut FakeBox, parts: Vec<Part>) {
    machine.parts = Some(PartsReport::of(parts));
    assert!(machine.report().await.wants_parts, "it is new");
    assert!(!machine.report().await.wants_parts, "it is known");
    assert!(!machine.report().await.wants_parts, "it is known still");
}

async fn story(database_url: Option<&str>) -> String {
    let work = tempfile::tempdir().expect("folder");
    let mut server = Server::start(&work.path().join("data"), database_url);
    let mut boxes = bring_up(&server, work.path()).await;
    let mut all = typed(&server, work.path(), BEFORE);
    boxes[0].serial = Some("SN-swapped".to_owned());
    let parts = vec![disk("D-1", "1.9"), disk("D-3", "2.0"), disk("D-9", "2.0")];
    says(&mut boxes[0], parts.clone()).await;
    // What is known is known by whoever comes after.
    server.crash_and_restart();
    assert!(!boxes[0].report().await.wants_parts, "it was kept");
    // When it said so is the day's.
    let told = server.ok(&["device", "hardware", "oca1.site-a"]);
    let (head, table) = told.split_once('\n').expect("a head");
    assert!(
        head.starts_with("oca1.site-a (serial number SN-swapped), as it says since 20"),
        "{head}"
    );
    all += table;
    // Who follows changes begins with all that they are about; who writes begins with what can be written.
    let (_, _, dump) = ask_as(&server, &server.bearer(), "GET", "/api/v1/dump", &[]);
    let told = dump.lines().filter(|line| line.contains("\"kind\":\"difference\"")).count();
    let listed = server.ok(&["difference", "list", "-o", "csv"]).lines().count() - 1;
    assert!(told == listed && told > 0, "{told} of {listed}: {dump}");
    assert!(!server.ok(&["export"]).contains("difference"));
    all += &typed(&server, work.path(), AFTER);
    let mut worn = parts;
    worn[0].wear_percent = Some(4);
    says(&mut boxes[0], worn.clone()).await;
    all += &typed(&server, work.path(), "fleet component show disk:D-1\n");
    // One is erased, and the next time it is in use again; another stays empty.
    worn[0].erased_at_us = Some(ERASED_AT);
    says(&mut boxes[0], worn.clone()).await;
    all += &typed(
        &server,
        work.path(),
        "fleet component list --filter device=oca1.site-a --fields serial,erased_at\n",
    );
    worn[0].is_in_use = true;
    worn[2].erased_at_us = Some(ERASED_AT);
    says(&mut boxes[0], worn.clone()).await;
    let told = server.ok(&["device", "hardware", "oca1.site-a"]);
    all += told.split_once('\n').expect("a head").1;
    all += &typed(&server, work.path(), ERASED);
    // One from the shelf is erased here; what somebody takes back of another, the machine does not say anew.
    all += &typed(
        &server,
        work.path(),
        "fleet component edit disk:D-9 --unset erased-at -m \"it was another\"\n",
    );
    let spare = Part { erased_at_us: Some(ERASED_AT), ..disk("D-7", "2.0") };
    worn.push(spare);
    says(&mut boxes[0], worn).await;
    all += &typed(
        &server,
        work.path(),
        "fleet component list --filter type=disk --fields serial,device,erased_at\n",
    );
    all += &typed(&server, work.path(), LEAVING);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_machine_says_is_seen_known_and_taken_over() {
    let on_sqlite = story(None).await;
    insta::assert_snapshot!(on_sqlite);
    let test = db::testing::postgres().await;
    test.db.close().await;
    assert_eq!(story(Some(&test.address)).await, on_sqlite, "PostgreSQL");
}
