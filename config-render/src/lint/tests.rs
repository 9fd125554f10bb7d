use super::*;
use crate::facts::{Facts, Port, facts_for_tests, router_for_tests};
use crate::values::{Known, Layer, Rank, Settings};
use serde_json::{Value, json};
use std::sync::Arc;

fn subject(facts: Facts, data: Value) -> Subject {
    let own = Layer { rank: Rank::All, name: "ours".into(), expires_at_us: None, data };
    let layers = vec![Known::shipped().expect("YAML").layer(), Arc::new(own)];
    Subject::new(facts, &Settings::of(layers))
}

fn found(devices: &[Subject], ours: &[&str]) -> Vec<String> {
    let ours: Vec<IpAddr> = ours.iter().map(|it| it.parse().expect("address")).collect();
    let all = lint(Fleet { devices, ours: &ours });
    all.into_iter().map(|it| format!("{} [{}] {}", it.device, it.rule, it.message)).collect()
}

fn port<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Port {
    facts.ports.iter_mut().find(|it| it.name == name).expect(name)
}

#[test]
fn a_sound_fleet_is_sound() {
    let all = [subject(facts_for_tests(), json!({"ssh": {"from": ["203.0.113.0/24"]}}))];
    assert_eq!(found(&all, &["203.0.113.7"]), Vec::<String>::new());
}

#[test]
fn an_address_of_the_other_family_does_not_let_us_in() {
    let mut device = facts_for_tests();
    let said = json!({"name": "oca1.munich", "role": "appliance", "site": "munich",
        "management_address": "192.0.2.11"});
    let read = inventory::kinds::DEVICE.read(said.as_object().expect("an object"));
    device.device = read.expect("a device");
    let all = [subject(device, json!({"ssh": {"from": ["2001:db8::/32"]}}))];
    assert_eq!(found(&all, &["203.0.113.7", "2001:db8::7"]).len(), 1);
    assert_eq!(found(&all, &["2001:db8::7"]), Vec::<String>::new(), "we come from nowhere there");
}

#[test]
fn what_does_not_go_together_is_found() {
    let mut one = facts_for_tests();
    port(&mut one, "mgmt").addresses = vec!["192.0.2.129/25".parse().expect("net")];
    // The router has the same addresses, and two ports in one network.
    let mut router = router_for_tests();
    router.sessions.clear();
    port(&mut router, "bond0").addresses = vec!["192.0.2.1/24".parse().expect("net")];
    port(&mut router, "bond0.30").addresses = vec!["198.51.100.2/32".parse().expect("net")];
    port(&mut router, "mgmt").addresses.clear();
    let all = [
        subject(one, json!({"ssh": {"from": ["10.0.0.0/8"]}})),
        subject(router, json!({"ssh": {"port": 22}})),
    ];
    insta::assert_snapshot!(found(&all, &["203.0.113.7"]).join("\n"));
}

#[test]
fn both_ends_of_a_session_agree() {
    let one = facts_for_tests();
    let mut router = router_for_tests();
    for each in &mut router.ports {
        each.addresses.clear();
    }
    // The other session ends there as well, and has none back.
    port(&mut router, "bond0").addresses =
        ["192.0.2.1/24", "2001:db8::1/64"].map(|it| it.parse().expect("net")).to_vec();
    let back = json!({"device": "r1.munich", "peer_address": "192.0.2.11", "peer_asn": 64512,
        "local_asn": 64496});
    let back = inventory::kinds::BGP_SESSION.read(back.as_object().expect("an object"));
    router.sessions = vec![back.expect("a session")];
    let all =
        [subject(one, json!({"ssh": {"port": 22}})), subject(router, json!({"ssh": {"port": 22}}))];
    insta::assert_snapshot!(found(&all, &[]).join("\n"));
}
