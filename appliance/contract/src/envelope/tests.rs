//! What is opened, and what is refused for which reason.

use super::*;
use crate::testing;
use crate::trust::Root;

fn key(role: Role) -> SigningKey {
    // A test key, made from a fixed seed.
    let seed = [7u8; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes");
    let pkcs8 = pair.to_pkcs8().expect("pkcs8");
    SigningKey::from_pkcs8("k1".into(), role, pkcs8.as_ref()).expect("key")
}

fn header(number: u64) -> Header {
    Header {
        schema: 1,
        kind: Kind::Manifest,
        addressee: DeviceName::new("oca1.site-a").expect("name"),
        generation: Generation { epoch: 1, number },
        issued_at_us: TimeUs(1_000_000),
        not_after_us: TimeUs(9_000_000),
    }
}

/// What the root says of some keys.
fn trust(keys: Vec<TrustedKey>, epoch: u32) -> Trust {
    let nobody = Root { threshold: 1, keys: vec![] };
    Trust { not_after_us: TimeUs(20_000_000), epoch, keys, ..testing::trust(4, nobody) }
}

fn open(envelope: &Envelope, newest: Option<u64>, now: i64) -> Result<Vec<u32>, Refused> {
    let me = DeviceName::new("oca1.site-a").expect("name");
    let trust = trust(vec![key(Role::Control).trusted()], 1);
    let newest = newest.map(|number| Generation { epoch: 1, number });
    envelope.open(&Reader { me: &me, trust: &trust, newest, now: TimeUs(now) })
}

#[test]
fn a_good_document_opens_after_a_trip_over_the_wire() {
    let sealed = Envelope::seal(header(3), &[1u32, 2], &key(Role::Control)).expect("seal");
    let wire = serde_json::to_string_pretty(&sealed).expect("json");
    let back: Envelope = serde_json::from_str(&wire).expect("json");
    assert_eq!(open(&back, Some(2), 0), Ok(vec![1, 2]));
}

#[test]
fn everything_else_is_refused_with_its_reason() {
    let good = Envelope::seal(header(3), &[1u32], &key(Role::Control)).expect("seal");
    let generation = |number| Generation { epoch: 1, number };
    assert_eq!(
        open(&good, Some(3), 0),
        Err(Refused::Old { offered: generation(3), newest: generation(3) })
    );
    assert_eq!(open(&good, None, 10_000_000), Err(Refused::Expired));
    assert_eq!(open(&good, None, 20_000_001), Err(Refused::TrustExpired(4)));

    let dated = |second| Header { issued_at_us: TimeUs(0).plus_s(second), ..header(3) };
    let sealed = |header| Envelope::seal(header, &[1u32], &key(Role::Control)).expect("seal");
    assert_eq!(open(&sealed(dated(MAX_AHEAD_S)), None, 0), Ok(vec![1]));
    let ahead_s = MAX_AHEAD_S + 1;
    assert_eq!(open(&sealed(dated(ahead_s)), None, 0), Err(Refused::Ahead { ahead_s }));

    let mut tampered = good.clone();
    tampered.header.not_after_us = TimeUs(99_000_000);
    assert_eq!(open(&tampered, None, 0), Err(Refused::BadSignature));
    let mut tampered = good.clone();
    tampered.body = RawValue::from_string("[2]".into()).expect("json");
    assert_eq!(open(&tampered, None, 0), Err(Refused::BadSignature));
    let mut tampered = good;
    tampered.key_id = "k2".into();
    assert_eq!(open(&tampered, None, 0), Err(Refused::UnknownKey("k2".into())));

    let mut other = header(3);
    other.addressee = DeviceName::new("oca2.site-a").expect("name");
    let other = Envelope::seal(other, &[1u32], &key(Role::Control)).expect("seal");
    assert!(matches!(open(&other, None, 0), Err(Refused::OtherAddressee(_))));

    let far = Envelope::seal(header(1 << 63), &[1u32], &key(Role::Control)).expect("seal");
    assert!(matches!(open(&far, Some(5), 0), Err(Refused::FarAhead { .. })));
    assert!(matches!(open(&far, None, 0), Err(Refused::FarAhead { .. })));

    let mut config = header(3);
    config.kind = Kind::Config;
    let config = Envelope::seal(config, &[1u32], &key(Role::Control)).expect("seal");
    assert!(matches!(open(&config, None, 0), Err(Refused::WrongRole { .. })));
}

fn in_epoch(epoch: u32, number: u64) -> Envelope {
    let header = Header { generation: Generation { epoch, number }, ..header(1) };
    Envelope::seal(header, &[7u32], &key(Role::Control)).expect("seal")
}

fn open_in(
    envelope: &Envelope,
    epoch: u32,
    newest: Option<Generation>,
) -> Result<Vec<u32>, Refused> {
    let me = DeviceName::new("oca1.site-a").expect("name");
    let trust = trust(vec![key(Role::Control).trusted()], epoch);
    envelope.open(&Reader { me: &me, trust: &trust, newest, now: TimeUs(0) })
}

#[test]
fn an_epoch_is_the_one_that_the_root_speaks_of() {
    let newest = Some(Generation { epoch: 1, number: 900 });
    let begun = Generation { epoch: 2, number: 0 };
    for known in [None, newest] {
        assert_eq!(open_in(&in_epoch(2, 1), 2, known), Ok(vec![7]));
        let early = Err(Refused::Epoch { offered: 2, known: 1 });
        assert_eq!(open_in(&in_epoch(2, 1), 1, known), early);
        let offered = Generation { epoch: 1, number: 901 };
        let over = Err(Refused::Old { offered, newest: begun });
        assert_eq!(open_in(&in_epoch(1, 901), 2, known), over);
    }
}

#[test]
fn neither_a_number_nor_an_epoch_can_lock_a_box_out() {
    let newest = Some(Generation { epoch: 1, number: 900 });
    for number in [1 << 63, u64::MAX, 901 + MAX_GENERATION_JUMP] {
        let opened = open_in(&in_epoch(1, number), 1, newest);
        assert!(matches!(opened, Err(Refused::FarAhead { .. })), "{number}: {opened:?}");
    }
    let begins = open_in(&in_epoch(2, 1 << 63), 2, newest);
    assert!(matches!(begins, Err(Refused::FarAhead { .. })), "{begins:?}");
    for epoch in [2, 2 + MAX_EPOCH_JUMP, u32::MAX] {
        let opened = open_in(&in_epoch(epoch, 1), 1, newest);
        assert_eq!(opened, Err(Refused::Epoch { offered: epoch, known: 1 }));
    }
}

#[test]
fn a_key_that_has_served_signs_nothing_new_and_what_it_signed_holds() {
    let me = DeviceName::new("oca1.site-a").expect("name");
    let sealed = Envelope::seal(header(3), &[1u32], &key(Role::Control)).expect("seal");
    let retired = TrustedKey { is_retired: true, ..key(Role::Control).trusted() };
    let retired = trust(vec![retired], 2);
    let reader = Reader { me: &me, trust: &retired, newest: None, now: TimeUs(0) };
    let refused = sealed.open::<Vec<u32>>(&reader).expect_err("a retired key");
    assert_eq!(refused, Refused::RetiredKey("k1".into()));
    // Of an epoch before, and after its time: it was in order when it came.
    assert_eq!(sealed.open_kept(&me, &retired), Ok(vec![1u32]));
    let dropped = sealed.open_kept::<Vec<u32>>(&me, &trust(vec![], 1));
    assert_eq!(dropped, Err(Refused::UnknownKey("k1".into())));
    let mut tampered = sealed;
    tampered.body = RawValue::from_string("[2]".into()).expect("json");
    assert_eq!(tampered.open_kept::<Vec<u32>>(&me, &retired), Err(Refused::BadSignature));
}
