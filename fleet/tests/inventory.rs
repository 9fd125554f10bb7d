//! The inventory from outside: its commands as an operator types them, its API as a program uses it, on
//! both databases.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use support::process::Server;

/// What somebody types, line by line; what begins with `!` is refused.
const SESSION: &str = r#"
region create europe
region create germany --parent europe
!region edit europe --parent germany
provider create isp-a --asns 64496 --asns 64497 --contacts "[{name: NOC, phone: '+49 1'}]"
site create munich --latitude 48.1 --longitude 11.6 --provider isp-a --region germany --time-zone Europe/Berlin
!site create munich --latitude 48.1 --longitude 11.6
!site create x --latitude 48.1 --longitude 11.6 --provider isp-b
rack create munich r1 --u-height 24
device-type create box-2u --manufacturer Maker --model "Box 2U" --u-height 2
device create oca1.munich --role appliance --site munich --rack munich:r1 --position 1 --device-type box-2u --serial S1 -m "the first"
device create sw1.munich --role switch --site munich --rack munich:r1 --position 23 --device-type box-2u
!device create oca2.munich --role appliance --site munich --rack munich:r1 --position 2
!device create oca2.munich --role box --site munich
!device edit oca1.munich --status active
device edit oca1.munich --status shipped
device edit oca1.munich --status planned -m "the parcel came back" --dry-run
!device edit oca1.munich --status planned
component create disk D1 --device oca1.munich --disk-class nvme --capacity-bytes 7680000000000 --bay 0
interface create oca1.munich eth0 --type 100gbase-x-qsfp28 --purpose viewers
interface create sw1.munich p1
link create oca1.munich:eth0 sw1.munich:p1
prefix create 192.0.2.0/24 --site munich
address create 192.0.2.11/24 --interface oca1.munich:eth0
!address create 192.0.2.11/32
!address create 198.51.100.1/24
bgp create oca1.munich 192.0.2.1 --peer-asn 64496 --local-asn 64511
cluster create munich-a --site munich
device edit --filter role=appliance --cluster munich-a --dry-run
!device edit --filter role=appliance --cluster munich-a
device edit --filter role=appliance --cluster munich-a --yes
tag create new
!site delete munich
region list
provider list
site list
site show munich
site show munich -o yaml
rack list -o csv
device-type list
device list
device list --filter name__isw=oca --fields name,status,cluster -o json
!device list --filter colour=red
!device list --filter status=gone
component list
interface list --sort -name
link list
prefix list
address list
bgp list
cluster list
tag list
device history oca1.munich
device export --filter role=appliance
component delete disk:D1 -m "went back" --dry-run
component delete disk:D1
!component show disk:D1
export
"#;

fn words(line: &str) -> Vec<String> {
    let out =
        Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().expect("sh");
    String::from_utf8(out.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// Times are those of the day.
fn without_times(text: &str) -> String {
    let mut all = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        while let Some(at) = line.find("20").filter(|at| is_time(&line[*at..])) {
            let end = line[at..].find('Z').expect("an end");
            line.replace_range(at..=at + end, "TIME");
        }
        all.push_str(line.trim_end());
        all.push('\n');
    }
    all
}

fn is_time(text: &str) -> bool {
    let shape = |(it, wanted): (u8, &u8)| match wanted {
        b'd' => it.is_ascii_digit(),
        wanted => it == *wanted,
    };
    text.len() > 20 && text.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(shape)
}

fn session(database_url: Option<&str>) -> String {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), database_url);
    let mut all = String::new();
    for line in SESSION.lines().filter(|line| !line.is_empty()) {
        let (line, is_refused) = match line.strip_prefix('!') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = match is_refused {
            true => {
                let (code, said) = server.fails(&words);
                format!("{}[{}]\n", said.trim_end().to_owned() + "\n", code.expect("a code"))
            }
            false => server.ok(&words),
        };
        all.push_str(&format!("$ fleet {line}\n{}\n", without_times(&said)));
    }
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

/// A request by curl: status, headers, body.
fn ask(server: &Server, method: &str, path: &str, more: &[&str]) -> (u16, String, Value) {
    let token = std::fs::read_to_string(server.data.join("operator.token")).expect("a token");
    let bearer = format!("Authorization: Bearer {}", token.trim());
    let mut curl = Command::new("curl");
    curl.args(["-s", "-i", "-X", method, "-H", &bearer, "-H", "Content-Type: application/json"]);
    curl.arg("--cacert").arg(server.front()).args(more);
    let out = curl.arg(format!("https://{}{path}", server.listen)).output().expect("curl");
    let text = String::from_utf8(out.stdout).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
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
        ("GET", "/api/v1/devices/nobody/history", "", 404, "there is no device nobody"),
        ("POST", "/api/v1/devices?force=true", "{}", 400, "there is message and dry_run"),
        ("POST", "/api/v1/devices?dry_run=maybe", "{}", 400, "expected true or false"),
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
    let path = format!("/api/v1/changes?since={version}&wait_s=20");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(server, "GET", &path, &[]).2);
        assert_eq!(ask(server, "POST", "/api/v1/tags", &["-d", r#"{"name": "green"}"#]).0, 201);
        let told = waiting.join().expect("an answer");
        assert_eq!(told["items"][0]["key"], "green", "{told}");
        assert_eq!(told["items"][0]["who"], "operator.token");
    });
}

/// Files of NetBox's, and of the device-type library.
#[test]
fn what_others_know_is_taken_over() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inventory/tests/netbox/4.6");
    let netbox =
        ["import", "--netbox", export.to_str().expect("text"), "--role", "core-router=router"];
    let out = server.run(&netbox);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{said}");
    assert!(said.contains("warning: dcim/platforms: 1 left out"), "{said}");
    let again = server.ok(&netbox);
    assert!(again.starts_with("0 created, 0 changed"), "{again}");
    let list = server.ok(&["device", "list", "--fields", "name,role,status,rack,position"]);
    assert!(list.contains("muc1-oca-01") && list.contains("munich-1:A1 (21)"), "{list}");
    let folder = work.path().join("library/Maker");
    std::fs::create_dir_all(&folder).expect("made");
    let model = "manufacturer: Maker\nmodel: Box 1U\nslug: maker-box-1u\nu_height: 1\nis_full_depth: true\n\
                 interfaces:\n- {name: eth0, type: 1000base-t}\n";
    std::fs::write(folder.join("Box-1U.yaml"), model).expect("written");
    let library = work.path().join("library");
    let made = server.ok(&["device-type", "import", library.to_str().expect("text")]);
    assert!(made.starts_with("1 created"), "{made}");
    let (code, said) = server.fails(&["import", "--netbox", "/nowhere.json"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = server.fails(&["import", "--netbox", netbox[2], "--role", "x=y"]);
    assert!(code == Some(2) && said.contains("one of appliance, router"), "{said}");
}

/// Three devices at two sites whose names look alike to tools, one with an address for management.
const SMALL: &str = "
providers: [{name: isp-a, asns: [64496]}]
sites:
- {name: site-a, latitude: 1, longitude: 2, provider: isp-a}
- {name: site.a, latitude: 1, longitude: 2}
devices:
- {name: oca1.site-a, role: appliance, site: site-a, description: \"{{ lookup('pipe', 'false') }}\"}
- {name: oca2.site-a, role: appliance, site: site.a}
- {name: sw1, role: switch, site: site-a, status: racked}
interfaces:
- {device: oca1.site-a, name: eth0, purpose: viewers}
- {device: oca1.site-a, name: ipmi, mgmt_only: true}
- {device: oca1.site-a, name: eth9, purpose: management, enabled: false}
prefixes: [{prefix: 192.0.2.0/24}, {prefix: 10.0.0.0/24}, {prefix: 2001:db8::/64}]
ip-addresses:
- {address: 192.0.2.11/24, interface: 'oca1.site-a:eth0'}
- {address: 2001:db8::11/64, interface: 'oca1.site-a:eth0'}
- {address: 10.0.0.9/24, interface: 'oca1.site-a:ipmi'}
- {address: 10.0.0.1/24, interface: 'oca1.site-a:eth9'}
";

fn small(server: &Server, work: &Path) {
    let file = work.join("small.yaml");
    std::fs::write(&file, SMALL).expect("written");
    server.ok(&["import", file.to_str().expect("text")]);
}

/// What Ansible itself makes of it.
#[test]
fn ansible_takes_its_hosts_from_the_fleet() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    small(&server, work.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ansible/fleet-inventory");
    let programs = Path::new(env!("CARGO_BIN_EXE_fleet")).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path"));
    let ansible = |arguments: &[&str]| {
        let mut ansible = Command::new("ansible-inventory");
        ansible.args(["-i", script.to_str().expect("text")]).args(arguments).env("PATH", &path);
        ansible.env("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "true").env("HOME", work.path());
        ansible.env("FLEET_URL", format!("https://{}", server.listen));
        ansible.env("FLEET_TOKEN_FILE", server.data.join("operator.token"));
        let out = ansible.output().expect("ansible-inventory");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success() && said.is_empty(), "{said}");
        serde_json::from_slice::<Value>(&out.stdout).expect("JSON")
    };
    let all = ansible(&["--list"]);
    assert_eq!(all["appliances"]["hosts"], json!(["oca1.site-a", "oca2.site-a"]));
    assert_eq!(all["switches"]["hosts"], json!(["sw1"]));
    assert_eq!(all["status_racked"]["hosts"], json!(["sw1"]));
    assert_eq!(all["provider_isp_a"]["hosts"], json!(["oca1.site-a", "sw1"]));
    let of_sites =
        all.as_object().expect("groups").keys().filter(|it| it.starts_with("site_site_a_"));
    assert_eq!(of_sites.count(), 2, "two sites are two groups: {all}");
    let host = ansible(&["--host", "oca1.site-a"]);
    let expected = json!({"ansible_host": "10.0.0.9", "headend_site": "site-a",
        "headend_status": "planned", "headend_viewer_interfaces": ["eth0"]});
    assert_eq!(host, expected);
    assert_eq!(server.ok(&["inventory", "--host", "nobody"]).trim(), "{}");
    let (code, said) = server.fails(&["inventory", "--list", "--filter", "colour=red"]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn prometheus_takes_its_targets_from_the_fleet() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let (status, head, all) = ask(&server, "GET", "/api/v1/http-sd", &[]);
    assert_eq!((status, all), (200, json!([])));
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    small(&server, work.path());
    let (_, _, all) =
        ask(&server, "GET", "/api/v1/http-sd?port=9182&role=appliance&site=site-a", &[]);
    let labels = json!({"__meta_headend_device": "oca1.site-a", "__meta_headend_role": "appliance",
        "__meta_headend_status": "planned", "__meta_headend_site": "site-a",
        "__meta_headend_provider": "isp-a"});
    assert_eq!(all, json!([{"targets": ["10.0.0.9:9182"], "labels": labels}]));
    for wrong in ["port=0", "port=x", "colour=red"] {
        assert_eq!(ask(&server, "GET", &format!("/api/v1/http-sd?{wrong}"), &[]).0, 400, "{wrong}");
    }
}

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

/// As [`ask`], by somebody else.
fn ask_as(server: &Server, bearer: &str, method: &str, path: &str, more: &[&str]) -> (u16, String) {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-X", method, "-H", bearer, "-H", "Content-Type: application/json"]);
    curl.args(["-w", "\n%{http_code}", "--cacert"]).arg(server.front()).args(more);
    let out = curl.arg(format!("https://{}{path}", server.listen)).output().expect("curl");
    let text = String::from_utf8(out.stdout).expect("text");
    let (body, status) = text.rsplit_once('\n').expect("a status");
    (status.parse().expect("a number"), body.to_owned())
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
        // What is taken from his provider is his no more.
        server.ok(&["site", "edit", "s-alpha", "--provider", "beta"]);
        let (status, body) = ask_as(&server, &anna, "GET", "/api/v1/devices", &[]);
        assert_eq!((status, body.contains("alpha")), (200, false), "{body}");
    }
}

/// Record by record.
fn sees_his_own(server: &Server, anna: &str, kind: &inventory::schema::Kind) {
    let path = format!("/api/v1/{}", kind.plural);
    let (_, _, all) = ask(server, "GET", &path, &[]);
    let all = all["items"].as_array().expect("items").clone();
    let is_his = |record: &Value| record.to_string().contains("alpha");
    let (status, body) = ask_as(server, anna, "GET", &path, &[]);
    assert_eq!(status, 200, "{body}");
    let seen: Value = serde_json::from_str(&body).expect("JSON");
    let keys = |all: &[Value]| all.iter().map(|it| it["key"].clone()).collect::<Vec<_>>();
    let his: Vec<Value> = all.iter().filter(|record| is_his(record)).cloned().collect();
    assert_eq!(keys(seen["items"].as_array().expect("items")), keys(&his), "{}", kind.name);
    assert_eq!(his.is_empty(), matches!(kind.name, "tag" | "content-group"), "{}", kind.name);
    for word in ["beta", "spare", "stock", "secret", "pays late"] {
        assert!(!body.contains(word), "{}: {word}: {body}", kind.name);
    }
    for record in &all {
        let key = record["key"].as_str().expect("a key");
        let (status, body) = ask_as(server, anna, "GET", &format!("{path}/{}", encoded(key)), &[]);
        assert_eq!(status, if is_his(record) { 200 } else { 404 }, "{} {key}: {body}", kind.name);
        let filter = format!(
            "{path}?{}={}",
            kind.key[0],
            encoded(record[kind.key[0]].as_str().expect("text"))
        );
        let (_, body) = ask_as(server, anna, "GET", &filter, &[]);
        assert!(is_his(record) || !body.contains(key), "{} {key}: {body}", kind.name);
    }
}

fn is_told_nothing_else(server: &Server, anna: &str) {
    let forbidden = [
        ("GET", "/api/v1/devices?comments__ic=secret"),
        ("GET", "/api/v1/devices?sort=comments"),
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
        let (status, body) = ask_as(server, anna, method, path, more);
        assert_eq!(status, 403, "{method} {path}: {body}");
    }
    let (status, body) = ask_as(server, anna, "GET", "/api/v1/sessions/current", &[]);
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
