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
    _running: Running<'a>,
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
        Self { _running: Running::start(place), client: Client::new(place), place }
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
