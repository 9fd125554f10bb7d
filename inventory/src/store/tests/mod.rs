//! The store on both databases.

mod interfaces;
mod migrated;
mod names;

use super::*;
use crate::changes::Author;
use crate::kinds::{CONTENT_GROUP, SITE};
use crate::records::Changing;
use crate::schema::Kind;
use crate::{Disk, DiskClass, PlayerListener, SiteFill};
use contract::names::{DeviceName, GroupName, SiteName};
use contract::time::TimeUs;
use db::testing;
use serde::Serialize;

fn fill() -> SiteFill {
    let zone = contract::civil::TimeZoneName::new("Europe/Berlin").expect("zone");
    let cap_bits_per_s = contract::quantity::BitRate(50_000_000);
    let emergency_fill = contract::config::EmergencyFill::Capped { cap_bits_per_s };
    SiteFill { emergency_fill, ..SiteFill::published(zone) }
}

fn site(name: &str, prefix: &str) -> Site {
    Site {
        name: SiteName::new(name).expect("name"),
        latitude: 48.137,
        longitude: 11.575,
        client_prefixes: vec![prefix.parse().expect("net")],
        fill: (name == "site-a").then(fill),
        provider: None,
        may_fill_sites: vec![],
        region: None,
        tags: vec![],
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

async fn create<T: Serialize>(store: &Store, kind: &'static Kind, one: &T) {
    let mut changing = Changing::begin(&store.db, author(), NOW.0).await.expect("begun");
    let fields = serde_json::to_value(one).expect("JSON");
    changing.create(kind, fields.as_object().expect("an object")).await.expect("created");
    changing.commit().await.expect("committed");
}

fn author() -> Author {
    Author { who: "anna".into(), request_id: "r1".into(), message: None }
}

#[tokio::test]
async fn records_come_back_as_they_went_in() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let sites = [site("a", "127.0.1.0/24"), site("site-a", "2001:db8::/32")];
        for each in &sites {
            create(&store, &SITE, each).await;
        }
        store.create_appliance(&appliance("oca1.a", "a"), author(), NOW).await.expect(test.name);
        create(&store, &CONTENT_GROUP, &group("g", "{device}.localhost")).await;
        let all = store.all().await.expect(test.name);
        assert_eq!(all.version, 4, "{}", test.name);
        assert_eq!(all.sites, sites, "{}", test.name);
        assert_eq!(all.appliances, [appliance("oca1.a", "a")], "{}", test.name);
        assert_eq!(all.groups, [group("g", "{device}.localhost")], "{}", test.name);
        let name = DeviceName::new("oca1.a").expect("name");
        let refused = store.create_appliance(&appliance("oca2.a", "z"), author(), NOW).await;
        assert_eq!(refused.expect_err("no site").to_string(), "site: there is no site z");
        store.delete_appliance(&name, author(), NOW).await.expect(test.name);
        let err = store.appliance(&name).await.expect_err(test.name);
        assert!(matches!(err, InventoryError::NotFound { .. }), "{err}");
    }
}
