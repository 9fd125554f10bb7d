//! A fleet, an origin and two boxes of one site over made-up files: enough to see what a
//! decision of the fleet does to an answer of a box. For players there is [`crate::demo`].

mod asking;

pub use asking::Answer;

use crate::operator::{Appliance, Operator, Title, front_ca};
use crate::origin;
use crate::process::{Daemon, binaries, output};
use anyhow::{Context, Result, ensure};
use contract::report::Report;
use serde_json::Value;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::time::Instant;

/// The group and the title in it.
pub const GROUP: &str = "studio-a";
/// The title.
pub const TITLE: &str = "clip";
/// The boxes.
pub const BOXES: [&str; 2] = ["oca1.site-a", "oca2.site-a"];

/// The site of all of it.
pub const SITE: &str = "site-a";

const MASTER: &str = include_str!("../../../fleet/steer/testdata/ffmpeg.m3u8");

/// Where what the origin writes is.
const ORIGIN_RUN: &str = "nginx";

/// How long anything may take to come about.
const PATIENCE: Duration = Duration::from_secs(60);

/// What there is beside the usual.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files of the title beside [`title_files`], by path.
    pub more_files: Vec<(String, Vec<u8>)>,
    /// More for `fleet group create`; boxes find the title at the origin unless it says where.
    pub origin: Vec<String>,
    /// Nobody waits until boxes hold the title: they cannot.
    pub is_unfilled: bool,
    /// Only the first box runs.
    pub one_box: bool,
    /// More for `fleet serve`.
    pub fleet_args: Vec<String>,
    /// More for `appliance join`.
    pub join_args: Vec<String>,
    /// Whom viewers believe, instead of the authority that the root names.
    pub viewers_believe: Option<PathBuf>,
}

struct Ports {
    player: u16,
    peer: u16,
}

/// All of it. What is `None` does not run.
pub struct SmallCdn {
    folder: TempDir,
    bin: PathBuf,
    fleet_ports: [u16; 3],
    origin_port: u16,
    ports: [Ports; 2],
    /// Who runs the `fleet` command.
    pub operator: Operator,
    /// The fleet manager.
    pub fleet: Option<Daemon>,
    /// nginx over the title's files.
    pub origin: Option<Daemon>,
    /// The boxes, in the order of [`BOXES`].
    pub boxes: [Option<Daemon>; 2],
    /// More for `fleet serve`, when it is started again.
    pub fleet_args: Vec<String>,
    /// Whom viewers believe, instead of the authority that the root names.
    pub viewers_believe: Option<PathBuf>,
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
        let ports =
            || Ok::<_, std::io::Error>(Ports { player: ports::free()?, peer: ports::free()? });
        let (folder, bin, fleet_ports) =
            (tempfile::tempdir()?, binaries()?, [ports::free()?, ports::free()?, ports::free()?]);
        let url = format!("https://{}", local(fleet_ports[0]));
        let token = folder.path().join("fleet/operator.token");
        let mut cdn = Self {
            operator: Operator::new(&[], &bin.join("fleet"), &url, &token),
            folder,
            bin,
            fleet_ports,
            origin_port: ports::free()?,
            ports: [ports()?, ports()?],
            fleet: None,
            origin: None,
            boxes: [None, None],
            fleet_args: plan.fleet_args,
            viewers_believe: plan.viewers_believe,
        };
        for (path, bytes) in title_files().into_iter().chain(plan.more_files) {
            let file = cdn.path("origin").join(path.trim_start_matches('/'));
            std::fs::create_dir_all(file.parent().context("a folder")?)?;
            std::fs::write(file, bytes)?;
        }
        cdn.start_fleet().await?;
        cdn.operator.init(&cdn.root_folder()).await?;
        cdn.start_origin().await?;
        cdn.describe(plan.origin).await?;
        let count = if plan.one_box { 1 } else { BOXES.len() };
        for at in 0..count {
            cdn.enroll(at, &plan.join_args).await?;
            cdn.start_box(at).await?;
        }
        let folder = cdn.path("origin").join(TITLE);
        let title = Title { group: GROUP, title: TITLE, name: TITLE, folder: &folder };
        cdn.operator.add_title(&title).await?;
        if !plan.is_unfilled {
            let all_are = async |cdn: &Self| cdn.steered_to().await.len() == count;
            cdn.until("all boxes are steered to", all_are).await?;
        }
        Ok(cdn)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the origin (again), which answers boxes alone.
    ///
    /// # Errors
    /// When it does not come up, or the fleet does not say who issues their identities.
    pub async fn start_origin(&mut self) -> Result<()> {
        let (run, root) = (self.path(ORIGIN_RUN), self.path("origin"));
        let boxes = self.operator.boxes_ca().await?;
        self.origin = Some(origin::start(&run, &root, self.origin_port, &boxes).await?);
        Ok(())
    }

    /// Where the origin listens.
    #[must_use]
    pub fn origin_address(&self) -> SocketAddr {
        local(self.origin_port)
    }

    /// The requests that the origin has answered, in order.
    ///
    /// # Errors
    /// When its log cannot be read, or names somebody who is no box.
    pub fn asked_of_origin(&self) -> Result<Vec<origin::Request>> {
        origin::requests(&self.path(ORIGIN_RUN).join("access.log"))
    }

    /// How many requests the origin has answered.
    ///
    /// # Errors
    /// As [`SmallCdn::asked_of_origin`].
    pub fn origin_requests(&self) -> Result<usize> {
        Ok(self.asked_of_origin()?.len())
    }

    /// Where what stands under a path of the origin is.
    #[must_use]
    pub fn origin_file(&self, path: &str) -> PathBuf {
        self.path("origin").join(path.trim_start_matches('/'))
    }

    /// The head of what the origin answers, in lower case, as a box would be answered.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn head_of_origin(&self, path: &str) -> Result<String> {
        let url = format!("https://{}{path}", self.origin_address());
        let agent = format!("headend-appliance/0 ({})", BOXES[0]);
        let ca = origin::ca_file(&self.path(ORIGIN_RUN)).display().to_string();
        let shown = self.config(0).with_file_name("identity.pem").display().to_string();
        let whom = ["--cacert", &ca, "--cert", &shown, "--key", &shown];
        let args = ["-sf", "-m", "5", "--head", "-A", &agent, &url].into_iter().chain(whom);
        let head = output("curl", args).await?;
        Ok(head.to_ascii_lowercase())
    }

    /// Starts the fleet manager (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_fleet(&mut self) -> Result<()> {
        self.start_fleet_with(&[]).await
    }

    /// The same with more in its environment.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_fleet_with(&mut self, environment: &[String]) -> Result<()> {
        let [listen, control, join] = self.fleet_ports;
        let mut args = vec![
            self.bin.join("fleet").display().to_string(),
            "serve".to_owned(),
            format!("--data={}", self.path("fleet").display()),
            format!("--listen=127.0.0.1:{listen}"),
            format!("--control=127.0.0.1:{control}"),
            format!("--join=127.0.0.1:{join}"),
            "--report-interval-s=1".to_owned(),
            "--steering-ttl-s=3".to_owned(),
        ];
        args.extend_from_slice(&self.fleet_args);
        let log = self.path("fleet.log");
        let args = environment.iter().cloned().chain(args);
        let mut daemon = Daemon::start("fleet serve", "env", args, &log)?;
        // It takes its ports before it makes its folder: only an answer says that all is there.
        let health = format!("https://127.0.0.1:{listen}/healthz");
        daemon.wait_until(async || self.asked_of_fleet(&health).await.is_ok()).await?;
        self.fleet = Some(daemon);
        Ok(())
    }

    /// What the fleet manager answers to anybody.
    pub(super) async fn asked_of_fleet(&self, url: &str) -> Result<String> {
        let front = front_ca(&self.fleet_folder());
        let args = ["-sf".as_ref(), "-m5".as_ref(), "--cacert".as_ref(), front.as_os_str()];
        output("curl", args.into_iter().chain([OsStr::new(url)])).await
    }

    async fn describe(&self, mut origin: Vec<String>) -> Result<()> {
        self.operator.create_site(SITE, (48.0, 11.0), ["127.0.0.0/8"]).await?;
        if !origin.iter().any(|word| word.starts_with("--origin=")) {
            origin.push(format!("--origin=https://{}", self.origin_address()));
        }
        let group =
            ["group", "create", GROUP, "--owner=Studio", "--host-pattern={device}.localhost"];
        self.operator.fleet(group.map(str::to_owned).into_iter().chain(origin)).await.map(drop)
    }

    async fn enroll(&self, at: usize, join_args: &[String]) -> Result<()> {
        let (name, ports, folder) = (BOXES[at], &self.ports[at], self.path(BOXES[at]));
        let appliance = Appliance {
            name,
            site: SITE,
            players: vec![local(ports.player)],
            peer: local(ports.peer),
            disks: vec![format!("{}:nvme:1GiB", folder.join("disk").display())],
            ram: "16MiB",
            state_folder: folder.join("state"),
            access_log_folder: folder.join("log"),
        };
        self.operator.create_appliance(&appliance).await?;
        self.operator.join_with(&self.bin, name, &folder, join_args).await
    }

    /// Where the programs are.
    #[must_use]
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Where a box listens: for viewers, for siblings.
    #[must_use]
    pub fn ports_of(&self, at: usize) -> [u16; 2] {
        let Ports { player, peer } = self.ports[at];
        [player, peer]
    }

    /// Where it says how it is.
    #[must_use]
    pub fn admin_socket(&self, at: usize) -> PathBuf {
        self.state_folder(at).join("admin.sock")
    }

    /// What it says of itself at a path.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask_admin(&self, at: usize, path: &str) -> Result<String> {
        let (socket, url) = (self.admin_socket(at), format!("http://box{path}"));
        let args = ["-sf", "-m5", "--unix-socket"].map(OsStr::new);
        output("curl", args.into_iter().chain([socket.as_os_str(), OsStr::new(&url)])).await
    }

    /// The configuration of a box, as the fleet has rendered it.
    #[must_use]
    pub fn config(&self, at: usize) -> PathBuf {
        self.path(BOXES[at]).join("config.yaml")
    }

    /// A box that does not run will fill in a window that opens twelve hours from now, and what is
    /// an emergency as `emergency_fill` says.
    ///
    /// # Errors
    /// When its configuration cannot be read or written.
    pub fn fill_at_another_hour(&self, at: usize, emergency_fill: &str) -> Result<()> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        let hour = (since / 3600 + 12) % 24;
        let window = format!("{{ opens: \"{hour:02}:00\", closes: \"{hour:02}:30\" }}");
        let text = std::fs::read_to_string(self.config(at))?;
        ensure!(!text.contains("\nfill:"), "the fleet says when to fill");
        let fill = format!(
            "\nfill:\n  time_zone: UTC\n  windows: [{window}]\n  emergency_fill: {emergency_fill}\n"
        );
        Ok(std::fs::write(self.config(at), text + &fill)?)
    }

    /// The folder of the fleet manager: database, authority, token.
    #[must_use]
    pub fn fleet_folder(&self) -> PathBuf {
        self.path("fleet")
    }

    /// Where the fleet manager listens to its operator.
    #[must_use]
    pub fn fleet_address(&self) -> SocketAddr {
        local(self.fleet_ports[0])
    }

    /// The folder of the root.
    #[must_use]
    pub fn root_folder(&self) -> PathBuf {
        self.path("root")
    }

    /// Starts a box (again), and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_box(&mut self, at: usize) -> Result<()> {
        self.start_box_with(at, &[]).await
    }

    /// The same with more in its environment.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_box_with(&mut self, at: usize, environment: &[String]) -> Result<()> {
        let (config, appliance) = (self.config(at), self.bin.join("appliance"));
        let log = self.path(&format!("{}.log", BOXES[at]));
        let believed = origin::believed(&self.path(ORIGIN_RUN));
        // Unless the environment says another.
        let words = [&believed].into_iter().chain(environment).map(AsRef::<OsStr>::as_ref);
        let args = words.chain([appliance.as_os_str(), "run".as_ref(), config.as_os_str()]);
        let mut daemon = Daemon::start(BOXES[at], "env", args, &log)?;
        // The ring of a process that was killed keeps its sockets for a moment: that somebody
        // listens says nothing.
        daemon.wait_until(async || self.status(at, "/").await != 0).await?;
        self.boxes[at] = Some(daemon);
        Ok(())
    }

    /// A box that does not run will hear nothing from the fleet when it does; gives the
    /// configuration with which it will again.
    ///
    /// # Errors
    /// When the configuration cannot be read or written.
    pub fn cut_off(&self, at: usize) -> Result<String> {
        let connected = std::fs::read_to_string(self.config(at))?;
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        let fleet = self.control_address().to_string();
        ensure!(connected.contains(&fleet), "the fleet is not at {fleet}");
        std::fs::write(self.config(at), connected.replace(&fleet, &nowhere.to_string()))?;
        Ok(connected)
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
        Ok(serde_json::from_str(&self.ask_admin(at, "/status").await?)?)
    }

    /// A figure that a box counts, of a family without labels.
    ///
    /// # Errors
    /// When it does not answer, or does not count that.
    pub async fn metric(&self, at: usize, name: &str) -> Result<f64> {
        let text = self.ask_admin(at, "/metrics").await?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("{name} is not counted"))?.parse()?)
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

    /// Runs a `fleet` command that must succeed.
    ///
    /// # Errors
    /// With what it printed.
    pub async fn fleet_ok(&self, line: &str) -> Result<()> {
        self.operator.fleet(line.split_whitespace()).await.map(drop)
    }

    /// What a `fleet` command answers in JSON.
    ///
    /// # Errors
    /// With what it printed.
    pub async fn fleet_json(&self, line: &str) -> Result<Value> {
        self.operator.fleet_json(&line.split_whitespace().collect::<Vec<_>>()).await
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

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
