//! Many boxes at once, as a fleet sees them: each has its key, joins by its own token, and asks for
//! certificates over connections that show who it is. Nothing else of a box is here.

mod https;
mod reporting;

use crate::operator::front_ca;
use anyhow::{Context, Result, ensure};
use contract::certificates::{CERTIFICATE_PATH, CertificateAnswer, CertificateRequest, Purpose};
use contract::join::{JOIN_PATH, JoinRequest, JoinToken, Joined};
use contract::names::DeviceName;
use contract::trust::SignedTrust;
use futures_util::{StreamExt, TryStreamExt, stream};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

pub use https::Https;
pub use reporting::Reporting;

/// So many talk to the fleet at once where nothing else is asked for.
pub const AT_ONCE: usize = 32;

/// A fleet, as its crowd knows it.
pub struct Crowd {
    api: SocketAddr,
    operator: Https,
    /// Shows nothing, and believes whom the root names.
    stranger: Https,
    authorities: String,
}

/// A machine with a token.
pub struct Machine {
    serial: String,
    token: JoinToken,
    key: KeyPair,
}

/// A machine that has become a box.
pub struct Member {
    /// Which.
    pub device: DeviceName,
    /// Where it reports, and asks.
    control: SocketAddr,
    identity: Https,
}

/// The operator of a fleet.
///
/// # Errors
/// When the fleet has none in its folder.
pub fn operator(api: SocketAddr, folder: &Path) -> Result<Https> {
    let token = std::fs::read_to_string(folder.join("operator.token"))?.trim().to_owned();
    let front = std::fs::read_to_string(front_ca(folder))?;
    Https::of_operator(&front, api.ip(), token)
}

impl Crowd {
    /// A fleet that listens to its operator there, and has its folder here. Its root has said
    /// something.
    ///
    /// # Errors
    /// When the fleet does not answer.
    pub async fn of(api: SocketAddr, folder: &Path) -> Result<Self> {
        let operator = operator(api, folder)?;
        let asked = operator.get(api, "/api/v1/trust/versions").await?;
        let mut versions: Value = serde_json::from_slice(&asked.body)?;
        let last = versions["items"].as_array_mut().and_then(Vec::pop);
        let said: SignedTrust = serde_json::from_value(last.context("the root says nothing")?)?;
        let authorities = said.read()?.authorities.boxes.concat();
        let stranger = Https::of_nobody(&authorities)?;
        Ok(Self { api, operator, stranger, authorities })
    }

    /// Adds so many boxes to a site, and has a token made for each.
    ///
    /// # Errors
    /// When the fleet refuses.
    pub async fn machines(&self, site: &str, count: u32) -> Result<Vec<Machine>> {
        let each = (0..count).map(|number| self.machine(site, number));
        stream::iter(each).buffered(AT_ONCE).try_collect().await
    }

    async fn machine(&self, site: &str, number: u32) -> Result<Machine> {
        let (name, serial) = (format!("crowd{number}.{site}"), format!("CROWD-{number}"));
        let key = key()?;
        self.post("/api/v1/appliances", &appliance(&name, site, &serial, number)).await?;
        let made = self.post(&format!("/api/v1/appliances/{name}/join-tokens"), &json!({})).await?;
        let token = made["token"].as_str().context("a token")?.parse()?;
        Ok(Machine { serial, token, key })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let asked = self.operator.post(self.api, path, body.to_string()).await?;
        ensure!(asked.status.is_success(), "{path}: {}", asked.text());
        Ok(serde_json::from_slice(&asked.body)?)
    }

    /// A machine becomes a box.
    ///
    /// # Errors
    /// When the fleet refuses.
    pub async fn join(&self, machine: Machine) -> Result<Member> {
        let Machine { serial, token, key } = machine;
        let request = JoinRequest {
            token: token.id.clone(),
            secret: token.secret.clone(),
            serial,
            folder: PathBuf::from("/etc/headend"),
            csr_pem: csr(&key)?,
            ssh_host_keys: None,
        };
        let body = serde_json::to_string(&request)?;
        let asked = self.stranger.post(token.address, JOIN_PATH, body).await?;
        ensure!(asked.status.is_success(), "nobody joins: {}", asked.text());
        let joined: Joined = serde_json::from_slice(&asked.body)?;
        let told = contract::config::parse(&joined.config);
        let told = told.map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let control = told.config.fleet.context("it is told where the fleet is")?.address;
        let identity = Https::of(&self.authorities, &joined.chain_pem, &key)?;
        Ok(Member { device: joined.device, control, identity })
    }
}

impl Member {
    /// The same box, showing what was issued to it for this key from here on.
    ///
    /// # Errors
    /// When one is not of the other.
    pub fn showing(self, crowd: &Crowd, chain_pem: &str, key: &KeyPair) -> Result<Self> {
        Ok(Self { identity: Https::of(&crowd.authorities, chain_pem, key)?, ..self })
    }

    /// Asks for a certificate to follow the one that it has, with a new key.
    ///
    /// # Errors
    /// When the fleet refuses, or does not answer.
    pub async fn renew(&self, purpose: Purpose, key: &KeyPair) -> Result<CertificateAnswer> {
        let request =
            CertificateRequest { device: self.device.clone(), purpose, csr_pem: csr(key)? };
        let body = serde_json::to_string(&request)?;
        let asked = self.identity.post(self.control, CERTIFICATE_PATH, body).await?;
        ensure!(asked.status.is_success(), "{}: {}", self.device, asked.text());
        Ok(serde_json::from_slice(&asked.body)?)
    }
}

/// A new key of a box.
///
/// # Errors
/// When no random numbers can be had.
pub fn key() -> Result<KeyPair> {
    Ok(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?)
}

fn csr(key: &KeyPair) -> Result<String> {
    Ok(CertificateParams::default().serialize_request(key)?.pem()?)
}

/// With addresses of its own, at which nobody listens.
fn appliance(name: &str, site: &str, serial: &str, number: u32) -> Value {
    let ip = IpAddr::from(Ipv4Addr::from(0x0a00_0000 + number));
    json!({
        "name": name,
        "site": site,
        "serial": serial,
        "players": [{ "addresses": [SocketAddr::new(ip, 443)] }],
        "peers": [SocketAddr::new(ip, 9443)],
        "disks": [{ "folder": "/srv/disk", "class": "nvme", "capacity_bytes": 1_u64 << 40 }],
        "ram_budget_bytes": 1_u64 << 30,
        "state_folder": "/var/lib/headend",
    })
}
