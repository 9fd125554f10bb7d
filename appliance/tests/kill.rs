//! A box is killed at random moments of a fill, again and again: what it said it holds is there
//! when it comes back, it goes on where it was, and nobody ever gets a wrong byte.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::place::{OBJECTS, Place};
use parts::running::Running;
use parts::viewer::{Client, NoAnswer};
use parts::{content, wait_for};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

/// Fifty times in `make test`, a thousand times in `make nightly`.
const ROUNDS: usize = 50;

fn rounds() -> usize {
    let is_nightly = std::env::var_os("HEADEND_NIGHTLY").is_some_and(|value| value == "1");
    if is_nightly { 20 * ROUNDS } else { ROUNDS }
}

/// How many objects it says that it holds; none as long as it says nothing.
fn held(place: &Place) -> u64 {
    place.status().map_or(0, |report| report.held.objects_held)
}

/// An empty disk.
fn empty(place: &Place) {
    let disk = place.path("disk");
    if disk.exists() {
        std::fs::remove_dir_all(disk).expect("removed");
    }
}

/// Whether an object is served; that it is not there yet is an answer, wrong bytes are none. Who
/// asks too often for what is not there is told that.
fn is_served(client: &Client, place: &Place, at: usize) -> bool {
    let (path, size) = OBJECTS[at];
    let mut connection = client.connect(place.player).expect("connected");
    match connection.fetch(path, &content(path, size)) {
        Ok(_) => true,
        Err(NoAnswer::Broken(err))
            if ["status 404", "status 429"].iter().any(|not| err.to_string().starts_with(not)) =>
        {
            false
        }
        Err(err) => panic!("{path}: {err:?}"),
    }
}

#[test]
fn a_box_that_is_killed_goes_on_where_it_was() {
    let place = Place::new("auto");
    // Nobody keeps a box waiting that has just started.
    let fleet = format!("\"{}\"", place.fleet.local_addr().expect("address"));
    // Slow enough that a kill finds the long object on its way.
    let slowly = ("stall_timeout_s: 60", "stall_timeout_s: 60, cap_bits_per_s: 800Mb/s");
    place.configure(2, &[(&fleet, "\"127.0.0.1:1\""), slowly]);
    let client = Client::new(&place);
    let seed = 20_261_126;
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (mut in_the_middle, mut resumed) = (0, 0);
    for _ in 0..rounds() {
        // Each time from an empty disk, and killed up to twice on the way.
        empty(&place);
        let mut said = 0;
        for _ in 0..random.random_range(1..=2) {
            let running = Running::begin(&place);
            std::thread::sleep(Duration::from_micros(random.random_range(0..200_000)));
            said = said.max(held(&place));
            in_the_middle += usize::from(said < 2);
            running.kill();
        }
        let asked_before = place.origin.sent();
        let running = Running::start(&place);
        let held = held(&place);
        assert!(held >= said, "it said that it holds {said}, and has {held}");
        let served = (0..2).filter(|at| is_served(&client, &place, *at)).count();
        assert!(served as u64 >= held, "it says that it holds {held}, and serves {served}");
        wait_for("it is never whole", || (0..2).all(|at| is_served(&client, &place, at)));
        // More than the short one has, so that it is of the long one, and less than all of that.
        let asked = place.origin.sent() - asked_before;
        resumed += usize::from((OBJECTS[0].1 + 1..OBJECTS[1].1).contains(&asked));
        drop(running);
    }
    eprintln!("{in_the_middle} were killed in the middle, {resumed} asked for what was missing");
    assert!(resumed > 0, "nothing that had come before a kill was used after it");
    assert!(in_the_middle > rounds() / 5, "{in_the_middle} were killed in the middle of a fill");
}
