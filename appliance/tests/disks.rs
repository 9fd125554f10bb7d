//! Disks that are taken out of a running box and put back, as the configuration says.

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

/// What the box says of its disks: folder, objects, why it was ejected.
fn disks(place: &Place) -> Vec<(String, u64, Option<String>)> {
    let answer = get(&place.admin(), "/status").unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let status: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let disks = status["disks"].as_array().cloned().unwrap_or_default();
    let disk = |disk: &serde_json::Value| {
        let folder = disk["folder"].as_str().unwrap_or_default();
        let name = folder.rsplit('/').next().unwrap_or_default().to_owned();
        let reason = disk["ejected"].as_str().map(str::to_owned);
        (name, disk["objects"].as_u64().unwrap_or(0), reason)
    };
    disks.iter().map(disk).collect()
}

#[test]
fn a_disk_leaves_and_comes_back_while_viewers_are_served() {
    let place = Place::new("auto");
    let one = format!(
        "  - {{ folder: {}/disk, class: nvme, capacity_bytes: 64MiB }}\n",
        place.path("").display().to_string().trim_end_matches('/')
    );
    let other = one.replace("/disk,", "/other,");
    place.configure(2, &[]);
    let running = Running::start(&place);
    let client = Client::new(&place);
    wait_for("nothing is filled", || holds(&client, &place, 0) && holds(&client, &place, 1));

    // Another disk comes, and the first leaves: what it held is fetched again.
    place.configure(2, &[(&one, &other)]);
    tell(running.pid(), "HUP");
    wait_for(
        "the other disk is not used",
        || matches!(&disks(&place)[..], [(name, 2.., None)] if name == "other"),
    );
    wait_for("it is not served", || holds(&client, &place, 0) && holds(&client, &place, 1));

    // Both: the first comes back, and what it holds nobody needs any more. (Of an object that its
    // origin keeps back, a file may be there.)
    place.configure(2, &[(&one, &format!("{one}{other}"))]);
    tell(running.pid(), "HUP");
    wait_for("the first disk does not come back", || {
        matches!(&disks(&place)[..], [(_, 0..=1, None), (_, 2.., None)])
    });

    // A configuration that makes no sense changes nothing.
    place.configure(2, &[(&one, "")]);
    tell(running.pid(), "HUP");
    wait_for("nobody complains", || running.log().contains("the old windows, caps and disks stay"));
    assert_eq!(disks(&place).len(), 2);
    assert!(holds(&client, &place, 1));
}

/// Whether a SIGHUP would not end it any more: the first bit of the signals that it catches.
fn catches_hangups(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught
        .is_some_and(|caught| u64::from_str_radix(caught.trim(), 16).is_ok_and(|set| set & 1 == 1))
}

#[test]
fn what_it_is_told_while_it_starts_is_not_forgotten() {
    let place = Place::new("auto");
    place.configure(1, &[]);
    let running = Running::begin(&place);
    let pid = running.first_pid();
    wait_for("it does not catch the signal", || catches_hangups(pid));
    tell(pid, "HUP");
    wait_for("it was forgotten", || running.log().contains("windows and caps were read again"));
}
