//! A box that is asked for what nobody told it to hold: it asks the origin, once, whatever
//! number of players ask it, and gives each of them what has come.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::changing_origin::{ChangingOrigin, Item};
use parts::place::{HOST, Place};
use parts::running::Running;
use parts::viewer::{Client, Head};
use parts::{content, wait_for};

const MIB: usize = 1 << 20;

/// Both engines.
const ENGINES: [&str; 2] = ["portable", "uring"];

/// A box, and the origin of its group.
struct Demanding<'a> {
    running: Running<'a>,
    client: Client,
    place: &'a Place,
}

fn configure(place: &Place, origin: &ChangingOrigin) {
    let host = format!("    host_names: [{HOST}]\n");
    let demand = format!(
        "{host}    on_miss: proxy
    demand:
      origins: [{{ address: \"{}\", host: origin.example }}]
      share_bytes: 32MiB
",
        origin.address
    );
    let fleet = format!("\"{}\"", place.fleet.local_addr().expect("address"));
    // Nobody keeps a box waiting that has just started.
    place.configure(2, &[(&host, &demand), (&fleet, "\"127.0.0.1:1\"")]);
}

impl<'a> Demanding<'a> {
    fn start(place: &'a Place, origin: &ChangingOrigin) -> Self {
        configure(place, origin);
        Self { running: Running::start(place), client: Client::new(place), place }
    }

    /// Asks, and reads all of the answer.
    fn get(&self, path: &str, fields: &str) -> (Head, Vec<u8>) {
        let mut connection = self.client.connect(self.place.player).expect("connected");
        let head = connection.ask_with(path, fields).expect("a head");
        let body = connection.body(head.length).expect("a body");
        (head, body)
    }

    fn cache_status(&self, path: &str) -> String {
        self.get(path, "").0.field("cache-status").expect("always").to_owned()
    }
}

/// A number in a field's parameter.
fn number(text: &str, name: &str) -> i64 {
    let (_, rest) = text.split_once(name).expect("the parameter");
    rest.split(';').next().and_then(|text| text.parse().ok()).expect("a number")
}

fn slices_asked(origin: &ChangingOrigin, path: &str) -> Vec<usize> {
    let asked = origin.asked(path);
    let mut slices: Vec<_> =
        asked.iter().map(|asked| asked.range.expect("a part").0 / MIB).collect();
    slices.sort_unstable();
    slices
}

#[test]
fn fifty_players_cost_one_request_for_each_slice() {
    for engine in ENGINES {
        let (place, origin) = (Place::new(engine), ChangingOrigin::start());
        let expected = content("/m/1.mp4", 5 * MIB + 77_777);
        let fields = ["Cache-Control: max-age=600", "Content-Type: video/x-test"];
        origin.set("/m/1.mp4", Item::new(expected.clone(), "v1", &fields));
        let host = Demanding::start(&place, &origin);
        // All of them are there before the first slice comes.
        origin.keep_from(Some(0));
        std::thread::scope(|scope| {
            let player = || {
                let (head, body) = host.get("/m/1.mp4", "");
                assert_eq!((head.status, head.field("etag")), (200, Some("\"v1\"")));
                assert_eq!(head.field("content-type"), Some("video/x-test"));
                assert_eq!(head.field("cache-control"), Some("public, max-age=600"));
                assert!(body == expected, "{engine}: wrong bytes");
                head.field("cache-status").expect("always").to_owned()
            };
            let players: Vec<_> = (0..50).map(|_| scope.spawn(player)).collect();
            wait_for("nobody asks the origin", || !origin.asked("/m/1.mp4").is_empty());
            origin.keep_from(None);
            let said: Vec<_> = players.into_iter().map(|it| it.join().expect("served")).collect();
            let is_first =
                |said: &&String| said.starts_with("\"oca1\"; fwd=uri-miss; stored; ttl=");
            assert_eq!(said.iter().filter(is_first).count(), 1, "{engine}: {said:?}");
        });
        assert_eq!(slices_asked(&origin, "/m/1.mp4"), [0, 1, 2, 3, 4, 5], "{engine}");
        // From here on it is held.
        let (head, body) = host.get("/m/1.mp4", "Range: bytes=3000000-3000009\r\n");
        assert_eq!((head.status, &body[..]), (206, &expected[3_000_000..3_000_010]));
        assert!(head.field("cache-status").expect("always").starts_with("\"oca1\"; hit; ttl="));
        assert!(head.field("age").is_some());
        assert_eq!(origin.asked("/m/1.mp4").len(), 6, "{engine}");
    }
}

#[test]
fn a_reader_has_each_slice_before_the_next_has_left_the_origin() {
    for engine in ENGINES {
        let (place, origin) = (Place::new(engine), ChangingOrigin::start());
        let expected = content("/m/1.mp4", 6 * MIB);
        origin.set("/m/1.mp4", Item::new(expected.clone(), "v1", &["Cache-Control: max-age=600"]));
        let host = Demanding::start(&place, &origin);
        origin.keep_from(Some(5 * MIB));
        let mut connection = host.client.connect(place.player).expect("connected");
        let head = connection.ask("/m/1.mp4").expect("a head");
        assert_eq!((head.status, head.length), (200, 6 * MIB));
        assert!(connection.body(5 * MIB).expect("what has come") == expected[..5 * MIB]);
        origin.keep_from(None);
        assert!(connection.body(MIB).expect("the rest") == expected[5 * MIB..]);
        assert_eq!(slices_asked(&origin, "/m/1.mp4"), [0, 1, 2, 3, 4, 5], "{engine}");
    }
}

#[test]
fn a_changed_version_cuts_who_is_in_the_middle_and_nobody_gets_a_mixture() {
    for engine in ENGINES {
        let (place, origin) = (Place::new(engine), ChangingOrigin::start());
        let [old, new] = ["old", "new"].map(|version| content(version, 6 * MIB));
        let fields = ["Cache-Control: max-age=600"];
        origin.set("/m/1.mp4", Item::new(old.clone(), "v1", &fields));
        let host = Demanding::start(&place, &origin);
        // Its first slice is all that is kept of the old version.
        let (head, body) = host.get("/m/1.mp4", "Range: bytes=0-99\r\n");
        assert_eq!((head.status, &body[..]), (206, &old[..100]));
        origin.set("/m/1.mp4", Item::new(new.clone(), "v2", &fields));
        let mut connection = host.client.connect(place.player).expect("connected");
        let head = connection.ask("/m/1.mp4").expect("a head");
        assert_eq!((head.status, head.field("etag")), (200, Some("\"v1\"")));
        assert!(connection.body(MIB).expect("the first slice") == old[..MIB]);
        assert!(connection.body(1).is_err(), "{engine}: a mixture");
        // Whoever asks now has the new one, all of it.
        let (head, body) = host.get("/m/1.mp4", "");
        assert_eq!((head.status, head.field("etag")), (200, Some("\"v2\"")));
        assert!(body == new, "{engine}");
        let (head, _) = host.get("/m/1.mp4", "If-None-Match: \"v2\"\r\n");
        assert_eq!(head.status, 304);
        let part = "Range: bytes=5-9\r\nIf-Range: \"v1\"\r\n";
        assert_eq!(host.get("/m/1.mp4", part).0.status, 200, "another version is given whole");
    }
}

#[test]
fn what_is_stale_is_asked_for_and_served_in_error_where_that_is_allowed() {
    for engine in ENGINES {
        let (place, origin) = (Place::new(engine), ChangingOrigin::start());
        let first = content("/live", 9_000);
        let item = |etag: &str, fields: &str| Item::new(first.clone(), etag, &[fields]);
        origin.set("/no-cache", item("v1", "Cache-Control: no-cache"));
        origin.set("/error", item("v1", "Cache-Control: max-age=0, stale-if-error=600"));
        origin.set("/strict", item("v1", "Cache-Control: max-age=0, must-revalidate"));
        origin.set("/swr", item("v1", "Cache-Control: max-age=0, stale-while-revalidate=600"));
        let host = Demanding::start(&place, &origin);
        for path in ["/no-cache", "/error", "/strict", "/swr"] {
            let said = host.cache_status(path);
            assert!(said.starts_with("\"oca1\"; fwd=uri-miss; stored"), "{engine} {path}: {said}");
        }
        // Unchanged: one question, no content.
        let said = host.cache_status("/no-cache");
        assert!(said.starts_with("\"oca1\"; fwd=stale; stored"), "{engine}: {said}");
        let asked = origin.asked("/no-cache");
        let last = asked.last().expect("asked");
        assert_eq!(
            (asked.len(), last.status, last.if_none_match.as_deref()),
            (2, 304, Some("\"v1\""))
        );
        // Stale while the origin is asked: nobody waits, and then the new one is here.
        let newer = content("newer", 8_000);
        let fresh = Item::new(newer.clone(), "v2", &["Cache-Control: max-age=600"]);
        origin.set("/swr", fresh);
        let (head, body) = host.get("/swr", "");
        assert!(
            body == first && head.field("cache-status").expect("always").contains("; hit; ttl=")
        );
        wait_for("the new one never comes", || host.get("/swr", "").1 == newer);
        assert_eq!(origin.asked("/swr").len(), 2, "{engine}: one question behind them all");
        // The origin fails.
        for path in ["/error", "/strict"] {
            origin.set(path, Item::status(503, &[]));
        }
        let (head, body) = host.get("/error", "");
        assert!(head.status == 200 && body == first, "{engine}: {}", head.status);
        assert!(number(head.field("cache-status").expect("always"), "ttl=") <= 0);
        let (head, _) = host.get("/strict", "");
        assert_eq!((head.status, head.field("cache-control")), (404, Some("no-store")), "{engine}");
        let said = head.field("cache-status").expect("always");
        assert!(said.ends_with("; fwd=stale; detail=no-answer"), "{engine}: {said}");
    }
}

#[test]
fn what_is_not_there_or_not_for_everybody_is_a_404_that_costs_the_origin_one_request() {
    for engine in ENGINES {
        let (place, origin) = (Place::new(engine), ChangingOrigin::start());
        let some = content("some", 5_000);
        origin.set("/private", Item::new(some.clone(), "v1", &["Cache-Control: private"]));
        origin.set("/cookie", Item::new(some.clone(), "v1", &["Vary: Cookie"]));
        let unknown = Item { says_length: false, ..Item::new(some.clone(), "v1", &[]) };
        origin.set("/chunked", Item { knows_ranges: false, ..unknown });
        let untagged = Item { etag: None, ..Item::new(content("two", 2 * MIB + 9), "", &[]) };
        origin
            .set("/untagged", Item { fields: vec!["Cache-Control: max-age=9".into()], ..untagged });
        origin.set("/empty", Item::new(Vec::new(), "v1", &["Cache-Control: max-age=9"]));
        let host = Demanding::start(&place, &origin);
        for (path, detail) in
            [("/none", "not-found"), ("/private", "not-for-caches"), ("/cookie", "not-for-caches")]
        {
            let (head, _) = host.get(path, "");
            let said = head.field("cache-status").expect("always");
            assert_eq!(head.status, 404, "{engine} {path}");
            assert!(said.ends_with(&format!("; fwd=uri-miss; detail={detail}")), "{path}: {said}");
            let said = host.cache_status(path);
            assert_eq!(said, format!("\"oca1\"; detail={detail}"), "{engine} {path}");
            assert_eq!(origin.asked(path).len(), 1, "{engine} {path}");
        }
        // It ends, and so its length is known.
        assert!(host.get("/chunked", "").1 == some, "{engine}");
        // Nothing holds its slices together but the answer that they came in.
        assert!(host.get("/untagged", "").1 == content("two", 2 * MIB + 9), "{engine}");
        let ranges: Vec<_> = origin.asked("/untagged").iter().map(|it| it.range).collect();
        assert_eq!(ranges, [Some((0, MIB - 1)), None], "{engine}");
        let (head, body) = host.get("/empty", "");
        assert_eq!((head.status, body.len()), (200, 0), "{engine}");
        // A part beyond the end.
        origin.set("/short", Item::new(some.clone(), "v1", &["Cache-Control: max-age=9"]));
        assert_eq!(host.get("/short", "Range: bytes=9000000-\r\n").0.status, 416, "{engine}");
        assert!(host.get("/short", "").1 == some);
    }
}

#[test]
fn a_box_that_is_killed_finds_what_has_come_and_asks_for_the_rest() {
    let (place, origin) = (Place::new("auto"), ChangingOrigin::start());
    let expected = content("/m/1.mp4", 5 * MIB + 77);
    origin.set("/m/1.mp4", Item::new(expected.clone(), "v1", &["Cache-Control: max-age=600"]));
    let host = Demanding::start(&place, &origin);
    origin.keep_from(Some(2 * MIB));
    let mut connection = host.client.connect(place.player).expect("connected");
    assert_eq!(connection.ask("/m/1.mp4").expect("a head").status, 200);
    assert!(connection.body(2 * MIB).expect("two slices") == expected[..2 * MIB]);
    host.running.kill();
    origin.keep_from(None);
    let before = origin.asked("/m/1.mp4").len();
    let host = Demanding::start(&place, &origin);
    let (head, body) = host.get("/m/1.mp4", "");
    assert!(head.status == 200 && body == expected);
    assert!(head.field("cache-status").expect("always").starts_with("\"oca1\"; hit; ttl="));
    let asked = origin.asked("/m/1.mp4").split_off(before);
    let slices: Vec<_> = asked.iter().map(|it| it.range.expect("a part").0 / MIB).collect();
    assert!(!slices.contains(&0) && !slices.contains(&1), "{slices:?}");
    assert!(asked.iter().all(|it| it.if_match.as_deref() == Some("\"v1\"")));
}
