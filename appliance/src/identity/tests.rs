use super::*;
use crate::testing::{Authority, naming};
use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConnection, Error, RootCertStore, ServerConfig, ServerConnection,
};
use std::path::Path;
use tempfile::TempDir;

const NAME: &str = "fleet.control.internal";

impl Authority {
    /// Writes a key and a certificate.
    fn issue(&self, folder: &Path) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        let leaf = params.signed_by(&key, &self.issuer).expect("signed").pem();
        let files = Certificate {
            chain_file: folder.join("cert.pem"),
            key_file: folder.join("key.pem"),
            renewed: false,
        };
        std::fs::write(&files.chain_file, leaf).expect("written");
        std::fs::write(&files.key_file, key.serialize_pem()).expect("written");
        files
    }
}

struct Place {
    _folder: TempDir,
    files: Certificate,
    identity: Identity,
}

impl Place {
    fn issued_by(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = authority.issue(folder.path());
        let identity = Identity::open(&files, &Keys::default()).expect("an identity");
        Self { _folder: folder, files, identity }
    }

    /// What it thinks of itself, were it another: as who is asked, and as who asks.
    fn believes(&self, other: &Self) -> Result<(), Error> {
        let shown = other.identity.shown.0.load_full();
        let leaf = shown.cert.first().expect("a leaf");
        let (anchors, now) = (&self.identity.anchors, UnixTime::now());
        let name = ServerName::try_from(NAME).expect("a name");
        let as_server = anchors.verify_server_cert(leaf, &[], &name, &[], now).map(drop);
        let as_client = anchors.verify_client_cert(leaf, &[], now).map(drop);
        assert_eq!(as_server.is_ok(), as_client.is_ok());
        as_server
    }
}

#[test]
fn whom_the_root_names_is_believed_from_the_next_handshake_on() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let (before, after) = (Place::issued_by(&old), Place::issued_by(&new));
    let unknown = Err(CertificateError::UnknownIssuer.into());
    assert_eq!(before.believes(&before), unknown, "nobody was named yet");
    for (named, expected) in [
        (vec![&old], [true, false]),
        (vec![&old, &new], [true, true]),
        (vec![&new], [false, true]),
        (vec![], [false, false]),
    ] {
        before.identity.believe(&naming(&named)).expect("authorities");
        let believed = [before.believes(&before).is_ok(), before.believes(&after).is_ok()];
        assert_eq!(believed, expected);
    }
}

#[test]
fn what_is_no_authority_changes_nothing() {
    let authority = Authority::new("boxes");
    let place = Place::issued_by(&authority);
    place.identity.believe(&naming(&[&authority])).expect("an authority");
    let mut senseless = naming(&[]);
    senseless.authorities.boxes = vec!["no PEM".to_owned()];
    assert!(place.identity.believe(&senseless).is_err());
    assert_eq!(place.believes(&place), Ok(()));
}

/// Until both are done, or one gives up.
fn shake(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), Error> {
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).expect("memory");
        server.read_tls(&mut wire.as_slice()).expect("memory");
        server.process_new_packets()?;
        let mut wire = Vec::new();
        server.write_tls(&mut wire).expect("memory");
        client.read_tls(&mut wire.as_slice()).expect("memory");
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_certificate_that_was_replaced_is_shown_in_the_next_handshake() {
    let authority = Authority::new("boxes");
    let place = Place::issued_by(&authority);
    place.identity.believe(&naming(&[&authority])).expect("an authority");
    let config = Arc::new(place.identity.client().expect("TLS 1.3"));
    let shown = |config: &Arc<ClientConfig>| -> CertificateDer<'static> {
        let key = place.identity.shown.0.load_full();
        let chain = key.cert.clone();
        let key = Keys::default().read(&place.files.key_file, Purpose::Identity).expect("a key");
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&place.identity.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_client_cert_verifier(place.identity.siblings())
            .with_single_cert(chain, key)
            .expect("a pair");
        server.send_tls13_tickets = 0;
        let mut server = ServerConnection::new(Arc::new(server)).expect("a server");
        let name = ServerName::try_from(NAME).expect("a name");
        let mut client = ClientConnection::new(Arc::clone(config), name).expect("a client");
        shake(&mut client, &mut server).expect("they believe each other");
        server.peer_certificates().expect("it was asked for").first().expect("a leaf").clone()
    };
    let before = shown(&config);
    authority.issue(place.files.chain_file.parent().expect("a folder"));
    assert_eq!(shown_now(&place), before, "nobody has read it yet");
    place.identity.read_again(&place.files).expect("an identity");
    let after = shown(&config);
    assert_ne!(after, before);
    assert_eq!(after, shown_now(&place));
}

fn shown_now(place: &Place) -> CertificateDer<'static> {
    place.identity.shown.0.load().cert.first().expect("a leaf").clone()
}

#[test]
fn an_origin_is_shown_who_comes_where_it_asks_for_that() {
    let (own, other) = (Authority::new("own"), Authority::new("other"));
    let place = Place::issued_by(&own);
    let (shown, anchors) = (&place.identity.shown, &place.identity.anchors);
    let resolver = ShownToFriends { shown: Arc::clone(shown), anchors: Arc::clone(anchors) };
    let is_shown_to = |authorities: &[&Authority]| {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            let pem = authority.pem.as_bytes();
            roots.add(CertificateDer::from_pem_slice(pem).expect("PEM")).expect("an authority");
        }
        let names = roots.subjects();
        let names: Vec<&[u8]> = names.iter().map(AsRef::as_ref).collect();
        resolver.resolve(&names, &[SignatureScheme::ECDSA_NISTP256_SHA256]).is_some()
    };
    assert!(!is_shown_to(&[&own]), "nobody was named yet");
    place.identity.believe(&naming(&[&own])).expect("an authority");
    assert!(is_shown_to(&[&own]) && is_shown_to(&[&other, &own]));
    assert!(!is_shown_to(&[&other]), "of another fleet, or of anybody");
    assert!(!is_shown_to(&[]), "whoever has no name for whom he knows");
}
