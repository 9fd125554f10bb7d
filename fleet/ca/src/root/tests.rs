use super::*;
use contract::trust::{Distrust, Root};
use std::os::unix::fs::PermissionsExt;

fn trust(version: u64, threshold: u8, keys: Vec<RootKey>) -> Trust {
    contract::testing::trust(version, Root { threshold, keys })
}

#[test]
fn its_keys_are_its_owners_and_are_not_made_twice() {
    let folder = tempfile::tempdir().expect("folder");
    let root = RootFolder::create(folder.path(), 2).expect("made");
    assert_eq!(root.public().len(), 2);
    let mode = |name: &str| {
        let metadata = folder.path().join(name).metadata().expect("it");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("root-1.key"), mode("root-2.key"), mode("root-1.pub")), (0o600, 0o600, 0o644));
    let again = RootFolder::create(folder.path(), 1).expect_err("there").to_string();
    assert!(again.contains("holds keys of a root already"), "{again}");
    assert_eq!(RootFolder::open(folder.path()).expect("opened").public(), root.public());
    let none = RootFolder::open(&folder.path().join("elsewhere")).expect_err("none").to_string();
    assert!(none.contains("fleet ca root new"), "{none}");
}

#[test]
fn two_people_sign_one_after_the_other() {
    let folder = tempfile::tempdir().expect("folder");
    let person = |name: &str| RootFolder::create(&folder.path().join(name), 1).expect("made");
    let (one, other, stranger) = (person("one"), person("other"), person("stranger"));
    let keys: Vec<_> = [&one, &other].iter().flat_map(|it| it.public()).collect();
    let first = trust(1, 2, keys);
    let pin = first.root.pin();
    let draft = SignedTrust::draft(&first).expect("sense");
    let half = one.sign(draft, None).expect("signed");
    let too_few = half.open_pinned(pin);
    assert_eq!(too_few, Err(Distrust::TooFew { version: 1, signed: 1, threshold: 2 }));
    let refused = stranger.sign(half.clone(), None).expect_err("no say").to_string();
    assert!(refused.contains("is one of the root's"), "{refused}");
    assert_eq!(other.sign(half, None).expect("signed").open_pinned(pin), Ok(first));
}

#[test]
fn no_number_is_signed_for_two_versions() {
    let folder = tempfile::tempdir().expect("folder");
    let root = RootFolder::create(folder.path(), 1).expect("made");
    let draft = |epoch| {
        let trust = Trust { epoch, ..trust(1, 1, root.public()) };
        SignedTrust::draft(&trust).expect("sense")
    };
    root.sign(draft(1), None).expect("signed");
    root.sign(draft(1), None).expect("the same again");
    let refused = root.sign(draft(2), None).expect_err("another").to_string();
    assert!(refused.contains("another version 1 was signed here before"), "{refused}");
    let signed = root.signed().expect("all");
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0].body.get(), draft(1).body.get());
}
