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

/// Asks until the answer is as it should be, and gives it.
async fn until_is<T: std::fmt::Debug>(ask: impl Fn() -> T, is_it: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = ask();
        if is_it(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "still {answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the newest version is in this state and holds so many titles.
async fn until(server: &Server, state: &str, titles: usize) -> u64 {
    let is_it = |it: &Value| it["state"] == state && it["titles"] == titles;
    let version = until_is(|| newest(server), is_it).await;
    version["version"].as_u64().expect("a number")
}

fn plays(server: &Server, title: &str) -> bool {
    // Nobody holds it, but it is there: that is another answer.
    let (head, _) = curl(server, &format!("/play/studio-a/{title}/master.m3u8"));
    !head.starts_with("HTTP/1.1 404")
}

async fn until_plays(server: &Server, title: &str, expected: bool) {
    until_is(|| plays(server, title), |it| *it == expected).await;
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
    // What may be shown when does not wait for that.
    let closed = ["content", "window", "studio-a", &last, "--serve-until", "2020-01-01T00:00:00Z"];
    assert!(server.fails(&closed).1.contains("there is no title"), "it was removed");
    let open = format!("t{}", TITLES - 1);
    server.ok(&["content", "window", "studio-a", &open, "--serve-until", "2020-01-01T00:00:00Z"]);
    until_plays(&server, &open, false).await;
    assert!(plays(&server, &last));
    let refused = until(&server, "refused", left).await;
    server.ok(&["catalog", "announce", &refused.to_string(), "--reason", "the archive went"]);
    assert_eq!(until(&server, "in_force", left).await, refused);
    until_planned(&mut boxes, left * OBJECTS).await;
    assert!(!plays(&server, &last));

    // All go back: what was removed can be played again.
    server.ok(&["catalog", "pin", &whole.to_string()]);
    until_planned(&mut boxes, (TITLES + 1) * OBJECTS).await;
    until_plays(&server, &last, true).await;
    assert!(!plays(&server, &open), "and what ended stays ended");
    server.ok(&["catalog", "unpin"]);
    until_planned(&mut boxes, left * OBJECTS).await;
    until_plays(&server, &last, false).await;

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

fn status(server: &Server) -> String {
    let (head, _) = curl(server, "/play/studio-a/big-demo/master.m3u8");
    head.split(' ').nth(1).expect("a status").to_owned()
}

/// Waits until a viewer, who is at site-a, gets this answer.
async fn until_answered(server: &Server, expected: &str) {
    until_is(|| status(server), |it| it == expected).await;
}

async fn holding_all(boxes: &mut [FakeBox]) {
    for each in boxes {
        let hold = each.manifest.as_ref().map(|it| it.hold.resolve(None).expect("a list"));
        each.held = hold.expect("a manifest").len() as u64;
        each.report().await;
    }
}

async fn agreed(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), database_url);
    let mut boxes = bring_up(&server, work.path()).await;
    let ok = |line: &str| server.ok(&line.split_whitespace().collect::<Vec<_>>());
    for line in [
        "region create europe",
        "region create de --parent europe",
        "region create us",
        "site edit site-a --region de",
        "site edit site-b --region us",
    ] {
        ok(line);
    }
    until_planned(&mut boxes, OBJECTS).await;
    let why = ok("title why studio-a big-demo --region us");
    assert!(why.contains("0 of 1 sites hold all of it and 1 must: not site-b"), "{why}");
    holding_all(&mut boxes).await;
    until_answered(&server, "200").await;
    let why = ok("title why studio-a big-demo -o json");
    assert_eq!(why.matches("\"is_live\": true").count(), 3, "{why}");

    // In Europe alone: boxes elsewhere are to hold nothing of it.
    ok("content terms set studio-a big-demo --region europe");
    let (at_a, at_b) = boxes.split_at_mut(2);
    until_planned(at_b, 0).await;
    until_planned(at_a, OBJECTS).await;
    until_answered(&server, "200").await;
    let why = ok("title why studio-a big-demo --region us");
    assert!(why.contains("it may not be shown there"), "{why}");

    // What is said of Germany counts there, whatever is said of Europe.
    ok("content terms set studio-a big-demo --region de --lacks subtitles");
    until_answered(&server, "404").await;
    let why = ok("title why studio-a big-demo --region de");
    assert!(why.contains("it lacks subtitles"), "{why}");
    until_planned(at_a, OBJECTS).await;
    ok("content terms set studio-a big-demo --region de --serve-until 2020-01-01T00:00:00Z");
    let why = || ok("title why studio-a big-demo --region de");
    until_is(why, |it| it.contains("it was served until 2020")).await;
    for each in &mut *at_a {
        each.report().await;
    }
    let entries = at_a[0].objects().await;
    let over = |it: &contract::catalogue::CatalogueEntry| it.common.serve_until_us.is_some();
    assert!(entries.iter().all(over), "boxes keep to it by themselves");
    ok("content terms remove studio-a big-demo --region de");
    ok("content terms remove studio-a big-demo --region europe");
    until_planned(&mut boxes, OBJECTS).await;
    until_answered(&server, "200").await;
    ok("content terms set studio-a big-demo --region us");
    until_answered(&server, "451").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_shown_where_that_was_agreed() {
    agreed(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_it_is_on_postgresql() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    agreed(Some(&test.address)).await;
}
