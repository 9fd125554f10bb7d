//! The catalogue as versions: a loss that nobody meant reaches no box and no player, and sites that stay with
//! a version hold what it says.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use support::api::ask;
use support::fake_box::FakeBox;
use support::process::Server;
use support::story::{bring_up, curl, until_planned};

/// Beside the title that the story brings.
const TITLES: usize = 23;
const GONE: usize = 14;

/// Objects of a title.
const OBJECTS: usize = 12;

fn add_titles(server: &Server, work: &Path) {
    let folder = work.join("title");
    let folder = folder.to_str().expect("text");
    for at in 0..TITLES {
        let title = format!("t{at}");
        let line = ["content", "add", "--group", "studio-a", "--title", &title, "--name", &title];
        server.ok(&[&line[..], &["--folder", folder]].concat());
    }
}

fn newest(server: &Server) -> Value {
    let (status, _, body) = ask(server, "GET", "/api/v1/catalog/versions?limit=1", &[]);
    assert_eq!(status, 200, "{body}");
    body["items"][0].clone()
}

/// Waits until the newest version is in this state and holds so many titles.
async fn until(server: &Server, state: &str, titles: usize) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let version = newest(server);
        if version["state"] == state && version["titles"] == titles {
            return version["version"].as_u64().expect("a number");
        }
        assert!(Instant::now() < deadline, "never {state} with {titles} titles: {version}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn plays(server: &Server, title: &str) -> bool {
    // Nobody holds it, but it is there: that is another answer.
    let (head, _) = curl(server, &format!("/play/studio-a/{title}/master.m3u8"));
    !head.starts_with("HTTP/1.1 404")
}

async fn story(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), database_url);
    let mut boxes: Vec<FakeBox> = bring_up(&server, work.path()).await;
    add_titles(&server, work.path());
    let whole = until(&server, "in_force", TITLES + 1).await;
    until_planned(&mut boxes, (TITLES + 1) * OBJECTS).await;

    for at in 0..GONE {
        let title = format!("t{at}");
        server.ok(&["content", "remove", "--group", "studio-a", "--title", &title]);
    }
    let left = TITLES + 1 - GONE;
    let refused = until(&server, "refused", left).await;
    let shown = server.ok(&["catalog", "show", &refused.to_string()]);
    assert!(shown.contains(&format!("{left} titles are left of 24 in version")), "{shown}");
    let last = format!("t{}", GONE - 1);
    assert!(plays(&server, &last), "what nobody meant reaches no player");
    server.ok(&["catalog", "announce", &refused.to_string(), "--reason", "the archive went"]);
    assert_eq!(until(&server, "in_force", left).await, refused);
    until_planned(&mut boxes, left * OBJECTS).await;
    assert!(!plays(&server, &last));

    server.ok(&["tag", "create", "canary"]);
    server.ok(&["site", "edit", "site-a", "--tags", "canary"]);
    server.ok(&["catalog", "pin", &whole.to_string(), "--tag", "canary"]);
    let (canary, rest) = boxes.split_at_mut(2);
    until_planned(canary, (TITLES + 1) * OBJECTS).await;
    until_planned(rest, left * OBJECTS).await;
    server.ok(&["catalog", "unpin", "--tag", "canary"]);
    until_planned(&mut boxes, left * OBJECTS).await;
    let diff = server.ok(&["catalog", "diff", &whole.to_string(), &refused.to_string()]);
    assert_eq!(diff.matches("removed").count(), GONE, "{diff}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_that_nobody_meant_reaches_nobody() {
    story(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_on_postgresql() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    story(Some(&test.address)).await;
}
