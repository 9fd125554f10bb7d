//! A box that holds nothing and reports what it is told to.

use super::process::Server;
use super::story::curl_known;
use contract::catalogue::CatalogueSegment;
use contract::config::ApplianceConfig;
use contract::envelope::{Generation, Kind, Reader};
use contract::exchange::{Answer, FLEET_IDENTITY_NAME, REPORT_PATH, SEGMENT_PATH};
use contract::join::{JOIN_PATH, JoinRequest, JoinToken, Joined, files};
use contract::manifest::Manifest;
use contract::names::DeviceName;
use contract::parts::PartsReport;
use contract::report::{DocumentState, Event, Hardware, Held, Load, Report, Severity, TrustState};
use contract::time::TimeUs;
use contract::tombstones::Tombstones;
use contract::trust::{SignedTrust, Trust, follow};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::TlsConnector;

pub struct FakeBox {
    config: ApplianceConfig,
    trust: Trust,
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
    /// What its machine is made of, and its serial number.
    pub parts: Option<PartsReport>,
    pub serial: Option<String>,
    /// Whether the fleet wants to know the parts.
    wants_parts: bool,
}

/// How often somebody asks who was not told why he gets no answer.
const TRIES: usize = 20;

impl FakeBox {
    /// A machine that becomes a box, by the token that an operator has made for it.
    pub async fn join(server: &Server, name: &str, folder: &Path) -> Self {
        let token = server.ok(&["appliance", "token", name]);
        let asked = Self::ask_to_join(server, &token, &format!("SN-{name}"), folder).await;
        let (signed, key, (status, body)) = asked;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        let joined: Joined = serde_json::from_slice(&body).expect("an answer");
        std::fs::create_dir_all(folder).expect("a folder");
        let identity = key.serialize_pem() + &joined.chain_pem;
        let said = serde_json::to_string(&signed).expect("json");
        for (file, text) in
            [(files::IDENTITY, identity), (files::TRUST, said), (files::CONFIG, joined.config)]
        {
            std::fs::write(folder.join(file), text).expect("written");
        }
        Self::open(folder)
    }

    /// Shows a token; gives what was said.
    pub async fn ask_to_join(
        server: &Server,
        token: &str,
        serial: &str,
        folder: &Path,
    ) -> (SignedTrust, KeyPair, (StatusCode, Bytes)) {
        let token: JoinToken = token.parse().expect("a token");
        let said = curl_known(server, "/api/v1/trust/versions").1;
        let said: HashMap<String, Vec<SignedTrust>> = serde_json::from_str(&said).expect("json");
        let signed = said["items"].last().expect("a version").clone();
        let trust = signed.open_pinned(token.root).expect("the root of the token");
        let key = KeyPair::generate().expect("a key");
        let csr = CertificateParams::default().serialize_request(&key).expect("a request");
        let request = JoinRequest {
            token: token.id,
            secret: token.secret,
            serial: serial.to_owned(),
            folder: folder.to_owned(),
            csr_pem: csr.pem().expect("PEM"),
            ssh_host_keys: None,
        };
        let tls = believing(&trust).with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(tls));
        let body = serde_json::to_vec(&request).expect("json");
        (signed, key, exchange(&tls, token.address, ("POST", JOIN_PATH), body).await)
    }

    /// A box from its folder.
    fn open(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("config.yaml")).expect("a configuration");
        let config = contract::config::parse(&text).expect("a good configuration").config;
        let trust = trust(&config);
        let tls = connector(&config, &trust);
        let boot_id = format!("boot of {}", config.name);
        Self {
            trust,
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
            parts: None,
            serial: None,
            wants_parts: false,
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
        let followed = follow(&self.trust, &answer.trust);
        assert_eq!(followed.then, None);
        self.wants_parts = answer.wants_parts;
        if let Some((trust, _)) = followed.last {
            self.trust = trust;
        }
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

    /// Reports, and leaves aside what the answer brings.
    pub async fn report_alone(&mut self) {
        self.sequence += 1;
        let report = self.make_report(self.config.name.clone());
        assert_eq!(self.post(&report).await.0, StatusCode::OK);
    }

    /// Posts a report that may be in somebody else's name.
    pub async fn report_as(&mut self, device: &str) -> StatusCode {
        let report = self.make_report(DeviceName::new(device).expect("name"));
        self.post(&report).await.0
    }

    /// Whether its identity counts no more: then it gets no answer at all.
    pub async fn is_shut_out(&mut self) -> bool {
        let report = self.make_report(self.config.name.clone());
        let address = self.config.fleet.as_ref().expect("a fleet").address;
        let body = serde_json::to_vec(&report).expect("json");
        // Whoever writes when the other has hung up already may not get to read why.
        for _ in 0..TRIES {
            let request = ("POST", REPORT_PATH);
            match try_exchange(&self.tls, address, request, body.clone()).await {
                Ok(_) => return false,
                Err(err) if format!("{err:?}").contains("CertificateRevoked") => return true,
                Err(_) => {}
            }
        }
        false
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
        let reader = Reader {
            me: &self.config.name,
            trust: &self.trust,
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
            trust: TrustState { version: self.trust.version, ..TrustState::default() },
            documents: documents.collect(),
            purged_up_to: self.purged_up_to,
            held: Held {
                manifest_version,
                objects_wanted: wanted,
                objects_held: self.held.min(wanted),
                ..Held::default()
            },
            fill: contract::progress::FillProgress::default(),
            hardware: Hardware { serial: self.serial.clone(), ..Hardware::default() },
            parts: self.parts.as_ref().map(|parts| match self.wants_parts {
                true => parts.clone(),
                false => parts.short(),
            }),
            disks: vec![],
            load: Load::default(),
            traffic: vec![],
            routes: vec![],
            events: self.events.clone(),
            moves: contract::report::MovesReport::default(),
            results: vec![],
            autonomy: contract::autonomy::Autonomy::default(),
            keys: None,
            demand: None,
            spool: contract::report::SpoolReport::default(),
        }
    }

    async fn post(&self, report: &Report) -> (StatusCode, Bytes) {
        self.exchange("POST", REPORT_PATH, serde_json::to_vec(report).expect("json")).await
    }

    async fn exchange(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Bytes) {
        let address = self.config.fleet.as_ref().expect("a fleet").address;
        exchange(&self.tls, address, (method, path), body).await
    }
}

async fn exchange(
    tls: &TlsConnector,
    address: SocketAddr,
    (method, path): (&str, &str),
    body: Vec<u8>,
) -> (StatusCode, Bytes) {
    try_exchange(tls, address, (method, path), body).await.expect("an answer")
}

async fn try_exchange(
    tls: &TlsConnector,
    address: SocketAddr,
    (method, path): (&str, &str),
    body: Vec<u8>,
) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error>> {
    let stream = tokio::net::TcpStream::connect(address).await?;
    let stream = tls.connect(ServerName::try_from(FLEET_IDENTITY_NAME)?, stream).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", "fleet");
    let response = sender.send_request(request.body(Full::<Bytes>::from(body))?).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

/// What the root said when it was enrolled.
fn trust(config: &ApplianceConfig) -> Trust {
    let file = &config.fleet.as_ref().expect("a fleet").trust_file;
    let text = std::fs::read(file).expect("what the root said");
    let signed: SignedTrust = serde_json::from_slice(&text).expect("what the root said");
    signed.open_first().expect("signed")
}

fn connector(config: &ApplianceConfig, trust: &Trust) -> TlsConnector {
    let identity = &config.identity;
    let chain = CertificateDer::pem_file_iter(&identity.chain_file).expect("a chain");
    let key = PrivateKeyDer::from_pem_file(&identity.key_file).expect("a key");
    let tls = believing(trust)
        .with_client_auth_cert(chain.collect::<Result<_, _>>().expect("a chain"), key)
        .expect("a client");
    TlsConnector::from(Arc::new(tls))
}

fn believing(trust: &Trust) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    for pem in &trust.authorities.boxes {
        let authority = CertificateDer::from_pem_slice(pem.as_bytes()).expect("an authority");
        roots.add(authority).expect("added");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
}
