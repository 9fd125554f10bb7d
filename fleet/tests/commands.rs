//! Every command as somebody types it, and what it prints: a script in `commands/` for each part of a
//! fleet, a golden file for what is seen. That no command is without one is seen in `src/cli/tests.rs`.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use std::path::Path;
use support::process::Server;
use support::shell::typed;
use support::story::{bring_up, title, until_planned};

/// A script by its name, and what is seen of it.
fn is_as_ever(name: &str, server: &Server, home: &Path) {
    insta::assert_snapshot!(format!("commands_{name}"), seen(name, server, home));
}

fn seen(name: &str, server: &Server, home: &Path) -> String {
    let file = format!("{}/tests/commands/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    typed(server, home, &std::fs::read_to_string(file).expect("a script"))
}

/// What is typed into an empty fleet, on SQLite and on PostgreSQL, looks the same.
async fn is_as_ever_in_an_empty_fleet(name: &str) {
    let test = db::testing::postgres().await;
    test.db.close().await;
    let [on_sqlite, on_postgresql] = [None, Some(test.address.as_str())].map(|url| {
        let work = tempfile::tempdir().expect("folder");
        let server = Server::start(&work.path().join("data"), url);
        seen(name, &server, work.path())
    });
    assert_eq!(on_sqlite, on_postgresql, "PostgreSQL");
    insta::assert_snapshot!(format!("commands_{name}"), on_sqlite);
}

#[tokio::test(flavor = "multi_thread")]
async fn places() {
    is_as_ever_in_an_empty_fleet("places").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines() {
    is_as_ever_in_an_empty_fleet("machines").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn networks() {
    is_as_ever_in_an_empty_fleet("networks").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn config() {
    is_as_ever_in_an_empty_fleet("config").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_fleets() {
    is_as_ever_in_an_empty_fleet("whole_fleets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people() {
    is_as_ever_in_an_empty_fleet("people").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    is_as_ever_in_an_empty_fleet("keys").await;
}

/// They speak to no manager.
#[test]
fn forecasts() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    is_as_ever("forecasts", &server, work.path());
}

/// What lies in a file is kept by SQLite.
#[test]
fn a_database() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    is_as_ever("database", &server, work.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn content() {
    let work = tempfile::tempdir().expect("folder");
    title(&work.path().join("title"));
    let server = Server::start(&work.path().join("data"), None);
    is_as_ever("content", &server, work.path());
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
    is_as_ever("boxes", &server, work.path());
}

/// Titles and two sites whose boxes have room for some of them.
#[tokio::test(flavor = "multi_thread")]
async fn placement() {
    let work = tempfile::tempdir().expect("folder");
    title(&work.path().join("title"));
    let server = Server::start(&work.path().join("data"), None);
    is_as_ever("placement", &server, work.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_the_catalogue() {
    let work = tempfile::tempdir().expect("folder");
    title(&work.path().join("title"));
    let server = Server::start(&work.path().join("data"), None);
    is_as_ever("catalog", &server, work.path());
}
