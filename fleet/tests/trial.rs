//! Another policy for real at some sites: agreed on, looked at, and ended by itself.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use contract::demand::{TitleDemand, day_of};
use contract::names::{GroupName, SiteName, TitleName};
use db::testing::TestDb;
use health_collector::Collector;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::time::SystemTime;
use support::asked::{json, ok, refused, until};
use support::process::Server;
use support::story::title;

const SITES: usize = 12;
const BYTES_A_DAY: u64 = 5_000_000_000;

fn shown(server: &Server) -> Value {
    json(server, "prefill trial show")
}

fn name(at: usize) -> SiteName {
    SiteName::new(format!("site-{at:02}")).expect("a name")
}

/// Sites of one region that are alike, each with a box, and a title.
fn bring_up(server: &Server, work: &Path) {
    let mut text = "regions:\n- {name: north}\nsites:\n".to_owned();
    for at in 0..SITES {
        let site = name(at);
        writeln!(text, "- {{name: {site}, region: north, latitude: 50, longitude: 10}}")
            .expect("text");
    }
    text.push_str("devices:\n");
    for at in 0..SITES {
        let site = name(at);
        writeln!(
            text,
            "- {{name: oca1.{site}, role: appliance, status: active, site: {site}, serial: S{at}, \
             appliance: {{players: [{{addresses: [\"192.0.2.{at}:443\"]}}], peers: \
             [\"192.0.2.{at}:9443\"], disks: [{{folder: /d, class: nvme, capacity_bytes: \
             1073741824}}], ram_budget_bytes: 1048576, state_folder: /s}}}}"
        )
        .expect("text");
    }
    let file = work.join("fleet.yaml");
    std::fs::write(&file, text).expect("written");
    server.ok(&["import", file.to_str().expect("text")]);
    let group = "group create g --owner G --host-pattern {device}.localhost --origin http://127.0.0.1:8000/o";
    ok(server, group);
    let folder = work.join("title");
    title(&folder);
    let folder = folder.to_str().expect("text");
    server.ok(&["content", "add", "--group", "g", "--title", "t", "--folder", folder]);
}

/// What a site served on a day, and what it missed: a little more at some than at others, day by day another.
async fn day(collector: &Collector, day: i32, at: usize, missed_part: f64) {
    let spread = (at * 7 + usize::try_from(day).expect("a day") * 5) % 11;
    let row = |bytes_sent, bytes_missed| TitleDemand {
        group: GroupName::new("g").expect("name"),
        title: Some(TitleName::new("t").expect("name")),
        bytes_sent,
        bytes_missed,
    };
    let (site, now) = (name(at), SystemTime::now().into());
    let wanted = BYTES_A_DAY as f64 * (1.0 + spread as f64 / 500.0);
    let missed = wanted * (missed_part + spread as f64 / 5000.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes")]
    let row = row((wanted - missed) as u64, missed as u64);
    collector.put_demand(day, &site, "counted", vec![row], now).await.expect("kept");
}

/// A policy that somebody has written down.
async fn write(test: &TestDb, policy: &Value, version: i64) {
    let mut tx = test.db.begin().await.expect("a transaction");
    let insert = "INSERT INTO placement_policies (version, made_at_us, made_by, policy)
         VALUES ($1, 1, 'test', $2)";
    let query = sqlx::query(insert).bind(version).bind(policy.to_string());
    query.execute(&mut *tx).await.expect("written");
    let raise = "UPDATE counters SET value = $1 WHERE name = 'placement_policy'";
    sqlx::query(raise).bind(version).execute(&mut *tx).await.expect("raised");
    tx.commit().await.expect("kept");
}

async fn agreed_and_ended(test: TestDb) {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), Some(&test.address));
    bring_up(&server, work.path());
    let start = "prefill trial start --rest-percent 100 --demand-percent 100";
    let few = refused(&server, start);
    assert!(few.contains("only 0 pairs of sites are alike"), "{few}");
    assert!(few.contains("12: too little was seen of it"), "{few}");

    let collector = Collector::open(test.db.clone(), 1).await.expect("open");
    let today = day_of(SystemTime::now().into());
    for at in 0..SITES {
        for back in 1..=23 {
            day(&collector, today - back, at, 0.1).await;
        }
    }
    let dry = json(&server, &format!("{start} --dry-run"));
    assert_eq!(dry["pairs"].as_array().map(Vec::len), Some(SITES / 2), "{dry}");
    assert!(refused(&server, "prefill trial show").contains("nothing has been tried yet"));
    let too_long = refused(&server, &format!("{start} --days 47"));
    assert!(too_long.contains("days: expected 3 to 46, not 47"), "{too_long}");

    ok(&server, start);
    let going = shown(&server);
    assert_eq!(going["pairs"], dry["pairs"], "drawn by the same seed");
    assert!(ok(&server, "prefill trial show").contains("nothing has been seen yet"));
    assert!(refused(&server, start).contains("a trial is going on"));
    ok(&server, "prefill freeze --why launch");
    assert_eq!(shown(&server)["ended"], "placing was frozen");
    assert!(refused(&server, "prefill trial stop").contains("nothing is being tried"));
    assert!(refused(&server, start).contains("unfreeze first"));
    ok(&server, "prefill unfreeze");

    // As if it had begun a week ago, and sites that are tried on had missed much more since.
    let tried: Vec<&str> = going["pairs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["tried"].as_str())
        .collect();
    for at in (0..SITES).filter(|at| tried.contains(&name(*at).as_str())) {
        for back in 1..=8 {
            day(&collector, today - back, at, 0.4).await;
        }
    }
    let pairs: Vec<Value> = going["pairs"].as_array().expect("a list").clone();
    let tuning = serde_json::json!({"least_copies": 1, "copy_share_percent": 5, "rest_percent": 30, "somewhere_percent": 20});
    let policy = serde_json::json!({
        "tuning": tuning,
        "trial": {
            "tuning": {"least_copies": 1, "copy_share_percent": 5, "rest_percent": 100, "somewhere_percent": 20},
            "trial": {
                "pairs": pairs, "first_day": today - 8, "days": 14,
                "rules": {
                    "baseline_days": 14, "settle_days": 2, "confidence_percent": 95,
                    "offload_tolerance_bp": 20, "fill_tolerance_bp": 50, "collapse_bp": 500,
                    "least_wanted_bytes": 1_000_000_000,
                },
            },
        },
    });
    write(&test, &policy, 4).await;
    let over = until("the trial ends", async || {
        Some(shown(&server)).filter(|trial| !trial["ended"].is_null())
    })
    .await;
    let why = over["ended"].as_str().expect("text");
    assert!(
        why.starts_with("collapsed: offload -") || why.starts_with("hurts: offload -"),
        "{over}"
    );
    let by = over["seen"]["offload"]["by"].as_f64().expect("a number");
    assert!((-0.32..-0.28).contains(&by), "{over}");
    assert_eq!(over["seen"]["pairs"], SITES / 2);
    let by_whom = ok(&server, "prefill policy --history");
    assert!(by_whom.contains("planner"), "{by_whom}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_what_hurts_is_ended() {
    agreed_and_ended(db::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_what_hurts_is_ended() {
    agreed_and_ended(db::testing::postgres().await).await;
}
