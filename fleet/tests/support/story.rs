//! Two sites of two boxes and a title, and questions that players and boxes ask.

use super::fake_box::FakeBox;
use super::process::Server;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const MASTER: &str = include_str!("../../steer/testdata/ffmpeg.m3u8");
const MANIFEST: &str = include_str!("../../steer/testdata/ffmpeg.mpd");

/// A title of two playlists and ten segments.
pub fn title(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join("master.m3u8"), MASTER).expect("written");
    std::fs::write(folder.join("manifest.mpd"), MANIFEST).expect("written");
    for number in 1..=10 {
        let name = format!("seg-0-{number:05}.m4s");
        std::fs::write(folder.join(name), format!("segment {number}")).expect("written");
    }
}

/// Two sites of two boxes and a title, by the commands that an operator gives.
pub async fn bring_up(server: &Server, work: &Path) -> Vec<FakeBox> {
    let ok = |line: &str| server.ok(&line.split_whitespace().collect::<Vec<_>>());
    let root = work.join("root");
    server.ok(&["ca", "init", "--root", root.to_str().expect("text")]);
    ok("site create site-a --latitude 48.14 --longitude 11.58 --prefix 127.0.0.0/8");
    ok("site create site-b --latitude 52.52 --longitude 13.40");
    ok(
        "group create studio-a --owner Studio --host-pattern {device}.localhost --origin http://127.0.0.1:8000/o",
    );
    ok(
        "group create kino --owner Kino --host-pattern kino.{device}.localhost --origin http://[::1]:8000 --on-miss proxy --demand-share 25",
    );
    let mut boxes = Vec::new();
    for (port, name) in (1..).zip(["oca1.site-a", "oca2.site-a", "oca1.site-b", "oca2.site-b"]) {
        let (_, site) = name.split_once('.').expect("box.site");
        let folder = work.join(name);
        ok(&format!(
            "appliance create {name} --site {site} --serial SN-{name} --player 127.0.0.1:844{port} --player [::1]:844{port} \
             --player-h2 127.0.0.1:854{port} --peer 127.0.0.1:944{port} \
             --disk /srv/disk0:nvme:1GiB --ram 64MiB --state-folder /var/lib/headend"
        ));
        boxes.push(FakeBox::join(server, name, &folder).await);
    }
    title(&work.join("title"));
    add_title(server, work);
    boxes
}

pub fn add_title(server: &Server, work: &Path) -> String {
    let folder = work.join("title");
    let folder = folder.to_str().expect("text");
    server.ok(&[
        "content",
        "add",
        "--group",
        "studio-a",
        "--title",
        "big-demo",
        "--name",
        "The big demo",
        "--folder",
        folder,
        "--base-path",
        "/big-demo",
    ])
}

/// Reports until every box has a manifest that lists `objects` objects.
pub async fn until_planned(boxes: &mut [FakeBox], objects: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    for each in boxes {
        loop {
            each.report().await;
            let count = each.manifest.as_ref().map(|it| it.hold.resolve(None).expect("list").len());
            if count == Some(objects) {
                break;
            }
            assert!(Instant::now() < deadline, "{} was never told of {objects}", each.name());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// As a player asks, who shows nothing.
pub fn curl(server: &Server, path: &str) -> (String, String) {
    curl_with(server, path, &[])
}

/// As somebody asks who shows the operator's token.
pub fn curl_known(server: &Server, path: &str) -> (String, String) {
    curl_with(server, path, &["-H", &server.bearer()])
}

fn curl_with(server: &Server, path: &str, more: &[&str]) -> (String, String) {
    let url = format!("https://{}{path}", server.listen);
    let mut curl = Command::new("curl");
    curl.arg("--cacert").arg(server.front()).args(["-s", "-i", &url]).args(more);
    let output = curl.output().expect("curl runs");
    let text = String::from_utf8(output.stdout).expect("text").replace('\r', "");
    let (head, body) = text.split_once("\n\n").expect("a response");
    (head.to_owned(), body.to_owned())
}

pub fn priority(server: &Server, query: &str) -> Vec<String> {
    let (head, body) = curl(server, &format!("/steer/v1/hls?{query}"));
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let answer: serde_json::Value = serde_json::from_str(&body).expect("json");
    serde_json::from_value(answer["PATHWAY-PRIORITY"].clone()).expect("names")
}
