//! The servers that are compared: the same files, certificate, cipher and core for each.

use super::core;
use super::stream::Question;
use crate::http_harness::keys::{Ca, Issued};
use crate::http_harness::shelf::content;
use crate::ports;
use crate::process::{Daemon, is_listening};
use anyhow::{Context, Result};
use cache::{BlockIo, Cache, CacheEvent, DiskSetup, ReadOrder, Setup, Watch};
use contract::catalogue::CatalogueEntry;
use contract::names::{GroupName, TitleName};
use contract::object::{Digest, ObjectId, ObjectKey};
use contract::time::TimeUs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The name that all servers go by.
pub const HOST: &str = "bench.localhost";

/// Keys and content that all servers share.
pub struct Site {
    folder: TempDir,
    ca: Ca,
    issued: Issued,
}

impl Site {
    /// Makes keys.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("headend-bench-").tempdir()?;
        let ca = Ca::new(folder.path(), "ca")?;
        let issued = ca.issue(&[HOST])?;
        Ok(Self { folder, ca, issued })
    }

    /// Where everything of this run is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the servers show.
    #[must_use]
    pub fn issued(&self) -> &Issued {
        &self.issued
    }

    /// A client that speaks TLS 1.3 with AES-128-GCM and believes the site's CA.
    ///
    /// # Errors
    /// When the CA's file cannot be read.
    pub fn client(&self) -> Result<Arc<rustls::ClientConfig>> {
        use rustls_pki_types::pem::PemObject;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(rustls_pki_types::CertificateDer::from_pem_file(&self.ca.file)?)?;
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        let wanted = rustls::CipherSuite::TLS13_AES_128_GCM_SHA256;
        provider.cipher_suites.retain(|suite| suite.suite() == wanted);
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// One object, asked for by everybody.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its path.
    pub path: &'static str,
    /// How long it is.
    pub bytes: usize,
}

impl Object {
    fn content(&self) -> Vec<u8> {
        content("default", self.path, self.bytes)
    }

    /// The request for it, of a server at this address.
    #[must_use]
    pub fn question(&self, address: SocketAddr) -> Question {
        let request = format!("GET {} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", self.path);
        let (request, body) = (request.into_bytes(), self.content().into());
        Question { address, host: HOST.to_owned(), request, body }
    }
}

/// A server under load.
pub struct Running {
    /// What the table calls it.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    pub(super) daemon: Daemon,
}

impl Running {
    /// The process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.daemon.pid()
    }
}

async fn start(name: &str, args: Vec<String>, port: u16, folder: &Path) -> Result<Running> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let core = core::SERVER.to_string();
    let args = ["-c".to_owned(), core].into_iter().chain(args);
    let mut daemon = Daemon::start(name, "taskset", args, &folder.join("log"))?;
    daemon.wait_until(async || is_listening(address).await).await?;
    Ok(Running { name: name.to_owned(), address, daemon })
}

/// Our appliance, from the release build.
///
/// # Errors
/// When it does not come up.
pub async fn appliance(site: &Site, bin: &Path, object: &Object) -> Result<Running> {
    let folder = site.folder().join("appliance");
    let disk = folder.join("disk");
    std::fs::create_dir_all(&disk)?;
    put(&disk, object)?;
    let (port, admin) = (ports::free()?, ports::free()?);
    let issued = site.issued();
    let (chain, key) = (issued.chain_file.display(), issued.key_file.display());
    let config = folder.join("config.yaml");
    let text = format!(
        "schema: 1
min_appliance_version: 0.1.0
name: bench
state_folder: {folder}/state
listeners: [{{ addresses: [\"127.0.0.1:{port}\"] }}]
certificates: [{{ chain_file: {chain}, key_file: {key} }}]
identity: {{ chain_file: {chain}, key_file: {key}, ca_file: {ca} }}
admin: {{ address: \"127.0.0.1:{admin}\" }}
disks: [{{ folder: {disk}, class: nvme, capacity_bytes: 8GiB }}]
ram: {{ budget_bytes: 512MiB }}
content_groups: [{{ name: default, owner: Bench, host_names: [{HOST}] }}]
",
        folder = folder.display(),
        ca = site.ca.file.display(),
        disk = disk.display(),
    );
    std::fs::write(&config, text)?;
    let program = bin.join("appliance").display().to_string();
    let args = vec![program, "run".to_owned(), config.display().to_string()];
    start("headend", args, port, &folder).await
}

/// nginx as an expert would tune it for this: one worker, sendfile, large records, no log.
///
/// # Errors
/// When it does not come up.
pub async fn nginx(site: &Site, program: &Path, name: &str, object: &Object) -> Result<Running> {
    let folder = site.folder().join("nginx");
    let root = folder.join("root");
    let file = root.join(object.path.trim_start_matches('/'));
    std::fs::create_dir_all(file.parent().context("a folder")?)?;
    std::fs::write(&file, object.content())?;
    let port = ports::free()?;
    let conf = folder.join("nginx.conf");
    let text = include_str!("nginx.conf")
        .replace("FOLDER", &folder.display().to_string())
        .replace("PORT", &port.to_string())
        .replace("CHAIN", &site.issued().chain_file.display().to_string())
        .replace("KEY", &site.issued().key_file.display().to_string());
    std::fs::write(&conf, text)?;
    let folder_text = folder.display().to_string();
    let args = vec![
        program.display().to_string(),
        "-p".to_owned(),
        folder_text,
        "-c".to_owned(),
        conf.display().to_string(),
    ];
    start(name, args, port, &folder).await
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

/// Puts an object on a disk as a fill would; the appliance finds it there when it starts.
fn put(disk: &Path, object: &Object) -> Result<()> {
    let folder = PathBuf::from(disk);
    let disks = vec![DiskSetup { folder, capacity_bytes: 8 << 30, reserve_bytes: 0 }];
    let (io, watch) = (Arc::new(Still), Arc::new(Still));
    let cache = Cache::open(Setup { disks, ram_budget_bytes: 1 << 20, io, watch })?;
    let bytes = object.content();
    let key = ObjectKey { group: GroupName::new("default")?, path: object.path.into() };
    let blake3 = Digest::of(&bytes);
    let entry = Arc::new(CatalogueEntry {
        ordinal: 0,
        id: ObjectId::new(&key, &blake3),
        group: key.group,
        title: TitleName::new("bench")?,
        path: key.path,
        size_bytes: bytes.len() as u64,
        blake3,
        modified_us: TimeUs(0),
        serve_from_us: None,
        serve_until_us: None,
    });
    cache.set_wanted(vec![Arc::clone(&entry)]);
    let mut intake = cache.begin(entry)?;
    intake.append(&bytes)?;
    Ok(cache.publish(intake.finish()?)?)
}
