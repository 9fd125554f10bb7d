//! For tests: whom boxes believe, and a configuration for those that are not about one.

use contract::config::ApplianceConfig;
use contract::trust::{Root, Trust};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::path::Path;

/// The name under which viewers ask the box.
pub(crate) const HOST: &str = "oca1.localhost";

/// An authority of a fleet.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }
}

/// What a root says that names these, and nobody else.
pub(crate) fn naming(authorities: &[&Authority]) -> Trust {
    let nobody = Root { threshold: 1, keys: Vec::new() };
    let mut trust = contract::testing::trust(1, nobody);
    trust.authorities.boxes = authorities.iter().map(|each| each.pem.clone()).collect();
    trust.authorities.players.clone_from(&trust.authorities.boxes);
    trust
}

/// A box of a fleet, with all that it has in a folder.
pub(crate) fn config(folder: &Path) -> ApplianceConfig {
    let folder = folder.display();
    let text = format!(
        "schema: 1
min_appliance_version: 0.1.0
name: oca1
state_folder: {folder}/state
listeners: [{{ addresses: [\"127.0.0.1:8443\"] }}]
certificates:
  - {{ chain_file: {folder}/player.pem, key_file: {folder}/player.pem, renewed: true }}
identity: {{ chain_file: {folder}/identity.pem, key_file: {folder}/identity.pem, renewed: true }}
disks: [{{ folder: {folder}/disk, class: nvme, capacity_bytes: 64MiB }}]
ram: {{ budget_bytes: 8MiB }}
fleet: {{ address: \"127.0.0.1:7443\", tls_name: fleet, trust_file: {folder}/trust.json }}
content_groups: [{{ name: default, owner: Nobody, host_names: [{HOST}] }}]
"
    );
    contract::config::parse(&text).expect("a configuration").config
}
