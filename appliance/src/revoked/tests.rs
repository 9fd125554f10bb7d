use super::*;
use crate::testing::{Authority, naming};
use contract::config::Certificate;
use rcgen::{
    CertificateParams, CertificateRevocationListParams, KeyIdMethod, KeyPair, RevokedCertParams,
    SerialNumber,
};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

impl Authority {
    fn certify(&self, serial: u64) -> (KeyPair, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["oca1.box.internal".into()]).expect("a name");
        params.serial_number = Some(SerialNumber::from(serial));
        let chain = params.signed_by(&key, &self.issuer).expect("signed").pem();
        (key, chain)
    }

    fn revokes(&self, number: u64, serials: &[u64]) -> Revoked {
        let now = SystemTime::now();
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now.into(),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: (now - Duration::from_secs(2)).into(),
            // A box that is cut off for long has no newer one.
            next_update: (now - Duration::from_secs(1)).into(),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("signed").pem().expect("PEM");
        Revoked { generation: Generation { epoch: 1, number }, lists: vec![list] }
    }
}

struct Place {
    folder: TempDir,
    authority: Authority,
    identity: Identity,
}

impl Place {
    fn new() -> Self {
        let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new("boxes"));
        let identity = identity(folder.path(), &authority);
        Self { folder, authority, identity }
    }

    fn list(&self) -> RevokedList {
        let file = self.folder.path().join("revoked.json");
        let mut list = RevokedList { file, identity: self.identity.clone(), known: None };
        list.known = list.read().expect("readable");
        list
    }

    fn takes(&self, serial: u64) -> bool {
        let now = SystemTime::now().into();
        self.identity.check(&self.authority.certify(serial).1, now).is_ok()
    }
}

fn identity(folder: &Path, authority: &Authority) -> Identity {
    let (key, chain) = authority.certify(1);
    let file = folder.join("identity.pem");
    std::fs::write(&file, key.serialize_pem() + &chain).expect("written");
    let files = Certificate { chain_file: file.clone(), key_file: file, renewed: true };
    let identity = Identity::open(&files, &crate::keys::Keys::default()).expect("an identity");
    identity.believe(&naming(&[authority])).expect("an authority");
    identity
}

#[test]
fn who_is_on_a_list_is_a_stranger_also_after_a_restart() {
    let place = Place::new();
    let mut list = place.list();
    assert!(place.takes(7) && place.takes(8), "nothing was revoked yet");
    assert!(list.hear(&place.authority.revokes(1, &[7])).expect("a list"));
    assert!(!place.takes(7) && place.takes(8));
    assert!(!list.hear(&place.authority.revokes(1, &[8])).expect("an old one"), "it is known");
    assert!(place.takes(8));
    let again = Place { identity: identity(place.folder.path(), &place.authority), ..place };
    assert!(again.takes(7), "nothing was read yet");
    assert_eq!(again.list().known(), Some(Generation { epoch: 1, number: 1 }));
    assert!(!again.takes(7) && again.takes(8));
}

#[test]
fn what_is_no_list_of_an_authority_revokes_nothing() {
    let place = Place::new();
    let mut list = place.list();
    let stranger = Authority::new("stranger").revokes(1, &[7]);
    // Of an authority that nobody names it says nothing.
    list.hear(&stranger).expect("a list all the same");
    assert!(place.takes(7));
    let generation = Generation { epoch: 1, number: 2 };
    let nonsense = Revoked { generation, lists: vec!["nonsense".to_owned()] };
    assert!(list.hear(&nonsense).is_err());
    let long = Revoked { generation, lists: vec!["x".repeat(MAX_REVOKED_BYTES + 1)] };
    assert!(list.hear(&long).is_err());
    assert!(place.takes(7));
    assert!(list.hear(&place.authority.revokes(2, &[7])).expect("a list"));
    assert!(!place.takes(7));
}
