//! The manager from outside: started as a process, written to by its own commands, reported to
//! by boxes that are only a report, asked by players that are only a request.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use contract::manifest::Hold;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use support::fake_box::FakeBox;
use support::process::{Server, free_address, serve_fails};
use support::story::{add_title, bring_up, curl, priority, until_planned};

async fn whole_story(database_url: Option<&str>) {
    let work = tempfile::tempdir().expect("folder");
    let mut server = Server::start(&work.path().join("data"), database_url);
    let mut boxes = bring_up(&server, work.path()).await;
    until_planned(&mut boxes, 12).await;

    // Nobody holds it yet.
    let (head, body) = curl(&server, "/play/studio-a/big-demo/master.m3u8");
    assert!(head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 2"), "{head}");
    assert!(body.contains("oca1.site-a does-not-hold-title"), "{body}");

    let entries = boxes[0].objects().await;
    assert_eq!(entries.len(), 12);
    assert!(entries.iter().any(|entry| &*entry.path == "/big-demo/seg-0-00010.m4s"));
    boxes[0].happened("block_corrupt", "CRC wrong, refetched");
    for each in &mut boxes {
        each.held = 12;
        assert!(each.report().await.documents.is_empty(), "nothing new");
    }
    playback(&server);
    steering(&server, &mut boxes).await;

    // Killed at any moment, it goes on where it was.
    let before = boxes[0].manifest.clone();
    server.crash_and_restart();
    assert!(boxes[0].report().await.documents.is_empty(), "generations survive");
    assert_eq!(boxes[0].manifest, before);
    assert!(priority(&server, "g=studio-a&t=big-demo&p=").contains(&"oca1.site-a".to_owned()));

    changed_content(&server, work.path(), &mut boxes).await;
    assert_eq!(server.stop(), Some(0));
}

fn playback(server: &Server) {
    let (head, body) = curl(server, "/play/studio-a/big-demo/master.m3u8");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for header in [
        "content-type: application/vnd.apple.mpegurl",
        "access-control-allow-origin: *",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    assert!(body.contains("https://oca1.site-a.localhost:8441/big-demo/media_0.m3u8"), "{body}");
    assert!(body.contains("https://oca2.site-a.localhost:8442/big-demo/media_0.m3u8"), "{body}");
    let steering = format!("SERVER-URI=\"https://{}/steer/v1/hls?g=studio-a", server.listen);
    assert!(body.contains(&steering), "{body}");
    let (head, body) = curl(server, "/play/studio-a/big-demo/manifest.mpd");
    assert!(head.contains("content-type: application/dash+xml"), "{head}");
    let base = ">https://oca1.site-a.localhost:8441/big-demo/</BaseURL>";
    assert!(body.contains(base), "{body}");
    let url = format!("https://{}/steer/v1/dash", server.listen);
    let preflight = Command::new("curl")
        .arg("--cacert")
        .arg(server.front())
        .args(["-si", "-X", "OPTIONS", &url])
        .output()
        .expect("curl");
    let preflight = String::from_utf8_lossy(&preflight.stdout).into_owned();
    assert!(preflight.contains("204 No Content"), "{preflight}");
    assert!(preflight.contains("access-control-allow-headers: *"), "{preflight}");
    assert!(curl(server, "/play/studio-a/none/manifest.mpd").0.starts_with("HTTP/1.1 404"));
    assert!(curl(server, "/play/studio-a/big-demo/x.mpd").0.starts_with("HTTP/1.1 404"));
}

async fn steering(server: &Server, boxes: &mut [FakeBox]) {
    let all = "oca1.site-a,oca2.site-a,oca1.site-b,oca2.site-b";
    let query = &format!("g=studio-a&t=big-demo&p={all}&_HLS_pathway=oca1.site-a");
    let before = priority(server, query);
    assert_eq!(before.len(), 3);
    assert!(before[..2].iter().all(|name| name.ends_with(".site-a")), "{before:?}");
    // A playlist that lists one box only: the others come as clones, where clones can go.
    let one = "g=studio-a&t=big-demo&p=oca1.site-a";
    assert_eq!(priority(server, one), ["oca1.site-a"]);
    let (_, body) = curl(server, &format!("/steer/v1/dash?{one}&_DASH_pathway=%22x%22"));
    assert!(body.contains("\"BASE-ID\":\"oca1.site-a\""), "{body}");
    assert!(body.contains("\"HOST\":\"oca2.site-a.localhost:8442\""), "{body}");
    // The first box falls silent; the others go on reporting.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        for each in boxes.iter_mut().filter(|each| each.name().as_str() != before[0]) {
            each.report().await;
        }
        if priority(server, query).first() == before.get(1) {
            break;
        }
        assert!(Instant::now() < deadline, "steering never noticed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let status = server.ok(&["status"]);
    assert!(status.contains("late") || status.contains("silent"), "{status}");
    assert!(status.contains("block_corrupt") && status.contains("CRC wrong"), "{status}");
    for each in boxes {
        each.report().await;
    }
    assert_eq!(priority(server, query), before);
}

async fn changed_content(server: &Server, work: &Path, boxes: &mut [FakeBox]) {
    let unchanged = add_title(server, work);
    assert!(unchanged.contains("12 unchanged"), "{unchanged}");
    std::fs::write(work.join("title/seg-0-00003.m4s"), "other bytes").expect("written");
    std::fs::remove_file(work.join("title/seg-0-00004.m4s")).expect("removed");
    let changed = add_title(server, work);
    assert!(changed.contains("0 added, 1 replaced, 1 removed, 10 unchanged"), "{changed}");
    until_planned(boxes, 11).await;
    let manifest = boxes[0].manifest.as_ref().expect("a manifest");
    assert!(manifest.version >= 2 && matches!(manifest.hold, Hold::Snapshot(_)));
    server.ok(&["content", "remove", "--group", "studio-a", "--title", "big-demo"]);
    until_planned(boxes, 0).await;
    assert!(curl(server, "/play/studio-a/big-demo/master.m3u8").0.starts_with("HTTP/1.1 404"));
    server.ok(&["appliance", "delete", "oca2.site-b"]);
    assert!(!server.ok(&["appliance", "list"]).contains("oca2.site-b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_on_sqlite() {
    whole_story(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_on_postgresql() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    whole_story(Some(&test.address)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_nonsense_are_refused() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let mut boxes = bring_up(&server, work.path()).await;
    assert_eq!(boxes[0].report_as("oca2.site-a").await.as_u16(), 403);
    server.ok(&["appliance", "delete", "oca1.site-a"]);
    assert!(boxes[0].is_shut_out().await, "a box that is none any more is heard");

    // Without a certificate there is not even a handshake.
    let url = format!("https://{}/box/v1/report", server.control);
    let curl = Command::new("curl").args(["-sk", &url, "-d", "{}"]).output().expect("curl runs");
    assert!(!curl.status.success());

    let fails = |line: &str| server.fails(&line.split_whitespace().collect::<Vec<_>>());
    let site = "--latitude 1 --longitude 1";
    let disk = "--peer 127.0.0.1:1 --disk /d:nvme:1GiB --player 127.0.0.1:2";
    let cases = [
        (format!("site create site-a {site}"), 1, "fleet: there is a site site-a already"),
        (
            "site create x --latitude 91 --longitude 1".to_owned(),
            2,
            "fleet: latitude: expected a number from -90 to 90",
        ),
        (
            format!("appliance create x --site nowhere {disk}"),
            2,
            "fleet: site: there is no site nowhere",
        ),
        (
            "site delete site-a".to_owned(),
            1,
            "fleet: site-a is named by device oca2.site-a: change them first",
        ),
        (
            "group delete studio-a".to_owned(),
            1,
            "fleet: studio-a is named by titles: change them first",
        ),
        ("site show x".to_owned(), 1, "fleet: there is no site x"),
        (
            format!("--fleet https://{} site list", free_address()),
            1,
            "fleet: cannot reach the fleet manager",
        ),
        (
            "content add --group studio-a --title t --folder /nowhere".to_owned(),
            2,
            "fleet: /nowhere: no such folder",
        ),
    ];
    for (line, code, message) in cases {
        let (found_code, found) = fails(&line);
        assert_eq!(found_code, Some(code), "{line}: {found}");
        assert!(found.starts_with(message), "{line}: {found}");
    }
    raw_requests(&server);
}

fn raw_requests(server: &Server) {
    let bearer = server.bearer();
    let json = "Content-Type: application/json";
    let site = r#"{"name":"s","latitude":1,"longitude":1}"#;
    let unknown = r#"{"name":"s","latitude":1,"longitude":1,"color":"red"}"#;
    let nul = r#"{"name":"s","owner":"a\u0000b"}"#;
    let cases: [(&[&str], &str); 7] = [
        (&["-H", json, "-d", site], "401"),
        (&["-H", json, "-H", "Authorization: Bearer x", "-d", site], "401"),
        (&["-H", &bearer, "-H", "Content-Type: text/plain", "-d", site], "415"),
        (&["-H", &bearer, "-H", json, "-d", unknown], "422"),
        (&["-H", &bearer, "-H", json, "-d", nul], "400"),
        (&["-H", &bearer, "-H", json, "-d", "{"], "400"),
        (&["-X", "PUT"], "405"),
    ];
    let url = format!("https://{}/api/v1/sites", server.listen);
    for (arguments, status) in cases {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code} %{content_type}", &url]);
        curl.arg("--cacert").arg(server.front());
        let output = curl.args(arguments).output().expect("curl runs");
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(found, format!("{status} application/problem+json"), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_commands_print() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    bring_up(&server, work.path()).await;
    let mut session = String::new();
    for line in [
        "site list",
        "group list",
        "device list",
        "appliance list",
        "appliance show oca1.site-a",
        "content list",
        "content show --group studio-a --title big-demo -o yaml",
        "status oca2.site-b",
        "fill status oca2.site-b",
    ] {
        let printed = server.ok(&line.split_whitespace().collect::<Vec<_>>());
        session.push_str(&format!("$ fleet {line}\n{printed}\n"));
    }
    // How often the planner ran while all this was typed is a matter of luck.
    let number = |line: &str| match line.split_once("none in force, ") {
        Some((kind, _)) => format!("{kind}none in force, 1.N issued"),
        None => line.to_owned(),
    };
    let session: Vec<String> = session.lines().map(number).collect();
    insta::assert_snapshot!(session.join("\n"));
}

/// A certificate that nobody but itself vouches for, and its key.
fn own_certificate(folder: &Path) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("chain.pem"), certificate.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
}

#[test]
fn viewers_are_answered_apart_and_shown_what_somebody_else_keeps() {
    let work = tempfile::tempdir().expect("folder");
    let file = |name: &str| work.path().join(name);
    own_certificate(work.path());
    let (viewers, [chain, key]) = (free_address(), ["chain.pem", "key.pem"].map(file));
    let more = [
        ("--viewers", viewers.to_string()),
        ("--certificate", chain.display().to_string()),
        ("--key", key.display().to_string()),
    ];
    let more: Vec<&str> = more.iter().flat_map(|(name, value)| [*name, value.as_str()]).collect();
    let server = Server::start_with(&file("data"), None, &more);
    let status = |address: &std::net::SocketAddr, path: &str, ca: &Path| {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"]).arg(ca);
        let out = curl.arg(format!("https://{address}{path}")).output().expect("curl runs");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let steering = "/steer/v1/hls?g=none&t=none&p=none";
    let answered = status(&server.listen, steering, &chain);
    assert!(answered != "000" && answered != "401", "{answered}");
    assert_eq!(status(&viewers, steering, &chain), answered, "players are answered the same");
    for path in ["/api/v1/sites", "/api/v1/sessions", "/console/", "/"] {
        assert_eq!(status(&viewers, path, &chain), "404", "{path}");
    }
    assert_eq!(status(&server.listen, "/api/v1/sites", &chain), "401");
    assert!(!file("data/ca/front.pem").exists(), "an authority was made that nobody needs");
    // Another certificate is shown as soon as it is there, and the one before no more.
    std::fs::copy(&chain, file("before.pem")).expect("copied");
    own_certificate(work.path());
    assert_eq!(status(&viewers, "/healthz", &chain), "200");
    assert_eq!(status(&viewers, "/healthz", &file("before.pem")), "000");
    // One that is none is not shown.
    std::fs::copy(&chain, file("before.pem")).expect("copied");
    std::fs::write(&chain, "half of a certi").expect("written");
    assert_eq!(status(&viewers, "/healthz", &file("before.pem")), "200");
}

#[test]
fn a_start_that_cannot_work_touches_nothing() {
    let work = tempfile::tempdir().expect("folder");
    let data = work.path().join("data");
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let data = data.to_str().expect("text");
    let free = free_address().to_string();
    let others = [free_address(), free_address()].map(|it| it.to_string());
    let nowhere = ["--certificate", "/nowhere", "--key", "/nowhere", "--control", &others[0]];
    let nowhere =
        [&["--data", data, "--listen", &free, "--join", &others[1]][..], &nowhere].concat();
    let cases: [(&[&str], &str); 4] = [
        (&nowhere, "cannot read /nowhere"),
        (&["--data", data, "--listen", &free, "--control", &taken], "cannot listen on"),
        (
            &["--data", "/proc/x", "--listen", &free, "--control", &free_address().to_string()],
            "cannot use /proc/x",
        ),
        (&["--data", data, "--console-assets", "/nowhere"], "no such folder"),
    ];
    for (arguments, message) in cases {
        let (code, found) = serve_fails(arguments);
        assert_eq!(code, Some(2), "{found}");
        assert!(found.contains(message), "{found}");
    }
    assert!(!Path::new(data).exists());
}
