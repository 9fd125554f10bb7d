//! OpenSSH's server, started for a test and ended with it, by a configuration that the test writes.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const SSHD: &str = "/usr/sbin/sshd";

/// What sshd wants to be there where root starts it; packages leave it to systemd.
const ROOTS_FOLDER: &str = "/run/sshd";

/// How long sshd may take to listen, or to say what it has done.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs.
#[derive(Debug)]
pub struct Sshd {
    /// What it says, line by line.
    said: mpsc::Receiver<String>,
    process: Child,
}

impl Sshd {
    /// Starts it; it listens afterwards.
    ///
    /// # Panics
    /// Where it does not.
    #[must_use]
    pub fn start(config: &Path) -> Self {
        if is_roots() {
            std::fs::create_dir_all(ROOTS_FOLDER).expect(ROOTS_FOLDER);
        }
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", SSHD, "-D", "-e", "-f"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("setpriv starts");
        let said = lines_of(&mut process);
        let server = Self { said, process };
        server.says("Server listening on");
        server
    }

    /// Waits until it has said something; gives that line.
    ///
    /// # Panics
    /// Where it does not say it.
    pub fn says(&self, what: &str) -> String {
        let mut before = String::new();
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(what) => return line,
                Ok(line) => before = format!("{before}{line}\n"),
                Err(err) => {
                    panic!("sshd does not say {what:?} ({err}; openssh-server?):\n{before}")
                }
            }
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether what is started here is started by root.
///
/// # Panics
/// Where nothing says so.
#[must_use]
pub fn is_roots() -> bool {
    Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n"
}

fn lines_of(process: &mut Child) -> mpsc::Receiver<String> {
    let stderr = process.stderr.take().expect("piped");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // Until nobody writes any more, or nobody listens.
        BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}
