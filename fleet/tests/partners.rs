//! What a partner sees: record by record, on both databases.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::{Value, json};
use support::api::{ask, ask_as};
use support::process::Server;

/// All that a provider may have; its name is in everything.
fn all_of(mark: &str, number: u8) -> String {
    format!(
        "
providers: [{{name: {mark}, asns: [6449{number}], comments: {mark} pays late}}]
regions: [{{name: r-{mark}}}]
sites: [{{name: s-{mark}, provider: {mark}, region: r-{mark}, latitude: 1, longitude: 2, comments: secret}}]
racks: [{{site: s-{mark}, name: rack-{mark}}}]
device-types: [{{slug: t-{mark}, manufacturer: {mark}, model: {mark}}}]
clusters: [{{name: c-{mark}, site: s-{mark}}}]
devices:
- {{name: d1-{mark}, role: appliance, site: s-{mark}, device_type: t-{mark}, cluster: c-{mark}, comments: secret}}
- {{name: d2-{mark}, role: switch, site: s-{mark}}}
components: [{{type: disk, serial: D-{mark}, device: d1-{mark}}}]
interfaces: [{{device: d1-{mark}, name: p-{mark}}}, {{device: d2-{mark}, name: p-{mark}}}]
links: [{{a: 'd1-{mark}:p-{mark}', b: 'd2-{mark}:p-{mark}'}}]
prefixes: [{{prefix: 10.{number}.0.0/24, site: s-{mark}, description: of {mark}}}]
ip-addresses: [{{address: 10.{number}.0.5/24, interface: 'd1-{mark}:p-{mark}', description: of {mark}}}]
bgp-sessions:
- {{device: d1-{mark}, peer_address: 10.{number}.0.1, peer_asn: 6449{number}, local_asn: 64511}}
"
    )
}

/// What belongs to nobody.
const NOBODYS: &str = "
tags: [{name: ours}]
devices: [{name: spare, role: appliance, site: stock}]
sites: [{name: stock}]
components: [{type: disk, serial: shelf}]
content-groups: [{name: studio, owner: Studio, host_pattern: '{device}.cdn.example', origin_url: 'https://o.example'}]
";

/// The token of somebody who has logged in.
fn log_in(server: &Server, person: &Value) -> String {
    let (status, _, made) = ask(server, "POST", "/api/v1/people", &["-d", &person.to_string()]);
    assert_eq!(status, 201, "{made}");
    let who = json!({"name": made["name"], "password": made["password"]}).to_string();
    let (status, _, session) = ask(server, "POST", "/api/v1/sessions", &["-d", &who]);
    assert_eq!(status, 201, "{session}");
    format!("Authorization: Bearer {}", session["token"].as_str().expect("a token"))
}

/// For a path.
fn encoded(key: &str) -> String {
    url::form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>().replace('+', "%20")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_sees_what_is_his_and_nothing_else() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    for url in [None, Some(test.address.as_str())] {
        let work = tempfile::tempdir().expect("folder");
        let server = Server::start(&work.path().join("data"), url);
        for (name, text) in
            [("a", all_of("alpha", 1)), ("b", all_of("beta", 2)), ("n", NOBODYS.to_owned())]
        {
            let file = work.path().join(format!("{name}.yaml"));
            std::fs::write(&file, text).expect("written");
            server.ok(&["import", file.to_str().expect("text")]);
        }
        let person = json!({"name": "anna", "role": "partner", "provider": "alpha"});
        let anna = log_in(&server, &person);
        for kind in inventory::kinds::ALL {
            sees_his_own(&server, &anna, kind);
        }
        is_told_nothing_else(&server, &anna);
        let (code, said) = server.fails(&["provider", "delete", "alpha"]);
        assert!(code == Some(1) && said.contains("is named by"), "{said}");
        // What is taken from his provider is his no more.
        server.ok(&["site", "edit", "s-alpha", "--provider", "beta"]);
        let (status, _, body) = ask_as(&server, &anna, "GET", "/api/v1/devices", &[]);
        assert_eq!((status, body.contains("alpha")), (200, false), "{body}");
        // Nothing but a person names it now; the other could go, and goes with it or not at all.
        server.ok(&["provider", "create", "free", "--asns", "64499"]);
        let (code, said) = server.fails(&["provider", "delete", "alpha", "free"]);
        assert!(code == Some(1) && said.contains("people who are its partners"), "{said}");
        server.ok(&["provider", "show", "free"]);
    }
}

/// Record by record.
fn sees_his_own(server: &Server, anna: &str, kind: &inventory::schema::Kind) {
    let path = format!("/api/v1/{}", kind.plural);
    let (_, _, all) = ask(server, "GET", &path, &[]);
    let all = all["items"].as_array().expect("items").clone();
    let is_his = |record: &Value| record.to_string().contains("alpha");
    let (status, _, body) = ask_as(server, anna, "GET", &path, &[]);
    assert_eq!(status, 200, "{body}");
    let seen: Value = serde_json::from_str(&body).expect("JSON");
    let keys = |all: &[Value]| all.iter().map(|it| it["key"].clone()).collect::<Vec<_>>();
    let his: Vec<Value> = all.iter().filter(|record| is_his(record)).cloned().collect();
    assert_eq!(keys(seen["items"].as_array().expect("items")), keys(&his), "{}", kind.name);
    assert_eq!(
        his.is_empty(),
        matches!(kind.name, "tag" | "content-group" | "firmware-policy" | "config-context"),
        "{}",
        kind.name
    );
    for word in ["beta", "spare", "stock", "secret", "pays late"] {
        assert!(!body.contains(word), "{}: {word}: {body}", kind.name);
    }
    for record in &all {
        let key = record["key"].as_str().expect("a key");
        let (status, _, body) =
            ask_as(server, anna, "GET", &format!("{path}/{}", encoded(key)), &[]);
        assert_eq!(status, if is_his(record) { 200 } else { 404 }, "{} {key}: {body}", kind.name);
        let filter = format!(
            "{path}?{}={}",
            kind.key[0],
            encoded(record[kind.key[0]].as_str().expect("text"))
        );
        let (status, _, body) = ask_as(server, anna, "GET", &filter, &[]);
        assert_eq!((status, body.contains(key)), (200, is_his(record)), "{} {key}", kind.name);
    }
}

fn is_told_nothing_else(server: &Server, anna: &str) {
    let forbidden = [
        ("GET", "/api/v1/devices?comments__ic=secret"),
        ("GET", "/api/v1/devices?fields=comments"),
        ("GET", "/api/v1/devices/d1-alpha/history"),
        ("GET", "/api/v1/devices/d1-alpha?at=2026-01-01T00:00:00Z"),
        ("GET", "/api/v1/changes"),
        ("GET", "/api/v1/appliances"),
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/titles"),
        ("GET", "/api/v1/people"),
        ("GET", "/api/v1/ansible-inventory"),
        ("GET", "/api/v1/http-sd"),
        ("GET", "/api/v1/trust"),
        ("PATCH", "/api/v1/devices/d1-alpha"),
        ("DELETE", "/api/v1/devices/d1-alpha"),
        ("POST", "/api/v1/devices"),
        ("POST", "/api/v1/import"),
    ];
    for (method, path) in forbidden {
        let more: &[&str] = if method == "GET" { &[] } else { &["-d", "{}"] };
        let (status, _, body) = ask_as(server, anna, method, path, more);
        assert_eq!(status, 403, "{method} {path}: {body}");
    }
    let (status, _, body) = ask_as(server, anna, "GET", "/api/v1/sessions/current", &[]);
    assert!(status == 200 && body.contains("\"provider\":\"alpha\""), "{body}");
    for (person, says) in [
        (json!({"name": "x", "role": "partner"}), "a partner is of a provider"),
        (json!({"name": "x", "role": "viewer", "provider": "alpha"}), "none is to be named"),
        (
            json!({"name": "x", "role": "partner", "provider": "gamma"}),
            "there is no provider gamma",
        ),
    ] {
        let (status, _, told) = ask(server, "POST", "/api/v1/people", &["-d", &person.to_string()]);
        let detail = told["detail"].as_str().unwrap_or_default();
        assert!(status == 422 && detail.contains(says), "{told}");
    }
}
