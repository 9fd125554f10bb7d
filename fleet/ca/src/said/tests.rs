use super::*;
use crate::{Ca, Change, KeyKind, RootFolder, draft};
use contract::trust::Root;
use std::path::Path;
use std::time::SystemTime;

const NOW: TimeUs = TimeUs(1_000_000);

struct Fleet {
    ca: Ca,
    root: RootFolder,
}

impl Fleet {
    fn new(folder: &Path) -> Self {
        let ca = Ca::open(&folder.join("ca"), SystemTime::now()).expect("keys");
        let root = RootFolder::create(&folder.join("root"), 1).expect("a root");
        Self { ca, root }
    }

    /// What the root says next, if it follows these.
    fn next(&self, said: &[Trust]) -> SignedTrust {
        let root = Root { threshold: 1, keys: self.root.public() };
        let change = Change { root: Some(root), ..Change::default() };
        let next = draft(said, &self.ca.offer(), &change, NOW).expect("a draft");
        let draft = SignedTrust::draft(&next).expect("sense");
        self.root.sign(draft, said.last()).expect("signed")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_follow_one_another_and_are_found_again() {
    for test in db::testing::both().await {
        let folder = tempfile::tempdir().expect("folder");
        let fleet = Fleet::new(folder.path());
        let store = SaidStore::open(test.db.clone()).await.expect(test.name);
        assert!(store.last().is_none());
        let first = fleet.next(&[]);
        let one = store.install(first.clone(), NOW).await.expect(test.name);
        let refused = store.install(first, NOW).await.expect_err("it is there");
        assert!(refused.to_string().contains("does not follow"), "{refused}");
        let second = fleet.next(std::slice::from_ref(&one));
        let two = store.install(second, NOW).await.expect(test.name);
        assert_eq!((one.version, two.version), (1, 2));
        // Another process, and one that looks again.
        let other = SaidStore::open(test.db.clone()).await.expect(test.name);
        assert_eq!(other.last().expect("a last").trust, two);
        let third = fleet.next(&[one.clone(), two.clone()]);
        let three = store.install(third, NOW).await.expect(test.name);
        assert!(other.version(3).is_none());
        other.read_again().await.expect(test.name);
        assert_eq!(other.version(3).expect("a third").trust, three);
        let chain = other.after(1, 16);
        let followed = contract::trust::follow(&one, &chain);
        assert_eq!(followed.last.map(|(trust, _)| trust), Some(three));
        assert_eq!(other.after(1, 1).len(), 1);
        assert!(other.after(3, 16).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_that_was_told_nothing_begins_with_the_first() {
    for test in db::testing::both().await {
        let folder = tempfile::tempdir().expect("folder");
        let fleet = Fleet::new(folder.path());
        let first = fleet.next(&[]);
        let second = fleet.next(&[first.read().expect("it")]);
        let store = SaidStore::open(test.db.clone()).await.expect(test.name);
        let refused = store.install(second, NOW).await.expect_err("too early").to_string();
        assert!(refused.contains("version 2 does not follow version 0"), "{refused}");
        let unsigned = SignedTrust { signatures: vec![], ..first };
        assert!(store.install(unsigned, NOW).await.is_err());
        assert!(store.last().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_known_in_which_version_a_key_was_dropped() {
    let test = db::testing::sqlite().await;
    let folder = tempfile::tempdir().expect("folder");
    let fleet = Fleet::new(folder.path());
    let store = SaidStore::open(test.db.clone()).await.expect("a store");
    let first = store.install(fleet.next(&[]), NOW).await.expect("the first");
    let old = first.signers(Role::Control).next().expect("a key").id.clone();
    fleet.ca.make(KeyKind::Control, SystemTime::now()).expect("made");
    let mut said = vec![first];
    for change in [
        Change { rotate: vec![KeyKind::Control], ..Change::default() },
        Change { retire: vec![old.clone()], ..Change::default() },
        Change { drop: vec![old.clone()], ..Change::default() },
        Change::default(),
    ] {
        let next = draft(&said, &fleet.ca.offer(), &change, NOW).expect("a draft");
        let draft = SignedTrust::draft(&next).expect("sense");
        let signed = fleet.root.sign(draft, said.last()).expect("signed");
        said.push(store.install(signed, NOW).await.expect("installed"));
    }
    let all = store.all();
    assert_eq!(dropped_in(&all[..3], Role::Control), None);
    assert_eq!(dropped_in(&all, Role::Control), Some(4));
    assert_eq!(dropped_in(&all, Role::Config), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_install_at_once_one_is_told_why_not() {
    for test in db::testing::both().await {
        let folder = tempfile::tempdir().expect("folder");
        let fleet = Fleet::new(folder.path());
        let store = SaidStore::open(test.db.clone()).await.expect(test.name);
        let other = SaidStore::open(test.db.clone()).await.expect(test.name);
        let first = fleet.next(&[]);
        let (one, two) = tokio::join!(store.install(first.clone(), NOW), other.install(first, NOW));
        let outcomes = [one, two];
        let failed = outcomes.iter().filter_map(|it| it.as_ref().err());
        let failed: Vec<_> = failed.collect();
        assert!(matches!(failed[..], [CaError::Distrust(_)]), "{failed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_one_certificate_of_one() {
    let test = db::testing::sqlite().await;
    let folder = tempfile::tempdir().expect("folder");
    let fleet = Fleet::new(folder.path());
    let store = SaidStore::open(test.db.clone()).await.expect("a store");
    let good = fleet.next(&[]).read().expect("sense");
    let pem = good.authorities.boxes[0].clone();
    for bad in ["no PEM".to_owned(), format!("{pem}{pem}"), pem.replace("MII", "MIJ")] {
        let mut trust = good.clone();
        trust.authorities.boxes = vec![bad];
        let other = tempfile::tempdir().expect("folder");
        let root = RootFolder::create(other.path(), 1).expect("a root");
        trust.root.keys = root.public();
        let signed = root.sign(SignedTrust::draft(&trust).expect("sense"), None).expect("signed");
        let refused = store.install(signed, NOW).await.expect_err("refused").to_string();
        assert!(refused.contains("not one certificate"), "{refused}");
    }
}
