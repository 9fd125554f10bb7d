//! What is opened, and what is refused for which reason.

use super::*;

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

fn open(envelope: &Envelope, newest: Option<u64>, now: i64) -> Result<Vec<u32>, Refused> {
    let me = DeviceName::new("oca1.site-a").expect("name");
    let keys = [key(Role::Control).trusted()];
    let newest = newest.map(|number| Generation { epoch: 1, number });
    envelope.open(&Reader { me: &me, keys: &keys, newest, now: TimeUs(now) })
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

    let mut epoch = header(1);
    epoch.generation.epoch = 2;
    let epoch = Envelope::seal(epoch, &[1u32], &key(Role::Control)).expect("seal");
    let refused = |reason| Err(Refused::Epoch { epoch: 2, reason });
    assert_eq!(open(&epoch, Some(5), 0), refused(NoGrant::None));
    assert_eq!(open(&epoch, None, 0), refused(NoGrant::None), "a box that knows nothing yet");

    let mut config = header(3);
    config.kind = Kind::Config;
    let config = Envelope::seal(config, &[1u32], &key(Role::Control)).expect("seal");
    assert!(matches!(open(&config, None, 0), Err(Refused::WrongRole { .. })));
}

/// A key of each role, and the two public halves.
fn keys() -> (SigningKey, SigningKey, [TrustedKey; 2]) {
    let make = |seed: u8, id: &str, role| {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes");
        let pkcs8 = pair.to_pkcs8().expect("pkcs8");
        SigningKey::from_pkcs8(id.into(), role, pkcs8.as_ref()).expect("key")
    };
    let (config, control) = (make(1, "config", Role::Config), make(2, "control", Role::Control));
    let trusted = [config.trusted(), control.trusted()];
    (config, control, trusted)
}

fn open_in(
    envelope: &Envelope,
    keys: &[TrustedKey],
    newest: Generation,
) -> Result<Vec<u32>, Refused> {
    let me = DeviceName::new("oca1.site-a").expect("name");
    envelope.open(&Reader { me: &me, keys, newest: Some(newest), now: TimeUs(0) })
}

#[test]
fn a_new_epoch_is_opened_by_the_key_that_may() {
    let (config, control, trusted) = keys();
    let newest = Generation { epoch: 1, number: 900 };
    let of_epoch = |epoch, number| {
        let header = Header { generation: Generation { epoch, number }, ..header(1) };
        Envelope::seal(header, &[7u32], &control).expect("seal")
    };
    let grant = |epoch, key: &SigningKey| Some(EpochGrant::sign(epoch, key));
    let second = of_epoch(2, 1).with_grant(grant(2, &config));
    let wire = serde_json::to_string(&second).expect("json");
    let second: Envelope = serde_json::from_str(&wire).expect("json");
    assert_eq!(open_in(&second, &trusted, newest), Ok(vec![7]));

    let refused = |epoch, reason| Err(Refused::Epoch { epoch, reason });
    let by_control = of_epoch(2, 1).with_grant(grant(2, &control));
    let wrong = NoGrant::WrongRole("control".into());
    assert_eq!(open_in(&by_control, &trusted, newest), refused(2, wrong));
    // Leave for one epoch is none for the next.
    let third = of_epoch(3, 1).with_grant(grant(2, &config));
    assert_eq!(open_in(&third, &trusted, newest), refused(3, NoGrant::OtherEpoch(2)));
    let mut forged = EpochGrant::sign(2, &config);
    forged.epoch = 3;
    let forged = of_epoch(3, 1).with_grant(Some(forged));
    assert_eq!(open_in(&forged, &trusted, newest), refused(3, NoGrant::BadSignature));
    let unknown = of_epoch(2, 1).with_grant(grant(2, &key(Role::Config)));
    assert_eq!(open_in(&unknown, &trusted, newest), refused(2, NoGrant::UnknownKey("k1".into())));

    // Inside an epoch that is known nobody asks again, and one that is over has ended.
    let known = Generation { epoch: 2, number: 0 };
    assert_eq!(open_in(&of_epoch(2, 1), &trusted, known), Ok(vec![7]));
    let over = open_in(&of_epoch(1, 901), &trusted, known);
    assert!(matches!(over, Err(Refused::Old { .. })), "{over:?}");
}

#[test]
fn neither_a_number_nor_an_epoch_can_lock_a_box_out() {
    let (config, control, trusted) = keys();
    let newest = Generation { epoch: 1, number: 900 };
    for (epoch, number) in [
        (1, 1 << 63),
        (1, u64::MAX),
        (1, 901 + MAX_GENERATION_JUMP),
        (2, 1 << 63),
        (2 + MAX_EPOCH_JUMP, 1),
        (u32::MAX, u64::MAX),
    ] {
        let header = Header { generation: Generation { epoch, number }, ..header(1) };
        let far = Envelope::seal(header, &[7u32], &control).expect("seal");
        let far = far.with_grant(Some(EpochGrant::sign(epoch, &config)));
        let opened = open_in(&far, &trusted, newest);
        assert!(matches!(opened, Err(Refused::FarAhead { .. })), "{epoch}.{number}: {opened:?}");
    }
}
