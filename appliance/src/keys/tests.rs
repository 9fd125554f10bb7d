use super::*;
use crate::credential::NewKey;

fn sealing(id: KeyId) -> Keeping {
    Keeping::Sealed(id, Secret::random().expect("random"))
}

#[test]
fn a_plain_key_is_read_without_anything_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("player.pem");
    let key = NewKey::generate().expect("a key");
    key.write_uncertified(&file, (Purpose::Player, &Keeping::Plain)).expect("written");
    let keys = Keys::default();
    keys.read(&file, Purpose::Player).expect("a key");
    assert!(matches!(keys.keeping(&file), Ok(Keeping::Plain)));
    assert!(!is_sealed(&file).expect("read"));
}

#[test]
fn a_sealed_key_is_read_by_who_has_unsealed_and_by_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("player.pem");
    let key = NewKey::generate().expect("a key");
    let keeping = sealing(KeyId::random());
    key.write_uncertified(&file, (Purpose::Player, &keeping)).expect("written");
    assert!(is_sealed(&file).expect("read"));
    let keys = Keys::default();
    let err = keys.read(&file, Purpose::Player).expect_err("nobody has unsealed it");
    assert!(err.to_string().contains("sealing.key is not there"), "{err}");
    // It would not be written plain either.
    assert!(matches!(keys.keeping(&file), Err(Unusable::NoRing { .. })));
    let Keeping::Sealed(id, secret) = &keeping else { panic!("it is sealed") };
    keys.know(*id, secret);
    // A box that runs needs neither the TPM nor what it has sealed.
    keys.read(&file, Purpose::Player).expect("a key");
    let again = NewKey::of(&file, Purpose::Player, &keys).expect("read").expect("a key");
    assert_eq!(again.public(), key.public());
    let err = keys.read(&file, Purpose::Identity).expect_err("another purpose");
    assert!(err.to_string().contains("was sealed as player"), "{err}");
}

#[test]
fn protection_is_that_of_the_weakest_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = crate::testing::config(folder.path());
    let (keys, keeping) = (Keys::default(), sealing(KeyId::random()));
    let Keeping::Sealed(id, secret) = &keeping else { panic!("it is sealed") };
    keys.know(*id, secret);
    let read = |purpose, files: &Certificate, keeping: &Keeping| {
        let key = NewKey::generate().expect("a key");
        key.write_uncertified(&files.key_file, (purpose, keeping)).expect("written");
        keys.read(&files.key_file, purpose).expect("read");
        keys.protection(&config) == KeyProtection::Tpm
    };
    assert!(!read(Purpose::Identity, &config.identity, &keeping), "of one nothing is known");
    assert!(!read(Purpose::Player, &config.certificates[0], &Keeping::Plain));
    assert!(read(Purpose::Player, &config.certificates[0], &keeping));
}

#[test]
fn what_is_not_needed_any_more_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    settle(folder.path(), &Keeping::Plain).expect("there is none");
    let file = folder.path().join(ring::FILE);
    std::fs::write(&file, "{}").expect("written");
    settle(folder.path(), &Keeping::Plain).expect("removed");
    assert!(!file.exists());
}
