//! A bit that turns over on a disk is found by the scrub, told of, and mended from the source.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::place::{OBJECTS, Place};
use parts::running::{Running, get};
use parts::viewer::Client;
use parts::{content, wait_for};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

fn holds(client: &Client, place: &Place, at: usize) -> bool {
    let (path, size) = OBJECTS[at];
    let mut connection = client.connect(place.player).expect("connected");
    connection.fetch(path, &content(path, size)).is_ok()
}

fn disk(place: &Place) -> serde_json::Value {
    let answer = get(&place.admin(), "/status").unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let status: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    status["disks"][0].clone()
}

/// The largest file below a folder.
fn largest(folder: &Path) -> PathBuf {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).expect("folder").flatten().map(|entry| entry.path()).collect()
    };
    let files = entries(folder).into_iter().flat_map(|folder| entries(&folder));
    files.max_by_key(|file| file.metadata().map_or(0, |it| it.len())).expect("there are some")
}

#[test]
fn what_rots_is_found_and_fetched_again() {
    let place = Place::new("auto");
    let fleet = format!("\"{}\"", place.fleet.local_addr().expect("address"));
    let quickly = "scrub: { rate_bits_per_s: 4Gb/s, every_s: 30 days }\nfleet:";
    let quickly = quickly.replace("30 days", "720h");
    place.configure(2, &[(&fleet, "\"127.0.0.1:1\""), ("fleet:", &quickly)]);
    let client = Client::new(&place);
    let running = Running::start(&place);
    wait_for("nothing is filled", || (0..2).all(|at| holds(&client, &place, at)));
    drop(running);

    let rotten = largest(&place.path("disk/objects"));
    let file = File::options().read(true).write(true).open(&rotten).expect("file");
    let at = 8192 + 9_000_000;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("read");
    file.write_all_at(&[byte[0] ^ 4], at).expect("written");
    fs::remove_file(place.path("state/scrub.json")).expect("what the first process has scrubbed");

    let sent = place.origin.sent();
    let running = Running::start(&place);
    wait_for("the scrub is never over", || disk(&place)["scrub"]["ended_us"].is_number());
    let scrub = disk(&place)["scrub"].clone();
    assert_eq!(
        (scrub["bad_blocks"].as_u64(), disk(&place)["bad_blocks"].as_u64()),
        (Some(1), Some(1))
    );
    wait_for("it is not mended", || (0..2).all(|at| holds(&client, &place, at)));
    let mut mended = [0];
    file.read_exact_at(&mut mended, at).expect("read");
    assert_eq!(mended, byte);
    // Its slice alone was fetched. (The object that the origin keeps back may have been asked for.)
    assert_eq!(place.origin.sent() - sent, 1 << 20);
    assert!(running.log().contains("scrubbed"));
}
