//! Restarts as viewers, the disk, the fleet and the operator see them.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::place::{OBJECTS, Place};
use parts::running::{Running, command, descriptors, has_ended, processes_with, put_program, tell};
use parts::viewer::{Client, Viewer};
use parts::{content, wait_for};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The box holds what its origin gives at once.
fn filled(client: &Client, place: &Place) {
    for (path, size) in &OBJECTS[..2] {
        wait_for("nothing is filled", || holds(client, place, path, *size));
    }
}

fn holds(client: &Client, place: &Place, path: &str, size: usize) -> bool {
    let mut connection = client.connect(place.player).expect("connected");
    connection.fetch(path, &content(path, size)).is_ok()
}

fn viewers_see_nothing_of_three_restarts(engine: &'static str) {
    let place = Place::new(engine);
    place.configure(2, &[]);
    let mut running = Running::start(&place);
    let client = Client::new(&place);
    filled(&client, &place);
    let open = descriptors(running.pid()).len();
    let ports = [(place.player, false), (place.player, false), (place.player, true)];
    let ports = ports.into_iter().chain([(place.player_h2, false), (place.player_h2, true)]);
    let viewers: Vec<_> = ports.map(|(port, keeps)| Viewer::start(&client, port, keeps)).collect();
    let (long, size) = OBJECTS[1];

    for threads in [1, 3, 2] {
        let before = running.pid();
        // Somebody who takes the beginning now, and the rest when the restart is over.
        let mut slow = client.connect(place.player).expect("connected");
        let head = slow.ask(long).expect("an answer");
        let mut body = slow.body(1000).expect("the beginning");
        // Somebody who comes back after it.
        let fan = Client::new(&place);
        assert!(holds(&fan, &place, OBJECTS[0].0, OBJECTS[0].1));
        place.configure(threads, &[]);
        let next = restarted(&running);
        assert_ne!(next, before);
        viewers.iter().for_each(|viewer| viewer.sees(3));
        let back = fan.connect(place.player).expect("connected");
        assert!(back.is_resumed(), "its ticket is worth nothing any more");

        // As long as both are there, there is no other restart, and nobody else gets in.
        assert!(!running.has_ended(before), "a download was cut");
        let refused = running.restart();
        let text = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{text}");
        assert!(text.contains("in the middle of a restart"), "{text}");
        intruder_is_refused(&place);

        body.extend(slow.body(head.length - body.len()).expect("the rest"));
        assert!(body == content(long, size), "wrong bytes");
        drop(slow);
        running.settle(before);
        viewers.iter().for_each(|viewer| viewer.sees(3));
    }
    intruder_is_refused(&place);
    for viewer in viewers {
        assert_eq!(viewer.end(), [""; 0]);
    }
    assert_eq!(running.first_ended(), Some(0));
    nothing_leaks(&running, open);
    let last = running.pid();
    tell(last, "TERM");
    wait_for("it stays", || has_ended(last));
}

#[test]
fn viewers_see_nothing_of_three_restarts_on_uring() {
    viewers_see_nothing_of_three_restarts("uring");
}

#[test]
fn viewers_see_nothing_of_three_restarts_on_portable() {
    viewers_see_nothing_of_three_restarts("portable");
}

/// Restarts; gives the new process.
fn restarted(running: &Running<'_>) -> u32 {
    let before = running.pid();
    let said = running.restart();
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).expect("text");
    let next = text.strip_prefix(&format!("0.1.0 (pid {before}) -> 0.1.0 (pid "));
    let next = next.and_then(|text| text.strip_suffix(")\n")?.parse().ok());
    let next = next.unwrap_or_else(|| panic!("{text}"));
    // A moment long the old one takes questions as well.
    wait_for("another process answers", || running.pid() == next);
    next
}

/// Another process over the same disk.
fn intruder_is_refused(place: &Place) {
    let config = place.configure_intruder();
    let said = command("run", &config).output().expect("run");
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(2), "{text}");
    assert!(text.contains("another process is using this folder"), "{text}");
}

/// After many restarts a process has what the first one had, and one socket more for each
/// address that once had more threads.
fn nothing_leaks(running: &Running<'_>, before: usize) {
    let pid = running.pid();
    wait_for("descriptors leak", || descriptors(pid).len() <= before + 4);
    let stdin = fs::read_link(format!("/proc/{pid}/fd/0")).expect("stdin");
    assert_eq!(stdin, Path::new("/dev/null"));
}

#[test]
fn who_cannot_take_over_changes_nothing() {
    let place = Place::new("auto");
    place.configure(2, &[]);
    let mut running = Running::start(&place);
    let client = Client::new(&place);
    filled(&client, &place);
    let pid = running.pid();
    wait_for("the late object is not asked for", || place.origin.late_asked() == 1);
    let viewer = Viewer::start(&client, place.player, false);
    let mut failed = 0;
    let mut fails_with = |running: &Running<'_>, reason: &str| {
        tell(pid, "USR2");
        failed += 1;
        wait_for("the restart did not fail", || running.process()["restarts_failed"] == failed);
        let process = running.process();
        let said = process["last_failure"].as_str().expect("a reason");
        assert!(said.contains(reason), "{said}");
        assert!(running.log().contains("the restart came to nothing"), "{}", running.log());
        assert_eq!(running.pid(), pid);
        viewer.sees(3);
    };

    // A configuration that makes no sense; the command says so before it asks for anything.
    place.configure(2, &[("ram: { budget_bytes", "ram: { budget_byte")]);
    let said = running.restart();
    assert_eq!(said.status.code(), Some(2), "{said:?}");
    fails_with(&running, "unknown field `budget_byte`");

    // A program that ends at once, and none at all.
    place.configure(2, &[]);
    put_program(&place, Path::new("/bin/false"));
    fails_with(&running, "ended before it said hello (exit status: 1)");
    put_program(&place, Path::new("/nonexistent"));
    fails_with(&running, "cannot start");
    assert_eq!(place.origin.late_asked(), 1, "the transfer under way was disturbed");

    // One that finds a port in use when everything was handed over already.
    put_program(&place, Path::new(env!("CARGO_BIN_EXE_appliance")));
    let holder = TcpListener::bind("127.0.0.1:0").expect("bound");
    let taken = holder.local_addr().expect("address").to_string();
    let address = format!("127.0.0.1:{}", place.player_h2);
    place.configure(2, &[(&address, &taken)]);
    place.forget_knocks();
    let said = running.restart();
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(text.contains("goes on") && text.contains("Address already in use"), "{text}");
    failed_once_more(&mut failed, &running);

    // The old one does all that it did before.
    wait_for("nothing is filled any more", || place.origin.late_asked() == 2);
    wait_for("the fleet is not spoken to any more", || place.fleet.accept().is_ok());
    assert_eq!(viewer.end(), [""; 0]);
    place.origin.give_all();
    let (late, size) = OBJECTS[2];
    wait_for("the late object does not come", || holds(&client, &place, late, size));

    // And can be restarted as if nothing had been.
    place.configure(2, &[]);
    let next = restarted(&running);
    running.settle(pid);
    assert!(holds(&client, &place, late, size));
    assert_eq!(place.origin.late_asked(), 2, "what was there was fetched again");
    let ready = |pid| format!("READY=1\nMAINPID={pid}");
    assert_eq!(place.told(), [ready(pid), format!("MAINPID={next}"), ready(next)]);
    tell(next, "TERM");
    wait_for("it stays", || has_ended(next));
    assert_eq!(place.told(), ["STOPPING=1"]);
}

fn failed_once_more(failed: &mut i32, running: &Running<'_>) {
    *failed += 1;
    assert_eq!(running.process()["restarts_failed"], *failed);
}

/// A program that says nothing and does not end, with its number in a file.
fn put_mute_program(place: &Place) {
    let script = place.path("mute");
    let pid = place.path("mute.pid");
    let text =
        format!("#!/bin/sh\necho $$ > {0}.new\nmv {0}.new {0}\nexec sleep 1000\n", pid.display());
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");
    put_program(place, &script);
}

#[test]
fn a_stop_in_the_middle_of_a_restart_ends_both() {
    let place = Place::new("auto");
    place.configure(1, &[]);
    let mut running = Running::start(&place);
    let pid = running.pid();
    put_mute_program(&place);
    tell(pid, "USR2");
    wait_for("nothing was started", || place.path("mute.pid").exists());
    let mute = fs::read_to_string(place.path("mute.pid")).expect("file");
    let mute = mute.trim().parse().expect("a number");
    assert_eq!(running.process()["is_restarting"], true);
    tell(pid, "USR2");
    wait_for("a second restart was not refused", || {
        running.log().contains("refused: a restart is under way already")
    });
    tell(pid, "TERM");
    assert_eq!(running.first_ended(), Some(0));
    assert!(has_ended(mute));
    assert_eq!(processes_with(&place.config()), [0; 0]);
}
