use super::*;
use contract::envelope::SigningKey;
use contract::trust::RootKey;
use rcgen::KeyPair;

fn key(role: Role, id: &str) -> TrustedKey {
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    SigningKey::from_pkcs8(id.into(), role, pair.serialized_der()).expect("Ed25519").trusted()
}

fn offer() -> Offer {
    Offer {
        keys: vec![key(Role::Config, "config-a"), key(Role::Control, "control-a")],
        boxes: vec!["boxes a".into()],
        players: vec!["players a".into()],
    }
}

fn first(offer: &Offer) -> Trust {
    let ed25519 = key(Role::Control, "").ed25519;
    let root = Root { threshold: 1, keys: vec![RootKey { id: "root-a".into(), ed25519 }] };
    let change = Change { root: Some(root), ..Change::default() };
    draft(&[], offer, &change, TimeUs(0)).expect("a first version")
}

fn ids(trust: &Trust) -> Vec<(&str, bool)> {
    trust.keys.iter().map(|key| (key.id.as_str(), key.is_retired)).collect()
}

fn listed(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

#[test]
fn the_first_names_all_that_are_held() {
    let offer = offer();
    assert_eq!(draft(&[], &offer, &Change::default(), TimeUs(0)), Err(NoDraft::NoRoot));
    let first = first(&offer);
    assert_eq!((first.version, first.epoch), (1, 1));
    assert_eq!(first.keys, offer.keys);
    assert_eq!(first.authorities.boxes, ["boxes a"]);
}

#[test]
fn a_key_takes_over_from_another_and_one_that_was_dropped_does_not_come_back() {
    let mut offer = offer();
    let mut said = vec![first(&offer)];
    let mut next = |offer: &Offer, change: Change| {
        let next = draft(&said, offer, &change, TimeUs(0)).expect("a draft");
        said.push(next.clone());
        next
    };
    offer.keys.push(key(Role::Control, "control-b"));
    let control = || Change { rotate: vec![KeyKind::Control], ..Change::default() };
    let both = next(&offer, control());
    assert_eq!(ids(&both), [("config-a", false), ("control-a", false), ("control-b", false)]);
    let retired = next(&offer, Change { retire: listed(&["control-a"]), ..Change::default() });
    assert_eq!(ids(&retired), [("config-a", false), ("control-a", true), ("control-b", false)]);
    let dropped = next(&offer, Change { drop: listed(&["control-a"]), ..Change::default() });
    assert_eq!(ids(&dropped), [("config-a", false), ("control-b", false)]);
    let again = next(&offer, Change::default());
    assert_eq!(ids(&again), ids(&dropped), "it is held still");
    assert_eq!(again.version, 5);
    let none = draft(&said, &offer, &control(), TimeUs(0));
    assert_eq!(none, Err(NoDraft::NoNewKey("control")));
    // Of two that a ceremony was cut off for, the newest is named.
    offer.keys.extend([key(Role::Control, "control-c"), key(Role::Control, "control-d")]);
    let two = draft(&said, &offer, &control(), TimeUs(0)).expect("a draft");
    assert_eq!(ids(&two), [("config-a", false), ("control-b", false), ("control-d", false)]);
}

#[test]
fn authorities_take_over_by_their_certificates() {
    let mut offer = offer();
    let mut said = vec![first(&offer)];
    offer.boxes.push("boxes b".into());
    let both = Change { rotate: vec![KeyKind::Boxes], ..Change::default() };
    said.push(draft(&said, &offer, &both, TimeUs(0)).expect("a draft"));
    assert_eq!(said[1].authorities.boxes, ["boxes a", "boxes b"]);
    let old = authority_id(KeyKind::Boxes, "boxes a");
    let change = Change { drop: vec![old.clone()], ..Change::default() };
    said.push(draft(&said, &offer, &change, TimeUs(0)).expect("a draft"));
    assert_eq!(said[2].authorities.boxes, ["boxes b"]);
    let retire =
        Change { retire: vec![authority_id(KeyKind::Boxes, "boxes b")], ..Change::default() };
    assert!(matches!(draft(&said, &offer, &retire, TimeUs(0)), Err(NoDraft::NoDocumentKey(_))));
    assert_eq!(draft(&said, &offer, &change, TimeUs(0)), Err(NoDraft::Unknown(old)));
}

#[test]
fn what_would_leave_boxes_deaf_is_not_drawn_up() {
    let offer = offer();
    let said = [first(&offer)];
    let refused = |change: Change| draft(&said, &offer, &change, TimeUs(0)).expect_err("refused");
    let none = refused(Change { drop: listed(&["control-a"]), ..Change::default() });
    assert_eq!(none, NoDraft::NothingLeft("signs manifests and commands"));
    let none = refused(Change { retire: listed(&["config-a"]), ..Change::default() });
    assert_eq!(none, NoDraft::NothingLeft("signs configurations"));
    let boxes = authority_id(KeyKind::Boxes, "boxes a");
    let none = refused(Change { drop: vec![boxes], ..Change::default() });
    assert_eq!(none, NoDraft::NothingLeft("issues identities"));
    let both = Offer { boxes: vec!["boxes a".into(), "boxes b".into()], ..offer.clone() };
    let boxes = authority_id(KeyKind::Boxes, "boxes a");
    let at_once = Change { rotate: vec![KeyKind::Boxes], drop: vec![boxes], ..Change::default() };
    assert_eq!(draft(&said, &both, &at_once, TimeUs(0)), Err(NoDraft::AllStrangers));
    let unknown = refused(Change { drop: listed(&["control-z"]), ..Change::default() });
    assert_eq!(unknown, NoDraft::Unknown("control-z".into()));
    assert_eq!(refused(Change { life_d: Some(1), ..Change::default() }), NoDraft::Life(1));
}
