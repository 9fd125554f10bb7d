use super::*;
use crate::{Ca, Change, device_of, draft};
use contract::time::TimeUs;
use contract::trust::{Root, RootKey, Trust};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

fn dns_names(pem: &str) -> Vec<String> {
    let der = der(pem);
    let (_, certificate) = X509Certificate::from_der(&der).expect("X.509");
    let names = certificate.subject_alternative_name().expect("well-formed").expect("has names");
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        other => panic!("not a DNS name: {other}"),
    };
    names.value.general_names.iter().map(name).collect()
}

/// What a root says of all that is held.
fn trust(ca: &Ca) -> Trust {
    let key = RootKey { id: "root".to_owned(), ed25519: format!("{}=", "A".repeat(43)) };
    let root = Some(Root { threshold: 1, keys: vec![key] });
    draft(&[], &ca.offer(), &Change { root, ..Change::default() }, TimeUs(0)).expect("a draft")
}

#[test]
fn what_is_issued_names_its_owner_and_lasts() {
    let folder = tempfile::tempdir().expect("folder");
    let now = SystemTime::now();
    let ca = Ca::open(folder.path(), now).expect("a new authority");
    let device = DeviceName::new("oca1.site-a").expect("name");

    let site = SiteName::new("munich").expect("name");
    let key = KeyPair::generate().expect("a key");
    let csr = CertificateParams::new(vec!["not.asked.for".to_owned()]).expect("a name");
    let csr = csr.serialize_request(&key).expect("a request").pem().expect("PEM");
    let key = RequestedKey::read(&csr).expect("a request");
    let trust = trust(&ca);
    let boxes = ca.boxes(&trust).expect("an authority");
    let identity = boxes.certify_identity(&key, &device, &site, now).expect("identity");
    let names = ["oca1.site-a.box.internal", "munich.site.internal"];
    assert_eq!(dns_names(&identity.chain_pem), names);
    assert_eq!(device_of(&der(&identity.chain_pem)), Some(device.clone()));

    let hosts = vec!["oca1.site-a.localhost".to_owned(), "kino.oca1.site-a.localhost".to_owned()];
    let players = ca.players(&trust).expect("an authority");
    let player = players.certify_player(&key, &device, hosts.clone(), now).expect("player");
    assert_eq!(dns_names(&player.chain_pem), hosts);
    assert_eq!(device_of(&der(&player.chain_pem)), None, "a player certificate is no identity");

    let der = der(&player.chain_pem);
    let (_, certificate) = X509Certificate::from_der(&der).expect("X.509");
    let left = certificate.validity().time_to_expiration().expect("not expired");
    assert!(left.whole_days() >= 30);
    let usages = certificate.extended_key_usage().expect("well-formed").expect("has usages");
    assert!(usages.value.server_auth && !usages.value.client_auth);
}

#[test]
fn serials_differ() {
    let folder = tempfile::tempdir().expect("folder");
    let ca = Ca::open(folder.path(), SystemTime::now()).expect("a new authority");
    let control = ca.control(&trust(&ca)).expect("an authority");
    let serial = || {
        let issued = control.issue_control(SystemTime::now()).expect("control");
        let der = der(&issued.chain_pem);
        let (_, certificate) = X509Certificate::from_der(&der).expect("X.509");
        certificate.raw_serial().to_vec()
    };
    assert_ne!(serial(), serial());
}

#[test]
fn opening_again_gives_the_same_keys() {
    let folder = tempfile::tempdir().expect("folder");
    let first = Ca::open(folder.path(), SystemTime::now()).expect("made");
    let second = Ca::open(folder.path(), SystemTime::now()).expect("opened");
    assert_eq!(first.offer(), second.offer());
}

#[test]
fn a_broken_file_is_named_and_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("boxes-1.key");
    std::fs::write(&path, "nonsense").expect("write");
    let err = Ca::open(folder.path(), SystemTime::now()).expect_err("refused").to_string();
    assert!(err.contains("boxes-1.key"), "{err}");
    assert_eq!(std::fs::read(&path).expect("read"), b"nonsense");
}
