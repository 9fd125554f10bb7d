//! The command as an operator meets it: what is wrong is said in one line with its place,
//! nothing is half done, and a running box answers, drains and ends.

use rcgen::{CertificateParams, KeyPair};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where it says how it is, below its place.
const ADMIN: &str = "state/admin.sock";

/// What a running box says, below its place.
const LOG: &str = "log";

struct Place {
    folder: TempDir,
    player: u16,
}

fn free_port() -> u16 {
    ports::free().expect("a port")
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let key = KeyPair::generate().expect("key");
        let names = vec!["oca1.localhost".to_owned()];
        let certificate =
            CertificateParams::new(names).expect("names").self_signed(&key).expect("certificate");
        fs::write(folder.path().join("cert.pem"), certificate.pem()).expect("write");
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).expect("write");
        Self { folder, player: free_port() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A configuration that is right, with some of it replaced.
    fn config(&self, changes: &[(&str, &str)]) -> PathBuf {
        let folder = self.folder.path().display();
        let mut text = format!(
            "schema: 1
min_appliance_version: 0.1.0
name: oca1
state_folder: {folder}/state
listeners:
  - addresses: [\"127.0.0.1:{}\"]
certificates:
  - {{ chain_file: {folder}/cert.pem, key_file: {folder}/key.pem }}
identity:
  chain_file: {folder}/cert.pem
  key_file: {folder}/key.pem
admin: {{ socket: {folder}/state/admin.sock }}
disks:
  - {{ folder: {folder}/disk, class: nvme, capacity_bytes: 64MiB }}
ram: {{ budget_bytes: 8MiB }}
serving: {{ engine: portable }}
content_groups:
  - name: default
    owner: Nobody
    host_names: [oca1.localhost]
",
            self.player
        );
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let file = self.path("config.yaml");
        fs::write(&file, text).expect("write");
        file
    }
}

fn appliance(command: &str, config: &Path) -> Command {
    let mut appliance = Command::new(env!("CARGO_BIN_EXE_appliance"));
    appliance.arg(command).arg(config).stdin(Stdio::null());
    appliance
}

/// Both `check` and `run` refuse: exit code 2, one line, and nothing was made.
fn refused(place: &Place, changes: &[(&str, &str)]) -> String {
    let config = place.config(changes);
    let said = |output: Output| {
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        text.trim().replace(&place.folder.path().display().to_string(), "DIR")
    };
    let run = said(appliance("run", &config).output().expect("run"));
    assert_eq!(said(appliance("check", &config).output().expect("check")), run);
    assert!(!place.path("state").exists() && !place.path("disk").exists());
    run
}

#[test]
fn an_unknown_key() {
    assert_eq!(
        refused(&Place::new(), &[("ram: { budget_bytes", "ram: { budget_byte")]),
        "DIR/config.yaml:15:8: unknown field `budget_byte`, expected one of budget_bytes"
    );
}

#[test]
fn a_wrong_unit() {
    let said = refused(&Place::new(), &[("8MiB", "8 MHz")]);
    assert!(
        said.starts_with("DIR/config.yaml:15:") && said.contains("a number of bytes"),
        "{said}"
    );
}

#[test]
fn a_time_zone_that_there_is_not() {
    let fill = "fill: { time_zone: Europe/Bonn }\nram: {";
    let said = refused(&Place::new(), &[("ram: {", fill)]);
    let expected = "DIR/config.yaml:15:20: fill.time_zone: Europe/Bonn is no time zone that this \
                    software knows (IANA time zone database)";
    assert_eq!(said, expected);
}

#[test]
fn a_missing_file() {
    let said = refused(&Place::new(), &[("cert.pem, key_file", "none.pem, key_file")]);
    assert_eq!(
        said,
        "DIR/config.yaml:8:19: certificates[0].chain_file: cannot read DIR/none.pem: I/O error: \
         No such file or directory (os error 2)"
    );
}

#[test]
fn a_key_of_another_certificate() {
    let place = Place::new();
    let other = KeyPair::generate().expect("key");
    fs::write(place.path("other.pem"), other.serialize_pem()).expect("write");
    let config = place.config(&[("key.pem }", "other.pem }")]);
    let output = appliance("check", &config).output().expect("check");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(text.contains("certificates[0]: key and certificate do not fit"), "{text}");
}

#[test]
fn a_disk_that_cannot_be_written() {
    // Even root cannot make a folder there.
    let place = Place::new();
    let folder = format!("{}/disk", place.folder.path().display());
    let config = place.config(&[(&folder, "/proc/headend")]);
    let output = appliance("run", &config).output().expect("run");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(text.contains("config.yaml:14:") && text.contains("disk /proc/headend"), "{text}");
}

#[test]
fn a_disk_that_is_not_there_keeps_no_box_from_serving() {
    let place = Place::new();
    // A file stands where its folder would be: nobody, not even root, can write there.
    let disk = format!("{}/key.pem/disk", place.folder.path().display());
    let two = format!("disks:\n  - {{ folder: {disk}, class: nvme, capacity_bytes: 64MiB }}");
    let config = place.config(&[("disks:", &two)]);
    let output = appliance("check", &config).output().expect("check");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success() && text.contains("it serves without this disk"), "{text}");
    let _running = Running::start(&place, &config);
    let status = appliance("status", &config).output().expect("status");
    let text = String::from_utf8(status.stdout).expect("text");
    assert!(text.contains(&format!("{disk}: EJECTED")), "{text}");
}

#[test]
fn a_port_in_use() {
    // Taken before it is chosen: a port that was free a moment ago may be somebody's.
    let holder = TcpListener::bind("127.0.0.1:0").expect("bind");
    let mut place = Place::new();
    place.player = holder.local_addr().expect("address").port();
    let config = place.config(&[]);
    let output = appliance("run", &config).output().expect("run");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(text.contains("listeners[0].addresses[0]"), "{text}");
    assert!(text.contains("Address already in use"), "{text}");
}

#[test]
fn a_socket_whose_path_is_too_long() {
    let long = format!("socket: /{}", "x".repeat(120));
    let place = Place::new();
    let socket = format!("socket: {}", place.path(ADMIN).display());
    let said = refused(&place, &[(&socket, &long)]);
    assert!(said.contains("admin.socket: the path of a socket has 102 bytes at most"), "{said}");
}

#[test]
fn what_older_configurations_say_of_the_admin_listener_counts_no_more() {
    let place = Place::new();
    let socket = format!("socket: {}", place.path(ADMIN).display());
    let config = place.config(&[(&socket, "address: \"127.0.0.1:9100\"")]);
    let output = appliance("check", &config).output().expect("check");
    assert!(output.status.success(), "{output:?}");
    let warned = String::from_utf8(output.stderr).expect("text");
    assert!(warned.contains("admin.address: counts no more"), "{warned}");
    let _running = Running::start(&place, &config);
}

#[test]
fn a_missing_configuration() {
    let output = appliance("run", Path::new("/nonexistent.yaml")).output().expect("run");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(
        text.trim(),
        "/nonexistent.yaml: cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn check_says_that_all_is_well_and_makes_nothing() {
    let place = Place::new();
    let output = appliance("check", &place.config(&[])).output().expect("check");
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("config.yaml: ok, oca1\n"));
    assert!(!place.path("state").exists() && !place.path("disk").exists());
}

#[test]
fn the_map_of_this_machine_is_told_without_serving() {
    let place = Place::new();
    let config = place.config(&[]);
    let output = appliance("topology", &config).output().expect("topology");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with("portable: ") && text.contains("NODE"), "{text}");
    assert!(text.contains(&place.path("disk").display().to_string()), "{text}");
    let json = appliance("topology", &config).args(["-o", "json"]).output().expect("topology");
    let text = String::from_utf8(json.stdout).expect("text");
    assert!(text.starts_with('{') && text.contains("\"processors\": ["), "{text}");
    assert!(!place.path("state").exists() && !place.path("disk").exists());
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn get(socket: &Path, path: &str) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

impl Running {
    fn start(place: &Place, config: &Path) -> Self {
        let log = fs::File::create(place.path(LOG)).expect("log");
        let running = Self(appliance("run", config).stderr(log).spawn().expect("run"));
        wait_for(place, "/readyz", "200 OK");
        running
    }

    fn signal(&self, signal: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill").success());
    }
}

/// Waits until there is nothing to complain of.
fn wait_until(complaint: impl Fn() -> Option<String>) {
    let begun = Instant::now();
    while let Some(complaint) = complaint() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{complaint}");
        std::thread::yield_now();
    }
}

/// Asks the admin listener until its answer contains this.
fn wait_for(place: &Place, path: &str, expected: &str) {
    wait_until(|| {
        let answer = get(&place.path(ADMIN), path);
        let is_said = answer.as_ref().is_some_and(|answer| answer.contains(expected));
        (!is_said).then(|| format!("{path} never says {expected}: {answer:?}"))
    });
}

/// Waits for a line of the log.
fn wait_for_log(place: &Place, expected: &str) {
    wait_until(|| {
        let log = fs::read_to_string(place.path(LOG)).expect("log");
        (!log.contains(expected)).then(|| format!("never logged: {expected}\n{log}"))
    });
}

#[test]
fn windows_and_caps_are_read_again_when_told_and_stay_where_they_are_wrong() {
    let place = Place::new();
    let with = |cap: &str| {
        let fill = format!("fill: {{ cap_bits_per_s: {cap} }}\nram: {{");
        place.config(&[("ram: {", &fill)])
    };
    let config = with("8Mb/s");
    let running = Running::start(&place, &config);
    wait_for(&place, "/fill", "\"cap_bytes_per_s\":1000000,");
    let status = appliance("status", &config).output().expect("status");
    let text = String::from_utf8(status.stdout).expect("text");
    assert!(text.contains("  fill        at any hour, at most 8.0 Mb/s\n"), "{text}");
    with("16Mb/s");
    running.signal("-HUP");
    wait_for(&place, "/fill", "\"cap_bytes_per_s\":2000000,");
    // Wrong, and then right again: what was wrong in between has changed nothing.
    with("16 MHz");
    running.signal("-HUP");
    wait_for_log(&place, "the old windows, caps and disks stay");
    let metrics = get(&place.path(ADMIN), "/metrics").expect("answer");
    assert!(metrics.contains("headend_fill_cap_bytes_per_second 2000000"), "{metrics}");
    with("24Mb/s");
    running.signal("-HUP");
    wait_for(&place, "/fill", "\"cap_bytes_per_s\":3000000,");
}

#[test]
fn a_running_box_answers_its_operator_and_ends_when_told() {
    let place = Place::new();
    let config = place.config(&[]);
    let mut running = Running::start(&place, &config);
    assert!(get(&place.path(ADMIN), "/healthz").expect("answer").contains("200 OK"));
    let metrics = get(&place.path(ADMIN), "/metrics").expect("answer");
    for name in [
        "headend_connections_open 0",
        "headend_info{engine=\"portable\"",
        "# TYPE headend_ram_used_bytes gauge",
    ] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
    let status = appliance("status", &config).output().expect("status");
    let text = String::from_utf8(status.stdout).expect("text");
    assert!(text.starts_with("oca1  appliance 0.1.0, engine portable"), "{text}");
    let json = appliance("status", &config).arg("--json").output().expect("status");
    assert!(String::from_utf8_lossy(&json.stdout).contains("\"device\":\"oca1\""));

    running.signal("-TERM");
    assert!(running.0.wait().expect("wait").success());
    let gone = appliance("status", &config).output().expect("status");
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("is the appliance running?"));
}
