//! Purges and rights windows from outside: asked for by commands, told to boxes, confirmed by
//! them, and heeded by steering.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use contract::tombstones::Purged;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::asked::ok;
use support::fake_box::FakeBox;
use support::process::Server;
use support::story::{add_title, bring_up, curl, priority, title, until_planned};

/// Asked by a client of site A.
const QUERY: &str = "g=studio-a&t=big-demo&p=oca1.site-a,oca2.site-a,oca1.site-b,oca2.site-b";

async fn report_all(boxes: &mut [FakeBox]) {
    for each in boxes {
        each.report().await;
    }
}

/// A title in the other group, too, and all of both on every box.
async fn filled(server: &Server, work: &Path) -> Vec<FakeBox> {
    let mut boxes = bring_up(server, work).await;
    title(&work.join("film"));
    let folder = work.join("film");
    let folder = folder.to_str().expect("text");
    server.ok(&["content", "add", "--group", "kino", "--title", "film", "--folder", folder]);
    until_planned(&mut boxes, 24).await;
    boxes.iter_mut().for_each(|each| each.held = 24);
    report_all(&mut boxes).await;
    boxes
}

/// Runs a command while these boxes go on reporting.
async fn while_reporting(server: &Arc<Server>, boxes: &mut [FakeBox], line: &str) -> Output {
    let (theirs, line) = (Arc::clone(server), line.to_owned());
    let mut command = tokio::task::spawn_blocking(move || {
        theirs.run(&line.split_whitespace().collect::<Vec<_>>())
    });
    loop {
        tokio::select! {
            output = &mut command => return output.expect("it ran"),
            () = tokio::time::sleep(Duration::from_millis(50)) => report_all(boxes).await,
        }
    }
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// On how many boxes a purge is done, as `content purges` says.
fn done(server: &Server, what: &str) -> String {
    let purges = ok(server, "content purges");
    let line = purges.lines().find(|line| line.contains(what)).expect("listed");
    let (_, rest) = line.split_once(what).expect("just found");
    rest.split_whitespace().next().expect("a count").to_owned()
}

/// Waits until steering gives these pathways, while these boxes report.
async fn until_steered(
    server: &Server,
    boxes: &mut [FakeBox],
    query: &str,
    is_right: impl Fn(&[String]) -> bool,
) {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        report_all(boxes).await;
        let found = priority(server, query);
        if is_right(&found) {
            return;
        }
        assert!(Instant::now() < deadline, "{query}: {found:?}\n{}", ok(server, "status"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn purged_across_the_fleet(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let server = Arc::new(Server::start(&work.path().join("data"), database_url));
    let mut boxes = filled(&server, work.path()).await;
    let preview = ok(&server, "content purge studio-a --title big-demo --dry-run");
    assert!(preview.starts_with("would purge 12 objects of the catalogue, "), "{preview}");
    assert!(preview.ends_with("  and 2 more\n"), "{preview}");
    assert_eq!(ok(&server, "content purges").lines().count(), 1, "a dry run left something");

    // Everybody is there, and is steered to all the time.
    let before = priority(&server, QUERY);
    let line = "content purge studio-a --object /big-demo/a --object /big-demo/b --wait";
    let (code, out, err) = said(&while_reporting(&server, &mut boxes, line).await);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("purges 1 to 2: 0 objects of the catalogue"), "{out}");
    assert_eq!(out.matches("done").count(), 4, "{out}");
    let told = boxes[0].tombstones.clone().expect("tombstones");
    let path = |path: &str| Purged::Path(path.into());
    let what: Vec<Purged> = told.purges.into_iter().map(|purge| purge.what).collect();
    assert_eq!(what, [path("/big-demo/a"), path("/big-demo/b")]);
    assert_eq!(priority(&server, QUERY), before);

    let at = boxes.iter().position(|each| each.name().as_str() == before[0]).expect("a box");
    one_is_away(&server, boxes, at, &before).await;
}

async fn one_is_away(server: &Arc<Server>, mut boxes: Vec<FakeBox>, at: usize, before: &[String]) {
    let name = before[0].clone();
    let mut away = boxes.remove(at);
    until_steered(server, &mut boxes, QUERY, |found| !found[..2].contains(&name)).await;
    let line = "content purge studio-a --title big-demo --wait=2s";
    let (code, out, err) = said(&while_reporting(server, &mut boxes, line).await);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.starts_with("purge 3: 12 objects of the catalogue, "), "{out}");
    assert_eq!(out.matches("done").count(), 3, "{out}");
    assert!(err.starts_with("fleet: 1 of 4 appliances have not carried it out: "), "{err}");
    assert!(err.contains(&format!("{name} unreachable (last seen ")), "{err}");
    let json = ok(server, "content purges -o json");
    let purges: serde_json::Value = serde_json::from_str(&json).expect("json");
    assert_eq!(purges["items"][0]["unreachable"], 1, "{json}");
    assert_eq!(purges["items"][1]["done"], 4, "{json}");

    // It is back, and serves what was purged: not steered to, but for the other group.
    away.takes_tombstones = false;
    boxes.push(away);
    let kino = QUERY.replace("studio-a&t=big-demo", "kino&t=film");
    until_steered(server, &mut boxes, &kino, |found| found.contains(&name)).await;
    report_all(&mut boxes).await;
    assert!(!priority(server, QUERY)[..2].contains(&name));
    let (_, why) = curl(server, "/play/studio-a/big-demo/master.m3u8");
    assert!(!why.contains(&format!("https://{name}.")), "{why}");
    let status = ok(server, "status");
    let reason = "purge 3 (title big-demo) is not confirmed: the box has purged up to 2";
    assert!(status.contains(reason), "{status}");

    // It confirms, and all is as before.
    boxes.last_mut().expect("a box").takes_tombstones = true;
    until_steered(server, &mut boxes, QUERY, |found| found == before).await;
    let back = boxes.last().expect("a box").tombstones.as_ref().expect("tombstones");
    assert_eq!((back.version, back.after, back.purges.len()), (3, 2, 1));
    assert!(!ok(server, "status").contains("is not confirmed"));
    assert_eq!(done(server, "title big-demo"), "4/4");
    one_has_lost_its_memory(server, &mut boxes).await;
}

/// A box with a new system disk: it is told all that is kept, and not what it no longer knows
/// that it has confirmed.
async fn one_has_lost_its_memory(server: &Server, boxes: &mut [FakeBox]) {
    let deadline = Instant::now() + Duration::from_secs(15);
    boxes[0].forget_purges();
    boxes[0].tombstones = None;
    while boxes[0].tombstones.is_none() {
        assert!(Instant::now() < deadline, "it is never told");
        boxes[0].report().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let told = boxes[0].tombstones.as_ref().expect("tombstones");
    assert_eq!((told.version, told.after, told.purges.len()), (3, 0, 3));
    boxes[0].report().await;
    assert!(!ok(server, "status").contains("is not confirmed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn purged_across_the_fleet_on_sqlite() {
    purged_across_the_fleet(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn purged_across_the_fleet_on_postgresql() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    purged_across_the_fleet(Some(&test.address)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_survives_the_manager_that_recorded_it() {
    let work = tempfile::tempdir().expect("folder");
    let mut server = Server::start(&work.path().join("data"), None);
    let mut boxes = filled(&server, work.path()).await;
    ok(&server, "content purge studio-a --tag season-1");
    server.crash_and_restart();
    report_all(&mut boxes).await;
    report_all(&mut boxes).await;
    assert_eq!(done(&server, "tag season-1"), "4/4");
    // Confirmations survive as well.
    server.crash_and_restart();
    assert_eq!(done(&server, "tag season-1"), "4/4");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_times_reach_the_boxes() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let mut boxes = filled(&server, work.path()).await;
    let folder = work.path().join("title");
    let folder = folder.to_str().expect("text");
    let add = format!(
        "content add --group studio-a --title big-demo --folder {folder} --tag season-1 --tag hd"
    );
    assert!(ok(&server, &add).contains("12 unchanged"));
    let preview = ok(&server, "content purge studio-a --tag season-1 --dry-run");
    assert!(preview.starts_with("would purge 12 objects"), "{preview}");
    let window = "content window studio-a big-demo --serve-from 2020-01-01T00:00Z \
         --serve-until 2021-01-01T01:00[Europe/Berlin]";
    let set = ok(&server, window);
    let times = "from 2020-01-01T00:00:00Z until 2021-01-01T00:00:00Z";
    assert_eq!(set, format!("title studio-a/big-demo is served {times}\n"));
    let shown = ok(&server, "content show --group studio-a --title big-demo");
    assert!(shown.contains(times) && shown.contains("hd season-1"), "{shown}");

    let deadline = Instant::now() + Duration::from_secs(10);
    let entries = loop {
        boxes[0].report().await;
        let entries = boxes[0].objects().await;
        if entries.iter().any(|entry| entry.common.serve_until_us.is_some()) {
            break entries;
        }
        assert!(Instant::now() < deadline, "the times never come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for entry in entries {
        let is_it = entry.common.title.as_str() == "big-demo";
        let tags: Vec<&str> = entry.common.tags.as_slice().iter().map(|tag| tag.as_str()).collect();
        assert_eq!(tags, if is_it { &["hd", "season-1"][..] } else { &[] });
        assert_eq!(
            entry.common.serve_until_us.map(|it| it.unix_s()),
            is_it.then_some(1_609_459_200)
        );
    }
    let (head, body) = curl(&server, "/play/studio-a/big-demo/master.m3u8");
    assert!(head.starts_with("HTTP/1.1 404") && body.contains("not served at this time"), "{head}");
    ok(&server, "content window studio-a big-demo --always");
    boxes.iter_mut().for_each(|each| each.held = 24);
    until_steered(&server, &mut boxes, QUERY, |found| found.len() == 3).await;
    let begun = Instant::now();
    while !curl(&server, "/play/studio-a/big-demo/master.m3u8").0.starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never opens");
        report_all(&mut boxes).await;
    }
    add_title(&server, work.path());
    let untagged = ok(&server, "content purge studio-a --tag season-1 --dry-run");
    assert!(untagged.starts_with("would purge 0 objects"), "{untagged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    bring_up(&server, work.path()).await;
    let many = "--object /a ".repeat(101);
    let cases = [
        ("content purge nowhere --title t", "fleet: there is no content group nowhere"),
        ("content purge studio-a --prefix big", "fleet: prefix: \"big\" is no path"),
        ("content purge studio-a --prefix /a/../b --dry-run", "fleet: prefix: "),
        ("content purge studio-a --object big", "error: invalid value 'big'"),
        ("content purge studio-a --object /a@01234567", "fleet: 0 versions of /a begin with"),
        ("content purge studio-a --tag BAD", "error: invalid value 'BAD'"),
        ("content purge studio-a", "error: the following required arguments were not provided"),
        (
            "content purge studio-a --title t --tag x",
            "error: the argument '--title <TITLE>' cannot",
        ),
        ("content purge studio-a --title t --wait=soon", "error: invalid value 'soon'"),
        (&*format!("content purge studio-a {many}"), "fleet: what: expected 1 to 100 at once"),
        ("content window studio-a big-demo", "error: the following required arguments"),
        ("content window studio-a big-demo --serve-from monday", "error: invalid value 'monday'"),
        (
            "content window studio-a big-demo --serve-from 2021-01-01T00Z --serve-until 2020-01-01T00Z",
            "fleet: serve_until: expected a time after serve_from",
        ),
    ];
    for (line, message) in cases {
        let (code, found) = server.fails(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(code, Some(2), "{line}: {found}");
        assert!(found.starts_with(message), "{line}: {found}");
    }
    assert_eq!(ok(&server, "content purges").lines().count(), 1);
    raw_requests(&server);
}

fn raw_requests(server: &Server) {
    let bearer = server.bearer();
    let title = r#"{"group":"studio-a","what":[{"title":"t"}]}"#;
    let json = "Content-Type: application/json";
    let cases: [(&[&str], &str, &str); 8] = [
        (&["-H", json, "-d", title], "", "401"),
        (&["-H", &bearer, "-H", json, "-d", title], "/preview", "200"),
        (&["-H", &bearer, "-H", json, "-d", r#"{"group":"studio-a","what":[]}"#], "", "422"),
        (&["-H", &bearer, "-H", json, "-d", r#"{"group":"g","what":[{"all":1}]}"#], "", "422"),
        (&["-H", &bearer, "-H", json, "-d", r#"{"what":[{"title":"t"}]}"#], "", "422"),
        (&[], "/1", "401"),
        (&["-H", &bearer], "/1", "404"),
        (&["-H", &bearer], "/x", "404"),
    ];
    for (arguments, path, status) in cases {
        let url = format!("https://{}/api/v1/purges{path}", server.listen);
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", &url]).args(arguments);
        curl.arg("--cacert").arg(server.front());
        let output = curl.output().expect("curl runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), status, "{arguments:?} {path}");
    }
}
