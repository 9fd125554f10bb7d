//! The store on both databases.

use super::*;
use crate::{Disk, DiskClass, PlayerListener};
use contract::names::{DeviceName, GroupName, SiteName};
use db::testing;

fn fill() -> crate::SiteFill {
    let zone = contract::civil::TimeZoneName::new("Europe/Berlin").expect("zone");
    let cap_bits_per_s = contract::quantity::BitRate(50_000_000);
    let emergency_fill = contract::config::EmergencyFill::Capped { cap_bits_per_s };
    crate::SiteFill { emergency_fill, ..crate::SiteFill::published(zone) }
}

fn site(name: &str, prefix: &str) -> Site {
    Site {
        name: SiteName::new(name).expect("name"),
        latitude: 48.137,
        longitude: 11.575,
        client_prefixes: vec![prefix.parse().expect("net")],
        fill: (name == "site-a").then(fill),
    }
}

fn appliance(name: &str, site: &str) -> Appliance {
    let address = |text: &str| text.parse().expect("address");
    Appliance {
        name: DeviceName::new(name).expect("name"),
        site: SiteName::new(site).expect("name"),
        serial: None,
        players: vec![PlayerListener { addresses: vec![address("[::1]:8443")], http2: false }],
        peers: vec![address("127.0.1.1:9443")],
        disks: vec![Disk::new("/srv/it's; DROP TABLE sites", DiskClass::Hdd, 1 << 40)],
        ram_budget_bytes: 64 << 20,
        state_folder: "/var/lib/headend".into(),
        access_log_folder: None,
    }
}

fn group(name: &str, host_pattern: &str) -> ContentGroup {
    ContentGroup {
        name: GroupName::new(name).expect("name"),
        owner: "Fräulein \"A\" {{ x }}".into(),
        host_pattern: host_pattern.into(),
        origin_url: "http://127.0.0.1:8000".into(),
        origin_s3: None,
        cors_origins: vec!["*".into()],
        on_miss: contract::config::OnMiss::Refuse,
        demand_share_percent: 10,
        log_requests: true,
    }
}

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

#[tokio::test]
async fn records_come_back_as_they_went_in() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let sites = [site("a", "127.0.1.0/24"), site("b", "2001:db8::/32")];
        for each in &sites {
            store.create_site(each, NOW).await.expect(test.name);
        }
        store.create_appliance(&appliance("oca1.a", "a"), NOW).await.expect(test.name);
        store.create_group(&group("g", "{device}.localhost"), NOW).await.expect(test.name);
        let all = store.all().await.expect(test.name);
        assert_eq!(all.version, 4, "{}", test.name);
        assert_eq!(all.sites, sites, "{}", test.name);
        assert_eq!(all.appliances, [appliance("oca1.a", "a")], "{}", test.name);
        assert_eq!(all.groups, [group("g", "{device}.localhost")], "{}", test.name);
        let name = DeviceName::new("oca1.a").expect("name");
        store.delete_appliance(&name).await.expect(test.name);
        let err = store.appliance(&name).await.expect_err(test.name);
        assert!(matches!(err, InventoryError::NotFound { .. }), "{err}");
    }
}

#[tokio::test]
async fn every_refusal_says_why_and_changes_nothing() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        store.create_site(&site("a", "127.0.1.0/24"), NOW).await.expect(test.name);
        store.create_appliance(&appliance("oca1.a", "a"), NOW).await.expect(test.name);
        store.create_group(&group("g", "{device}.localhost"), NOW).await.expect(test.name);
        let before = store.all().await.expect(test.name);
        let a = SiteName::new("a").expect("name");
        let refused = [
            store.create_site(&site("a", "10.0.0.0/8"), NOW).await,
            store.create_site(&site("b", "127.0.1.0/24"), NOW).await,
            store.create_appliance(&appliance("oca1.a", "a"), NOW).await,
            store.create_appliance(&appliance("oca2.a", "nowhere"), NOW).await,
            store.create_group(&group("h", "{device}.localhost"), NOW).await,
            store.delete_site(&a).await,
            store.delete_site(&SiteName::new("z").expect("name")).await,
            store.delete_group(&GroupName::new("z").expect("name")).await,
        ];
        let messages: Vec<String> =
            refused.into_iter().map(|each| each.expect_err(test.name).to_string()).collect();
        let expected = [
            "site a exists already",
            "127.0.1.0/24 belongs to site a already",
            "appliance oca1.a exists already",
            "there is no site nowhere: create it first",
            "host pattern {device}.localhost belongs to content group g already",
            "site a still has 1 appliance(s): delete those first",
            "there is no site z",
            "there is no content group z",
        ];
        assert_eq!(messages, expected, "{}", test.name);
        assert_eq!(store.all().await.expect(test.name), before, "{}", test.name);
    }
}
