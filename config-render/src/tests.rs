use super::*;
use crate::engine::{Engine, Limits, Values};
use crate::files::{Service, library};
use contract::bucket::CredentialsPlace;
use contract::config::{ListenerRole, OnMiss};
use contract::names::{DeviceName, GroupName, SiteName};
use contract::sources::OriginPath;
use inventory::{Appliance, ContentGroup, Disk, DiskClass, PlayerListener, S3Origin};
use serde_json::json;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("address")
}

fn appliance() -> Appliance {
    Appliance {
        name: DeviceName::new("oca1.site-a").expect("name"),
        site: SiteName::new("site-a").expect("name"),
        serial: None,
        players: vec![
            PlayerListener {
                addresses: vec![address("127.0.1.1:8443"), address("[::1]:8443")],
                http2: false,
            },
            PlayerListener { addresses: vec![address("127.0.1.1:8444")], http2: true },
        ],
        peers: vec![address("127.0.1.1:9443")],
        disks: vec![
            Disk::new("/srv/disk0", DiskClass::Nvme, 1 << 31),
            Disk {
                rated_write_bytes: Some(600_000_000_000_000),
                service_life_days: Some(1_000),
                ..Disk::new("/srv/a \"b\": {{c}}", DiskClass::Hdd, 1 << 40)
            },
        ],
        ram_budget_bytes: 256 << 20,
        state_folder: "/var/lib/headend".into(),
        access_log_folder: Some("/var/log/headend".into()),
    }
}

fn group(name: &str, owner: &str, host_pattern: &str) -> ContentGroup {
    ContentGroup {
        name: GroupName::new(name).expect("name"),
        owner: owner.into(),
        host_pattern: host_pattern.into(),
        origin_url: "http://127.0.0.1:8000".into(),
        origin_s3: None,
        cors_origins: vec!["*".into()],
        on_miss: if name == "kino" { OnMiss::Proxy } else { OnMiss::Refuse },
        demand_share_percent: 10,
        log_requests: name == "studio-a",
    }
}

fn rendered(appliance: &Appliance, groups: &[ContentGroup]) -> Result<String, Box<dyn Error>> {
    let zone = contract::civil::TimeZoneName::new("Europe/Berlin").expect("zone");
    let cap_bits_per_s = contract::quantity::BitRate(50_000_000);
    let fill = inventory::SiteFill {
        source_caps_bits_per_s: contract::config::SourceCaps {
            peer: None,
            origin: Some(contract::quantity::BitRate(200_000_000)),
        },
        emergency_fill: contract::config::EmergencyFill::Capped { cap_bits_per_s },
        ..inventory::SiteFill::published(zone)
    };
    let path =
        OriginPath { host: "origin.example:8443".into(), prefix: "/vod".into(), bucket: None };
    let origin = Origin {
        address: address("127.0.0.1:8443"),
        tls_name: Some("origin.example".into()),
        path,
    };
    let origins = groups.iter().map(|group| (group.name.clone(), origin.clone())).collect();
    let own = appliance_values(&Intent {
        appliance,
        fill: Some(&fill),
        groups,
        origins: &origins,
        files: Files { folder: "/etc/headend".as_ref() },
        fleet: FleetAddress { control: address("127.0.0.1:7443"), report_interval_s: 10 },
    })?;
    let values = json!({"box": own, "said": {}}).to_string();
    let engine = Engine::new(Arc::new(library()?), Limits::default());
    let text = engine.render("appliance.yaml.j2", &Values::from_json(values.as_bytes())?)?;
    Service::Appliance.read_back(&text)?;
    Ok(text)
}

#[test]
fn a_whole_configuration() {
    let mut groups = [
        group("kino", "Kino \"K\" #1: {{ x }}\u{2028}", "kino.{device}.localhost"),
        group("studio-a", "Studio A", "{device}.localhost"),
    ];
    let places = [
        CredentialsPlace::File("/etc/headend/ki\"no.s3".into()),
        CredentialsPlace::Environment {
            access_key_id: "STUDIO_A_ID".into(),
            secret_access_key: "STUDIO_A_SECRET".into(),
            session_token: Some("STUDIO_A_TOKEN".into()),
        },
    ];
    for (group, place) in groups.iter_mut().zip(&places) {
        let store = S3Origin::new("https://store.example".into());
        group.origin_url = "s3://media".into();
        group.origin_s3 = Some(S3Origin { credentials: Some(place.clone()), ..store });
    }
    let text = rendered(&appliance(), &groups).expect("rendered");
    insta::assert_snapshot!(text);
    let config = contract::config::parse(&text).expect("the device takes it").config;
    assert_eq!(config.listeners[2].role, ListenerRole::Peer);
    assert_eq!(config.content_groups[0].owner, groups[0].owner);
    let demand = config.content_groups[0].demand.as_ref().expect("kino is filled by demand");
    assert_eq!(demand.share_bytes.0, ((1 << 31) + (1 << 40)) / 10);
    assert_eq!(config.content_groups[1].demand, None);
    for (group, place) in config.content_groups.iter().zip(places) {
        assert_eq!(group.origin_credentials, Some(place));
    }
    assert_eq!(config.disks[1].folder, appliance().disks[1].folder);
    let fleet = config.fleet.expect("a fleet");
    assert_eq!(fleet.trust_file, std::path::Path::new("/etc/headend/trust.json"));
}

#[test]
fn what_the_device_would_refuse_never_leaves() {
    let none = rendered(&appliance(), &[]).expect_err("refused");
    assert!(matches!(none.downcast_ref(), Some(NoValues::NoContentGroup)));
    let same = [group("a", "A", "{device}.localhost"), group("b", "B", "{device}.localhost")];
    let err = rendered(&appliance(), &same).expect_err("refused").to_string();
    assert!(err.contains("already belongs to another content group"), "{err}");
}
