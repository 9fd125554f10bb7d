//! Ours: the release build's appliance, with objects on its disk.

use super::object::Object;
use super::running::Running;
use super::site::{HOST, Site};
use crate::ports;
use anyhow::Result;
use cache::storage::Kernel;
use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::catalogue::CatalogueEntry;
use contract::config::DiskClass;
use contract::names::{GroupName, TitleName};
use contract::object::{Digest, ObjectId, ObjectKey};
use contract::time::TimeUs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the appliance calls itself in the table.
pub const NAME: &str = "headend";

/// What a case sets in the appliance's configuration: the one place for it. Everything
/// else is as shipped, the engine above all: what it chooses is what is measured.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// `ram.budget_bytes`.
    pub ram_budget: &'static str,
    /// Further keys of the first level, in YAML, each on a line of its own.
    pub more: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self { ram_budget: "512MiB", more: "" }
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
    let folder = site.folder().join("appliance");
    let disk = disk(site);
    if !disk.exists() {
        std::fs::create_dir_all(&disk)?;
        put(&disk, objects)?;
    }
    let (port, admin) = (ports::free()?, ports::free()?);
    let config = folder.join("config.yaml");
    std::fs::write(&config, text(site, [port, admin], options))?;
    let program = bin.join("appliance").display().to_string();
    let args = vec![program, "run".to_owned(), config.display().to_string()];
    Running::start(NAME, args, port, &folder).await
}

/// The folder of the only disk.
#[must_use]
pub fn disk(site: &Site) -> PathBuf {
    site.folder().join("appliance/disk")
}

fn text(site: &Site, [port, admin]: [u16; 2], options: &Options) -> String {
    let folder = site.folder().join("appliance");
    let issued = site.issued();
    format!(
        "schema: 1
min_appliance_version: 0.1.0
name: bench
state_folder: {folder}/state
listeners: [{{ addresses: [\"127.0.0.1:{port}\"] }}]
certificates: [{{ chain_file: {chain}, key_file: {key} }}]
identity: {{ chain_file: {chain}, key_file: {key}, ca_file: {ca} }}
admin: {{ address: \"127.0.0.1:{admin}\" }}
disks: [{{ folder: {disk}, class: nvme, capacity_bytes: 8GiB }}]
ram: {{ budget_bytes: {ram} }}
limits: {{ max_connections: 12000, idle_timeout_s: 5min }}
content_groups: [{{ name: default, owner: Bench, host_names: [{HOST}] }}]
{more}",
        folder = folder.display(),
        chain = issued.chain_file.display(),
        key = issued.key_file.display(),
        ca = site.ca().file.display(),
        disk = disk(site).display(),
        ram = options.ram_budget,
        more = options.more,
    )
}

struct Still;

impl BlockIo for Still {
    fn submit(&self, order: ReadOrder) {
        drop(order);
    }
}

impl Watch for Still {
    fn event(&self, _: CacheEvent) {}
}

/// Puts objects on a disk as a fill would; the appliance finds them there when it starts.
fn put(disk: &Path, objects: &[Object]) -> Result<()> {
    let folder = PathBuf::from(disk);
    let disks = vec![DiskSetup {
        folder,
        class: DiskClass::Ssd,
        capacity_bytes: 8 << 30,
        reserve_bytes: 0,
    }];
    let (io, watch) = (Arc::new(Still), Arc::new(Still));
    let cache = Cache::open(Setup {
        disks,
        ram_budget_bytes: 1 << 20,
        storage: Arc::new(Kernel),
        io,
        watch,
    })?;
    let mut wanted = Vec::new();
    for (ordinal, object) in (0u32..).zip(objects) {
        let bytes = object.content();
        let entry = entry(ordinal, object, Digest::of(&bytes))?;
        wanted.push(Arc::clone(&entry));
        cache.set_wanted(wanted.clone());
        let intake = cache.begin(&entry)?;
        intake.put_missing(&bytes)?;
        cache.publish(&intake.finish()?)?;
    }
    Ok(())
}

fn entry(ordinal: u32, object: &Object, blake3: Digest) -> Result<Arc<CatalogueEntry>> {
    let key = ObjectKey { group: GroupName::new("default")?, path: object.path.as_str().into() };
    Ok(Arc::new(CatalogueEntry {
        ordinal,
        id: ObjectId::new(&key, &blake3),
        group: key.group,
        title: TitleName::new("bench")?,
        path: key.path,
        size_bytes: object.bytes as u64,
        blake3,
        modified_us: TimeUs(0),
        serve_from_us: None,
        serve_until_us: None,
        bitrate_bits_per_s: None,
        tags: contract::tags::Tags::default(),
    }))
}
