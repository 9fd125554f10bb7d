//! Requests against a small index: status and fields.

use super::answer::{Body, FieldSink};
use super::client::ClientPrefix;
use super::date::DateText;
use super::demanded::Before;
use super::head;
use super::index::{Demanded, Found, Held, Index};
use super::miss_limit::MissLimit;
use super::policy::Policy;
use super::respond::{Context, Decision, respond};
use cache::received::{Absence, Ordered};
use contract::catalogue::{CatalogueEntry, Common};
use contract::config::{ApplianceConfig, ListenerRole};
use contract::names::GroupName;
use contract::object::Digest;
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) const NOW: TimeUs = TimeUs(1_700_000_000_000_000);
const MODIFIED: TimeUs = TimeUs(784_111_777_000_000);
const PREFLIGHT: &str = "Access-Control-Request-Method: GET\r\n";

#[derive(Default)]
pub(super) struct Shelf(HashMap<(String, String), Arc<CatalogueEntry>>);

impl Held for Arc<CatalogueEntry> {
    fn entry(&self) -> &CatalogueEntry {
        self
    }

    fn is_from_beyond(&self) -> bool {
        self.path.ends_with("/beyond")
    }

    fn has_byte(&self, offset: u64) -> bool {
        !self.path.ends_with("/vain") && (!self.path.ends_with("/late") || offset < 4)
    }
}

impl Index for Shelf {
    type Held = Arc<CatalogueEntry>;
    fn find(&self, group: &GroupName, path: &str) -> Found<Self::Held> {
        if path == "/wanted" {
            return Found::Wanted;
        }
        let found = self.0.get(&(group.to_string(), path.to_owned()));
        match found {
            Some(entry) if path.starts_with("/arriving") => Found::Arriving(Arc::clone(entry)),
            Some(entry) => Found::Held(Arc::clone(entry)),
            None => Found::Unknown,
        }
    }

    fn find_version(
        &self,
        group: &GroupName,
        path: &str,
        _: impl Fn(&CatalogueEntry) -> bool,
    ) -> Found<Self::Held> {
        self.find(group, path)
    }

    fn find_demanded(
        &self,
        _: &GroupName,
        path: &str,
        _: Option<TimeUs>,
        _: TimeUs,
    ) -> Demanded<Self::Held> {
        match path {
            "/withheld" => Demanded::Withheld,
            "/nowhere" => Demanded::Absent(Absence::NotFound),
            _ => Demanded::Ask(false),
        }
    }

    fn find_ordered(&self, (_, path): (&GroupName, &str), _: Option<TimeUs>, _: TimeUs) -> Ordered {
        if path.ends_with("/vain") { Ordered::InVain } else { Ordered::Ask }
    }

    fn served_until(&self, _: &CatalogueEntry) -> Option<TimeUs> {
        None
    }

    fn purged_up_to(&self) -> PurgedUpTo {
        PurgedUpTo { epoch: 1, version: 7 }
    }
}

fn entry(group: &str, path: &str, size_bytes: u64) -> CatalogueEntry {
    let blake3 = Digest::of(path.as_bytes());
    let group = GroupName::new(group).unwrap();
    CatalogueEntry {
        ordinal: 0,
        path: path.into(),
        size_bytes,
        blake3,
        modified_us: MODIFIED,
        common: Common::of(group, "t".parse().unwrap()).share(),
    }
}

pub(super) fn shelf() -> Shelf {
    let until = |end, mut entry: CatalogueEntry| {
        Arc::make_mut(&mut entry.common).serve_until_us = Some(end);
        entry
    };
    let mut future = entry("open", "/future", 9);
    Arc::make_mut(&mut future.common).serve_from_us = Some(NOW.plus_s(1));
    let entries = [
        entry("open", "/v/1.m4s", 1000),
        entry("open", "/v/list.m3u8", 100),
        entry("open", "/empty.ts", 0),
        entry("open", "/arriving/1", 9),
        entry("open", "/arriving/beyond", 9),
        entry("sent", "/v/1.m4s", 9),
        entry("sent", "/arriving/1", 9),
        entry("filled", "/v/1.m4s", 9),
        entry("filled", "/arriving/late", 9),
        entry("filled", "/arriving/vain", 9),
        until(NOW, entry("filled", "/arriving/closed", 9)),
        until(NOW, entry("sent", "/closed", 9)),
        entry("listed", "/v/1.m4s", 500),
        entry("listed", "/k.m4s?lang=de", 5),
        until(NOW, entry("open", "/closed", 9)),
        future,
        until(NOW.plus_s(60), entry("open", "/soon", 9)),
    ];
    let key = |entry: &CatalogueEntry| (entry.common.group.to_string(), entry.path.to_string());
    Shelf(entries.into_iter().map(|entry| (key(&entry), Arc::new(entry))).collect())
}

pub(super) fn policy() -> Policy {
    let config: ApplianceConfig = serde_json::from_value(serde_json::json!({
        "schema": 1, "min_appliance_version": "0.1.0", "name": "1.site-a",
        "state_folder": "/s", "listeners": [], "certificates": [],
        "identity": {"chain_file": "c", "key_file": "k"},
        "admin": {"address": "127.0.0.1:1"}, "disks": [], "ram": {"budget_bytes": 1},
        "content_groups": [
            {"name": "open", "owner": "o", "host_names": ["open.test"]},
            {"name": "sent", "owner": "o", "host_names": ["sent.test"], "on_miss": "redirect"},
            {"name": "filled", "owner": "o", "host_names": ["filled.test"], "on_miss": "proxy"},
            {"name": "listed", "owner": "o", "host_names": ["listed.test"],
             "query_keys": ["lang"],
             "cors": {"allow_origins": ["https://www.test"], "max_age_s": 60}},
        ],
    }))
    .unwrap();
    Policy::new(&config)
}

/// An answer as text: status line, fields, then what the body is.
#[derive(Default)]
struct Text(String);

impl FieldSink for Text {
    fn field_of(&mut self, name: &'static str, value: &[&[u8]]) {
        let value: Vec<&str> =
            value.iter().map(|part| std::str::from_utf8(part).unwrap()).collect();
        self.0 += &format!("{name}: {}\n", value.concat());
    }
}

pub(super) fn text(decision: &Decision<'_, '_, Arc<CatalogueEntry>>) -> String {
    let mut text = Text(format!("{}\n", decision.answer.status.as_u16()));
    decision.answer.write_fields(&DateText::of(NOW), &mut text);
    text.0 += &match &decision.answer.body {
        Body::Empty => "-".to_owned(),
        Body::Words(words) => format!("{} octets of words", words.len()),
        Body::Span(span) => format!("{}..{}", span.start, span.end),
    };
    text.0
}

/// Somebody asks who has not waited, of a box that knows no other.
pub(super) fn context<'p>(
    policy: &'p Policy,
    index: &'p Shelf,
    misses: &'p MissLimit,
    role: ListenerRole,
) -> Context<'p, Shelf> {
    let client = ClientPrefix::V4([192, 0, 2]);
    Context { policy, index, siblings: None, misses, role, client, now: NOW, before: None }
}

fn ask_as(role: ListenerRole, line: &str, fields: &str) -> String {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(1));
    let bytes = format!("{line} HTTP/1.1\r\n{fields}\r\n");
    let head = head::parse(bytes.as_bytes()).unwrap();
    let context = context(&policy, &index, &misses, role);
    text(&respond(&context, &head.request))
}

fn open(line: &str, fields: &str) -> String {
    ask_as(ListenerRole::Player, line, &format!("Host: open.test\r\n{fields}"))
}

fn listed(line: &str, fields: &str) -> String {
    ask_as(ListenerRole::Player, line, &format!("Host: LISTED.test.:443\r\n{fields}"))
}

pub(super) fn status(answer: &str) -> &str {
    answer.lines().next().unwrap()
}

#[test]
fn a_segment_whole_and_in_part() {
    let digest = Digest::of(b"/v/1.m4s").short();
    let common = format!(
        "Content-Type: video/iso.segment\nETag: \"{digest}\"\n\
         Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\nAccept-Ranges: bytes\n"
    );
    let tail = "Cache-Control: public, max-age=86400, immutable\n\
        Cache-Status: \"1.site-a\"; hit\nAccess-Control-Allow-Origin: *\n\
        Access-Control-Expose-Headers: Accept-Ranges, Cache-Status, Content-Length, \
        Content-Range, Date, ETag, Server-Timing, Timing-Allow-Origin\nTiming-Allow-Origin: *\n";
    let head = "Date: Tue, 14 Nov 2023 22:13:20 GMT\nServer: headend\n";
    let whole = format!("200\n{head}{common}Content-Length: 1000\n{tail}0..1000");
    assert_eq!(open("GET /v/1.m4s?CMCD=br%3D1", ""), whole);
    assert_eq!(open("HEAD /v/1.m4s", "Range: bytes=0-9\r\n"), whole.replace("0..1000", "-"));
    let part = open("GET /v/1.m4s", "Range: bytes=-10\r\n");
    let range = "Content-Range: bytes 990-999/1000\n";
    assert_eq!(part, format!("206\n{head}{range}{common}Content-Length: 10\n{tail}990..1000"));
}

#[test]
fn conditions_come_before_ranges() {
    let tag = Digest::of(b"/v/1.m4s").short();
    let not_modified = open("GET /v/1.m4s", &format!("If-None-Match: \"{tag}\"\r\n"));
    assert_eq!(status(&not_modified), "304");
    assert!(
        not_modified.contains("\nETag") && !not_modified.contains("\nContent-"),
        "{not_modified}"
    );
    let range = "Range: bytes=5000-\r\n";
    assert_eq!(status(&open("GET /v/1.m4s", &format!("If-Match: \"x\"\r\n{range}"))), "412");
    let none = open("GET /v/1.m4s", range);
    assert!(none.starts_with("416") && none.contains("Content-Range: bytes */1000\n"), "{none}");
    assert!(none.contains("no-store"));
    let whole = open("GET /v/1.m4s", &format!("If-Range: \"x\"\r\n{range}"));
    assert_eq!(status(&whole), "200");
    assert_eq!(status(&open("GET /none", "If-Match: \"x\"\r\n")), "404");
}

#[test]
fn nothing_is_an_object_too() {
    let empty = open("GET /empty.ts", "");
    assert!(
        empty.starts_with("200") && empty.contains("Content-Length: 0") && empty.ends_with('-')
    );
    assert_eq!(status(&open("GET /empty.ts", "Range: bytes=0-\r\n")), "416");
    assert_eq!(status(&open("GET /empty.ts", "Range: bytes=-1\r\n")), "200");
}

#[test]
fn how_long_things_are_kept() {
    assert!(open("GET /v/list.m3u8", "").contains("Cache-Control: public, max-age=30\n"));
    assert!(open("GET /soon", "").contains("Cache-Control: public, max-age=60\n"));
}

#[test]
fn why_something_is_not_here() {
    for (path, detail) in [
        ("/none", "unknown"),
        ("/wanted", "wanted"),
        ("/closed", "not-served-now"),
        ("/future", "not-served-now"),
    ] {
        let answer = open(&format!("GET {path}"), "");
        assert!(answer.starts_with("404"), "{path}: {answer}");
        assert!(answer.contains(&format!("Cache-Status: \"1.site-a\"; detail={detail}\n")));
        assert!(answer.contains("no-store") && answer.contains("Access-Control-Allow-Origin: *"));
    }
}

#[test]
fn what_an_origin_would_give_outside_of_its_window_is_not_asked_for() {
    let answer = ask_as(ListenerRole::Player, "GET /withheld", "Host: filled.test\r\n");
    assert!(answer.starts_with("404") && answer.contains("; detail=not-served-now\n"), "{answer}");
}

#[test]
fn requests_that_make_no_sense_here() {
    for (line, expected) in [
        ("GET /%2e%2e/x", "400"),
        ("GET /a%2fb", "400"),
        ("GET /a%00", "400"),
        ("POST /v/1.m4s", "405"),
        ("get /v/1.m4s", "405"),
        ("CONNECT open.test:443", "405"),
        ("OPTIONS *", "204"),
        ("OPTIONS /v/1.m4s", "204"),
        ("GET https://other.test/v/1.m4s", "421"),
        ("GET https://open.test/v/./1.m4s", "200"),
    ] {
        let answer = open(line, "");
        assert_eq!(status(&answer), expected, "{line}: {answer}");
        assert_eq!(answer.contains("Allow: GET"), matches!(expected, "405" | "204"), "{line}");
    }
    let long = format!("GET /{}", "a".repeat(7000));
    assert_eq!(status(&open(&long, "")), "414");
    let long_query = format!("GET /v/1.m4s?{}", "a".repeat(9000));
    assert_eq!(status(&open(&long_query, "")), "414");
}

#[test]
fn the_query_is_no_part_of_the_key_but_where_listed() {
    assert_eq!(status(&listed("GET /k.m4s?x=1&lang=%64e", "")), "200");
    assert_eq!(status(&listed("GET /k.m4s?lang=fr", "")), "404");
    assert_eq!(status(&listed("GET /k.m4s", "")), "404");
    assert!(listed("GET /k.m4s?lang=de", "").contains("video/iso.segment"));
}

#[test]
fn origins_that_are_listed_and_others() {
    let yes = listed("GET /v/1.m4s", "Origin: https://www.test\r\n");
    assert!(yes.contains("Access-Control-Allow-Origin: https://www.test\n"), "{yes}");
    assert!(yes.contains("Vary: Origin\n"));
    for origin in ["", "Origin: null\r\n", "Origin: https://evil.test\r\n"] {
        let no = listed("GET /v/1.m4s", origin);
        assert!(!no.contains("Access-Control") && no.contains("Vary: Origin\n"), "{no}");
    }
    assert!(open("GET /v/1.m4s", "Origin: null\r\n").contains("Access-Control-Allow-Origin: *\n"));
}

#[test]
fn preflights() {
    let origin = "Origin: https://www.test\r\n";
    let yes = listed("OPTIONS /nowhere", &format!("{origin}{PREFLIGHT}"));
    for line in [
        "204\n",
        "Access-Control-Allow-Origin: https://www.test\n",
        "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\n",
        "Access-Control-Allow-Headers: CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, Range",
        "Access-Control-Max-Age: 60\n",
        "Vary: Origin\n",
    ] {
        assert!(yes.contains(line), "{line} in {yes}");
    }
    let no = listed("OPTIONS /v/1.m4s", &format!("Origin: null\r\n{PREFLIGHT}"));
    assert!(no.starts_with("204") && !no.contains("Access-Control"), "{no}");
    let null = open("OPTIONS /v/1.m4s", &format!("Origin: null\r\n{PREFLIGHT}"));
    assert!(null.contains("Access-Control-Allow-Origin: *\n"));
    let put = open("OPTIONS /x", "Origin: https://a\r\nAccess-Control-Request-Method: PUT\r\n");
    assert!(!put.contains("Access-Control"), "{put}");
}

#[test]
fn siblings_ask_by_group_and_path() {
    let peer = |line: &str| {
        let answer = ask_as(
            ListenerRole::Peer,
            line,
            "Host: x\r\nOrigin: https://a\r\nRange: bytes=0-0\r\n",
        );
        assert!(!answer.contains("Access-Control") && !answer.contains("Vary"), "{answer}");
        status(&answer).to_owned()
    };
    assert_eq!(peer("GET /peer/v1/open/v/1.m4s"), "206");
    assert_eq!(peer("GET /peer/v1/listed/k.m4s?lang=de"), "206");
    assert_eq!(peer("GET /peer/v1/open/future"), "206", "filled ahead of its window");
    for unknown in ["/peer/v1/none/v/1.m4s", "/peer/v1/open", "/v/1.m4s", "/peer/v1/open/none"] {
        assert_eq!(peer(&format!("GET {unknown}")), "404", "{unknown}");
    }
    assert_eq!(peer("GET /peer/v1/open/../../../x"), "400");
}

#[test]
fn guessing_is_limited() {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(2));
    let context = context(&policy, &index, &misses, ListenerRole::Player);
    let mut answers = Vec::new();
    for path in ["/none", "/wanted", "/none", "/v/1.m4s"] {
        let bytes = format!("GET {path} HTTP/1.1\r\nHost: open.test\r\n\r\n");
        let head = head::parse(bytes.as_bytes()).unwrap();
        answers.push(text(&respond(&context, &head.request)));
    }
    let statuses: Vec<&str> = answers.iter().map(|answer| status(answer)).collect();
    assert_eq!(statuses, ["404", "404", "429", "200"]);
    assert!(answers[2].contains("Retry-After: 1\n") && answers[2].contains("detail=miss-limit"));
}

#[test]
fn who_has_guessed_too_often_has_no_origin_asked() {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(1));
    let context = context(&policy, &index, &misses, ListenerRole::Player);
    let ask = |before, path: &str| {
        let bytes = format!("GET {path} HTTP/1.1\r\nHost: filled.test\r\n\r\n");
        let head = head::parse(bytes.as_bytes()).unwrap();
        let decision = respond(&Context { before, ..context }, &head.request);
        (status(&text(&decision)).to_owned(), decision.miss)
    };
    let (_, miss) = ask(None, "/new");
    let waited = Before::after(None, &miss.expect("a question"), true, NOW);
    assert!(ask(None, "/new").1.is_some(), "to ask costs nothing");
    assert_eq!(ask(Some(waited), "/nowhere"), ("404".to_owned(), None));
    assert_eq!(ask(None, "/new"), ("429".to_owned(), None));
}

#[test]
fn what_arrives_goes_on_to_siblings_and_not_in_a_circle() {
    let peer = |path: &str, fields: &str| {
        let line = format!("GET /peer/v1/open{path}");
        status(&ask_as(ListenerRole::Peer, &line, &format!("Host: x\r\n{fields}"))).to_owned()
    };
    let cached = "Cache-Control: max-age=0, Only-If-Cached\r\n";
    assert_eq!([peer("/arriving/1", ""), peer("/arriving/1", cached)], ["200", "504"]);
    assert_eq!(peer("/arriving/beyond", cached), "200");
    assert_eq!([peer("/wanted", ""), peer("/wanted", cached)], ["404", "504"]);
    assert_eq!(status(&open("GET /arriving/1", "")), "404", "viewers get whole objects");
}

#[test]
fn an_object_that_cannot_be_read_is_a_miss() {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(2));
    let context = context(&policy, &index, &misses, ListenerRole::Player);
    let head = head::parse(b"GET /v/1.m4s HTTP/1.1\r\nHost: open.test\r\n\r\n").unwrap();
    let mut decision = respond(&context, &head.request);
    decision.answer = decision.answer.unreadable(&cache::ReadFailed::Corrupt { block: 0 });
    let answer = text(&decision);
    assert!(answer.starts_with("404") && answer.contains("no-store"), "{answer}");
    assert!(answer.contains("detail=unreadable") && answer.contains("Allow-Origin: *"), "{answer}");

    let mut decision = respond(&context, &head.request);
    decision.answer = decision.answer.unreadable(&cache::ReadFailed::NotComing { block: 0 });
    assert!(text(&decision).contains("detail=wanted"));
}
