//! The running CDN: origin, fleet, boxes.

use super::browser::Browser;
use super::origin;
use super::plan::{Box, GROUPS, Group, Plan, SITES};
use crate::operator::{Appliance, Operator, Title, front_ca, players_ca, shares};
use crate::process::{Daemon, is_listening, output};
use crate::say;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// How often boxes report, and how long players may go by a steering answer, in seconds.
/// Short, so that a lost box shows in a demo; a real fleet asks every 10 and 300.
const REPORT_INTERVAL_S: &str = "1";
const STEERING_TTL_S: &str = "3";

/// Everything that runs.
pub struct World {
    /// Addresses and folders.
    pub plan: Plan,
    /// The checkout.
    pub root: PathBuf,
    bin: PathBuf,
    /// Who runs the `fleet` command.
    pub operator: Operator,
    origin: Option<Daemon>,
    /// The fleet manager; `None` while it is down.
    pub fleet: Option<Daemon>,
    /// The appliances, in the plan's order; `None` while one is down.
    pub boxes: Vec<Option<Daemon>>,
    /// Bytes of content that boxes have sent to players before they were killed, by engine.
    sent_before: BTreeMap<String, u64>,
}

impl World {
    /// Starts everything and tells the fleet of it. Nothing is filled yet.
    ///
    /// # Errors
    /// The first thing that does not come up, with the end of its log.
    pub async fn start(root: &Path, bin: &Path, folder: &Path) -> Result<Self> {
        let plan = Plan::new(folder)?;
        let step = say::step("making the titles (ffmpeg)");
        origin::make_titles(&plan, root).await?;
        step.finish_and_clear();
        say::line("origin    two titles, H.264/AAC CMAF, HLS and DASH over the same segments");
        let mut world = Self {
            origin: None,
            fleet: None,
            boxes: Vec::new(),
            sent_before: BTreeMap::new(),
            root: root.to_path_buf(),
            bin: bin.to_path_buf(),
            operator: operator(&plan, bin),
            plan,
        };
        world.start_fleet().await?;
        world.operator.init(&world.root_folder()).await?;
        let boxes = world.operator.boxes_ca().await?;
        world.origin = Some(origin::start(&world.plan, &boxes).await?);
        world.describe().await?;
        say::line("fleet     two sites, two content groups");
        for at in 0..world.plan.boxes.len() {
            world.enroll(at).await?;
            let daemon = world.start_box(at).await?;
            world.boxes.push(Some(daemon));
        }
        say::line("boxes     four appliances, each with its own name, certificates and disk");
        Ok(world)
    }

    /// Starts the fleet manager (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_fleet(&mut self) -> Result<()> {
        let plan = &self.plan;
        let assets = self.root.join("fleet/console/node_modules");
        let args = [
            "serve".to_owned(),
            format!("--data={}", plan.folder.join("fleet").display()),
            format!("--listen=127.0.0.1:{}", plan.fleet_port),
            format!("--control=127.0.0.1:{}", plan.control_port),
            format!("--join=127.0.0.1:{}", plan.join_port),
            format!("--console-assets={}", assets.display()),
            format!("--report-interval-s={REPORT_INTERVAL_S}"),
            format!("--steering-ttl-s={STEERING_TTL_S}"),
        ];
        let log = plan.folder.join("fleet.log");
        let mut daemon = Daemon::start("fleet serve", self.bin.join("fleet"), args, &log)?;
        let health = format!("{}/healthz", plan.fleet_url());
        daemon.wait_until(async || self.ask_fleet("127.0.0.1", &health).await.is_ok()).await?;
        self.fleet = Some(daemon);
        Ok(())
    }

    /// What the fleet manager answers to a player at a loopback address.
    ///
    /// # Errors
    /// When it does not answer, or is not believed.
    pub async fn ask_fleet(&self, client: &str, url: &str) -> Result<String> {
        let front = front_ca(&self.plan.folder.join("fleet"));
        let front = front.to_str().context("text")?;
        output("curl", ["-sSf", "-m", "10", "--cacert", front, "--interface", client, url]).await
    }

    async fn describe(&self) -> Result<()> {
        for site in &SITES {
            let place = (site.latitude, site.longitude);
            self.operator.create_site(site.name, place, site.client_prefixes).await?;
        }
        for group in &GROUPS {
            let origin = format!("https://127.0.0.1:{}/{}", self.plan.origin_port, group.name);
            let Group { name, owner, host_pattern, cors_origin, .. } = group;
            self.operator.create_group(name, owner, host_pattern, &origin, *cors_origin).await?;
        }
        Ok(())
    }

    async fn enroll(&self, at: usize) -> Result<()> {
        let each = &self.plan.boxes[at];
        let appliance = Appliance {
            name: &each.name,
            site: each.site,
            players: vec![
                (Ipv4Addr::LOCALHOST, each.player_port).into(),
                (Ipv6Addr::LOCALHOST, each.player_port).into(),
            ],
            peer: (Ipv4Addr::LOCALHOST, each.peer_port).into(),
            disks: vec![format!("{}:nvme:2GiB", each.disk().display())],
            ram: "64MiB",
            state_folder: each.folder.join("state"),
            access_log_folder: each.folder.join("log"),
        };
        self.operator.create_appliance(&appliance).await?;
        self.operator.join(&self.bin, &each.name, &each.folder).await
    }

    /// Starts a box (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_box(&self, at: usize) -> Result<Daemon> {
        let each = &self.plan.boxes[at];
        let config = each.folder.join("config.yaml");
        let log = self.plan.folder.join(format!("{}.log", each.name));
        let (believed, program) = (origin::believed(&self.plan), self.bin.join("appliance"));
        let args = [believed.as_ref(), program.as_os_str(), "run".as_ref(), config.as_os_str()];
        let mut daemon = Daemon::start(&each.name, "env", args, &log)?;
        let address = ([127, 0, 0, 1], each.player_port).into();
        daemon.wait_until(async || is_listening(address).await).await?;
        Ok(daemon)
    }

    /// Tells the fleet of the titles.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn add_content(&self) -> Result<()> {
        for group in &GROUPS {
            let folder = origin::title_folder(&self.plan, group.name, group.title);
            let Group { name, title, title_name, .. } = group;
            let title = Title { group: name, title, name: title_name, folder: &folder };
            self.operator.add_title(&title).await?;
        }
        Ok(())
    }

    /// Waits until every box holds all that it should.
    ///
    /// # Errors
    /// When that takes too long, or something has ended.
    pub async fn fill(&mut self) -> Result<Vec<shares::Share>> {
        let (operator, boxes) = (self.operator.clone(), self.boxes.len());
        shares::wait(&operator, boxes, || self.check()).await
    }

    /// The box that shows viewers this host name.
    #[must_use]
    pub fn box_of_host(&self, host: &str) -> Option<usize> {
        let host = host.split(':').next().unwrap_or(host);
        let is_it = |each: &Box| GROUPS.iter().any(|group| each.host(group) == host);
        self.plan.boxes.iter().position(is_it)
    }

    /// What a box says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn box_status(&self, at: usize) -> Result<Value> {
        let config = self.plan.boxes[at].folder.join("config.yaml");
        let args = ["status".as_ref(), "--json".as_ref(), config.as_os_str()];
        Ok(serde_json::from_str(&output(self.bin.join("appliance"), args).await?)?)
    }

    /// Kills a box. What it has counted is kept here.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill_box(&mut self, at: usize) -> Result<()> {
        let mut sent = std::mem::take(&mut self.sent_before);
        self.add_sent(at, &mut sent).await?;
        self.sent_before = sent;
        self.boxes[at].take().context("it runs")?.kill().await
    }

    /// Bytes of content that went to players, by the engine that carried them, by the boxes'
    /// own counters.
    ///
    /// # Errors
    /// When a box does not answer.
    pub async fn sent_by_engine(&self) -> Result<BTreeMap<String, u64>> {
        let mut sent = self.sent_before.clone();
        for at in 0..self.boxes.len() {
            self.add_sent(at, &mut sent).await?;
        }
        Ok(sent)
    }

    async fn add_sent(&self, at: usize, sent: &mut BTreeMap<String, u64>) -> Result<()> {
        let status = self.box_status(at).await?;
        for row in status["traffic"].as_array().context("traffic")? {
            let engine = row["engine"].as_str().context("an engine")?;
            *sent.entry(engine.to_owned()).or_default() += row["bytes_sent"].as_u64().unwrap_or(0);
        }
        Ok(())
    }

    /// Starts a browser that trusts the demo's CA.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn browser(&self) -> Result<Browser> {
        let profile = self.plan.folder.join("browser");
        let log = self.plan.folder.join("browser.log");
        Browser::launch(&self.root, &profile, &self.authorities()?, &log).await
    }

    /// Whom a browser has to believe: the boxes, and the fleet manager.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn authorities(&self) -> Result<PathBuf> {
        let file = self.plan.folder.join("browser.pem");
        let all = [self.ca_file(), front_ca(&self.plan.folder.join("fleet"))];
        let all = all.map(std::fs::read_to_string).into_iter().collect::<Result<String, _>>()?;
        std::fs::write(&file, all)?;
        Ok(file)
    }

    /// The console, for who knows the operator's token.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub fn console(&self, query: &str) -> Result<String> {
        let token = std::fs::read_to_string(self.plan.folder.join("fleet/operator.token"))?;
        Ok(format!("{}/console/{query}#token={}", self.plan.fleet_url(), token.trim()))
    }

    /// Who issues what boxes show to viewers.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        players_ca(&self.root_folder())
    }

    /// The folder of the root: on a medium of its own, where it is no demo.
    #[must_use]
    pub fn root_folder(&self) -> PathBuf {
        self.plan.folder.join("root")
    }

    /// Fails when something that should run has ended.
    ///
    /// # Errors
    /// With the end of its log.
    pub fn check(&mut self) -> Result<()> {
        let daemons = self.boxes.iter_mut().flatten().chain(&mut self.fleet);
        daemons.chain(&mut self.origin).try_for_each(Daemon::check)
    }

    /// Stops everything in order: boxes first, so that they can say good-bye to the fleet.
    pub async fn stop(mut self) {
        let daemons = self.boxes.iter_mut().flatten().chain(&mut self.fleet);
        for daemon in daemons.chain(&mut self.origin) {
            if let Err(err) = daemon.stop().await {
                say::line(&format!("stopping  {err:#}"));
            }
        }
    }
}

fn operator(plan: &Plan, bin: &Path) -> Operator {
    let token = plan.folder.join("fleet/operator.token");
    Operator::new(&[], &bin.join("fleet"), &plan.fleet_url(), &token)
}
