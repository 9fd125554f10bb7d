//! Every command as somebody types it, and what it prints: a script in `commands/` for each part of a
//! fleet, a golden file for what is seen. That no command is without one is seen in `src/cli/tests.rs`.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use support::process::Server;
use support::shell::typed;
use support::story::{bring_up, title, until_planned};

/// What is typed into an empty fleet, on SQLite and on PostgreSQL, looks the same.
async fn in_an_empty_fleet(script: &str) -> String {
    let test = db::testing::postgres().await;
    test.db.close().await;
    let [on_sqlite, on_postgresql] = [None, Some(test.address.as_str())].map(|url| {
        let work = tempfile::tempdir().expect("folder");
        let server = Server::start(&work.path().join("data"), url);
        typed(&server, work.path(), script)
    });
    assert_eq!(on_sqlite, on_postgresql, "PostgreSQL");
    on_sqlite
}

#[tokio::test(flavor = "multi_thread")]
async fn places() {
    let seen = in_an_empty_fleet(include_str!("commands/places.txt")).await;
    insta::assert_snapshot!("commands_places", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn machines() {
    let seen = in_an_empty_fleet(include_str!("commands/machines.txt")).await;
    insta::assert_snapshot!("commands_machines", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn networks() {
    let seen = in_an_empty_fleet(include_str!("commands/networks.txt")).await;
    insta::assert_snapshot!("commands_networks", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_fleets() {
    let seen = in_an_empty_fleet(include_str!("commands/whole_fleets.txt")).await;
    insta::assert_snapshot!("commands_whole_fleets", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn people() {
    let seen = in_an_empty_fleet(include_str!("commands/people.txt")).await;
    insta::assert_snapshot!("commands_people", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    let seen = in_an_empty_fleet(include_str!("commands/keys.txt")).await;
    insta::assert_snapshot!("commands_keys", seen);
}

/// They speak to no manager.
#[test]
fn forecasts() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let seen = typed(&server, work.path(), include_str!("commands/forecasts.txt"));
    insta::assert_snapshot!("commands_forecasts", seen);
}

/// What lies in a file is kept by SQLite.
#[test]
fn a_database() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let seen = typed(&server, work.path(), include_str!("commands/database.txt"));
    insta::assert_snapshot!("commands_database", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn content() {
    let work = tempfile::tempdir().expect("folder");
    title(&work.path().join("title"));
    let server = Server::start(&work.path().join("data"), None);
    let seen = typed(&server, work.path(), include_str!("commands/content.txt"));
    insta::assert_snapshot!("commands_content", seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes() {
    let work = tempfile::tempdir().expect("folder");
    // Nobody is late while all of it is typed, however long that takes.
    let data = work.path().join("data");
    let server = Server::start_with(&data, None, &["--report-interval-s", "600"]);
    let mut boxes = bring_up(&server, work.path()).await;
    until_planned(&mut boxes, 12).await;
    // And all have said what is in force.
    for each in &mut boxes {
        each.report().await;
    }
    let seen = typed(&server, work.path(), include_str!("commands/boxes.txt"));
    insta::assert_snapshot!("commands_boxes", seen);
}
