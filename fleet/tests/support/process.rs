//! `fleet serve` and the other commands, as processes.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const FLEET: &str = env!("CARGO_BIN_EXE_fleet");

/// A running `fleet serve`.
pub struct Server {
    child: Child,
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub control: SocketAddr,
    pub join: SocketAddr,
    database_url: Option<String>,
}

/// An address that was free a moment ago.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address")
}

impl Server {
    pub fn start(data: &Path, database_url: Option<&str>) -> Self {
        Self::start_with(data, database_url, &[])
    }

    /// The same with more arguments; a restart forgets them.
    pub fn start_with(data: &Path, database_url: Option<&str>, more: &[&str]) -> Self {
        let [listen, control, join] = [(); 3].map(|()| free_address());
        let database_url = database_url.map(str::to_owned);
        let child = spawn(data, [listen, control, join], database_url.as_deref(), more);
        Self { child, data: data.to_owned(), listen, control, join, database_url }
    }

    /// Kills it without warning and starts it again at the same addresses.
    pub fn crash_and_restart(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
        let database_url = self.database_url.as_deref();
        let addresses = [self.listen, self.control, self.join];
        self.child = spawn(&self.data, addresses, database_url, &[]);
    }

    /// Once it has stopped: the same at the same addresses, on another database.
    pub fn go_on_with(&mut self, database_url: &str) {
        self.database_url = Some(database_url.to_owned());
        let addresses = [self.listen, self.control, self.join];
        self.child = spawn(&self.data, addresses, Some(database_url), &[]);
    }

    /// Asks it to stop and waits; gives its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(asked.success());
        self.child.wait().expect("it ends").code()
    }

    /// By what it is believed.
    pub fn front(&self) -> PathBuf {
        self.data.join("ca/front.pem")
    }

    /// How its operator shows who he is.
    pub fn bearer(&self) -> String {
        let token = std::fs::read_to_string(self.data.join("operator.token")).expect("a token");
        format!("Authorization: Bearer {}", token.trim())
    }

    /// Has a command, and what it calls, find `fleet` and this manager.
    pub fn reach(&self, command: &mut Command) {
        let folder = Path::new(FLEET).parent().expect("a folder").display();
        let path = std::env::var("PATH").expect("a path");
        command
            .env("PATH", format!("{folder}:{path}"))
            .env("FLEET_URL", format!("https://{}", self.listen))
            .env("FLEET_TOKEN_FILE", self.data.join("operator.token"))
            .env_remove("FLEET_TOKEN")
            .env_remove("FLEET_CA_FILE");
    }

    /// Runs another command against it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(FLEET);
        self.reach(&mut command);
        command.args(arguments).output().expect("the command runs")
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "fleet {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must fail; gives its exit code and what it complained of.
    pub fn fails(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "fleet {arguments:?} should have failed");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `fleet serve` with its own arguments until it ends by itself.
pub fn serve_fails(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(FLEET);
    command.arg("serve").args(arguments).env_remove("DATABASE_URL");
    let output = command.output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn spawn(
    data: &Path,
    [listen, control, join]: [SocketAddr; 3],
    database_url: Option<&str>,
    more: &[&str],
) -> Child {
    let mut command = Command::new(FLEET);
    command.arg("serve").arg("--data").arg(data).args(["--listen", &listen.to_string()]);
    command.args(["--control", &control.to_string(), "--join", &join.to_string()]);
    if !more.contains(&"--report-interval-s") {
        command.args(["--report-interval-s", "1"]);
    }
    command.args(more);
    command.args(["--steering-ttl-s", "3"]).env_remove("DATABASE_URL").env("FLEET_LOG", "warn");
    if let Some(url) = database_url {
        command.env("DATABASE_URL", url);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().expect("fleet serve starts");
    let stdout = child.stdout.take().expect("piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(line.starts_with("ready "), "fleet serve did not come up: {line:?}");
    child
}
