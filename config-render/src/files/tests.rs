use super::*;
use crate::engine::{Engine, Limits, Values};
use crate::facts::{Facts, facts_for_tests, router_for_tests};
use crate::values::{Layer, Rank, Settings};
use crate::workers::Asked;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;

fn settings(data: Value) -> Settings {
    let shipped = crate::values::Known::shipped().expect("YAML").layer();
    let own = Layer { rank: Rank::All, name: "ours".into(), expires_at_us: None, data };
    Settings::of(vec![shipped, Arc::new(own)])
}

/// All files of a device but the appliance's own, with their texts.
fn texts(facts: &Facts, settings: &Settings) -> Vec<(Wanted, String)> {
    let files: Vec<Wanted> =
        wanted(facts).into_iter().filter(|it| it.service != Service::Appliance).collect();
    let secrets = |place: &str| (place == "file:/etc/headend/bgp").then(|| "s3cret".to_owned());
    let job = job(Inputs { facts, settings, own: None, secrets: Some(&secrets) }, &files);
    let job = job.expect("a job");
    let engine = Engine::new(Arc::new(library().expect("a library")), Limits::default());
    assert_eq!(engine.problems(), []);
    let values = Values::from_json(&job.values).expect("values");
    let one = |(file, asked): (Wanted, &Asked)| {
        let item = asked.item.as_deref().map(|item| values.with_item(item).expect("an item"));
        let text = engine.render(&asked.template, item.as_ref().unwrap_or(&values));
        (file.clone(), text.unwrap_or_else(|err| panic!("{}: {err}", file.path)))
    };
    files.into_iter().zip(&job.texts).map(one).collect()
}

/// The same, one after the other.
fn rendered(facts: &Facts, settings: &Settings) -> String {
    let mut all = String::new();
    for (file, text) in texts(facts, settings) {
        writeln!(all, "==> {} {:04o} {}\n{text}", file.path, file.mode, file.owner)
            .expect("written");
    }
    all
}

fn of_a_box() -> Settings {
    settings(json!({
        "bgp": {"password": {"$secret": "file:/etc/headend/bgp"}},
        "network": {"gateways": ["192.0.2.1", "2001:db8::1"], "name_servers": ["192.0.2.53"]},
        "ssh": {"from": ["203.0.113.0/24", "2001:db8:5::/48"]},
    }))
}

fn of_a_router() -> Settings {
    settings(json!({"router": {"networks": ["198.51.100.0/24", "2001:db8:100::/48"]}}))
}

#[test]
fn a_box() {
    insta::assert_snapshot!(rendered(&facts_for_tests(), &of_a_box()));
}

#[test]
fn a_router() {
    insta::assert_snapshot!(rendered(&router_for_tests(), &of_a_router()));
}

/// What a checker says of a file; nothing where it has nothing against it.
fn said(command: &str) -> String {
    let ran = Command::new("sh").args(["-c", command]).output().expect("sh");
    let said = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    if ran.status.success() { String::new() } else { format!("{command}: {said}") }
}

/// The daemons themselves take what is rendered for them, and not what is broken.
#[test]
fn daemons_take_it() {
    // sshd looks for it before it looks at a file.
    std::fs::create_dir_all("/run/sshd").expect("a folder");
    let work = tempfile::tempdir().expect("a folder");
    let mut seen = BTreeSet::new();
    let all = texts(&facts_for_tests(), &of_a_box()).into_iter();
    for (file, text) in all.chain(texts(&router_for_tests(), &of_a_router())) {
        // A running daemon is what FRR's checker speaks with: below.
        let Some(check) = file.service.check().filter(|_| file.service != Service::Frr) else {
            continue;
        };
        let path = work.path().join("staged");
        let command = check.replace("{}", &path.display().to_string());
        std::fs::write(&path, &text).expect("written");
        assert_eq!(said(&command), "", "{}:\n{text}", file.path);
        std::fs::write(&path, format!("{text}\nthis is not how it is said {{\n")).expect("written");
        assert_ne!(said(&command), "", "{} is broken, and its checker takes it", file.path);
        seen.insert(file.service);
    }
    let all = [Service::Nftables, Service::Chrony, Service::Sshd, Service::Bird];
    assert_eq!(seen, BTreeSet::from(all));
}

/// What bgpd does not know of a file: it says so, and ends well.
fn unknown_to_bgpd(text: &str) -> Vec<String> {
    let work = tempfile::tempdir().expect("a folder");
    let path = work.path().join("frr.conf");
    std::fs::write(&path, text).expect("written");
    let ran = Command::new("/usr/lib/frr/bgpd").arg("-C").arg("-f").arg(&path).output();
    let said = ran.expect("bgpd").stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    let unknown =
        said.lines().filter(|line| line.contains("No such command") || line.contains("% "));
    unknown.map(|line| line.rsplit(": ").next().unwrap_or_default().trim().to_owned()).collect()
}

#[test]
fn frr_takes_it() {
    let all = texts(&router_for_tests(), &of_a_router());
    let (_, text) =
        all.iter().find(|(file, _)| file.path.ends_with("frr.conf")).expect("FRR's file");
    // This one is for vtysh.
    assert_eq!(unknown_to_bgpd(text), ["service integrated-vtysh-config"]);
    let broken = text.replace(" remote-as ", " remote-az ");
    assert!(unknown_to_bgpd(&broken).len() > 1);
}

#[test]
fn secrets_are_seen_by_nobody_who_only_looks() {
    let data = json!({"bgp": {"password": {"$secret": "environment:BGP_PASSWORD"}}});
    let (facts, settings) = (facts_for_tests(), settings(data));
    let with = |secrets: Option<Secrets<'_>>| {
        job(Inputs { facts: &facts, settings: &settings, own: None, secrets }, &wanted(&facts))
    };
    let shown = with(None).expect("a job").values;
    let shown = String::from_utf8(shown).expect("text");
    assert!(shown.contains("\"password\":\"(secret)\""), "{shown}");
    let nowhere = |_: &str| None;
    let missing = with(Some(&nowhere)).expect_err("it is not there").to_string();
    assert_eq!(missing, "bgp.password: there is no secret at environment:BGP_PASSWORD");
}

#[test]
fn how_the_fleet_comes_to_a_device_is_not_told_to_it() {
    let data = json!({"management": {"password": {"$secret": "file:/etc/headend/r1"}}});
    let (facts, settings) = (facts_for_tests(), settings(data));
    let nowhere = |_: &str| None;
    let inputs = Inputs { facts: &facts, settings: &settings, own: None, secrets: Some(&nowhere) };
    let values: Value =
        serde_json::from_slice(&job(inputs, &[]).expect("a job").values).expect("JSON");
    assert!(values.get("management").is_none() && values.get("bgp").is_some(), "{values}");
}

#[test]
fn a_box_is_told_what_somebody_has_said_and_no_more() {
    let data = json!({"appliance": {"limits": {"max_connections": 90_000},
        "pacing": {"box_max_rate_bits_per_s": null}}});
    let facts = facts_for_tests();
    let settings = settings(data);
    let inputs = Inputs { facts: &facts, settings: &settings, own: None, secrets: None };
    let values: Value =
        serde_json::from_slice(&job(inputs, &[]).expect("a job").values).expect("JSON");
    let said =
        json!({"limits": {"max_connections": 90_000}, "pacing": {"box_max_rate_bits_per_s": null}});
    assert_eq!(values["said"], said);
}
