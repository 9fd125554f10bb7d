//! An appliance that changes its process now and then.

use super::place::Place;
use super::wait_for;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What it is started from: a link, so that something else can be put there.
const PROGRAM: &str = "appliance";

/// The appliance. Whoever runs with its configuration ends with it.
pub(crate) struct Running<'a> {
    place: &'a Place,
    first: Child,
}

impl<'a> Running<'a> {
    /// Starts it and waits until it serves.
    pub(crate) fn start(place: &'a Place) -> Self {
        Self::start_in(place, &[])
    }

    /// The same by a command that becomes it.
    pub(crate) fn start_in(place: &'a Place, command: &[OsString]) -> Self {
        let running = Self { place, first: Self::spawn(place, command) };
        wait_for("never ready", || {
            get(&place.admin(), "/readyz").is_some_and(|answer| answer.contains("200 OK"))
        });
        running
    }

    /// Starts it and waits for nothing.
    pub(crate) fn begin(place: &'a Place) -> Self {
        Self { place, first: Self::spawn(place, &[]) }
    }

    /// Kills the process that was started first, and waits until it has gone.
    pub(crate) fn kill(mut self) {
        self.first.kill().expect("ours");
        self.first.wait().expect("ours");
    }

    fn spawn(place: &Place, within: &[OsString]) -> Child {
        put_program(place, Path::new(env!("CARGO_BIN_EXE_appliance")));
        let log = File::options().create(true).append(true).open(place.path("log")).expect("log");
        let mut words = within.iter().cloned().chain([place.path(PROGRAM).into()]);
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).arg("run").arg(place.config()).stdin(Stdio::null()).stderr(log);
        command.env("NOTIFY_SOCKET", place.path("notify"));
        command.spawn().expect("started")
    }

    /// Who is the appliance now, as it says itself.
    pub(crate) fn process(&self) -> serde_json::Value {
        let mut found = None;
        wait_for("nobody says who it is", || {
            let answer = get(&self.place.admin(), "/process").unwrap_or_default();
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            found = serde_json::from_str(body).ok();
            found.is_some()
        });
        found.expect("just found")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process()["pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("a number")
    }

    /// `appliance restart`.
    pub(crate) fn restart(&self) -> Output {
        command("restart", &self.place.config()).output().expect("run")
    }

    /// Waits until the process before has ended, so that there may be another restart.
    pub(crate) fn settle(&mut self, before: u32) {
        wait_for("the process before stays", || self.has_ended(before));
        wait_for("the restart is never over", || self.process()["is_restarting"] == false);
    }

    pub(crate) fn has_ended(&mut self, pid: u32) -> bool {
        if pid == self.first.id() {
            return self.first.try_wait().expect("ours").is_some();
        }
        has_ended(pid)
    }

    /// The process that was started first, which need not have said anything yet.
    pub(crate) fn first_pid(&self) -> u32 {
        self.first.id()
    }

    /// How the process that was started first has ended.
    pub(crate) fn first_ended(&mut self) -> Option<i32> {
        self.first.wait().expect("ours").code()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place.path("log")).expect("log")
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        for pid in processes_with(&self.place.config()) {
            tell(pid, "KILL");
        }
        // It has usually ended already.
        self.first.kill().ok();
        self.first.wait().ok();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// Puts something else where the appliance stands.
pub(crate) fn put_program(place: &Place, program: &Path) {
    let link = place.path("fresh");
    symlink(program, &link).expect("linked");
    fs::rename(link, place.path(PROGRAM)).expect("in place");
}

/// A command about a configuration.
pub(crate) fn command(name: &str, config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_appliance"));
    command.arg(name).arg(config).stdin(Stdio::null());
    command
}

/// Sends a signal.
pub(crate) fn tell(pid: u32, signal: &str) {
    let told = Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status();
    told.expect("kill");
}

/// It has gone, or only its parent has not noticed.
pub(crate) fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('Z'))
}

/// Every process that was started with this configuration.
pub(crate) fn processes_with(config: &Path) -> Vec<u32> {
    let config = config.to_str().expect("UTF-8").as_bytes();
    let is_one = |pid: &u32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split(|octet| *octet == 0).any(|word| word == config) && !has_ended(*pid)
    };
    let entries = fs::read_dir("/proc").expect("proc").flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(is_one).collect()
}

/// What the descriptors of a process lead to.
pub(crate) fn descriptors(pid: u32) -> Vec<PathBuf> {
    let folder = fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors").flatten();
    folder.filter_map(|entry| fs::read_link(entry.path()).ok()).collect()
}

/// Asks the admin listener.
pub(crate) fn get(socket: &Path, path: &str) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
