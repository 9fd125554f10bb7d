//! A folder with everything that an appliance is started from.

use super::documents::{self, Objects};
use super::origin::Origin;
use super::running::get;
use contract::report::Report;
use rcgen::{CertificateParams, KeyPair};
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The name of the box, and of its only certificate.
pub(crate) const HOST: &str = "oca1.localhost";

/// What the box holds: short, long, and one that its origin keeps back.
pub(crate) const OBJECTS: Objects<'static> =
    &[("/v/short.m4s", 70_000), ("/v/long.m4s", 16 << 20), ("/late/one.m4s", 300_000)];

/// The folder, and what listens around it.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) player: u16,
    pub(crate) player_h2: u16,
    pub(crate) origin: Origin,
    /// Accepts and says nothing: a fleet is spoken to when somebody knocks here.
    pub(crate) fleet: TcpListener,
    notify: UnixDatagram,
    engine: &'static str,
}

fn free_port() -> u16 {
    ports::free().expect("a port")
}

impl Place {
    pub(crate) fn new(engine: &'static str) -> Self {
        Self::with(engine, OBJECTS)
    }

    /// With other objects than usual.
    pub(crate) fn with(engine: &'static str, objects: Objects<'_>) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let key = KeyPair::generate().expect("key");
        let certificate = CertificateParams::new(vec![HOST.to_owned()])
            .expect("names")
            .self_signed(&key)
            .expect("certificate");
        fs::write(folder.path().join("cert.pem"), certificate.pem()).expect("write");
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).expect("write");
        let origin = Origin::start(objects);
        let said = documents::write(&folder.path().join("state"), objects, origin.address);
        let said = serde_json::to_vec(&said).expect("json");
        fs::write(folder.path().join("trust.json"), said).expect("write");
        let fleet = TcpListener::bind("127.0.0.1:0").expect("bound");
        fleet.set_nonblocking(true).expect("set");
        let notify = UnixDatagram::bind(folder.path().join("notify")).expect("bound");
        notify.set_nonblocking(true).expect("set");
        let [player, player_h2] = [(); 2].map(|()| free_port());
        Self { folder, player, player_h2, origin, fleet, notify, engine }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the box says how it is.
    pub(crate) fn admin(&self) -> PathBuf {
        self.path("state/admin.sock")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("config.yaml")
    }

    /// Writes the configuration, with so many threads and some of it replaced.
    pub(crate) fn configure(&self, threads: usize, changes: &[(&str, &str)]) {
        write_config(&self.config(), self.text(threads), changes);
    }

    /// A configuration of another box over the same disk.
    pub(crate) fn configure_intruder(&self) -> PathBuf {
        let file = self.path("intruder.yaml");
        let mut text = self.text(1);
        for port in [self.player, self.player_h2] {
            text =
                text.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", free_port()));
        }
        write_config(&file, text, &[("/state", "/intruder")]);
        file
    }

    fn text(&self, threads: usize) -> String {
        let folder = self.folder.path().display();
        format!(
            "schema: 1
min_appliance_version: 0.1.0
name: oca1
state_folder: {folder}/state
listeners:
  - addresses: [\"127.0.0.1:{player}\"]
  - {{ addresses: [\"127.0.0.1:{player_h2}\"], protocols: [h2, http/1.1] }}
certificates:
  - {{ chain_file: {folder}/cert.pem, key_file: {folder}/key.pem }}
identity:
  chain_file: {folder}/cert.pem
  key_file: {folder}/key.pem
admin: {{ socket: {folder}/state/admin.sock }}
disks:
  - {{ folder: {folder}/disk, class: nvme, capacity_bytes: 64MiB }}
ram: {{ budget_bytes: 8MiB }}
serving: {{ engine: {engine}, threads: {threads} }}
fill: {{ stall_timeout_s: 60 }}
fleet:
  address: \"{fleet}\"
  tls_name: fleet.control.internal
  report_interval_s: 1
  trust_file: {folder}/trust.json
content_groups:
  - name: default
    owner: Nobody
    host_names: [{HOST}]
",
            player = self.player,
            player_h2 = self.player_h2,
            engine = self.engine,
            fleet = self.fleet.local_addr().expect("address"),
        )
    }

    /// What the box says of itself, if it answers.
    pub(crate) fn status(&self) -> Option<Report> {
        let answer = get(&self.admin(), "/status")?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200 ").then(|| serde_json::from_str(body).expect("a report"))
    }

    /// What the supervisor was told since it was last asked.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut message = [0; 256];
        let mut told = Vec::new();
        while let Ok(count) = self.notify.recv(&mut message) {
            told.push(String::from_utf8_lossy(&message[..count]).into_owned());
        }
        told
    }

    /// Forgets who has knocked at the fleet so far.
    pub(crate) fn forget_knocks(&self) {
        while self.fleet.accept().is_ok() {}
    }
}

fn write_config(file: &Path, mut text: String, changes: &[(&str, &str)]) {
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    fs::write(file, text).expect("write");
}
