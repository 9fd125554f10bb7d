//! Of settings for the same devices each is said once, as long as it counts.

use super::settled::{create, small};
use super::{begun, fields};
use crate::kinds::CONFIG_CONTEXT;
use crate::records::find;
use crate::rules::settings::SECRET;
use db::testing;
use serde_json::json;

fn context(name: &str, more: &serde_json::Value) -> serde_json::Value {
    let mut whole = json!({"kind": "config-context", "name": name});
    let more = more.as_object().expect("an object").clone();
    whole.as_object_mut().expect("an object").extend(more);
    json!([whole])
}

#[tokio::test]
async fn a_setting_is_said_once_for_the_same_devices() {
    for test in testing::both().await {
        let db = &test.db;
        create(db, small()).await.expect("a small fleet");
        let ntp = json!({"ntp": {"servers": ["a.example"]}});
        for (name, more) in [
            ("all", json!({"data": ntp})),
            ("more-of-all", json!({"data": {"ntp": {"trusted": true}}})),
            ("model", json!({"device_type": "box", "data": ntp})),
            ("site", json!({"site": "a", "data": ntp})),
            ("one", json!({"device": "oca1", "data": ntp})),
            ("other", json!({"device": "sw1", "data": ntp})),
            (
                "soon-over",
                json!({"device": "oca1", "data": ntp, "expires": "2026-01-01T00:00:00Z"}),
            ),
            ("secret", json!({"data": {"bgp": {"password": {SECRET: "file:/etc/bgp"}}}})),
        ] {
            let made = create(db, context(name, &more)).await;
            made.unwrap_or_else(|err| panic!("{} {name}: {err}", test.name));
        }
        for (more, says) in [
            (
                json!({"data": {"ntp": {"servers": []}}}),
                "data: ntp.servers is set by config context all, for the same devices",
            ),
            (
                json!({"data": {"ntp": 5}}),
                "data: ntp is set by config context all, for the same devices",
            ),
            (
                json!({"device": "oca1", "data": ntp, "expires": "2026-02-01T00:00:00Z"}),
                "data: ntp.servers is set by config context soon-over, for the same devices",
            ),
            (
                json!({"device": "oca1", "site": "a", "data": ntp}),
                "device: it is for a site already: make another one",
            ),
            (
                json!({"data": {"snmp": {"community": "public"}}}),
                "data.snmp.community: say where it is: {\"$secret\": \"file:/…\"}",
            ),
        ] {
            let said = create(db, context("x", &more)).await.expect_err(says).to_string();
            assert_eq!(said, says, "{}", test.name);
        }
    }
}

#[tokio::test]
async fn what_is_over_is_in_nobodys_way() {
    for test in testing::both().await {
        let db = &test.db;
        create(db, small()).await.expect("a small fleet");
        let data = json!({"ntp": {"trusted": true}});
        // The clock of these changes stands at the beginning of 1970.
        let over = json!({"device": "oca1", "data": data, "expires": "1970-01-01T00:00:00Z"});
        create(db, context("over", &over)).await.expect("one");
        let now = json!({"device": "oca1", "data": data, "expires": "2026-01-01T00:00:00Z"});
        create(db, context("now", &now)).await.expect("another");
        let mut changing = begun(db, 15).await;
        let about = fields(&json!({"description": "it was"}));
        changing.update(&CONFIG_CONTEXT, "over", &about, None).await.expect("by itself");
        changing.commit().await.expect("nor is anything in its way");
        let kept = find(db, &CONFIG_CONTEXT, "now").await.expect("read").expect("there");
        assert_eq!(kept.record.get("data"), &data, "{}", test.name);
        let mut changing = begun(db, 20).await;
        let refused = changing.delete(&crate::kinds::DEVICE, "oca1", None).await;
        assert!(refused.is_err(), "{}: what names it stands there", test.name);
    }
}
