//! Names of boxes on a name server, and as files that one reads.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use support::api::{ask, ask_as};
use support::knot::Knot;
use support::process::Server;

const FORWARD: &str = "cdn.example";
const FOUR: &str = "2.0.192.in-addr.arpa";
const SIX: &str = "8.b.d.0.1.0.0.2.ip6.arpa";

const TOP: &str =
    "@ 60 SOA ns1.cdn.example. ops.cdn.example. 1 3600 600 86400 60\n@ 60 NS ns1.cdn.example.\n";

/// What others have in the zone: a name server, a proof, a web server, whom to tell.
const OTHERS: &str = "ns1 60 A 192.0.2.53\n_acme-challenge.oca1.a 60 TXT proof\nwww 60 A 192.0.2.80\n\
    oca1.a 60 TXT theirs\n@ 60 CAA 0 iodef \"mailto:ops@cdn.example\"\n";

const INVENTORY: &str = "
sites: [{name: a, latitude: 1, longitude: 2}]
prefixes: [{prefix: 192.0.2.0/24}, {prefix: '2001:db8::/32', status: container}, {prefix: '2001:db8:0:1::/64'}]
content-groups:
- {name: studio, owner: Studio, host_pattern: '{device}.cdn.example', origin_url: 'https://o.example'}
- {name: kino, owner: Kino, host_pattern: 'kino.{device}.cdn.example', origin_url: 'https://o.example'}
devices:
";

/// A box as `import` reads it, with its addresses.
fn device(name: &str, addresses: &[&str]) -> String {
    let told = json!({
        "players": [{"addresses": addresses, "http2": false}], "peers": ["10.0.0.1:9443"],
        "disks": [{"folder": "/srv/disk0", "class": "nvme", "capacity_bytes": 1_u64 << 40}],
        "ram_budget_bytes": 1_u64 << 30, "state_folder": "/var/lib/headend",
    });
    json!({"name": name, "role": "appliance", "status": "active", "site": "a", "appliance": told})
        .to_string()
}

fn import(server: &Server, work: &Path, text: &str) {
    let file = work.join("inventory.yaml");
    std::fs::write(&file, text).expect("written");
    server.ok(&["import", file.to_str().expect("text")]);
}

fn small(server: &Server, work: &Path) {
    let boxes = [
        device("oca1.a", &["192.0.2.11:443", "[2001:db8:0:1::11]:443"]),
        device("oca2.a", &["192.0.2.12:443"]),
    ];
    import(server, work, &format!("{INVENTORY}- {}\n- {}\n", boxes[0], boxes[1]));
}

fn push<'a>(zone: &'a str, server: &'a str, key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["zone", "push", zone, "--server", server, "--key-file", key], more].concat()
}

fn knot() -> Knot {
    let forward = format!("{TOP}{OTHERS}");
    let four = format!("{TOP}80 60 PTR www.cdn.example.\n");
    Knot::start(&[(FORWARD, &forward), (FOUR, &four), (SIX, TOP)])
}

/// From an empty inventory to one with boxes, and on to one that a box has left.
#[test]
fn a_name_server_is_as_the_inventory_is() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let names = knot();
    let (at, key) = (names.address().to_string(), names.path("fleet.key"));
    let key = key.to_str().expect("text");
    let before = names.zone(FORWARD);
    let forward = |more: &[&str]| server.ok(&push(FORWARD, &at, key, more));
    assert_eq!(forward(&[]), "cdn.example is as the inventory has it: nothing to do\n");

    small(&server, work.path());
    let preview = forward(&["--dry-run", "--caa", "ca.example"]);
    assert!(preview.contains("ipv4-oca2.a.cdn.example A: nothing -> 192.0.2.12\n"), "{preview}");
    assert_eq!(names.zone(FORWARD), before, "nothing was changed");
    let done = forward(&["--caa", "ca.example"]);
    assert_eq!(done, "cdn.example: 13 records put there, 0 taken away\n");
    assert_eq!(names.ask("A", "oca1.a.cdn.example"), ["192.0.2.11"]);
    assert_eq!(names.ask("AAAA", "ipv6-kino.oca1.a.cdn.example"), ["2001:db8:0:1::11"]);
    assert_eq!(names.ask("A", "ipv6-kino.oca1.a.cdn.example"), [""; 0]);
    assert_eq!(names.ask("AAAA", "ipv6-oca2.a.cdn.example"), [""; 0], "it has none");
    let caa = names.ask("CAA", FORWARD);
    assert_eq!(caa, ["0 iodef \"mailto:ops@cdn.example\"", "0 issue \"ca.example\""]);
    assert!(forward(&["--caa", "ca.example"]).ends_with("nothing to do\n"));
    assert!(forward(&[]).ends_with("nothing to do\n"), "who may issue is not spoken of");
    let told = forward(&["--caa", "other.example", "--dry-run", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let change = json!({"name": "cdn.example", "type": "CAA",
        "removed": ["0 issue \"ca.example\""], "added": ["0 issue \"other.example\""]});
    assert_eq!(told, json!({"zone": "cdn.example", "dry_run": true, "changes": [change]}));

    for zone in [FOUR, SIX] {
        server.ok(&push(zone, &at, key, &[]));
        assert!(server.ok(&push(zone, &at, key, &[])).ends_with("nothing to do\n"));
    }
    assert_eq!(names.ask("PTR", "11.2.0.192.in-addr.arpa"), ["oca1.a.cdn.example."]);
    let six = "1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    assert_eq!(names.ask("PTR", six), ["oca1.a.cdn.example."]);

    // One leaves, the other moves.
    server.ok(&["appliance", "delete", "oca2.a"]);
    let moved = device("oca1.a", &["192.0.2.21:443", "[2001:db8:0:1::11]:443"]);
    import(&server, work.path(), &format!("devices:\n- {moved}\n"));
    let preview = forward(&["--dry-run"]);
    assert!(preview.contains("oca1.a.cdn.example A: 192.0.2.11 -> 192.0.2.21\n"), "{preview}");
    assert!(preview.contains("oca2.a.cdn.example A: 192.0.2.12 -> nothing\n"), "{preview}");
    assert_eq!(forward(&[]), "cdn.example: 4 records put there, 8 taken away\n");
    server.ok(&push(FOUR, &at, key, &[]));
    assert_eq!(names.ask("A", "oca2.a.cdn.example"), [""; 0]);
    assert_eq!(names.ask("A", "ipv4-oca1.a.cdn.example"), ["192.0.2.21"]);
    assert_eq!(names.ask("PTR", "12.2.0.192.in-addr.arpa"), [""; 0]);
    let after = names.zone(FORWARD);
    for others in &before {
        assert!(after.contains(others), "{others} is not there any more");
    }
    assert_eq!(names.ask("PTR", "80.2.0.192.in-addr.arpa"), ["www.cdn.example."]);

    // An inventory without boxes takes its own away, and nothing else.
    server.ok(&["appliance", "delete", "oca1.a"]);
    forward(&["--caa", "ca.example"]);
    assert_eq!(names.zone(FORWARD), before);
    // And another time to live is another record.
    small(&server, work.path());
    forward(&[]);
    assert!(forward(&["--ttl-s", "600"]).contains("12 records put there, 12 taken away"));
    assert!(forward(&["--ttl-s", "600"]).ends_with("nothing to do\n"));
}

#[test]
fn a_name_server_that_will_not_is_told_of() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    small(&server, work.path());
    let mut names = knot();
    let at = names.address().to_string();
    let key = |name: &str| names.path(name).to_str().expect("text").to_owned();
    let (own, wrong, reads) = (key("fleet.key"), key("wrong.key"), key("reads.key"));
    let fails = |zone: &str, key: &str, code: i32, says: &str| {
        let (is, said) = server.fails(&push(zone, &at, key, &[]));
        assert!(is == Some(code) && said.contains(says), "{is:?} {said}");
    };
    fails(
        FORWARD,
        &wrong,
        1,
        "does not know the key, or does not allow it this, or the clocks are apart: it said Not authorized (BadSig)",
    );
    fails("x.example", &own, 1, "does not give the zone x.example.");
    fails(FORWARD, &reads, 1, "or does not allow it this");
    fails(FORWARD, "/nowhere", 2, "--key-file /nowhere: No such file");
    fails("a..b", &own, 2, "is no name of a zone");
    names.others_change(FORWARD, "add oca1.a.cdn.example. 60 AAAA 2001:db8::99");
    server.ok(&push(FORWARD, &at, &own, &[]));
    let corrected = names.ask("AAAA", "oca1.a.cdn.example");
    assert_eq!(corrected, ["2001:db8:0:1::11"], "under a name of a box there is nothing else");
    names.others_change(FORWARD, "del oca2.a.cdn.example.\nadd oca2.a.cdn.example. 60 CNAME www");
    fails(FORWARD, &own, 1, "oca2.a.cdn.example. is another name for something else");
    names.kill();
    fails(FORWARD, &own, 1, "does not answer");
    // One that is there and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let silent = silent.local_addr().expect("an address").to_string();
    let begun = Instant::now();
    let (_, said) = server.fails(&push(FORWARD, &silent, &own, &[]));
    assert!(said.contains("no answer within 10 s"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

/// What a file says is what a name server reads in it; and many boxes take many messages.
#[test]
fn a_file_is_what_a_name_server_reads() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let mut all = INVENTORY.to_owned();
    for at in 0..600 {
        let four = format!("192.0.2.{}:443", at % 250 + 1);
        let six = format!("[2001:db8:0:1::{at:x}]:443");
        let _ = writeln!(all, "- {}", device(&format!("oca{at}.a"), &[&four, &six]));
    }
    let long = "x".repeat(60);
    let _ = writeln!(all, "- {}", device(&long, &["192.0.2.251:443"]));
    import(&server, work.path(), &all);
    let list = server.ok(&["zone", "list"]);
    let lines: Vec<Vec<&str>> = list.lines().map(|it| it.split_whitespace().collect()).collect();
    let expected = [
        vec!["ZONE", "NAMES", "FOR"],
        vec![FOUR, "251", "192.0.2.0/24"],
        vec![SIX, "600", "2001:db8::/32"],
    ];
    assert_eq!(lines[..3], expected);
    assert_eq!(lines[3][0], FORWARD);

    let file = |zone: &str| {
        let server_name = "ns1.cdn.example=192.0.2.53,2001:db8::53";
        let line = [
            "zone",
            "export",
            zone,
            "--name-server",
            server_name,
            "--hostmaster",
            "dns.ops@cdn.example",
            "--caa",
            "ca.example; policy=\"a\\b\"",
        ];
        let out = server.run(&line);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{said}");
        let is_told = said.contains(&format!("warning: ipv4-{long}.cdn.example left out"));
        assert_eq!(is_told, zone == FORWARD, "{said}");
        String::from_utf8(out.stdout).expect("text")
    };
    let files = [FORWARD, FOUR, SIX].map(|zone| (zone, file(zone)));
    let zones = files.each_ref().map(|(zone, text)| (*zone, text.as_str()));
    let reads = Knot::start(&zones);
    for (zone, text) in &files {
        let mut expected: Vec<String> = text
            .lines()
            .skip(3)
            .filter(|it| !it.starts_with(';'))
            .map(|it| whole(zone, it))
            .collect();
        expected.sort();
        assert_eq!(reads.zone(zone), expected, "{zone}");
    }

    // Pushed, it is the same.
    let top = format!("{TOP}ns1 300 A 192.0.2.53\nns1 300 AAAA 2001:db8::53\n");
    let names = Knot::start(&[(FORWARD, &top)]);
    let (at, key) = (names.address().to_string(), names.path("fleet.key"));
    let key = key.to_str().expect("text");
    let caa = ["--caa", "ca.example; policy=\"a\\b\""];
    server.ok(&push(FORWARD, &at, key, &caa));
    assert!(server.ok(&push(FORWARD, &at, key, &caa)).ends_with("nothing to do\n"));
    let but_ns = |all: Vec<String>| all.into_iter().filter(|it| !it.contains(" NS "));
    assert!(but_ns(names.zone(FORWARD)).eq(but_ns(reads.zone(FORWARD))));
}

/// A line of a file as kdig shows it.
fn whole(zone: &str, line: &str) -> String {
    let (name, rest) = line.split_once(' ').expect("a record");
    match name {
        "@" => format!("{zone}. 300 IN {rest}"),
        name => format!("{name}.{zone}. 300 IN {rest}"),
    }
}

#[test]
fn zones_are_told_over_http() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    small(&server, work.path());
    let (status, _, told) = ask(&server, "GET", "/api/v1/zones/2.0.192.in-addr.arpa", &[]);
    assert_eq!(status, 200);
    let record = |last: u8, of: &str| json!({"name": format!("{last}.2.0.192.in-addr.arpa"), "type": "PTR", "target": of});
    let expected = json!([record(11, "oca1.a.cdn.example"), record(12, "oca2.a.cdn.example")]);
    assert_eq!((&told["records"], &told["serial"]), (&expected, &json!(1)));
    let path = "/api/v1/zones/cdn.example/file?name_server=ns.example";
    let (status, head, file) = ask_as(&server, &server.bearer(), "GET", path, &[]);
    assert!(status == 200 && head.contains("content-type: text/dns\r\n"), "{head}");
    assert!(
        file.starts_with(
            "$ORIGIN cdn.example.\n$TTL 300\n@ SOA ns.example. hostmaster.cdn.example. 1 "
        ),
        "{file}"
    );
    // A serial number rises with whatever is changed.
    server.ok(&["site", "edit", "a", "--description", "x"]);
    assert_eq!(ask(&server, "GET", "/api/v1/zones/cdn.example", &[]).2["serial"], json!(2));
    for wrong in [
        "a..b",
        "0%2F26.2.0.192.in-addr.arpa",
        "cdn.example?colour=red",
        "cdn.example?caa=",
        "cdn.example?caa=a%0Ab",
        "cdn.example/file",
        "cdn.example/file?name_server=ns1.cdn.example",
        "cdn.example/file?name_server=ns.example&ttl_s=0",
        "cdn.example/file?name_server=ns.example&hostmaster=nobody",
    ] {
        let (status, _, told) = ask(&server, "GET", &format!("/api/v1/zones/{wrong}"), &[]);
        assert_eq!(status, 400, "{wrong}: {told}");
    }
}
