//! The inventory from outside: its commands as an operator types them, its API as a program uses it, on
//! both databases.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::json;
use std::path::Path;
use support::api::ask;
use support::process::Server;
use support::shell::typed;

fn session(database_url: Option<&str>) -> String {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), database_url);
    let all = typed(&server, work.path(), include_str!("commands/records.txt"));
    is_read_again(&server, work.path());
    all
}

/// What is exported changes nothing when it is imported, and makes the same of an empty fleet.
fn is_read_again(server: &Server, work: &Path) {
    let whole = server.ok(&["export"]);
    let file = work.join("whole.yaml");
    std::fs::write(&file, &whole).expect("written");
    let file = file.to_str().expect("text");
    let again = server.ok(&["import", file]);
    assert!(again.starts_with("0 created, 0 changed"), "{again}");
    let other = Server::start(&work.join("other"), None);
    let made = other.ok(&["import", file, "-m", "moved"]);
    assert!(made.contains(" created, 0 changed, 0 as they were"), "{made}");
    assert_eq!(other.ok(&["export"]), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_commands_print() {
    let on_sqlite = session(None);
    insta::assert_snapshot!(on_sqlite);
    let test = db::testing::postgres().await;
    test.db.close().await;
    assert_eq!(session(Some(&test.address)), on_sqlite, "PostgreSQL");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_told_what_they_need() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    for url in [None, Some(test.address.as_str())] {
        let work = tempfile::tempdir().expect("folder");
        let server = Server::start(&work.path().join("data"), url);
        versions_are_kept(&server);
        many_are_all_or_none(&server);
        each_row_is_told_of(&server);
        what_an_import_changes_has_its_row(&server);
        what_comes_again_is_done_once(&server);
        nonsense_is_named(&server);
        changes_are_followed(&server);
    }
}

fn versions_are_kept(server: &Server) {
    let region = r#"{"name": "eu", "description": "Robert'); DROP TABLE regions;-- {{ 7*7 }}"}"#;
    let (status, head, made) =
        ask(server, "POST", "/api/v1/regions?message=why%20not", &["-d", region]);
    assert_eq!(status, 201, "{made}");
    assert!(
        head.contains("location: /api/v1/regions/eu") && head.contains("x-request-id: "),
        "{head}"
    );
    let tag = format!("\"{}\"", made["version"]);
    assert!(head.contains(&format!("etag: {tag}")), "{head}");
    let patch = |tag: &str| {
        let header = format!("If-Match: {tag}");
        ask(
            server,
            "PATCH",
            "/api/v1/regions/eu",
            &["-H", &header, "-d", r#"{"description": "new"}"#],
        )
        .0
    };
    assert_eq!((patch("\"0\""), patch(&tag), patch(&tag), patch("nonsense")), (412, 200, 412, 412));
    let (status, _, gone) = ask(server, "DELETE", "/api/v1/regions/eu", &["-H", "If-Match: \"0\""]);
    assert_eq!(status, 412, "{gone}");
    let (_, _, told) = ask(server, "GET", "/api/v1/regions/eu/history", &[]);
    let before = &told["items"][0]["before"];
    assert_eq!(before["description"], "Robert'); DROP TABLE regions;-- {{ 7*7 }}");
    assert_eq!(told["items"][1]["message"], "why not");
    let then = told["items"][1]["at"].as_str().expect("a time");
    let (_, _, was) = ask(server, "GET", &format!("/api/v1/regions/eu?at={then}"), &[]);
    assert_eq!(was["description"], before["description"]);
    let (status, ..) = ask(server, "GET", "/api/v1/regions/eu?at=2001-01-01T00:00:00Z", &[]);
    assert_eq!(status, 404);
}

fn many_are_all_or_none(server: &Server) {
    let body = r#"[{"name": "a"}, {"name": "a"}, {"name": "b", "parent": "z"}, {"name": "B!"}]"#;
    let (status, _, refused) = ask(server, "POST", "/api/v1/regions", &["-d", body]);
    assert_eq!(status, 422, "{refused}");
    let rows: Vec<_> =
        refused["errors"].as_array().expect("rows").iter().map(|it| &it["row"]).collect();
    assert_eq!(rows, [1, 2, 3].map(|it| json!(it)).iter().collect::<Vec<_>>(), "{refused}");
    let (_, _, all) = ask(server, "GET", "/api/v1/regions", &[]);
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1), "nothing is written: {all}");
    let body = r#"[{"name": "c", "parent": "d"}, {"name": "d"}]"#;
    assert_eq!(
        ask(server, "POST", "/api/v1/regions", &["-d", body]).0,
        201,
        "they may name each other"
    );
    let body = r#"[{"key": "c", "parent": null}, {"key": "d", "parent": "c"}]"#;
    let (status, _, made) = ask(server, "PATCH", "/api/v1/regions", &["-d", body]);
    assert_eq!((status, &made["items"][1]["parent"]), (200, &json!("c")), "{made}");
    let body = r#"[{"key": "d"}, {"key": "nobody"}]"#;
    let (status, _, refused) = ask(server, "DELETE", "/api/v1/regions", &["-d", body]);
    assert_eq!((status, &refused["errors"][0]["row"]), (404, &json!(1)), "{refused}");
    let body = r#"[{"key": "d"}, {"key": "c"}]"#;
    assert_eq!(ask(server, "DELETE", "/api/v1/regions", &["-d", body]).0, 204);
}

fn each_row_is_told_of(server: &Server) {
    let body = r#"[{"name": "p"}, {"name": "q", "parent": "p"}]"#;
    assert_eq!(ask(server, "POST", "/api/v1/regions", &["-d", body]).0, 201);
    let body = r#"[{"key": "q", "parent": "nowhere"}, {"key": "p"}, {"key": "nobody"}]"#;
    let (status, _, refused) = ask(server, "PATCH", "/api/v1/regions", &["-d", body]);
    let rows: Vec<_> =
        refused["errors"].as_array().expect("rows").iter().map(|it| &it["row"]).collect();
    assert_eq!((status, rows), (422, vec![&json!(0), &json!(2)]), "{refused}");
    // In the end: p is named by q until q has gone as well.
    let body = r#"[{"key": "p"}, {"key": "q"}]"#;
    assert_eq!(ask(server, "DELETE", "/api/v1/regions", &["-d", body]).0, 204);
    let headers = ["-H", "If-Match: \"1\"", "-d", "[]"];
    assert_eq!(ask(server, "DELETE", "/api/v1/regions", &headers).0, 400, "of which?");
}

/// Of a file each line is told, however little of it is new.
fn what_an_import_changes_has_its_row(server: &Server) {
    let record = |name: &str, parent: Option<&str>| json!({"kind": "region", "fields": {"name": name, "parent": parent}});
    let import = |records: &[serde_json::Value]| {
        let body = json!({ "records": records }).to_string();
        ask(server, "POST", "/api/v1/import", &["-d", &body])
    };
    assert_eq!(import(&[record("e", None), record("f", Some("e"))]).0, 200);
    let (status, _, refused) = import(&[record("f", Some("e")), record("e", Some("f"))]);
    let wrong = &refused["errors"][0];
    assert_eq!((status, &wrong["row"], &wrong["key"]), (422, &json!(1), &json!("e")), "{refused}");
    assert_eq!(
        ask(server, "DELETE", "/api/v1/regions", &["-d", r#"[{"key": "f"}, {"key": "e"}]"#]).0,
        204
    );
}

fn what_comes_again_is_done_once(server: &Server) {
    let ask = |body: &str| {
        ask(server, "POST", "/api/v1/tags", &["-H", "Idempotency-Key: k1", "-d", body])
    };
    let first = ask(r#"{"name": "blue"}"#);
    let again = ask(r#"{"name": "blue"}"#);
    assert_eq!((first.0, first.2), (again.0, again.2));
    assert_eq!(ask(r#"{"name": "red"}"#).0, 422, "another request");
}

fn nonsense_is_named(server: &Server) {
    let cases = [
        ("GET", "/api/v1/devices?colour=red", "", 400, "has no field"),
        ("GET", "/api/v1/devices?status__gt=active", "", 400, "is no filter"),
        ("GET", "/api/v1/devices?limit=0", "", 400, "limit: expected 1 to 1000"),
        ("GET", "/api/v1/devices?cursor=xyz", "", 400, "cursor"),
        ("GET", "/api/v1/devices?sort=colour", "", 400, "sort"),
        ("GET", "/api/v1/devices?name=%00", "", 400, "NUL"),
        ("GET", "/api/v1/devices/nobody", "", 404, "there is no device nobody"),
        ("GET", "/api/v1/devices/%00", "", 404, "NUL"),
        ("DELETE", "/api/v1/devices/%00", "", 404, "NUL"),
        ("GET", "/api/v1/devices/%00/history", "", 404, "NUL"),
        ("GET", "/api/v1/devices/%FF", "", 400, "UTF-8"),
        ("GET", "/api/v1/devices?name__ic=%FF", "", 400, "UTF-8"),
        ("GET", "/api/v1/devices/nobody/history", "", 404, "there is no device nobody"),
        ("POST", "/api/v1/devices?force=true", "{}", 400, "there is message and dry_run"),
        ("POST", "/api/v1/devices?dry_run=maybe", "{}", 400, "expected true or false"),
        ("POST", "/api/v1/devices?message=a%E2%80%AEb", "{}", 400, "message: must not hold"),
        ("GET", "/api/v1/ansible-inventory?name=%00", "", 400, "NUL"),
        ("GET", "/api/v1/ansible-inventory?limit=1", "", 400, "limit: there are filters alone"),
        ("POST", "/api/v1/devices", "5", 422, "expected an object"),
        ("POST", "/api/v1/devices", r#"{"status_reason": "x"}"#, 422, "is not written, but seen"),
        (
            "POST",
            "/api/v1/import",
            r#"{"records": [{"kind": "x", "fields": {}}]}"#,
            422,
            "kind: expected tag",
        ),
        ("PATCH", "/api/v1/devices/nobody", "{}", 404, "there is no device nobody"),
        (
            "DELETE",
            "/api/v1/devices",
            r#"[{"key": "a", "colour": "red"}]"#,
            422,
            "there is key and version",
        ),
        ("GET", "/api/v1/changes?since=x", "", 400, "since: expected 0"),
        ("GET", "/api/v1/appliances/%FF", "", 400, "UTF-8"),
        ("GET", "/api/v1/appliances/x/late-reports?limit=y", "", 400, "limit"),
        ("GET", "/api/v1/ssh/certificates?colour=red", "", 400, "colour"),
    ];
    for (method, path, body, status, says) in cases {
        let more: &[&str] = if body.is_empty() { &[] } else { &["-d", body] };
        let (found, head, told) = ask(server, method, path, more);
        assert_eq!(found, status, "{method} {path}: {told}");
        assert!(head.contains("application/problem+json"), "{head}");
        let detail = told["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(says), "{method} {path}: {detail}");
    }
}

fn changes_are_followed(server: &Server) {
    let (_, _, all) = ask(server, "GET", "/api/v1/changes?limit=10000", &[]);
    let version = all["version"].as_i64().expect("a version");
    // What changes nothing is nothing to be told of, and does not come again and again.
    assert_eq!(ask(server, "DELETE", "/api/v1/tags", &["-d", "[]"]).0, 204);
    let (_, _, none) =
        ask(server, "GET", &format!("/api/v1/changes?since={version}&wait_s=20"), &[]);
    let version = none["version"].as_i64().expect("a version");
    assert_eq!(none["items"], json!([]));
    let (_, _, list) = ask(server, "GET", "/api/v1/tags", &[]);
    assert_eq!(list["version"], json!(version), "{list}");
    let begun = std::time::Instant::now();
    let path = format!("/api/v1/changes?since={version}&wait_s=1");
    assert_eq!(ask(server, "GET", &path, &[]).2["items"], json!([]));
    assert!(begun.elapsed().as_secs_f64() >= 1.0, "it has not waited");
    let path = format!("/api/v1/changes?since={version}&wait_s=20");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(server, "GET", &path, &[]).2);
        assert_eq!(ask(server, "POST", "/api/v1/tags", &["-d", r#"{"name": "green"}"#]).0, 201);
        let told = waiting.join().expect("an answer");
        assert_eq!(told["items"][0]["key"], "green", "{told}");
        assert_eq!(told["items"][0]["who"], "operator.token");
    });
}

/// More is wrong than is told: none of it counts for less.
#[test]
fn of_thousands_one_that_is_refused_keeps_all() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(work.path(), None);
    let file = |name: &str, all: Vec<serde_json::Value>| {
        let file = work.path().join(name);
        std::fs::write(&file, json!(all).to_string()).expect("written");
        format!("@{}", file.display())
    };
    let pairs = (0..1000).flat_map(|at| {
        let (above, below) = (format!("above{at}"), format!("below{at}"));
        [json!({"name": above}), json!({"name": below, "parent": above})]
    });
    let made = file("made.json", pairs.collect());
    assert_eq!(ask(&server, "POST", "/api/v1/regions", &["-d", &made]).0, 201);
    let names = |of: &'static str| (0..1000).map(move |at| json!({"key": format!("{of}{at}")}));
    let wrong = json!({"key": "below0", "version": 999_999});
    let gone = names("above").chain(names("below").skip(1)).chain([wrong]);
    let gone = file("gone.json", gone.collect());
    let (status, _, told) = ask(&server, "DELETE", "/api/v1/regions", &["-d", &gone]);
    assert_eq!(status, 409, "{}", told["detail"]);
    let (_, _, left) = ask(&server, "GET", "/api/v1/regions?limit=1000&name__isw=below", &[]);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1000));
}
