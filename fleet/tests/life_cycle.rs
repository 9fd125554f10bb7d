//! What the life of a device has to do with viewers: who joins is enrolled, who is in service gets viewers,
//! who has left the house is nobody any more.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};
use support::fake_box::FakeBox;
use support::process::Server;
use support::story::{bring_up, priority, until_planned};

const QUERY: &str = "g=studio-a&t=big-demo&p=oca1.site-a,oca2.site-a,oca3.site-a";

/// One more box, which nobody has seen yet.
const PLANNED: &str = "
devices:
- name: oca3.site-a
  role: appliance
  site: site-a
  status: racked
  serial: SN-oca3.site-a
  appliance:
    players: [{addresses: ['127.0.0.1:8449'], http2: false}]
    peers: ['127.0.0.1:9449']
    disks: [{folder: /srv/disk0, class: nvme, capacity_bytes: 1073741824}]
    ram_budget_bytes: 67108864
    state_folder: /var/lib/headend
";

fn edit(server: &Server, name: &str, status: &str) {
    server.ok(&["device", "edit", name, "--status", status, "-m", "it is time"]);
}

fn status_of(server: &Server, name: &str) -> String {
    let told = server.ok(&["device", "show", name, "-o", "json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    told["status"].as_str().expect("a text").to_owned()
}

/// Waits until viewers are sent to these, while the boxes report.
async fn until_steered(server: &Server, boxes: &mut [FakeBox], expected: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        for each in boxes.iter_mut() {
            each.report().await;
        }
        let mut told = priority(server, QUERY);
        told.retain(|name| name.ends_with(".site-a"));
        told.sort_unstable();
        if told == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{told:?} and not {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn story(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), database_url);
    let mut boxes = bring_up(&server, work.path()).await;
    let file = work.path().join("planned.yaml");
    std::fs::write(&file, PLANNED).expect("written");
    server.ok(&["import", file.to_str().expect("text")]);
    boxes.push(FakeBox::join(&server, "oca3.site-a", &work.path().join("oca3")).await);
    assert_eq!(status_of(&server, "oca3.site-a"), "enrolled");
    let told = server.ok(&["device", "history", "oca3.site-a"]);
    assert!(told.contains("box oca3.site-a") && told.contains("racked -> enrolled"), "{told}");

    until_planned(&mut boxes, 12).await;
    boxes.iter_mut().for_each(|each| each.held = 12);
    // It holds all of it, and nobody is sent to it before somebody says so.
    until_steered(&server, &mut boxes, &["oca1.site-a", "oca2.site-a"]).await;
    let told = server.ok(&["appliance", "show", "oca3.site-a", "-o", "json"]);
    assert!(told.contains("not in service: enrolled"), "{told}");
    edit(&server, "oca3.site-a", "turn-up");
    edit(&server, "oca3.site-a", "active");
    until_steered(&server, &mut boxes, &["oca1.site-a", "oca2.site-a", "oca3.site-a"]).await;
    edit(&server, "oca1.site-a", "draining");
    until_steered(&server, &mut boxes, &["oca2.site-a", "oca3.site-a"]).await;

    edit(&server, "oca1.site-a", "maintenance");
    leaves_the_house(&server, &mut boxes[0], work.path()).await;
}

async fn leaves_the_house(server: &Server, machine: &mut FakeBox, work: &Path) {
    let name = machine.name().to_string();
    server.ok(&["component", "create", "disk", "D1", "--device", &name]);
    let leave = ["device", "edit", &name, "--status", "retired", "-m", "sold"];
    let (code, said) = server.fails(&leave);
    assert!(code == Some(2) && said.contains("not seen to be empty: disk:D1"), "{said}");
    server.ok(&["component", "edit", "disk:D1", "--erased-at", "2026-01-31T12:00:00Z"]);
    let token = server.ok(&["appliance", "token", &name]);
    server.ok(&leave);
    assert!(machine.is_shut_out().await, "it is nobody any more");
    let serial = format!("SN-{name}");
    let asked = FakeBox::ask_to_join(server, &token, &serial, &work.join("again")).await;
    let (.., (status, body)) = asked;
    let said = String::from_utf8_lossy(&body);
    assert!(status == 403 && said.contains("is retired: nothing joins as it"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_service_gets_viewers() {
    story(None).await;
    let test = db::testing::postgres().await;
    test.db.close().await;
    story(Some(&test.address)).await;
}
