use super::to_read::{How, Part};
use super::*;
use crate::archive::DeviceKind;
use crate::facts::Facts;
use crate::facts::{facts_for_tests, router_for_tests};
use crate::values::{Known, Layer, Rank, Settings};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;

fn settings(data: Value) -> Settings {
    let known = Known::shipped().expect("YAML");
    let said = Layer { rank: Rank::Device, name: "test".to_owned(), expires_at_us: None, data };
    assert_eq!(known.check(&said.data), []);
    Settings::of(vec![known.layer(), Arc::new(said)])
}

/// What is asked, a line each.
fn asked(facts: &Facts, said: Value) -> Vec<String> {
    match ToRead::of(facts, &settings(said)) {
        Ok(asked) => asked.parts.iter().map(shown).collect(),
        Err(why) => vec![why.to_string()],
    }
}

fn shown(part: &Part) -> String {
    match &part.how {
        How::File => format!("{} {}", part.kind.as_str(), part.path),
        How::Command(command) => format!("{} {}: {command}", part.kind.as_str(), part.path),
    }
}

#[test]
fn each_is_asked_in_its_language() {
    let nothing = json!({"custom": {"a": 1}});
    let ours = asked(&facts_for_tests(), nothing.clone());
    assert_eq!(
        ours.first().map(String::as_str),
        Some("linux /etc/systemd/network/10-bond0.netdev")
    );
    assert!(ours.contains(&"bird /etc/bird/bird.conf".to_owned()), "{ours:?}");
    assert!(ours.contains(&"generic /etc/headend/config.yaml".to_owned()), "{ours:?}");
    let router = asked(&router_for_tests(), nothing);
    assert_eq!(
        router.last().map(String::as_str),
        Some("frr running-config: vtysh -c 'show running-config'")
    );
    assert!(router.contains(&"frr /etc/frr/frr.conf".to_owned()), "{router:?}");
    let of =
        |platform: &str| asked(&router_for_tests(), json!({"management": {"platform": platform}}));
    assert_eq!(of("cisco-ios"), ["cisco-ios running-config: show running-config"]);
    assert_eq!(of("junos"), ["junos running-config: show configuration | no-more"]);
    assert_eq!(of("net-snmp"), ["net-snmp /etc/snmp/snmpd.conf"]);
    assert_eq!(of("generic"), ["nobody has said what it is asked: set backup.commands for it"]);
    assert!(of("ios")[0].starts_with("management.platform: no kind of device is called \"ios\""));
}

#[test]
fn what_somebody_says_is_asked_stands_in_the_place_of_the_rest() {
    let rows = json!([{"name": "version", "command": "show version"}]);
    let said = json!({"management": {"platform": "generic"}, "backup": {"commands": rows}});
    assert_eq!(asked(&router_for_tests(), said), ["generic version: show version"]);
    let screen = json!({"management": {"platform": "bird", "prompts": ["#"]}});
    assert!(asked(&router_for_tests(), screen)[0].starts_with("a device with a screen"));
}

#[test]
fn what_cannot_be_meant_is_told_when_it_is_written() {
    let data = json!({"management": {"platform": "ios"},
        "backup": {"commands": [{"name": "a"}, {"name": "a", "command": "b"}]}});
    let places: Vec<String> = complaints(&data).into_iter().map(|(at, _)| at).collect();
    assert_eq!(places, ["management.platform", "backup.commands"]);
    assert_eq!(complaints(&json!({"bgp": {"hold_time_s": 9}})), []);
}

#[test]
fn a_file_is_read_or_is_seen_not_to_be_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |name: &str| {
        let path = folder.path().join(name).display().to_string();
        let part = Part { path, kind: DeviceKind::Linux, how: How::File };
        let output = Command::new("sh").args(["-c", &part.command("root")]).output().expect("sh");
        (output.status.code(), output.stdout)
    };
    std::fs::write(folder.path().join("it's"), "said\n").expect("written");
    assert_eq!(run("it's"), (Some(0), b"said\n".to_vec()));
    assert_eq!(run("gone"), (Some(66), vec![]));
}

#[test]
fn a_complaint_is_no_configuration() {
    let is_taken = |kind: DeviceKind, said: &str| {
        let how = How::Command("show".to_owned());
        let part = Part { path: "running-config".to_owned(), kind, how };
        part.is_configuration(said.as_bytes()).is_ok()
    };
    for (kind, said) in [
        (DeviceKind::CiscoIos, "\r\n% Invalid input detected at '^' marker."),
        (DeviceKind::AristaEos, "% Authorization denied for command 'show running-config'"),
        (DeviceKind::Frr, "% Unknown command: show running-config"),
        (DeviceKind::Junos, "error: permission denied: configuration"),
        (DeviceKind::Generic, " \n \n"),
    ] {
        assert!(!is_taken(kind, said), "{said}");
    }
    assert!(is_taken(DeviceKind::CiscoIos, "Building configuration...\n!\nhostname r1\n"));
    assert!(is_taken(DeviceKind::Junos, "## Last commit: 2026\nversion 23.2;\n"));
}
