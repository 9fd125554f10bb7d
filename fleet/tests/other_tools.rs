//! What comes from other tools, and what goes to them: NetBox, the device-type library, Ansible, Prometheus;
//! and large files.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use support::api::ask;
use support::process::Server;

/// Files of NetBox's, and of the device-type library.
#[test]
fn what_others_know_is_taken_over() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inventory/tests/netbox/4.6");
    let netbox =
        ["import", "--netbox", export.to_str().expect("text"), "--role", "core-router=router"];
    let out = server.run(&netbox);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{said}");
    assert!(said.contains("warning: dcim/platforms: 1 left out"), "{said}");
    let again = server.ok(&netbox);
    assert!(again.starts_with("0 created, 0 changed"), "{again}");
    // How far it is is known here, and the rest of it becomes as NetBox says.
    server.ok(&["device", "edit", "muc1-oca-01", "--status", "maintenance", "-m", "a fan"]);
    let out = server.run(&netbox);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let stays = "device muc1-oca-01: stays maintenance, though NetBox says active";
    assert!(out.status.success() && said.contains(stays), "{said}");
    let planned = changed_export(&export, work.path(), |device| {
        if device["name"] == "MUC1-OCA_01" {
            device["status"] = json!({"value": "planned", "label": "Planned"});
            device["comments"] = json!("Hot.");
        }
    });
    let out = server.run(&["import", "--netbox", &planned, "--role", "core-router=router"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{said}");
    let stays = "device muc1-oca-01: stays maintenance, though NetBox says planned";
    assert!(said.contains(stays), "{said}");
    let shown = server.ok(&["device", "show", "muc1-oca-01"]);
    assert!(shown.contains("maintenance") && shown.contains("Hot."), "{shown}");
    let list = server.ok(&["device", "list", "--fields", "name,role,status,rack,position"]);
    assert!(list.contains("muc1-oca-01") && list.contains("munich-1:A1 (21)"), "{list}");
    let folder = work.path().join("library/Maker");
    std::fs::create_dir_all(&folder).expect("made");
    let model = "manufacturer: Maker\nmodel: Box 1U\nslug: maker-box-1u\nu_height: 1\nis_full_depth: true\n\
                 interfaces:\n- {name: eth0, type: 1000base-t}\n";
    std::fs::write(folder.join("Box-1U.yaml"), model).expect("written");
    let library = work.path().join("library");
    let made = server.ok(&["device-type", "import", library.to_str().expect("text")]);
    assert!(made.starts_with("1 created"), "{made}");
    let (code, said) = server.fails(&["import", "--netbox", "/nowhere.json"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = server.fails(&["import", "--netbox", netbox[2], "--role", "x=y"]);
    assert!(code == Some(2) && said.contains("one of appliance, router"), "{said}");
}

/// The same export, with its devices changed.
fn changed_export(export: &Path, work: &Path, change: impl Fn(&mut Value)) -> String {
    let copy = work.join("changed");
    std::fs::create_dir_all(&copy).expect("made");
    for entry in std::fs::read_dir(export).expect("a folder") {
        let entry = entry.expect("an entry");
        let text = std::fs::read_to_string(entry.path()).expect("text");
        let mut page: Value = serde_json::from_str(&text).expect("json");
        let all = page["results"].as_array_mut().expect("a page");
        all.iter_mut().for_each(&change);
        std::fs::write(copy.join(entry.file_name()), page.to_string()).expect("written");
    }
    copy.to_str().expect("text").to_owned()
}

/// Nothing of an import is there where something of it cannot be.
#[test]
fn an_import_is_whole_or_not_at_all() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let file = work.path().join("devices.yaml");
    let name = file.to_str().expect("text");
    let write = |role: &str| {
        let mut text = "- {kind: site, name: s}\n".to_owned();
        for at in 2..=10_000 {
            let role = if at == 9_999 { role } else { "other" };
            text += &format!("- {{kind: device, name: d{at}, role: {role}, site: s}}\n");
        }
        std::fs::write(&file, text).expect("written");
    };
    write("bos");
    let (code, said) = server.fails(&["import", name]);
    assert_eq!(code, Some(2));
    let says = format!("fleet: {name}:9999: device d9999: role: expected one of appliance, router");
    assert!(said.starts_with(&says), "{said}");
    let (_, _, all) = ask(&server, "GET", "/api/v1/devices", &[]);
    assert_eq!(all["items"], json!([]), "nothing is written");
    write("pdu");
    assert!(server.ok(&["import", name]).starts_with("10000 created"));

    std::fs::write(&file, b"- {kind: site, name: t}\n- {kind: site, name: \xff}\n")
        .expect("written");
    let (code, said) = server.fails(&["import", name]);
    assert_eq!((code, said), (Some(2), format!("fleet: {name}:2: this is not UTF-8")));
    std::fs::File::create(&file).and_then(|file| file.set_len(200 << 20)).expect("a large file");
    let (code, said) = server.fails(&["import", name]);
    assert!(code == Some(2) && said.contains("more than 64 MiB: split it"), "{said}");
    let (status, _, told) =
        ask(&server, "POST", "/api/v1/import", &["--data-binary", &format!("@{name}")]);
    assert_eq!(status, 413, "{told}");
}

/// Three devices at two sites whose names look alike to tools, one with an address for management.
const SMALL: &str = "
providers: [{name: isp-a, asns: [64496]}]
sites:
- {name: site-a, latitude: 1, longitude: 2, provider: isp-a}
- {name: site.a, latitude: 1, longitude: 2}
devices:
- {name: oca1.site-a, role: appliance, site: site-a, description: \"{{ lookup('pipe', 'false') }}\"}
- {name: oca2.site-a, role: appliance, site: site.a}
- {name: sw1, role: switch, site: site-a, status: racked}
interfaces:
- {device: oca1.site-a, name: eth0, purpose: viewers}
- {device: oca1.site-a, name: ipmi, mgmt_only: true}
- {device: oca1.site-a, name: eth9, purpose: management, enabled: false}
prefixes: [{prefix: 192.0.2.0/24}, {prefix: 10.0.0.0/24}, {prefix: 2001:db8::/64}]
ip-addresses:
- {address: 192.0.2.11/24, interface: 'oca1.site-a:eth0'}
- {address: 2001:db8::11/64, interface: 'oca1.site-a:eth0'}
- {address: 10.0.0.9/24, interface: 'oca1.site-a:ipmi'}
- {address: 10.0.0.1/24, interface: 'oca1.site-a:eth9'}
";

fn small(server: &Server, work: &Path) {
    let file = work.join("small.yaml");
    std::fs::write(&file, SMALL).expect("written");
    server.ok(&["import", file.to_str().expect("text")]);
}

/// What Ansible itself makes of it.
#[test]
fn ansible_takes_its_hosts_from_the_fleet() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    small(&server, work.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ansible/fleet-inventory");
    let programs = Path::new(env!("CARGO_BIN_EXE_fleet")).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path"));
    let ansible = |arguments: &[&str]| {
        let mut ansible = Command::new("ansible-inventory");
        ansible.args(["-i", script.to_str().expect("text")]).args(arguments).env("PATH", &path);
        ansible.env("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "true").env("HOME", work.path());
        ansible.env("FLEET_URL", format!("https://{}", server.listen));
        ansible.env("FLEET_TOKEN_FILE", server.data.join("operator.token"));
        let out = ansible.output().expect("ansible-inventory");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success() && said.is_empty(), "{said}");
        serde_json::from_slice::<Value>(&out.stdout).expect("JSON")
    };
    let all = ansible(&["--list"]);
    assert_eq!(all["appliances"]["hosts"], json!(["oca1.site-a", "oca2.site-a"]));
    assert_eq!(all["switches"]["hosts"], json!(["sw1"]));
    assert_eq!(all["status_racked"]["hosts"], json!(["sw1"]));
    assert_eq!(all["provider_isp_a"]["hosts"], json!(["oca1.site-a", "sw1"]));
    let of_sites =
        all.as_object().expect("groups").keys().filter(|it| it.starts_with("site_site_a_"));
    assert_eq!(of_sites.count(), 2, "two sites are two groups: {all}");
    let host = ansible(&["--host", "oca1.site-a"]);
    let expected = json!({"ansible_host": "10.0.0.9", "headend_site": "site-a",
        "headend_status": "planned", "headend_viewer_interfaces": ["eth0"]});
    assert_eq!(host, expected);
    assert_eq!(server.ok(&["inventory", "--host", "nobody"]).trim(), "{}");
    let (code, said) = server.fails(&["inventory", "--list", "--filter", "colour=red"]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn prometheus_takes_its_targets_from_the_fleet() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let (status, head, all) = ask(&server, "GET", "/api/v1/http-sd", &[]);
    assert_eq!((status, all), (200, json!([])));
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    small(&server, work.path());
    let (_, _, all) =
        ask(&server, "GET", "/api/v1/http-sd?port=9182&role=appliance&site=site-a", &[]);
    let labels = json!({"__meta_headend_device": "oca1.site-a", "__meta_headend_role": "appliance",
        "__meta_headend_status": "planned", "__meta_headend_site": "site-a",
        "__meta_headend_provider": "isp-a"});
    assert_eq!(all, json!([{"targets": ["10.0.0.9:9182"], "labels": labels}]));
    for wrong in ["port=0", "port=x", "colour=red"] {
        assert_eq!(ask(&server, "GET", &format!("/api/v1/http-sd?{wrong}"), &[]).0, 400, "{wrong}");
    }
}
