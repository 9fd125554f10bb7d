//! A fleet, an origin and two boxes of one site over made-up files: enough to see what a
//! decision of the fleet does to an answer of a box. For players there is [`crate::demo`].

use crate::ports;
use crate::process::{Daemon, is_listening, output};
use anyhow::{Context, Result, ensure};
use contract::report::Report;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// The group and the title in it.
pub const GROUP: &str = "studio-a";
/// The title.
pub const TITLE: &str = "clip";
/// The boxes.
pub const BOXES: [&str; 2] = ["oca1.site-a", "oca2.site-a"];

const MASTER: &str = include_str!("../../fleet/steer/testdata/ffmpeg.m3u8");

/// How long anything may take to come about.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a box answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// What there is beside the usual.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files of the title beside [`title_files`], by path.
    pub more_files: Vec<(String, Vec<u8>)>,
    /// Whom boxes take for the origin; the origin itself without it.
    pub origin_port: Option<u16>,
    /// Only the first box runs.
    pub one_box: bool,
}

struct Ports {
    player: u16,
    peer: u16,
    admin: u16,
}

/// All of it. What is `None` does not run.
pub struct SmallCdn {
    folder: TempDir,
    bin: PathBuf,
    fleet_ports: [u16; 2],
    origin_port: u16,
    ports: [Ports; 2],
    /// The fleet manager.
    pub fleet: Option<Daemon>,
    /// nginx over the title's files.
    pub origin: Option<Daemon>,
    /// The boxes, in the order of [`BOXES`].
    pub boxes: [Option<Daemon>; 2],
}

impl SmallCdn {
    /// Starts everything, adds the title, and waits until both boxes hold it and are steered to.
    ///
    /// # Errors
    /// The first thing that does not come up.
    pub async fn start() -> Result<Self> {
        Self::start_with(Plan::default()).await
    }

    /// The same with more than the usual.
    ///
    /// # Errors
    /// The first thing that does not come up.
    pub async fn start_with(plan: Plan) -> Result<Self> {
        let ports = || {
            Ok::<_, std::io::Error>(Ports {
                player: ports::free()?,
                peer: ports::free()?,
                admin: ports::free()?,
            })
        };
        let mut cdn = Self {
            folder: tempfile::tempdir()?,
            bin: binaries()?,
            fleet_ports: [ports::free()?, ports::free()?],
            origin_port: ports::free()?,
            ports: [ports()?, ports()?],
            fleet: None,
            origin: None,
            boxes: [None, None],
        };
        for (path, bytes) in title_files().into_iter().chain(plan.more_files) {
            let file = cdn.path("origin").join(path.trim_start_matches('/'));
            std::fs::create_dir_all(file.parent().context("a folder")?)?;
            std::fs::write(file, bytes)?;
        }
        cdn.start_origin().await?;
        cdn.start_fleet().await?;
        cdn.describe(plan.origin_port.unwrap_or(cdn.origin_port)).await?;
        let count = if plan.one_box { 1 } else { BOXES.len() };
        for at in 0..count {
            cdn.enroll(at).await?;
            cdn.start_box(at).await?;
        }
        let title = cdn.path("origin").join(TITLE);
        let add =
            format!("content add --group {GROUP} --title {TITLE} --folder {}", title.display());
        cdn.fleet_ok(&add).await?;
        let all_are = async |cdn: &Self| cdn.steered_to().await.len() == count;
        cdn.until("all boxes are steered to", all_are).await?;
        Ok(cdn)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the origin (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_origin(&mut self) -> Result<()> {
        let run = self.path("nginx");
        std::fs::create_dir_all(&run)?;
        let (conf, place) = (run.join("nginx.conf"), run.display());
        let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
        let (port, root) = (self.origin_port, self.path("origin"));
        let text = format!(
            "daemon off; master_process off; {user} pid {place}/pid; error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {place}/access.log;
  client_body_temp_path {place}/tmp; proxy_temp_path {place}/tmp; fastcgi_temp_path {place}/tmp;
  uwsgi_temp_path {place}/tmp; scgi_temp_path {place}/tmp;
  server {{ listen 127.0.0.1:{port}; root {}; }}
}}
",
            root.display()
        );
        std::fs::write(&conf, text)?;
        let args = ["-p".as_ref(), run.as_os_str(), "-c".as_ref(), conf.as_os_str()];
        let mut daemon = Daemon::start("nginx", "/usr/sbin/nginx", args, &run.join("log"))?;
        let address = ([127, 0, 0, 1], port).into();
        daemon.wait_until(async || is_listening(address).await).await?;
        self.origin = Some(daemon);
        Ok(())
    }

    /// How many requests the origin has answered.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn origin_requests(&self) -> Result<usize> {
        Ok(std::fs::read_to_string(self.path("nginx/access.log"))?.lines().count())
    }

    /// Starts the fleet manager (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_fleet(&mut self) -> Result<()> {
        let [listen, control] = self.fleet_ports;
        let args = [
            "serve".to_owned(),
            format!("--data={}", self.path("fleet").display()),
            format!("--listen=127.0.0.1:{listen}"),
            format!("--control=127.0.0.1:{control}"),
            "--report-interval-s=1".to_owned(),
            "--steering-ttl-s=3".to_owned(),
        ];
        let log = self.path("fleet.log");
        let mut daemon = Daemon::start("fleet serve", self.bin.join("fleet"), args, &log)?;
        // It takes its ports before it makes its folder: only an answer says that all is there.
        let health = format!("http://127.0.0.1:{listen}/healthz");
        daemon
            .wait_until(async || output("curl", ["-sf", "-m", "5", &health]).await.is_ok())
            .await?;
        self.fleet = Some(daemon);
        Ok(())
    }

    async fn describe(&self, origin_port: u16) -> Result<()> {
        self.fleet_ok("site create site-a --latitude 48 --longitude 11 --prefix 127.0.0.0/8")
            .await?;
        let origin = format!("http://127.0.0.1:{origin_port}");
        let group = format!(
            "group create {GROUP} --owner Studio --host-pattern {{device}}.localhost --origin {origin}"
        );
        self.fleet_ok(&group).await
    }

    async fn enroll(&self, at: usize) -> Result<()> {
        let (name, ports, folder) = (BOXES[at], &self.ports[at], self.path(BOXES[at]));
        let folder = folder.display();
        let create = format!(
            "appliance create {name} --site site-a --player 127.0.0.1:{} --peer 127.0.0.1:{} \
             --admin 127.0.0.1:{} --disk {folder}/disk:nvme:1GiB --ram 16MiB \
             --state-folder {folder}/state",
            ports.player, ports.peer, ports.admin
        );
        self.fleet_ok(&create).await?;
        self.fleet_ok(&format!("appliance enroll {name} --out {folder}")).await
    }

    /// Starts a box (again), and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_box(&mut self, at: usize) -> Result<()> {
        let config = self.path(BOXES[at]).join("config.yaml");
        let log = self.path(&format!("{}.log", BOXES[at]));
        let args = ["run".as_ref(), config.as_os_str()];
        let mut daemon = Daemon::start(BOXES[at], self.bin.join("appliance"), args, &log)?;
        // The ring of a process that was killed keeps its sockets for a moment: that somebody
        // listens says nothing.
        daemon.wait_until(async || self.status(at, "/").await != 0).await?;
        self.boxes[at] = Some(daemon);
        Ok(())
    }

    /// The folder of the fleet manager: database, authority, token.
    #[must_use]
    pub fn fleet_folder(&self) -> PathBuf {
        self.path("fleet")
    }

    /// Where the fleet manager listens for boxes.
    #[must_use]
    pub fn control_address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.fleet_ports[1]).into()
    }

    /// What a box keeps beside its disks.
    #[must_use]
    pub fn state_folder(&self, at: usize) -> PathBuf {
        self.path(BOXES[at]).join("state")
    }

    /// What a box says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn report(&self, at: usize) -> Result<Report> {
        let url = format!("http://127.0.0.1:{}/status", self.ports[at].admin);
        Ok(serde_json::from_str(&output("curl", ["-sf", "-m", "5", &url]).await?)?)
    }

    /// Adds another title, of one segment beside its playlist.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn add_title(&self, title: &str, segment: &[u8]) -> Result<()> {
        let folder = self.path("origin").join(title);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("master.m3u8"), MASTER)?;
        std::fs::write(folder.join("seg-1.m4s"), segment)?;
        let folder = folder.display();
        let add = format!("content add --group {GROUP} --title {title} --folder {folder}");
        self.fleet_ok(&add).await
    }

    /// What a box has logged.
    #[must_use]
    pub fn log(&self, at: usize) -> String {
        std::fs::read_to_string(self.path(&format!("{}.log", BOXES[at]))).unwrap_or_default()
    }

    /// Runs a `fleet` command, whatever comes of it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn fleet(&self, line: &str) -> Result<Output> {
        let mut command = tokio::process::Command::new(self.bin.join("fleet"));
        command.args(line.split_whitespace());
        command.env("FLEET_URL", format!("http://127.0.0.1:{}", self.fleet_ports[0]));
        command.env("FLEET_TOKEN_FILE", self.path("fleet/operator.token"));
        command.env_remove("FLEET_TOKEN").kill_on_drop(true);
        Ok(command.output().await?)
    }

    /// Runs a `fleet` command that must succeed.
    ///
    /// # Errors
    /// With what it printed.
    pub async fn fleet_ok(&self, line: &str) -> Result<()> {
        let out = self.fleet(line).await?;
        ensure!(out.status.success(), "fleet {line}: {}", String::from_utf8_lossy(&out.stderr));
        Ok(())
    }

    /// What a `fleet` command answers in JSON.
    ///
    /// # Errors
    /// With what it printed.
    pub async fn fleet_json(&self, line: &str) -> Result<Value> {
        let out = self.fleet(&format!("{line} -o json")).await?;
        let err = || format!("fleet {line}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).with_context(err)
    }

    /// The boxes that a viewer who begins to play the title now is sent to.
    pub async fn steered_to(&self) -> Vec<&'static str> {
        let [port, _] = self.fleet_ports;
        let url = format!("http://127.0.0.1:{port}/play/{GROUP}/{TITLE}/master.m3u8");
        let text = output("curl", ["-sf", "-m", "5", &url]).await.unwrap_or_default();
        let lists = |name: &&'static str| text.contains(&format!("https://{name}.localhost"));
        BOXES.into_iter().filter(lists).collect()
    }

    /// Asks a box for an object as a viewer does. `None`: it does not answer.
    pub async fn ask(&self, at: usize, path: &str) -> Option<Answer> {
        let (host, port) = (format!("{}.localhost", BOXES[at]), self.ports[at].player);
        let ca = self.path(BOXES[0]).join("ca.pem");
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-s", "-m", "20", "-w", "%{stderr}%{http_code}", "--cacert"]).arg(ca);
        curl.args(["--resolve", &format!("{host}:{port}:127.0.0.1")]);
        let out = curl.arg(format!("https://{host}:{port}{path}")).output().await.ok()?;
        let status = String::from_utf8(out.stderr).ok()?.parse().ok().filter(|it| *it > 0)?;
        Some(Answer { status, body: out.stdout })
    }

    /// The status with which a box answers; 0 for none.
    pub async fn status(&self, at: usize, path: &str) -> u16 {
        self.ask(at, path).await.map_or(0, |answer| answer.status)
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// When it does not come about in time.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut(&Self) -> bool) -> Result<()> {
        let begun = Instant::now();
        while !is_so(self).await {
            ensure!(begun.elapsed() < PATIENCE, "never: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// The files of the title, by path.
#[must_use]
pub fn title_files() -> Vec<(String, Vec<u8>)> {
    let master = (format!("/{TITLE}/master.m3u8"), MASTER.as_bytes().to_vec());
    let segments = (1..=6).map(|number| (path(number), content(number)));
    std::iter::once(master).chain(segments).collect()
}

/// What segment `number` holds: no two agree.
#[must_use]
pub fn content(number: u8) -> Vec<u8> {
    (0..300_000u32).flat_map(|at| [number, (at % 251) as u8]).collect()
}

/// Path of segment `number`.
#[must_use]
pub fn path(number: u8) -> String {
    format!("/{TITLE}/seg-{number}.m4s")
}

/// The folder that both programs are built into, as they are with the whole workspace.
fn binaries() -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.ancestors().nth(2).context("a test stands in target/PROFILE/deps")?;
    for name in ["fleet", "appliance"] {
        let there = Path::new(folder).join(name).exists();
        ensure!(there, "{name} is not built: cargo build -p fleet -p appliance");
    }
    Ok(folder.to_path_buf())
}
