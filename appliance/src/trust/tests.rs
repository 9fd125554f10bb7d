use super::*;
use contract::trust::{Root, RootSigningKey};
use tempfile::TempDir;

/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410 §7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

fn root_key(seed: u8) -> RootSigningKey {
    let pkcs8 = [&PKCS8_HEAD[..], &[seed; 32]].concat();
    RootSigningKey::from_pkcs8(&pkcs8).expect("a key")
}

fn said(version: u64, seed: u8) -> SignedTrust {
    let root = Root { threshold: 1, keys: vec![root_key(seed).public()] };
    SignedTrust::draft(&contract::testing::trust(version, root))
        .expect("sense")
        .sign(&root_key(seed))
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn state_file(&self) -> PathBuf {
        self.0.path().join("state/trust.json")
    }

    fn given(&self, signed: &SignedTrust) {
        let text = serde_json::to_vec(signed).expect("json");
        std::fs::write(self.0.path().join("trust.json"), text).expect("written");
    }

    fn open(&self) -> Result<Believed> {
        std::fs::create_dir_all(self.0.path().join("state")).expect("a folder");
        let config = crate::testing::config(self.0.path());
        Believed::open(&config).map(|believed| believed.expect("a fleet"))
    }
}

#[test]
fn it_goes_on_from_where_it_had_come_to() {
    let place = Place::new();
    place.given(&said(1, 1));
    let mut believed = place.open().expect("opened");
    assert_eq!(believed.hear(&[said(1, 1)]), Heard::default(), "nothing new");
    let heard = believed.hear(&[said(2, 1), said(3, 1)]);
    assert_eq!(heard, Heard { version: Some(3), refused: None });
    assert_eq!(place.open().expect("again").state().version, 3);
    // Enrolled anew with an older word of the same root, it knows better.
    place.given(&said(2, 1));
    assert_eq!(place.open().expect("enrolled anew").state().version, 3);
    // What it was given at enrolment may be newer than what it has come to.
    place.given(&said(4, 1));
    assert_eq!(place.open().expect("enrolled anew").state().version, 4);
}

#[test]
fn another_root_is_not_followed_and_another_beginning_is_a_new_one() {
    let place = Place::new();
    place.given(&said(1, 1));
    let mut believed = place.open().expect("opened");
    let heard = believed.hear(&[said(2, 1), said(3, 1), said(4, 2)]);
    assert_eq!(heard.version, Some(3), "as far as it holds");
    assert!(heard.refused.is_some(), "the first time it is news");
    assert_eq!(believed.hear(&[said(4, 2)]), Heard::default());
    assert_eq!(believed.state().version, 3);
    assert!(believed.state().refused.is_some());
    assert_eq!(believed.hear(&[said(4, 1)]).version, Some(4), "the right one");
    assert_eq!(believed.state().refused, None);
    place.given(&said(1, 2));
    assert_eq!(place.open().expect("of another fleet").trust().root.keys, [root_key(2).public()]);
}

#[test]
fn what_is_damaged_is_told_again_and_what_was_given_must_be_whole() {
    let place = Place::new();
    place.given(&said(1, 1));
    assert_eq!(place.open().expect("opened").hear(&[said(2, 1)]).version, Some(2));
    let kept = std::fs::read(place.state_file()).expect("kept");
    for length in [0, 1, kept.len() / 2, kept.len() - 1] {
        std::fs::write(place.state_file(), &kept[..length]).expect("written");
        assert_eq!(place.open().expect("opened").state().version, 1, "{length} bytes");
    }
    let unsigned = SignedTrust { signatures: vec![], ..said(1, 1) };
    place.given(&unsigned);
    let err = place.open().map(drop).expect_err("nobody has signed");
    assert!(format!("{err:#}").contains("signed by 0 of the 1"), "{err:#}");
    std::fs::remove_file(place.0.path().join("trust.json")).expect("removed");
    let err = place.open().map(drop).expect_err("nothing there");
    assert!(format!("{err:#}").contains("there is no"), "{err:#}");
}

#[test]
fn what_cannot_be_kept_is_not_believed() {
    let place = Place::new();
    place.given(&said(1, 1));
    let mut believed = place.open().expect("opened");
    std::fs::remove_dir(place.0.path().join("state")).expect("removed");
    let heard = believed.hear(&[said(2, 1)]);
    assert!(heard.version.is_none() && heard.refused.is_some(), "{heard:?}");
    assert_eq!(believed.hear(&[said(2, 1)]), Heard::default(), "said once");
    assert_eq!(believed.state().version, 1);
}
