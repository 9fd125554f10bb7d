//! A box that holds nothing and reports what it is told to.

use contract::catalogue::CatalogueSegment;
use contract::config::ApplianceConfig;
use contract::envelope::{Generation, Kind, Reader};
use contract::exchange::{Answer, FLEET_IDENTITY_NAME, REPORT_PATH, SEGMENT_PATH};
use contract::manifest::Manifest;
use contract::names::DeviceName;
use contract::report::{DocumentState, Event, Hardware, Held, Load, Report, Severity};
use contract::time::TimeUs;
use contract::tombstones::Tombstones;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::TlsConnector;

pub struct FakeBox {
    config: ApplianceConfig,
    tls: TlsConnector,
    boot_id: String,
    sequence: u64,
    events: Vec<Event>,
    in_force: HashMap<Kind, Generation>,
    /// The manifest in force, and how many objects of it are held.
    pub manifest: Option<Manifest>,
    pub held: u64,
    /// Up to which version it has purged, and whether it takes tombstones at all.
    pub purged_up_to: u64,
    pub takes_tombstones: bool,
    /// The tombstones that came last.
    pub tombstones: Option<Tombstones>,
}

impl FakeBox {
    /// A box from its enrolment folder.
    pub fn open(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("config.yaml")).expect("a configuration");
        let config = contract::config::parse(&text).expect("a good configuration").config;
        let tls = connector(&config);
        let boot_id = format!("boot of {}", config.name);
        Self {
            config,
            tls,
            boot_id,
            sequence: 0,
            events: vec![],
            in_force: HashMap::new(),
            manifest: None,
            held: 0,
            purged_up_to: 0,
            takes_tombstones: true,
            tombstones: None,
        }
    }

    pub fn name(&self) -> &DeviceName {
        &self.config.name
    }

    pub fn happened(&mut self, kind: &str, detail: &str) {
        self.events.push(Event {
            sequence: self.events.len() as u64 + 1,
            at_us: TimeUs(1_700_000_000_000_000),
            severity: Severity::Warning,
            kind: kind.into(),
            subject: "studio-a:/big-demo/seg-0-00001.m4s".into(),
            detail: detail.into(),
        });
    }

    /// Reports, and takes the documents that the answer brings.
    pub async fn report(&mut self) -> Answer {
        self.sequence += 1;
        let report = self.make_report(self.config.name.clone());
        let (status, body) = self.post(&report).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        let answer: Answer = serde_json::from_slice(&body).expect("an answer");
        for envelope in &answer.documents {
            let kind = envelope.header.kind;
            match kind {
                Kind::Manifest => self.manifest = Some(self.open_document(envelope)),
                Kind::Tombstones if !self.takes_tombstones => continue,
                Kind::Tombstones => self.purge(self.open_document(envelope)),
                _ => drop(self.open_document::<serde_json::Value>(envelope)),
            }
            self.in_force.insert(kind, envelope.header.generation);
        }
        answer
    }

    fn purge(&mut self, tombstones: Tombstones) {
        tombstones.due(self.purged_up_to).expect("tombstones that fit");
        self.purged_up_to = tombstones.version;
        self.tombstones = Some(tombstones);
    }

    /// What it was told is gone, as after a change of its system disk.
    pub fn forget_purges(&mut self) {
        self.purged_up_to = 0;
        self.in_force.remove(&Kind::Tombstones);
    }

    /// Posts a report that may be in somebody else's name.
    pub async fn report_as(&mut self, device: &str) -> StatusCode {
        let report = self.make_report(DeviceName::new(device).expect("name"));
        self.post(&report).await.0
    }

    /// The objects of the manifest in force.
    pub async fn objects(&self) -> Vec<contract::catalogue::CatalogueEntry> {
        let mut entries = Vec::new();
        for reference in &self.manifest.as_ref().expect("a manifest").catalogue.segments {
            let path = format!("{SEGMENT_PATH}/{}", reference.digest);
            let (status, bytes) = self.exchange("GET", &path, Vec::new()).await;
            assert_eq!(status, StatusCode::OK);
            entries.extend(CatalogueSegment::open(&bytes, reference).expect("a segment").entries);
        }
        entries
    }

    fn open_document<T: DeserializeOwned>(&self, envelope: &contract::envelope::Envelope) -> T {
        let fleet = self.config.fleet.as_ref().expect("a fleet");
        let reader = Reader {
            me: &self.config.name,
            keys: &fleet.trusted_keys,
            newest: self.in_force.get(&envelope.header.kind).copied(),
            now: SystemTime::now().into(),
        };
        envelope.open(&reader).expect("a document for this box")
    }

    fn make_report(&self, device: DeviceName) -> Report {
        let manifest_version = self.manifest.as_ref().map_or(0, |manifest| manifest.version);
        let wanted = self
            .manifest
            .as_ref()
            .map_or(0, |manifest| manifest.hold.resolve(None).expect("a snapshot").len() as u64);
        let documents = self.in_force.iter().map(|(kind, generation)| DocumentState {
            kind: *kind,
            in_force: Some(*generation),
            issued_at_us: None,
            rejected: None,
            refused: None,
        });
        Report {
            schema: 1,
            device,
            boot_id: self.boot_id.clone(),
            sequence: self.sequence,
            made_at_us: SystemTime::now().into(),
            uptime_s: 1,
            version: "0.1.0".into(),
            engine: "fake".into(),
            engine_reason: None,
            tls_engine: None,
            tls_reason: None,
            documents: documents.collect(),
            purged_up_to: self.purged_up_to,
            held: Held {
                manifest_version,
                objects_wanted: wanted,
                objects_held: self.held.min(wanted),
                ..Held::default()
            },
            fill: contract::progress::FillProgress::default(),
            hardware: Hardware::default(),
            disks: vec![],
            load: Load::default(),
            traffic: vec![],
            routes: vec![],
            events: self.events.clone(),
            moves: contract::report::MovesReport::default(),
            results: vec![],
            autonomy: contract::autonomy::Autonomy::default(),
            spool: contract::report::SpoolReport::default(),
        }
    }

    async fn post(&self, report: &Report) -> (StatusCode, Bytes) {
        self.exchange("POST", REPORT_PATH, serde_json::to_vec(report).expect("json")).await
    }

    async fn exchange(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Bytes) {
        let address = self.config.fleet.as_ref().expect("a fleet").address;
        let stream = tokio::net::TcpStream::connect(address).await.expect("connected");
        let name = ServerName::try_from(FLEET_IDENTITY_NAME).expect("a name");
        let stream = self.tls.connect(name, stream).await.expect("a handshake");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("http");
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", "fleet");
        let request = request.body(Full::<Bytes>::from(body)).expect("a request");
        let response = sender.send_request(request).await.expect("a response");
        let status = response.status();
        (status, response.into_body().collect().await.expect("a body").to_bytes())
    }
}

fn connector(config: &ApplianceConfig) -> TlsConnector {
    let identity = &config.identity;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&identity.ca_file).expect("the root")).expect("added");
    let chain = CertificateDer::pem_file_iter(&identity.chain_file).expect("a chain");
    let key = PrivateKeyDer::from_pem_file(&identity.key_file).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_client_auth_cert(chain.collect::<Result<_, _>>().expect("a chain"), key)
        .expect("a client");
    TlsConnector::from(Arc::new(tls))
}
