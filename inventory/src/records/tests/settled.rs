//! What does not go together is refused as a whole, and the refusal says what and why.

use super::{because, begun, fields};
use crate::kinds::{self, COMPONENT, DEVICE};
use crate::records::{Changing, Refused, find};
use db::{Db, testing};
use serde_json::{Value, json};

/// All of it in one change.
pub(super) async fn create(db: &Db, all: Value) -> Result<(), Refused> {
    let mut changing = begun(db, 10).await;
    create_in(&mut changing, all).await?;
    changing.commit().await.map(drop)
}

async fn create_in(changing: &mut Changing, all: Value) -> Result<(), Refused> {
    for one in all.as_array().expect("a list") {
        let mut one = fields(one);
        let kind = one.remove("kind").expect("a kind");
        let kind = kinds::kind(kind.as_str().expect("a text")).expect("a kind");
        changing.create(kind, &one).await?;
    }
    Ok(())
}

/// A fleet of one rack, two devices with a cable, a network.
pub(super) fn small() -> Value {
    json!([
        {"kind": "provider", "name": "isp-a", "asns": [64496]},
        {"kind": "provider", "name": "isp-b", "asns": [64497]},
        {"kind": "site", "name": "a", "latitude": 1, "longitude": 2, "provider": "isp-a",
            "client_prefixes": ["10.0.0.0/8"]},
        {"kind": "site", "name": "b", "latitude": 1, "longitude": 2, "provider": "isp-b"},
        {"kind": "rack", "site": "a", "name": "r1", "u_height": 10},
        {"kind": "device-type", "slug": "box", "manufacturer": "M", "model": "X", "u_height": 2},
        {"kind": "device", "name": "oca1", "role": "appliance", "site": "a", "rack": "a:r1",
            "position": 1, "device_type": "box", "serial": "S1"},
        {"kind": "device", "name": "sw1", "role": "switch", "site": "a", "rack": "a:r1",
            "position": 9, "device_type": "box"},
        {"kind": "interface", "device": "oca1", "name": "bond0", "type": "lag"},
        {"kind": "interface", "device": "oca1", "name": "eth0", "lag": "oca1:bond0"},
        {"kind": "interface", "device": "oca1", "name": "eth1", "lag": "oca1:bond0"},
        {"kind": "interface", "device": "sw1", "name": "p1"},
        {"kind": "interface", "device": "sw1", "name": "p2"},
        {"kind": "link", "a": "oca1:eth0", "b": "sw1:p1"},
        {"kind": "prefix", "prefix": "192.0.2.0/24", "site": "a", "status": "container"},
        {"kind": "prefix", "prefix": "192.0.2.0/26", "site": "a"},
        {"kind": "ip-address", "address": "192.0.2.11/26", "interface": "oca1:bond0"},
    ])
}

#[tokio::test]
async fn what_cannot_be_together_is_refused() {
    let refused = [
        (
            json!([{"kind": "site", "name": "c", "latitude": 0, "longitude": 0,
            "client_prefixes": ["10.0.0.0/8"]}]),
            "client_prefixes[0]: 10.0.0.0/8 belongs to site a already",
        ),
        (
            json!([{"kind": "site", "name": "c", "latitude": 0, "longitude": 0,
            "provider": "isp-a", "may_fill_sites": ["b"]}]),
            "may_fill_sites: b is not of the same provider",
        ),
        (
            json!([{"kind": "device", "name": "x", "role": "pdu", "site": "a", "rack": "a:r1", "position": 2}]),
            "position: oca1 has units 1 to 2",
        ),
        (
            json!([{"kind": "device", "name": "x", "role": "pdu", "site": "a", "rack": "a:r1", "position": 11}]),
            "position: unit 11 would be outside of a rack of 10",
        ),
        (
            json!([{"kind": "device", "name": "x", "role": "pdu", "site": "b", "rack": "a:r1"}]),
            "rack: x is not at site a, where the rack is",
        ),
        (
            json!([{"kind": "device", "name": "x", "role": "pdu", "site": "a", "serial": "S1"}]),
            "serial: S1 is that of oca1 already",
        ),
        (
            json!([{"kind": "interface", "device": "sw1", "name": "p3", "lag": "oca1:bond0"}]),
            "lag: oca1:bond0 is not of the same device",
        ),
        (
            json!([{"kind": "interface", "device": "oca1", "name": "p3", "lag": "oca1:eth0"}]),
            "lag: oca1:eth0 is not of type lag",
        ),
        (
            json!([{"kind": "link", "a": "oca1:eth1", "b": "sw1:p1"}]),
            "b: sw1:p1 has a cable already: oca1:eth0:sw1:p1",
        ),
        (
            json!([{"kind": "prefix", "prefix": "192.0.2.0/27"}]),
            "prefix: it lies in 192.0.2.0/26, which is no container",
        ),
        (
            json!([{"kind": "ip-address", "address": "192.0.2.77/26"}]),
            "address: there is no network for it: create one that holds 192.0.2.77/26",
        ),
        (
            json!([{"kind": "ip-address", "address": "192.0.2.11/32"}]),
            "address: it is there already, as 192.0.2.11/26",
        ),
        (json!([{"kind": "region", "name": "r", "tags": ["new"]}]), "tags: there is no tag new"),
        (
            json!([{"kind": "component", "type": "disk", "serial": "D", "device": "nobody"}]),
            "device: there is no device nobody",
        ),
    ];
    for test in testing::both().await {
        create(&test.db, small()).await.expect("a small fleet");
        for (wrong, says) in &refused {
            let said = create(&test.db, wrong.clone()).await.expect_err(says).to_string();
            assert_eq!(&said, says, "{}", test.name);
        }
    }
}

#[tokio::test]
async fn what_leaves_others_behind_is_refused() {
    for test in testing::both().await {
        create(&test.db, small()).await.expect("a small fleet");
        let mut changing = begun(&test.db, 20).await;
        changing.delete(&kinds::PREFIX, "192.0.2.0/26", None).await.expect("nobody names it");
        let said = changing.commit().await.expect_err("it has an address").to_string();
        assert!(said.starts_with("prefix: 192.0.2.11/26 would be in none"), "{said}");
        let mut changing = begun(&test.db, 20).await;
        let smaller = fields(&json!({"u_height": 9}));
        changing.update(&kinds::RACK, "a:r1", &smaller, None).await.expect("by itself");
        let said = changing.commit().await.expect_err("a switch is above").to_string();
        assert_eq!(said, "position: sw1: units 9 to 10 would be outside of a rack of 9");
        let mut changing = begun(&test.db, 20).await;
        let taller = fields(&json!({"u_height": 9}));
        changing.update(&kinds::DEVICE_TYPE, "box", &taller, None).await.expect("by itself");
        let said = changing.commit().await.expect_err("both would be in one place").to_string();
        assert!(said.starts_with("position: "), "{said}");
        // Two may change places: in the end nothing is in the way.
        let mut changing = begun(&test.db, 20).await;
        for (name, position) in [("oca1", 9), ("sw1", 1)] {
            let place = fields(&json!({"position": position}));
            changing.update(&DEVICE, name, &place, None).await.expect("by itself");
        }
        changing.commit().await.expect("they have changed places");
    }
}

#[tokio::test]
async fn a_device_takes_steps_and_leaves_with_nothing_on_it() {
    for test in testing::both().await {
        create(&test.db, small()).await.expect("a small fleet");
        create(
            &test.db,
            json!([
                {"kind": "component", "type": "disk", "serial": "D1", "device": "oca1"},
            ]),
        )
        .await
        .expect("a disk");
        let step = async |status: &str, message: Option<&str>| {
            let mut changing = because(&test.db, 20, message).await;
            let status = fields(&json!({"status": status}));
            changing.update(&DEVICE, "oca1", &status, None).await?;
            changing.commit().await
        };
        let said = step("active", None).await.expect_err("a jump").to_string();
        assert!(said.contains("it can become shipped, racked, enrolled, retired"), "{said}");
        step("racked", None).await.expect("a step");
        let said = step("failed", None).await.expect_err("no reason").to_string();
        assert!(said.contains("says why"), "{said}");
        step("failed", Some("does not start")).await.expect("a step");
        let device = find(&test.db, &DEVICE, "oca1").await.expect("read").expect("there");
        assert_eq!(device.record.get("status_reason"), "does not start");
        let said = step("rma", Some("to its maker")).await.expect_err("a full disk").to_string();
        assert_eq!(said, "status: not seen to be empty: disk:D1");
        let mut changing = begun(&test.db, 30).await;
        changing.delete(&COMPONENT, "disk:D1", None).await.expect("gone");
        changing.commit().await.expect("gone");
        let said = step("rma", Some("to its maker")).await.expect_err("no disk").to_string();
        assert!(said.contains("no disk of it is known"), "{said}");
    }
}

#[tokio::test]
async fn a_tag_that_is_on_something_stays() {
    for test in testing::both().await {
        create(
            &test.db,
            json!([
                {"kind": "tag", "name": "new"},
                {"kind": "region", "name": "r", "tags": ["new"]},
            ]),
        )
        .await
        .expect("a tag and a region");
        let mut changing = begun(&test.db, 20).await;
        let said = changing.delete(&kinds::TAG, "new", None).await.expect_err("in use").to_string();
        assert_eq!(said, "new is named by region r: change them first");
        changing
            .update(&kinds::REGION, "r", &fields(&json!({"tags": []})), None)
            .await
            .expect("none");
        changing.delete(&kinds::TAG, "new", None).await.expect("on nothing");
        changing.commit().await.expect("committed");
    }
}

#[tokio::test]
async fn what_others_rely_on_is_not_taken_from_them() {
    for test in testing::both().await {
        create(&test.db, small()).await.expect("a small fleet");
        create(
            &test.db,
            json!([
                {"kind": "site", "name": "c", "provider": "isp-a", "may_fill_sites": ["a"]},
                {"kind": "cluster", "name": "k", "site": "a"},
                {"kind": "device", "name": "oca9", "role": "appliance", "site": "a", "cluster": "k"},
                {"kind": "content-group", "name": "g", "owner": "O", "host_pattern": "{device}.x.example",
                    "origin_url": "https://o.example"},
                {"kind": "tag", "name": "new"},
            ]),
        )
        .await
        .expect("more");
        for (kind, key, patch, says) in [
            (
                &kinds::SITE,
                "a",
                json!({"provider": "isp-b"}),
                "provider: site c may fill it, and is not of the same provider",
            ),
            (
                &kinds::CLUSTER,
                "k",
                json!({"site": "b"}),
                "site: oca9 is a part of it, and stands elsewhere",
            ),
            (
                &kinds::INTERFACE,
                "oca1:bond0",
                json!({"type": "other"}),
                "type: oca1:eth1 is a part of it",
            ),
        ] {
            let mut changing = begun(&test.db, 20).await;
            changing.update(kind, key, &fields(&patch), None).await.expect("by itself");
            let said = changing.commit().await.expect_err(says).to_string();
            assert_eq!(said, says, "{}", test.name);
        }
        let other = json!([{"kind": "content-group", "name": "h", "owner": "O",
            "host_pattern": "{device}.x.example", "origin_url": "https://o.example"}]);
        let said = create(&test.db, other).await.expect_err("one host name").to_string();
        assert_eq!(said, "host_pattern: {device}.x.example belongs to content group g already");
        let mut changing = begun(&test.db, 20).await;
        let tags = fields(&json!({"tags": ["new"]}));
        changing.update(&kinds::CONTENT_GROUP, "g", &tags, None).await.expect("a tag");
        changing.commit().await.expect("committed");
    }
}

#[tokio::test]
async fn an_address_is_the_same_however_it_is_written() {
    for test in testing::both().await {
        for (text, created) in [("2001:DB8::/32", 1), ("2001:db8:0::/32", 0)] {
            let mut changing = begun(&test.db, 10).await;
            let wanted = vec![(&kinds::PREFIX, fields(&json!({"prefix": text})))];
            let applied = changing.apply(&wanted).await.expect(text);
            changing.commit().await.expect("committed");
            assert_eq!(applied.created, created, "{} {text}", test.name);
        }
    }
}
