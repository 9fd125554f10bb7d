//! Ours: the release build's appliance, with objects on its disk.

use super::admin;
use super::core::Cores;
use super::object::Object;
use super::running::Running;
use super::shelf;
use super::site::{HOST, Site};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the appliance calls itself in the table.
pub const NAME: &str = "headend";

/// What a case sets in the appliance's configuration: the one place for it. Everything
/// else is as shipped, the engine above all: what it chooses is what is measured.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name, which its folder has, too.
    pub device: &'static str,
    /// `ram.budget_bytes`.
    pub ram_budget: &'static str,
    /// Where siblings reach it; nowhere where there are none.
    pub peer_port: Option<u16>,
    /// Whether somebody will ask how it is: it has to be ready for that.
    pub is_asked: bool,
    /// On which cores it runs.
    pub cores: Cores,
    /// How long it may take to come up.
    pub patience: Duration,
    /// Whether it was told by a fleet what to hold; it hears nothing more from it.
    pub has_orders: bool,
    /// Further keys of the first level, in YAML, each on a line of its own.
    pub more: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            device: "bench",
            ram_budget: "512MiB",
            peer_port: None,
            is_asked: false,
            cores: Cores::Server,
            patience: Duration::from_secs(30),
            has_orders: false,
            more: String::new(),
        }
    }
}

impl Options {
    /// Where it has all that it has.
    #[must_use]
    pub fn folder(&self, site: &Site) -> PathBuf {
        site.folder().join(self.device)
    }

    /// The folder of its only disk.
    #[must_use]
    pub fn disk(&self, site: &Site) -> PathBuf {
        self.folder(site).join("disk")
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self, site: &Site) -> PathBuf {
        self.folder(site).join("config.yaml")
    }

    /// What it must have kept of what a fleet has told it.
    #[must_use]
    pub fn state(&self, site: &Site) -> PathBuf {
        self.folder(site).join("state")
    }

    /// Where it says how it is.
    #[must_use]
    pub fn admin(&self, site: &Site) -> PathBuf {
        self.state(site).join("admin.sock")
    }
}

/// Puts the objects on a disk and starts the appliance over it.
///
/// # Errors
/// When it does not come up.
pub async fn start(
    site: &Site,
    bin: &Path,
    objects: &[Object],
    options: &Options,
) -> Result<Running> {
    let disk = options.disk(site);
    if !disk.exists() {
        shelf::put(&disk, objects)?;
    }
    let folder = options.folder(site);
    let port = ports::free()?;
    let config = options.config(site);
    std::fs::write(&config, text(site, port, options)?)?;
    let program = bin.join("appliance").display().to_string();
    let args = vec![program, "run".to_owned(), config.display().to_string()];
    let (cores, patience) = (options.cores, options.patience);
    let mut running = Running::start_on(cores, NAME, args, port, &folder, patience).await?;
    if options.is_asked {
        // It serves before it says anything of itself.
        let admin = options.admin(site);
        running.wait_for(patience, async || admin::is_ready(&admin).await).await?;
    }
    Ok(running)
}

fn text(site: &Site, port: u16, options: &Options) -> Result<String> {
    let (shown, identity) = (site.issued(), site.identity(options.device)?);
    let peers = options.peer_port.map_or_else(String::new, |port| {
        format!(", {{ addresses: [\"127.0.0.1:{port}\"], role: peer }}")
    });
    let fleet = match options.has_orders || options.peer_port.is_some() {
        true => fleet(site)?,
        false => String::new(),
    };
    Ok(format!(
        "schema: 1
min_appliance_version: 0.1.0
name: {device}
state_folder: {state}
listeners: [{{ addresses: [\"127.0.0.1:{port}\"] }}{peers}]
certificates: [{{ chain_file: {chain}, key_file: {key} }}]
identity: {{ chain_file: {own_chain}, key_file: {own_key} }}
disks: [{{ folder: {disk}, class: nvme, capacity_bytes: 64GiB }}]
ram: {{ budget_bytes: {ram} }}
limits: {{ max_connections: 12000, idle_timeout_s: 5min }}
content_groups: [{{ name: default, owner: Bench, host_names: [{HOST}] }}]
{fleet}{more}",
        device = options.device,
        state = options.state(site).display(),
        chain = shown.chain_file.display(),
        key = shown.key_file.display(),
        own_chain = identity.chain_file.display(),
        own_key = identity.key_file.display(),
        disk = options.disk(site).display(),
        ram = options.ram_budget,
        more = options.more,
    ))
}

/// A fleet that nobody answers for, and who its boxes are.
fn fleet(site: &Site) -> Result<String> {
    let (nobody, trust) = (ports::free()?, site.trust_file()?);
    Ok(format!(
        "fleet: {{ address: \"127.0.0.1:{nobody}\", tls_name: fleet.control.internal, \
         trust_file: {} }}\n",
        trust.display()
    ))
}
