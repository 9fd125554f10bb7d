use super::*;
use ca::RequestedKey;
use contract::names::DeviceName;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, IsCa, Issuer, KeyPair, SanType,
};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

struct Place {
    key: KeyPair,
    issuer: Issuer<'static, KeyPair>,
    wish: Wish,
}

impl Place {
    fn new() -> Self {
        let (key, own) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let host_names = vec!["a.example".to_owned(), "b.example".to_owned()];
        let csr = named(&host_names).serialize_request(&key).expect("a request");
        let request = RequestedKey::read(&csr.pem().expect("PEM")).expect("a request");
        let device = DeviceName::new("oca1").expect("a name");
        let wish = Wish { device, host_names, request };
        Self { key, issuer: Issuer::new(params, own), wish }
    }

    fn issue(&self, params: &CertificateParams, key: &KeyPair) -> Result<Certified, String> {
        let issued = params.signed_by(key, &self.issuer).expect("signed").pem();
        certified(issued, &self.wish, SystemTime::now().into())
    }
}

fn named(names: &[String]) -> CertificateParams {
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.not_before = SystemTime::now().into();
    params.not_after = (SystemTime::now() + 90 * DAY).into();
    params
}

#[test]
fn what_was_wished_for_is_taken() {
    let place = Place::new();
    let mut names = place.wish.host_names.clone();
    names.reverse();
    let issued = place.issue(&named(&names), &place.key).expect("it is what was wished for");
    assert!(issued.not_after > TimeUs::from(SystemTime::now() + 89 * DAY));
    assert!(issued.serial.len() >= 2 && issued.chain_pem.starts_with("-----BEGIN"));
}

#[test]
fn what_was_not_wished_for_is_not() {
    let place = Place::new();
    let names = &place.wish.host_names;
    let refused = |params: &CertificateParams, key: &KeyPair, why: &str| {
        let said = place.issue(params, key).expect_err(why);
        assert!(said.contains(why), "{said}");
    };
    refused(&named(names), &KeyPair::generate().expect("a key"), "another key");
    refused(&named(&names[..1]), &place.key, "it is for");
    refused(&named(&[&names[..], &["c.example".to_owned()]].concat()), &place.key, "it is for");
    refused(&named(&[&names[..], &["*.example".to_owned()]].concat()), &place.key, "it is for");
    let mut more = named(names);
    more.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
    refused(&more, &place.key, "more than hosts");
    let mut ended = named(names);
    ended.not_after = (SystemTime::now() - DAY).into();
    refused(&ended, &place.key, "ended");
    let long = certified("x".repeat(MAX_CHAIN_BYTES + 1), &place.wish, TimeUs(0));
    assert!(long.expect_err("long").contains("bytes"));
    assert!(certified("no PEM".to_owned(), &place.wish, TimeUs(0)).is_err());
}
