use super::*;
use crate::{Offer, draft};
use contract::envelope::{Role, SigningKey, TrustedKey};
use contract::time::TimeUs;
use contract::trust::{Root, RootKey};
use rcgen::KeyPair;

fn key(role: Role, id: &str) -> TrustedKey {
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    SigningKey::from_pkcs8(id.into(), role, pair.serialized_der()).expect("Ed25519").trusted()
}

fn root(id: &str) -> Root {
    let ed25519 = key(Role::Control, "of-a-root").ed25519;
    Root { threshold: 1, keys: vec![RootKey { id: id.into(), ed25519 }] }
}

fn offer(generation: &str) -> Offer {
    Offer {
        keys: vec![
            key(Role::Config, &format!("config-{generation}")),
            key(Role::Control, &format!("control-{generation}")),
        ],
        boxes: vec![format!("boxes {generation}")],
        players: vec![format!("players {generation}")],
    }
}

fn first() -> (Trust, Change) {
    let change = Change { root: Some(root("root-a")), ..Change::default() };
    let first = draft(&[], &offer("a"), &change, TimeUs(0)).expect("a draft");
    (first, change)
}

#[test]
fn what_was_wished_is_signed() {
    let (first, change) = first();
    assert_eq!(check_wished(None, &change, &first, TimeUs(0)), Ok(()));
    let old = authority_id(KeyKind::Players, "players a");
    for change in [
        Change::default(),
        Change { rotate: KeyKind::ALL.to_vec(), ..Change::default() },
        Change {
            rotate: vec![KeyKind::Control, KeyKind::Players],
            drop: vec!["control-a".into(), old],
            ..Change::default()
        },
        Change {
            rotate: vec![KeyKind::Config],
            retire: vec!["config-a".into()],
            ..Change::default()
        },
        Change { epoch: Some(2), life_d: Some(100), ..Change::default() },
        Change { root: Some(root("root-b")), ..Change::default() },
    ] {
        let next = draft(std::slice::from_ref(&first), &offer("b"), &change, TimeUs(0));
        let next = next.expect("a draft");
        assert_eq!(check_wished(Some(&first), &change, &next, TimeUs(0)), Ok(()), "{change:?}");
    }
}

#[test]
fn what_nobody_wished_is_not() {
    let (first, _) = first();
    let change = Change { rotate: vec![KeyKind::Control], ..Change::default() };
    let good = draft(std::slice::from_ref(&first), &offer("b"), &change, TimeUs(0));
    let good = good.expect("a draft");
    let refused = |what: &str, bend: &dyn Fn(&mut Trust)| {
        let mut bent = good.clone();
        bend(&mut bent);
        assert!(check_wished(Some(&first), &change, &bent, TimeUs(0)).is_err(), "{what}");
    };
    refused("another root", &|it| it.root = root("root-a"));
    refused("an epoch", &|it| it.epoch += 1);
    refused("a number left out", &|it| it.version += 1);
    refused("for ever", &|it| it.not_after_us = TimeUs(i64::MAX));
    refused("a key of another kind", &|it| it.keys.push(key(Role::Config, "config-z")));
    refused("two of the kind", &|it| it.keys.push(key(Role::Control, "control-z")));
    refused("an image key", &|it| it.keys.push(key(Role::Image, "image-z")));
    refused("a key that is gone", &|it| drop(it.keys.remove(0)));
    refused("a key that is retired", &|it| it.keys[0].is_retired = true);
    refused("a key under another's name", &|it| {
        it.keys[1] = key(Role::Control, &it.keys[1].id.clone());
    });
    refused("an authority more", &|it| it.authorities.boxes.push("boxes z".into()));
    refused("an authority less", &|it| it.authorities.players.clear());
    refused("another authority", &|it| it.authorities.boxes = vec!["boxes z".into()]);
    assert!(check_wished(None, &change, &good, TimeUs(0)).is_err(), "the second is not the first");
    let later = TimeUs(0).plus_s(2 * 86_400);
    assert!(check_wished(Some(&first), &change, &good, later).is_err(), "drawn up days ago");
}

#[test]
fn what_is_dropped_is_gone_whatever_is_new() {
    let (first, _) = first();
    let old = authority_id(KeyKind::Players, "players a");
    let change = Change {
        rotate: vec![KeyKind::Control, KeyKind::Players],
        drop: vec!["control-a".into(), old],
        ..Change::default()
    };
    let said = std::slice::from_ref(&first);
    let good = draft(said, &offer("b"), &change, TimeUs(0)).expect("a draft");
    assert_eq!(check_wished(Some(&first), &change, &good, TimeUs(0)), Ok(()));
    let mut kept = good.clone();
    kept.keys.push(first.keys[1].clone());
    assert!(check_wished(Some(&first), &change, &kept, TimeUs(0)).is_err(), "the key is there");
    let mut kept = good;
    kept.authorities.players = first.authorities.players.clone();
    assert!(check_wished(Some(&first), &change, &kept, TimeUs(0)).is_err(), "the old one is new");
}
