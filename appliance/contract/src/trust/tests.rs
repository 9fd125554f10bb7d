//! Who is followed, and who is not.

use super::*;
use crate::envelope::SigningKey;
use crate::testing;
use aws_lc_rs::signature::Ed25519KeyPair;
use proptest::prelude::*;

fn pkcs8(seed: u8) -> Vec<u8> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes");
    pair.to_pkcs8().expect("pkcs8").as_ref().to_vec()
}

fn root_key(seed: u8) -> RootSigningKey {
    RootSigningKey::from_pkcs8(&pkcs8(seed)).expect("a key")
}

fn root(threshold: u8, seeds: &[u8]) -> Root {
    Root { threshold, keys: seeds.iter().map(|seed| root_key(*seed).public()).collect() }
}

fn trust(version: u64, root: Root) -> Trust {
    let key = SigningKey::from_pkcs8("control-1".into(), Role::Control, &pkcs8(100));
    Trust { keys: vec![key.expect("a key").trusted()], ..testing::trust(version, root) }
}

fn signed(trust: &Trust, seeds: &[u8]) -> SignedTrust {
    let draft = SignedTrust::draft(trust).expect("sense");
    seeds.iter().fold(draft, |signed, seed| signed.sign(&root_key(*seed)))
}

fn too_few(version: u64, signed: usize, threshold: u8) -> Distrust {
    Distrust::TooFew { version, signed, threshold }
}

#[test]
fn the_first_is_believed_by_the_name_of_its_root() {
    let first = trust(1, root(2, &[1, 2, 3]));
    let pin = root(2, &[3, 1, 2]).pin();
    assert_eq!(signed(&first, &[1, 3]).open_pinned(pin), Ok(first.clone()));
    assert_eq!(signed(&first, &[1]).open_pinned(pin), Err(too_few(1, 1, 2)));
    assert_eq!(signed(&first, &[1, 9]).open_pinned(pin), Err(too_few(1, 1, 2)));
    for other in [root(1, &[1, 2, 3]), root(2, &[1, 2]), root(2, &[1, 2, 4])] {
        assert_eq!(signed(&first, &[1, 3]).open_pinned(other.pin()), Err(Distrust::OtherRoot));
    }
}

#[test]
fn one_who_signs_twice_counts_once() {
    let first = trust(1, root(2, &[1, 2]));
    let once = signed(&first, &[1]);
    assert_eq!(once.clone().sign(&root_key(1)).signatures.len(), 1);
    let mut twice = once;
    twice.signatures.push(twice.signatures[0].clone());
    assert_eq!(twice.open_pinned(first.root.pin()), Err(too_few(1, 1, 2)));
    // Nor does one key with two names: there is no such root.
    let mut keys = root(2, &[1, 2]).keys;
    keys[1].ed25519 = keys[0].ed25519.clone();
    let double = trust(1, Root { threshold: 2, keys });
    assert!(matches!(SignedTrust::draft(&double), Err(Distrust::Senseless(Senseless::Twice(_)))));
}

#[test]
fn the_next_takes_the_keys_of_both() {
    let before = trust(1, root(2, &[1, 2, 3]));
    // One of three is replaced.
    let next = trust(2, root(2, &[2, 3, 4]));
    assert_eq!(signed(&next, &[2, 3]).open_after(&before), Ok(next.clone()));
    assert_eq!(signed(&next, &[3, 4]).open_after(&before), Err(too_few(1, 1, 2)));
    assert_eq!(signed(&next, &[1, 2]).open_after(&before), Err(too_few(2, 1, 2)));
    // All of them at once: both sign.
    let all = trust(2, root(2, &[5, 6]));
    assert_eq!(signed(&all, &[1, 2]).open_after(&before), Err(too_few(2, 0, 2)));
    assert_eq!(signed(&all, &[5, 6]).open_after(&before), Err(too_few(1, 0, 2)));
    assert_eq!(signed(&all, &[1, 2, 5, 6]).open_after(&before), Ok(all));
}

#[test]
fn no_version_is_left_out_or_comes_again() {
    let root = root(1, &[1]);
    let before = trust(5, root.clone());
    for offered in [1, 4, 5, 7, u64::MAX] {
        let other = signed(&trust(offered, root.clone()), &[1]);
        assert_eq!(other.open_after(&before), Err(Distrust::NotNext { offered, known: 5 }));
    }
    let last = trust(u64::MAX, root.clone());
    assert!(signed(&trust(1, root), &[1]).open_after(&last).is_err(), "it does not begin anew");
}

#[test]
fn an_epoch_ends_for_good_and_none_is_far_ahead() {
    let before = Trust { epoch: 3, ..trust(1, root(1, &[1])) };
    let of = |epoch| Trust { epoch, ..trust(2, root(1, &[1])) };
    for good in [3, 4, 3 + MAX_EPOCH_JUMP] {
        assert_eq!(signed(&of(good), &[1]).open_after(&before), Ok(of(good)));
    }
    for offered in [1, 2, 4 + MAX_EPOCH_JUMP, u32::MAX] {
        let refused = signed(&of(offered), &[1]).open_after(&before);
        assert_eq!(refused, Err(Distrust::Epoch { offered, known: 3 }));
    }
}

#[test]
fn a_chain_is_followed_to_its_end() {
    let first = trust(1, root(1, &[1]));
    let chain = [
        signed(&first, &[1]),
        signed(&trust(2, root(1, &[2])), &[1, 2]),
        signed(&trust(3, root(2, &[2, 3])), &[2, 3]),
        signed(&trust(4, root(2, &[2, 3])), &[2, 3]),
    ];
    let followed = |chain: &[SignedTrust]| {
        let Followed { last, then } = follow(&first, chain);
        (last.map(|(trust, _)| trust.version), then)
    };
    assert_eq!(followed(&chain), (Some(4), None));
    assert_eq!(followed(&chain[..1]), (None, None));
    assert_eq!(followed(&[]), (None, None));
    assert_eq!(followed(&chain[2..]), (None, Some(too_few(1, 0, 1))));
    // As far as it holds.
    let broken = [chain[1].clone(), chain[3].clone()];
    let not_next = Distrust::NotNext { offered: 4, known: 2 };
    assert_eq!(followed(&broken), (Some(2), Some(not_next)));
}

#[test]
fn what_a_newer_version_says_more_is_no_reason_to_stay_behind() {
    let before = trust(1, root(1, &[1]));
    let mut value = serde_json::to_value(trust(2, root(1, &[1]))).expect("json");
    value["announced_in_2031"] = serde_json::json!({ "a": 1 });
    value["keys"][0]["and_of_a_key"] = 1.into();
    value["root"]["keys"][0]["and_of_another"] = 1.into();
    let body = serde_json::value::to_raw_value(&value).expect("json");
    let next = SignedTrust { body, signatures: vec![] }.sign(&root_key(1));
    assert_eq!(next.open_after(&before), Ok(trust(2, root(1, &[1]))));
    value["keys"][0]["role"] = "what_comes_in_2032".into();
    let body = serde_json::value::to_raw_value(&value).expect("json");
    let next = SignedTrust { body, signatures: vec![] }.sign(&root_key(1));
    let next = next.open_after(&before).expect("it is followed");
    assert_eq!(next.keys[0].role, Role::Other, "and signs nothing");
    value["schema"] = 2.into();
    let body = serde_json::value::to_raw_value(&value).expect("json");
    let other = SignedTrust { body, signatures: vec![] }.sign(&root_key(1));
    assert_eq!(other.open_after(&before), Err(Distrust::Schema(2)));
}

#[test]
fn what_makes_no_sense_is_not_drawn_up() {
    let good = || trust(1, root(1, &[1]));
    let no_sense = |trust: Trust| match SignedTrust::draft(&trust) {
        Err(Distrust::Senseless(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(no_sense(Trust { version: 0, ..good() }), Senseless::Zero("version"));
    assert_eq!(no_sense(Trust { epoch: 0, ..good() }), Senseless::Zero("epoch"));
    for (threshold, keys) in [(0, 1), (2, 1)] {
        let refused = no_sense(Trust { root: root(threshold, &[1]), ..good() });
        assert_eq!(refused, Senseless::Threshold { threshold, keys });
    }
    let many: Vec<u8> = (0..=16).collect();
    let refused = no_sense(Trust { root: root(1, &many), ..good() });
    assert_eq!(refused, Senseless::TooMany { what: "root keys", at_most: 16 });
    let mut twice = good();
    twice.keys.push(TrustedKey { id: "other".into(), ..twice.keys[0].clone() });
    assert_eq!(no_sense(twice), Senseless::Twice("other".into()));
    for id in ["", "Control", "control\n+ other: signs documents", &"x".repeat(65)] {
        let mut misread = good();
        misread.keys[0].id = id.to_owned();
        assert_eq!(no_sense(misread), Senseless::NotAnId(id.to_owned()));
    }
    let mut no_key = good();
    no_key.keys[0].ed25519 = "AAAA".into();
    assert_eq!(no_sense(no_key), Senseless::NotAKey("control-1".into()));
    let boxes = vec!["x".repeat(MAX_AUTHORITY_BYTES + 1)];
    let large = Trust { authorities: Authorities { boxes, players: vec![] }, ..good() };
    assert!(matches!(no_sense(large), Senseless::TooMany { .. }));
}

proptest! {
    /// However it is bent, it is as it was signed or it is not believed.
    #[test]
    fn a_changed_byte_is_never_believed(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let before = trust(1, root(1, &[1]));
        let next = trust(2, root(1, &[1]));
        let mut wire = serde_json::to_vec(&signed(&next, &[1])).expect("json");
        let at = at.index(wire.len());
        wire[at] = to;
        if let Ok(read) = serde_json::from_slice::<SignedTrust>(&wire)
            && let Ok(opened) = read.open_after(&before)
        {
            prop_assert_eq!(opened, next);
        }
    }

    #[test]
    fn arbitrary_octets_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let before = trust(1, root(1, &[1]));
        if let Ok(read) = serde_json::from_slice::<SignedTrust>(&bytes) {
            prop_assert!(read.open_after(&before).is_err());
        }
    }
}
