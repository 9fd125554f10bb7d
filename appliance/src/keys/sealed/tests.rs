use super::*;
use proptest::prelude::*;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

const PKCS8: &[u8] = b"what stands for a key";

fn sealed(purpose: Purpose) -> (Secret, SealedKey) {
    let with = Secret::random().expect("random");
    let sealed = SealedKey::seal((KeyId::random(), &with), purpose, PKCS8).expect("sealed");
    (with, sealed)
}

#[test]
fn what_is_sealed_is_opened_as_what_it_was_sealed_and_with_its_key_alone() {
    let (with, sealed) = sealed(Purpose::Player);
    let found = SealedKey::find(sealed.to_pem().as_bytes()).expect("whole").expect("one");
    assert_eq!(found, sealed);
    assert_eq!(found.open(&with, Purpose::Player).expect("opened").as_slice(), PKCS8);
    let other = Secret::random().expect("random");
    assert_eq!(found.open(&other, Purpose::Player), Err(BadSealed::Changed));
    assert_eq!(found.open(&with, Purpose::Identity), Err(BadSealed::Purpose(Purpose::Player)));
    // Whoever says that it is another thing, or encrypted with another key, has changed it.
    let renamed = SealedKey { purpose: Purpose::Identity, ..found.clone() };
    assert_eq!(renamed.open(&with, Purpose::Identity), Err(BadSealed::Changed));
    let moved = SealedKey { id: KeyId::random(), ..found };
    assert_eq!(moved.open(&with, Purpose::Player), Err(BadSealed::Changed));
}

#[test]
fn a_nonce_is_used_once() {
    let with = Secret::random().expect("random");
    let seal = || SealedKey::seal((KeyId([1; 16]), &with), Purpose::Player, PKCS8);
    assert_ne!(seal().expect("sealed"), seal().expect("sealed"));
}

#[test]
fn it_stands_before_a_chain_that_everybody_reads() {
    let (_, sealed) = sealed(Purpose::Identity);
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["oca1".to_owned()]).expect("names");
    let chain = params.self_signed(&key).expect("signed");
    let text = sealed.to_pem() + &chain.pem();
    assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
    let read = CertificateDer::from_pem_slice(text.as_bytes()).expect("a certificate");
    assert_eq!(&read, chain.der());
    assert!(PrivateKeyDer::from_pem_slice(text.as_bytes()).is_err(), "no key for anybody");
    assert_eq!(SealedKey::find(chain.pem().as_bytes()), Ok(None));
    assert_eq!(SealedKey::find(&[0xff; 300]), Ok(None));
}

#[test]
fn what_another_version_has_written_is_said_to_be_that() {
    let octets = [[9].as_slice(), &[0; 60]].concat();
    let text = format!("{BEGIN}\n{}\n{END}\n", BASE64.encode(octets));
    assert_eq!(SealedKey::find(text.as_bytes()), Err(BadSealed::Version(9)));
}

#[test]
fn an_id_is_read_as_it_is_shown() {
    let id = KeyId::random();
    assert_eq!(id.to_string().parse(), Ok(id));
    assert!("00".parse::<KeyId>().is_err() && "x".repeat(32).parse::<KeyId>().is_err());
}

proptest! {
    #[test]
    fn a_part_of_it_is_none(at in 0usize..400) {
        let (_, sealed) = sealed(Purpose::Player);
        let text = sealed.to_pem();
        let end = text.len() - END.len() - 1;
        let part = text.get(..at.min(end)).expect("ASCII");
        let found = SealedKey::find(part.as_bytes());
        prop_assert!(matches!(found, Ok(None) | Err(BadSealed::NotWhole)), "{:?}", found);
    }

    #[test]
    fn whatever_octet_is_changed_it_is_not_opened(at in 0usize..67, change in 1u8..=255) {
        let (with, sealed) = sealed(Purpose::Player);
        let mut octets = [&sealed.head(), sealed.nonce.as_slice(), &sealed.encrypted].concat();
        let len = octets.len();
        octets[at % len] ^= change;
        let opened = SealedKey::parse(&octets).and_then(|it| it.open(&with, Purpose::Player));
        prop_assert!(opened.is_err());
    }

    #[test]
    fn whatever_stands_in_a_file_is_judged(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let with = Secret::random().expect("random");
        let text = format!("{BEGIN}\n{}\n{END}\n", BASE64.encode(&octets));
        for text in [octets.as_slice(), text.as_bytes()] {
            if let Ok(Some(found)) = SealedKey::find(text) {
                prop_assert!(found.open(&with, found.purpose).is_err());
            }
        }
    }
}
