//! Where titles are placed, from outside: by what viewers asked for, by another policy beside it, not at all for a
//! while, and as it once was.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::asked::{json, ok, refused, until};
use support::fake_box::FakeBox;
use support::process::Server;
use support::story::{bring_up, title, until_planned};

const SITE: &str = "edge";
const BOX: &str = "oca1.edge";

/// The placement in force.
fn version(server: &Server) -> u64 {
    json(server, "prefill plan")["run"]["version"].as_u64().expect("a number")
}

/// Two large titles, and a small box that has room for one of them.
async fn with_a_small_box(server: &Server, work: &Path) -> Vec<FakeBox> {
    let mut boxes = bring_up(server, work).await;
    ok(
        server,
        "group create cinema --owner Cinema --host-pattern cinema.{device}.localhost \
         --origin http://127.0.0.1:8000/c",
    );
    for name in ["film", "play"] {
        let folder = work.join(name);
        title(&folder);
        std::fs::write(folder.join("seg-1-00001.m4s"), vec![b'x'; 46_000_000]).expect("written");
        let folder = folder.to_str().expect("text");
        server.ok(&["content", "add", "--group", "cinema", "--title", name, "--folder", folder]);
    }
    until_planned(&mut boxes, 38).await;
    ok(server, &format!("site create {SITE} --latitude 50 --longitude 10"));
    boxes.push(a_small_box(server, work, BOX).await);
    boxes
}

async fn a_small_box(server: &Server, work: &Path, name: &str) -> FakeBox {
    let size_bytes = json(server, "prefill explain cinema/film@site-a")["size_bytes"].clone();
    let room_bytes = size_bytes.as_u64().expect("a number") * 3 / 2;
    ok(
        server,
        &format!(
            "appliance create {name} --site {SITE} --serial SN-{name} --player 127.0.0.1:8449 \
             --peer 127.0.0.1:9449 --disk /srv/disk0:nvme:{room_bytes} --ram 64MiB \
             --state-folder /var/lib/headend"
        ),
    );
    FakeBox::join(server, name, &work.join(name)).await
}

/// What viewers of the small site asked for yesterday, in place of what was said before.
fn viewers_want(server: &Server, work: &Path, most: &str, least: &str) {
    let date = Command::new("date").args(["-u", "-d", "yesterday", "+%F"]).output();
    let date = String::from_utf8(date.expect("date runs").stdout).expect("text");
    let line = |title: &str, bytes: u64| {
        let (group, title) = title.split_once('/').expect("group/title");
        format!("{},{SITE},{group},{title},{bytes}\n", date.trim())
    };
    let file = work.join("demand.csv");
    let rows = line(most, 1_000_000_000_000) + &line(least, 1_000_000);
    std::fs::write(&file, format!("day,site,group,title,bytes\n{rows}")).expect("written");
    server.ok(&["prefill", "demand", file.to_str().expect("text")]);
}

/// Waits for a placement that was made of what viewers asked for: where nothing is known, a title may be there as well.
async fn until_wanted(server: &Server, title: &str) {
    let line = format!("prefill explain {title}@{SITE}");
    until(&format!("{title} is wanted at {SITE}"), async || {
        let reason = json(server, &line);
        reason["demand_bytes_per_s"].as_f64().filter(|demand| *demand > 1e6)
    })
    .await;
}

async fn until_there(server: &Server, title: &str) -> u64 {
    let line = format!("prefill explain {title}@{SITE}");
    until(&format!("{title} at {SITE}"), async || {
        let reason = json(server, &line);
        let is_there = reason["boxes"].as_array().is_some_and(|boxes| !boxes.is_empty());
        is_there.then(|| reason["version"].as_u64().expect("a number"))
    })
    .await
}

fn changes(server: &Server, from: u64, to: u64) -> Vec<Value> {
    let changes = json(server, &format!("prefill diff {from} {to}"));
    changes["items"].as_array().expect("a list").clone()
}

async fn frozen_and_put_back(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let work = work.path();
    let mut server = Server::start(&work.join("data"), database_url);
    let mut boxes = with_a_small_box(&server, work).await;
    viewers_want(&server, work, "cinema/film", "cinema/play");
    until_wanted(&server, "cinema/film").await;
    until_there(&server, "cinema/film").await;

    ok(&server, "prefill freeze --why launch");
    // What was on its way when that was said is not taken down any more.
    let film = version(&server);
    viewers_want(&server, work, "cinema/play", "cinema/film");
    // Boxes hear of a purge by a plan that was made after that.
    ok(&server, "content purge cinema --object /nothing");
    let small = boxes.last_mut().expect("a box");
    until("a purge", async || {
        small.report().await;
        small.tombstones.as_ref().filter(|it| !it.purges.is_empty()).map(drop)
    })
    .await;
    let plan = json(&server, "prefill plan");
    assert_eq!(plan["run"]["version"], film, "{plan}");
    assert_eq!(plan["frozen"]["why"], "launch");
    assert!(ok(&server, "prefill plan").contains("nothing is placed anew"));

    ok(&server, "prefill unfreeze");
    assert!(refused(&server, "prefill unfreeze").contains("nothing is frozen"));
    let demo = until_there(&server, "cinema/play").await;
    assert!(demo > film);

    ok(&server, &format!("prefill apply {film} --why mistake"));
    let again = until_there(&server, "cinema/film").await;
    assert_eq!(changes(&server, film, again), [Value::Null; 0]);
    let worked_out = json(&server, &format!("prefill plan --at {again}"));
    assert_eq!(worked_out["recomputed"], true, "{worked_out}");
    assert_eq!(worked_out["run"]["base"], film);
    until_told(&mut boxes, ["/film/", "/play/"]).await;
    // A manager that was killed does not put it back once more.
    server.crash_and_restart();
    let plan = until("a plan", async || {
        let out = server.run(&["prefill", "plan", "-o", "json"]);
        out.status.success().then(|| serde_json::from_slice::<Value>(&out.stdout).expect("json"))
    });
    assert_eq!(plan.await["run"]["version"], again);
    assert_eq!(json(&server, "prefill policy")["frozen"]["put_back"], film);
    let never = refused(&server, "prefill apply 4711");
    assert!(never.contains("no placement 4711 was ever in force here"), "{never}");
    ok(&server, "prefill unfreeze");
    until_there(&server, "cinema/play").await;
    let history = json(&server, "prefill policy --history");
    let versions = history["items"].as_array().expect("a list");
    assert_eq!(versions.len(), 4, "{history}");
}

/// Reports until the small box is told to hold what is under one path, and not what is under another.
async fn until_told(boxes: &mut [FakeBox], [path, other]: [&str; 2]) {
    let small = boxes.last_mut().expect("a box");
    until(&format!("it is told of {path} alone"), async || {
        small.report().await;
        let held = small.manifest.as_ref()?.hold.resolve(None).expect("a list");
        let objects = small.objects().await;
        let told = objects.iter().filter(|entry| held.contains(&entry.ordinal));
        let count = |path: &str| told.clone().filter(|it| it.path.starts_with(path)).count();
        (count(path) == 13 && count(other) == 0).then_some(())
    })
    .await;
}

async fn another_policy_beside_it(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let work = work.path();
    let server = Server::start(&work.join("data"), database_url);
    let _boxes = with_a_small_box(&server, work).await;
    let _second = a_small_box(&server, work, "oca2.edge").await;
    viewers_want(&server, work, "cinema/film", "cinema/play");
    until_wanted(&server, "cinema/film").await;
    // There is room for one on each box.
    until_there(&server, "cinema/film").await;
    until_there(&server, "cinema/play").await;
    assert!(refused(&server, "prefill shadow show").contains("no other policy"));
    assert!(refused(&server, "prefill shadow adopt").contains("no other policy"));
    let too_many = refused(&server, "prefill shadow start --least-copies 65");
    assert!(too_many.contains("least_copies: expected 1 to 64"), "{too_many}");
    let same = refused(&server, "prefill shadow start --rest-percent 30");
    assert!(same.contains("how everything is placed already"), "{same}");

    // A copy on each box, of what is wanted most.
    ok(&server, "prefill shadow start --least-copies 2");
    let live = version(&server);
    let day = until("a day beside it", async || {
        json(&server, "prefill shadow show")["items"].as_array().expect("a list").first().cloned()
    });
    let day = day.await;
    assert_eq!(day["live"]["version"], live);
    let beside = day["shadow"]["version"].as_u64().expect("a number");
    assert_eq!(changes(&server, live, beside).len(), 1, "one box would hold the other title");
    assert_eq!(day["live"]["day"], day["shadow"]["day"]);
    let told = json(&server, &format!("prefill plan --at {beside}"));
    assert_eq!(told["recomputed"], true, "{told}");
    assert_eq!(version(&server), live, "it is told to nobody");
    let runs = json(&server, "prefill runs");
    let is_beside = |run: &Value| run["version"] == beside;
    assert!(!runs["items"].as_array().expect("a list").iter().any(is_beside), "{runs}");
    assert!(refused(&server, &format!("prefill apply {beside}")).contains("was ever in force"));

    ok(&server, "prefill shadow adopt");
    let adopted = until("the adopted policy", async || {
        Some(version(&server)).filter(|version| *version > beside)
    });
    // It comes to what was shown, box by box.
    assert_eq!(changes(&server, beside, adopted.await), [Value::Null; 0]);
    let policy = json(&server, "prefill policy");
    assert_eq!(policy["tuning"]["least_copies"], 2);
    assert_eq!(policy["shadow"], Value::Null);

    ok(&server, "prefill shadow start --rest-percent 0");
    ok(&server, "prefill shadow stop");
    assert!(refused(&server, "prefill shadow stop").contains("no other policy"));
}

/// A title that a site does not hold is wanted there all the same: who is sent elsewhere for it is counted, and taken
/// down at the latest when the manager stops.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_sent_elsewhere_is_demand_of_his_site() {
    let work = tempfile::tempdir().expect("folder");
    let work = work.path();
    let database = db::testing::postgres().await;
    let mut server = Server::start(&work.join("data"), Some(&database.address));
    let mut boxes = bring_up(&server, work).await;
    until_planned(&mut boxes, 12).await;
    ok(&server, "prefill ban studio-a big-demo --site site-a");
    let (at_a, at_b) = boxes.split_at_mut(2);
    until_planned(at_a, 0).await;
    for each in at_b.iter_mut() {
        each.held = 12;
        each.report().await;
    }
    let begun = today();
    // Twenty-four viewers; one of them reloads the page.
    for number in (2..=25).chain([2; 30]) {
        // Nobody is sent to a box that says nothing any more.
        for each in at_b.iter_mut() {
            each.report().await;
        }
        let url = format!("https://{}/play/studio-a/big-demo/master.m3u8", server.listen);
        let mut curl = Command::new("curl");
        curl.arg("--cacert").arg(server.front()).args(["-sf", "-o", "/dev/null", &url]);
        let from = format!("127.0.0.{number}");
        assert!(curl.args(["--interface", &from]).status().expect("curl runs").success());
    }
    let size_bytes =
        json(&server, "prefill explain studio-a/big-demo@site-b")["size_bytes"].clone();
    assert_eq!(server.stop(), Some(0));
    let collector = health_collector::Collector::open(database.db.clone(), 1).await.expect("open");
    let mut rows = Vec::new();
    for day in begun..=today() {
        rows.extend(collector.demand_of(day).await.expect("read"));
    }
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].site.as_str(), "site-a");
    assert!(rows[0].rows.is_empty());
    let row = &rows[0].elsewhere[0];
    assert_eq!(row.title.as_ref().map(|it| it.as_str()), Some("big-demo"));
    assert!(row.bytes_sent == 0 && row.bytes_missed > 0, "{row:?}");
    // 24 halves of plays, of which each is a part of the title.
    assert!(row.bytes_missed <= 12 * size_bytes.as_u64().expect("a number"), "{row:?}");
}

fn today() -> i32 {
    contract::demand::day_of(std::time::SystemTime::now().into())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_frozen_and_put_back() {
    frozen_and_put_back(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_frozen_and_put_back() {
    let test = db::testing::postgres().await;
    frozen_and_put_back(Some(&test.address)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_another_policy_beside_it() {
    another_policy_beside_it(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_another_policy_beside_it() {
    let test = db::testing::postgres().await;
    another_policy_beside_it(Some(&test.address)).await;
}
