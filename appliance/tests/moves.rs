//! A faster disk comes to a box that serves: what is hot moves there.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::place::{OBJECTS, Place};
use parts::running::{Running, get, tell};
use parts::viewer::Client;
use parts::{content, wait_for};

fn holds(client: &Client, place: &Place, at: usize) -> bool {
    let (path, size) = OBJECTS[at];
    let mut connection = client.connect(place.player).expect("connected");
    connection.fetch(path, &content(path, size)).is_ok()
}

fn status(place: &Place) -> serde_json::Value {
    let answer = get(&place.admin(), "/status").unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_default()
}

#[test]
fn objects_move_to_a_faster_disk_that_was_added_and_are_served_all_the_time() {
    let place = Place::new("auto");
    let slow = format!(
        "  - {{ folder: {}/disk, class: nvme, capacity_bytes: 64MiB }}\n",
        place.path("").display().to_string().trim_end_matches('/')
    );
    let fast = slow.replace("/disk,", "/fast,");
    let slow_only = slow.replace("class: nvme", "class: hdd");
    let quickly = ("fleet:", "moves: { rate_bits_per_s: 8Gb/s }\nfleet:");
    place.configure(2, &[(&slow, &slow_only), quickly]);
    let running = Running::start(&place);
    let client = Client::new(&place);
    wait_for("nothing is filled", || holds(&client, &place, 0) && holds(&client, &place, 1));
    let sent = place.origin.sent();

    place.configure(2, &[(&slow, &format!("{slow_only}{fast}")), quickly]);
    tell(running.pid(), "HUP");
    wait_for("nothing has moved", || {
        assert!(holds(&client, &place, 0) && holds(&client, &place, 1));
        let status = status(&place);
        let is_still = status["moves"]["objects_planned"] == 0;
        is_still && status["moves"]["objects_moved"].as_u64() >= Some(2)
    });
    let disks = status(&place)["disks"].clone();
    assert_eq!((&disks[0]["class"], &disks[1]["class"]), (&"hdd".into(), &"nvme".into()));
    assert!(disks[1]["objects"].as_u64() >= Some(2), "{disks}");
    // Nothing of them was fetched for it. (The object that the origin keeps back may be asked for.)
    assert_eq!(place.origin.sent(), sent);
    let metrics = get(&place.admin(), "/metrics").expect("metrics");
    assert!(metrics.contains("headend_moves_planned_bytes 0"), "{metrics}");

    // A process that begins with both finds everything where it is.
    drop(running);
    let running = Running::start(&place);
    wait_for("it is gone", || holds(&client, &place, 0) && holds(&client, &place, 1));
    assert_eq!(status(&place)["moves"]["objects_moved"], 0);
    drop(running);
}
