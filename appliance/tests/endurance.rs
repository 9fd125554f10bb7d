//! A disk that is written to only as far as its maker rates it.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::place::{OBJECTS, Place};
use parts::running::{Running, command, get, tell};
use parts::viewer::Client;
use parts::{content, wait_for};

fn holds(client: &Client, place: &Place, at: usize) -> bool {
    let (path, size) = OBJECTS[at];
    let mut connection = client.connect(place.player).expect("connected");
    connection.fetch(path, &content(path, size)).is_ok()
}

fn waits(place: &Place) -> bool {
    let Some(status) = place.status() else { return false };
    let budget = status.disks[0].write_budget.expect("a rating");
    assert!(budget.written_bytes <= budget.rated_bytes, "{budget:?}");
    let waiting = status.fill.titles.iter().filter_map(|title| title.waiting);
    waiting.into_iter().any(|on| on.kind() == "disk_endurance")
}

#[test]
fn what_a_disk_is_not_rated_for_waits_and_what_it_holds_is_served() {
    let place = Place::with("auto", &OBJECTS[..2]);
    let disk = "class: nvme, capacity_bytes: 64MiB }";
    let rated = |bytes: &str| {
        format!("{}, rated_write_bytes: {bytes}, service_life_days: 1 }}", &disk[..disk.len() - 2])
    };
    // The long object has 16 MiB.
    let little = rated("8MiB");
    place.configure(2, &[(disk, &little)]);
    let running = Running::start(&place);
    let client = Client::new(&place);
    wait_for("what there is room for does not come", || holds(&client, &place, 0));
    wait_for("nobody says what is waited for", || waits(&place));
    assert!(!holds(&client, &place, 1));
    let metrics = get(&place.admin(), "/metrics").expect("metrics");
    assert!(metrics.contains("headend_disk_write_budget_bytes{"), "{metrics}");
    let said = command("status", &place.config()).output().expect("run").stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.contains("endurance: ") && said.contains("of 8.0 MiB"), "{said}");

    // A process that is killed has not forgotten what was written.
    let written_bytes = |place: &Place| {
        place.status().and_then(|status| status.disks[0].write_budget).map(|it| it.written_bytes)
    };
    let before = written_bytes(&place).expect("a rating");
    running.kill();
    let running = Running::start(&place);
    assert!(written_bytes(&place) >= Some(before));
    wait_for("it is not served any more", || holds(&client, &place, 0));
    assert!(!holds(&client, &place, 1));

    // A reload with a better rating: it comes, and no disk was ejected for it.
    place.configure(2, &[(disk, &rated("1TB"))]);
    tell(running.pid(), "HUP");
    wait_for("it still waits", || holds(&client, &place, 1));
    assert!(!running.log().contains("the configuration has changed"));
    drop(running);
}
