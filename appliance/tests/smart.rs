//! A box tells what its disks say of themselves. No disk here says anything, so a script answers
//! in smartctl's place, with what smartctl prints for one that is at its end.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::place::Place;
use parts::running::{Running, get};
use parts::wait_for;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const ANSWER: &str = r#"{
  "model_name": "A Disk 960GB",
  "serial_number": "S1",
  "smart_status": { "passed": false },
  "nvme_smart_health_information_log": {
    "critical_warning": 8, "percentage_used": 104, "data_units_written": 2000, "media_errors": 3
  },
  "temperature": { "current": 61 }
}"#;

/// A program that is called as smartctl is.
fn program(place: &Place, script: &str) -> PathBuf {
    let file = place.path("smartctl");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("set");
    file
}

fn configure(place: &Place, script: &str) {
    let smart = format!("smart: {{ program: {} }}\nfleet:", program(place, script).display());
    place.configure(2, &[("fleet:", &smart)]);
}

fn metrics(place: &Place) -> String {
    get(&place.admin(), "/metrics").unwrap_or_default()
}

#[test]
fn what_a_disk_says_of_itself_is_told() {
    let place = Place::new("portable");
    let asked = place.path("asked");
    fs::write(place.path("answer"), ANSWER).expect("written");
    let answer = place.path("answer");
    // Its status says that the disk is failing, and is no failure of the program.
    let script = format!("echo \"$@\" >> {}; cat {}; exit 8", asked.display(), answer.display());
    configure(&place, &script);
    let running = Running::start(&place);
    let worn = || {
        metrics(&place)
            .lines()
            .any(|it| it.starts_with("headend_disk_wear_percent{") && it.ends_with(" 104"))
    };
    wait_for("nobody tells of the disk (does its folder stand on a device?)", worn);
    let metrics = metrics(&place);
    for (name, value) in [
        ("headend_disk_healthy", "0"),
        ("headend_disk_temperature_celsius", "61"),
        ("headend_disk_written_bytes_total", "1024000000"),
        ("headend_disk_media_errors_total", "3"),
    ] {
        let is_it = |line: &str| line.starts_with(name) && line.ends_with(&format!(" {value}"));
        assert!(metrics.lines().any(is_it), "{name} {value}: {metrics}");
    }
    let status = get(&place.admin(), "/status").expect("status");
    assert!(status.contains("\"serial\":\"S1\""), "{status}");
    assert!(status.contains("it can only be read"), "{status}");
    let log = running.log();
    assert!(log.contains("disk_health") && log.contains("it says that it fails"), "{log}");
    let asked = fs::read_to_string(asked).expect("it was asked");
    assert!(asked.lines().all(|line| line.starts_with("--json=c --xall /dev/")), "{asked}");
}

#[test]
fn a_program_that_never_stops_talking_keeps_nobody_from_serving() {
    let place = Place::new("portable");
    let ended = place.path("ended");
    // SIGPIPE ends it, once enough was read.
    configure(&place, &format!("(yes; true) ; echo > {}", ended.display()));
    let running = Running::start(&place);
    wait_for("the program talks on", || ended.exists());
    assert!(!metrics(&place).contains("headend_disk_wear_percent{"));
    assert!(running.log().contains("serving"));
}
